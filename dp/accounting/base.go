package accounting

import "math"

// base is a pair of distributions A and B that dominates a mechanism: whatever
// the neighbouring tables, with a person and without, δ(ε) is at most the
// hockey-stick divergence of A from B or of B from A (Zhu, Dong and Wang 2022,
// Optimal accounting of differential privacy via characteristic function,
// AISTATS, Definition 7). The privacy loss is ln(A/B).
//
// The outcomes are single ones, atoms, and a continuum in which the loss
// determines the outcome; either may be missing.
type base struct {
	atoms []atom
	// tails are the masses of the continuum below and above a loss under A and
	// B. It lies between losses lower and upper but for e^-50 of the mass.
	tails        func(loss float64) (a, b tail)
	lower, upper float64
	// symmetric says that the loss is distributed under A as its negative is
	// under B.
	symmetric bool
	// rate is that of the Poisson sample the mechanism runs on; 0 stands for 1.
	rate float64
	// mixed, where given, are all there is: it is known to everybody which of
	// them the outcome is of, and under A and B with the same probability.
	mixed []weighted
}

// weighted is a pair and the probability with which it is drawn.
type weighted struct {
	*base
	weight float64
}

// alike says that the loss is distributed alike in both directions.
func (b *base) alike() bool {
	for _, w := range b.mixed {
		if !w.alike() {
			return false
		}
	}
	return b.mixed != nil || b.symmetric && b.q() == 1
}

// sampled is the same pair, looked at through a Poisson sample.
func (b *base) sampled(rate float64) *base {
	out := *b
	out.rate = rate
	return &out
}

func (b *base) q() float64 {
	if b.rate == 0 {
		return 1
	}
	return b.rate
}

// atom is an outcome, its probabilities a and b, and its loss ln(a/b).
type atom struct{ loss, a, b float64 }

// tail are the masses below and above a point, each to full relative precision.
type tail struct{ below, above float64 }

// between is the mass between two points, from the side that is smaller.
func between(low, high tail) float64 {
	if high.below < low.above {
		return max(0, high.below-low.below)
	}
	return max(0, low.above-high.above)
}

func mix(q float64, a, b tail) tail {
	return tail{q*a.below + (1-q)*b.below, q*a.above + (1-q)*b.above}
}

// Poisson sampling with rate q turns A into qA + (1-q)B and leaves B (ibid.,
// Proposition 30), so that the loss l becomes ln(1 - q + q·e^l).
func sampledLoss(q, l float64) float64 {
	switch {
	case q == 1:
		return l
	case l > 30:
		return l + math.Log(q) + math.Log1p((1-q)/q*math.Exp(-l))
	default:
		return math.Log1p(q * math.Expm1(l))
	}
}

// unsampledLoss is the inverse; -Inf for what is not reached.
func unsampledLoss(q, l float64) float64 {
	switch x := math.Expm1(l) / q; {
	case q == 1:
		return l
	case l > 30:
		return l - math.Log(q) + math.Log1p((q-1)*math.Exp(-l))
	case x <= -1:
		return math.Inf(-1)
	default:
		return math.Log1p(x)
	}
}

// renyi is the divergence of a pair of atoms of order a > 1, the larger of both
// directions.
func (b *base) renyi(q, a float64) float64 {
	remove, add := logSum{}, logSum{}
	for _, o := range b.atoms {
		l := sampledLoss(q, o.loss)
		if p := q*o.a + (1-q)*o.b; p > 0 {
			remove.add(math.Log(p) + (a-1)*l)
		}
		if o.b > 0 {
			add.add(math.Log(o.b) - (a-1)*l)
		}
	}
	return max(0, remove.log(), add.log()) / (a - 1)
}

// logSum adds numbers that are given by their logarithms. Its zero value is the
// empty sum.
type logSum struct {
	most, sum float64
	some      bool
}

func (s *logSum) add(x float64) {
	switch {
	case math.IsInf(x, -1):
	case !s.some || math.IsInf(x, 1):
		s.most, s.sum, s.some = x, 1, true
	case math.IsInf(s.most, 1):
	case x > s.most:
		s.sum, s.most = s.sum*math.Exp(s.most-x)+1, x
	default:
		s.sum += math.Exp(x - s.most)
	}
}

func (s *logSum) log() float64 {
	if !s.some {
		return math.Inf(-1)
	}
	return s.most + math.Log(s.sum)
}
