package lattice

import "slices"

// ByColumn measures each column by itself.
type ByColumn struct {
	Loss      ColumnLoss
	Aggregate Aggregate
	Weights   []float64 // of columns, from 0 to 1; nil stands for 1 each
}

// ColumnLoss is what is measured of a column. The set is closed.
type ColumnLoss interface {
	prepare(p *search, j int) columnLoss
}

// columnLoss is a ColumnLoss of one column of a problem.
type columnLoss interface {
	// at is the loss at a level where count rows of each label, n in all, are
	// suppressed. It is cut off where rounding would break ties.
	at(level int, count []int64, n int64) float64
	// bound is one from below, at level low in any vector in which, among
	// others perhaps, n rows are suppressed that have count rows of each label
	// at the level given, which is no lower than low. Count may be nil where
	// n is 0. It does not fall with low.
	bound(level, low int, count []int64, n int64) float64
}

type byColumn struct {
	ByColumn
	p       *search
	columns []columnLoss
	initial [][]float64
}

func (m ByColumn) prepare(p *search) measuring {
	out := &byColumn{ByColumn: m, p: p}
	for j := range p.Columns {
		c := m.Loss.prepare(p, j)
		out.columns = append(out.columns, c)
		var parts []float64
		for l := range p.Columns[j].Codes {
			parts = append(parts, out.part(j, c.bound(l, l, nil, 0)))
		}
		out.initial = append(out.initial, parts)
	}
	return out
}

func (m *byColumn) part(j int, x float64) float64 {
	weight := 1.0
	if m.Weights != nil {
		weight = m.Weights[j]
	}
	return m.Aggregate.part(x, weight, len(m.p.Columns))
}

func (m *byColumn) first(j, l int) float64       { return m.initial[j][l] }
func (m *byColumn) join(parts []float64) float64 { return m.Aggregate.join(parts) }
func (m *byColumn) join2(a, b float64) float64   { return m.Aggregate.join2(a, b) }
func (m *byColumn) loss(s score) float64         { return m.Aggregate.loss(s.value, len(m.columns)) }

func (m *byColumn) learn(rec *record, s *scratch) {
	lost := m.p.lost(s)
	rec.part = make([][]float64, len(rec.levels))
	for j, l := range rec.levels {
		rec.part[j] = make([]float64, l+1)
		for low := range rec.part[j] {
			rec.part[j][low] = m.part(j, m.columns[j].bound(int(l), low, lost[j], s.suppressed))
		}
	}
}

func (m *byColumn) bound(s *scratch, levels []uint8) float64 {
	lost := m.p.lost(s)
	for j, l := range levels {
		s.part[j] = m.part(j, m.columns[j].bound(int(l), int(l), lost[j], s.suppressed))
	}
	return m.join(s.part)
}

func (m *byColumn) score(s *scratch, levels []uint8) score {
	lost := m.p.lost(s)
	for j, l := range levels {
		s.part[j] = m.part(j, m.columns[j].at(int(l), lost[j], s.suppressed))
	}
	out := score{value: m.join(s.part)}
	if m.Aggregate == Rank {
		out.rank = slices.Clone(s.part)
		slices.Sort(out.rank)
		slices.Reverse(out.rank)
	}
	return out
}
