package lattice

import "math"

// AverageClass is the average size of a class [1], N rows over the number of
// classes. Suppressed rows, where there are any, are one class more. The
// factors weigh the classes as the reference does: that of suppression those
// kept, that of generalization the suppressed one. Suppression is above 0.
//
// [1] LeFevre, DeWitt, Ramakrishnan (2006). Mondrian multidimensional
// k-anonymity. ICDE 2006.
type AverageClass struct{ Factors Factors }

type averageClass struct {
	Factors
	p       *search
	initial [][]float64
}

func (m AverageClass) prepare(p *search) measuring {
	c := &averageClass{Factors: m.Factors, p: p}
	s := p.newScratch()
	c.initial = p.alone(s, func([]uint8) float64 {
		return c.atMost(min(int64(len(s.rows)), p.n/max(p.K, 1)))
	})
	return c
}

// atMost is the least loss with so many classes kept.
func (c *averageClass) atMost(kept int64) float64 {
	return float64(c.p.n) / (c.Suppression*float64(kept) + c.Generalization)
}

func (c *averageClass) first(j, l int) float64       { return c.initial[j][l] }
func (c *averageClass) join(parts []float64) float64 { return largestOf(parts) }
func (c *averageClass) join2(a, b float64) float64   { return max(a, b) }
func (c *averageClass) loss(s score) float64         { return s.value }

// learn knows that no class is smaller than K: of rows, as people are no more.
func (c *averageClass) learn(rec *record, s *scratch) {
	rec.same(c.atMost((c.p.n - s.suppressed) / max(c.p.K, 1)))
}

func (c *averageClass) bound(s *scratch, _ []uint8) float64 { return c.atMost(s.kept()) }

func (c *averageClass) score(s *scratch, _ []uint8) score {
	weight := c.Suppression * float64(s.kept())
	if s.suppressed > 0 {
		weight += c.Generalization
	}
	if weight == 0 {
		return score{value: math.MaxFloat64} // nothing is left
	}
	return score{value: float64(c.p.n) / weight}
}

// kept is how many classes are not suppressed.
func (s *scratch) kept() (n int64) {
	for _, m := range s.mark {
		if m != markSuppressed {
			n++
		}
	}
	return n
}
