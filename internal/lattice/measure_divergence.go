package lattice

import "math"

// Divergence is the divergence of Kullback and Leibler of the table from what
// it becomes, added up over rows as in the reference: with p(r) the frequency
// of the values of row r, and q(r) that of the class of r, spread evenly over
// the combinations of values that its labels stand for, the sum over all rows
// of p(r) log2(p(r)/q(r)). Suppressed rows are one class that stands for all.
//
// Nothing is known of it but where it was counted.
type Divergence struct{}

type divergence struct {
	p      *search
	domain float64
	own    float64 // sum over rows of p log2 p
}

func (Divergence) prepare(p *search) measuring {
	d := &divergence{p: p, domain: p.domain()}
	n := float64(p.n)
	for _, rows := range p.Rows {
		if rows > 0 {
			d.own += float64(rows) * float64(rows) / n * math.Log2(float64(rows)/n)
		}
	}
	return d
}

func (d *divergence) first(int, int) float64          { return math.Inf(-1) }
func (d *divergence) join(parts []float64) float64    { return largestOf(parts) }
func (d *divergence) join2(a, b float64) float64      { return max(a, b) }
func (d *divergence) loss(s score) float64            { return s.value }
func (d *divergence) learn(rec *record, s *scratch)   { rec.same(math.Inf(-1)) }
func (d *divergence) bound(*scratch, []uint8) float64 { return math.Inf(-1) }

func (d *divergence) score(s *scratch, levels []uint8) score {
	p := d.p
	n := float64(p.n)
	squares := make([]float64, len(s.rows)) // of the rows of the tuples of a class
	p.eachTuple(s, func(tuple int, class uint32) {
		squares[class] += float64(p.Rows[tuple]) * float64(p.Rows[tuple])
	})
	by := byClass{p: p}
	sum, gone := d.own, 0.0
	for c, rows := range s.rows {
		switch {
		case rows == 0:
		case s.mark[c] == markSuppressed:
			gone += squares[c]
		default:
			spread := float64(rows) / n / (by.shares(s, levels, c) * d.domain)
			sum -= squares[c] / n * math.Log2(spread)
		}
	}
	if gone > 0 {
		sum -= gone / n * math.Log2(float64(s.suppressed)/n/d.domain)
	}
	return score{value: sum}
}
