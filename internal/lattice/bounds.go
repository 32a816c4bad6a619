package lattice

import "math"

// Bounds say what the vectors of levels of a problem lose at least, whatever is
// suppressed, without its tuples.
type Bounds struct {
	measure measuring // nil where the Measure has no such bounds
	columns int
}

// NewBounds makes the bounds of a problem by its Columns, their Values and its
// Measure. Those of classes have none without tuples, and lose minus infinity at
// least.
func NewBounds(prob *Problem) *Bounds {
	p := &search{Problem: prob}
	b := &Bounds{columns: len(prob.Columns)}
	m, ok := prob.Measure.(ByColumn)
	if prob.Measure == nil {
		m, ok = plain(), true
	}
	if !ok {
		return b
	}
	for j := range prob.Columns {
		p.rows = append(p.rows, p.rowsByLabel(j, prob.Values[j]))
	}
	for _, n := range prob.Values[0] {
		p.n += n
	}
	b.measure = m.prepare(p)
	return b
}

// Least is a value that no vector from some levels on is below; see
// Result.Score.
func (b *Bounds) Least(levels []int) float64 {
	if b.measure == nil {
		return math.Inf(-1)
	}
	parts := make([]float64, b.columns)
	for j, l := range levels {
		parts[j] = b.measure.first(j, l)
	}
	return b.measure.join(parts)
}

// Loss is what a vector of such a value loses.
func (b *Bounds) Loss(value float64) float64 {
	if b.measure == nil {
		return value
	}
	return b.measure.loss(score{value: value})
}

// rowsByLabel are the rows of column j by level and label, from those of each
// value.
func (p *search) rowsByLabel(j int, values []int64) [][]int64 {
	c := &p.Columns[j]
	rows := make([][]int64, len(c.Codes))
	for l, labels := range c.Codes {
		rows[l] = make([]int64, len(c.Shares[l]))
		for v, n := range values {
			rows[l][labels[v]] += n
		}
	}
	return rows
}
