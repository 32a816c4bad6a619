package lattice

// Height is the level of a column.
type Height struct{}

func (Height) prepare(*search, int) columnLoss { return heightLoss{} }

type heightLoss struct{}

func (heightLoss) at(level int, _ []int64, _ int64) float64     { return float64(level) }
func (heightLoss) bound(_, low int, _ []int64, _ int64) float64 { return float64(low) }

// Precision is Sweeney's measure [1]: a kept row loses the level over the height
// of the hierarchy, a suppressed row all, each by its factor.
//
// [1] Sweeney (2002). Achieving k-anonymity privacy protection using
// generalization and suppression. IJUFKS 10(5), 571–588.
type Precision struct{ Factors Factors }

func (m Precision) prepare(p *search, j int) columnLoss {
	return &precisionLoss{m.Factors, float64(p.n), float64(min(p.Limit, p.n)),
		float64(p.Columns[j].Height)}
}

type precisionLoss struct {
	Factors
	n, limit, height float64
}

func (c *precisionLoss) at(level int, _ []int64, n int64) float64 {
	return c.of(level, float64(n))
}

func (c *precisionLoss) of(level int, suppressed float64) float64 {
	kept := 0.0
	if c.height > 0 {
		kept = c.Generalization * float64(level) / c.height
	}
	return ((c.n-suppressed)*kept + suppressed*c.Suppression) / c.n
}

// bound is linear in the rows suppressed, so the least is at an end.
func (c *precisionLoss) bound(_, low int, _ []int64, n int64) float64 {
	return min(c.of(low, float64(n)), c.of(low, max(c.limit, float64(n))))
}
