package uniqueness

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Pitman estimates the uniques of the population by Pitman's sampling formula,
// whose parameters θ > −α and 0 < α < 1 are fitted by maximum likelihood:
//
//	Σ_{i=1}^{u−1} 1/(θ+iα) = Σ_{i=1}^{n−1} 1/(θ+i)
//	Σ_{i=1}^{u−1} i/(θ+iα) = Σ_{s≥2} c_s Σ_{j=1}^{s−1} 1/(j−α)
//
// for a sample of n records in u classes, c_s of them of size s. The expected
// uniques of a population of N are then close to Γ(θ+1)/Γ(θ+α)·N^α. It is an
// error when the likelihood has no maximum inside: where all records are
// alone, where all are in one class, or where the classes are more even than
// the formula allows. Cost: some tens of passes over the classes.
//
// Hoshino (2001). Applying Pitman's sampling formula to microdata disclosure
// risk assessment. Journal of Official Statistics 17(4), 499–520.
func (s *Sample) Pitman() (float64, error) {
	if s.classes == s.records || s.classes == 1 {
		return 0, errors.New("pitman: the records are all alone or all in one class")
	}
	p := pitman{s: s, n: float64(s.records), u: s.classes}
	theta, alpha, ok := p.newton()
	if !ok {
		theta, alpha, ok = p.bisect()
	}
	if !ok {
		return 0, errors.New("pitman: the likelihood has no maximum inside its range")
	}
	top, _ := math.Lgamma(theta + 1)
	bottom, _ := math.Lgamma(theta + alpha)
	uniques := math.Exp(top - bottom + alpha*math.Log(float64(s.population)))
	return min(uniques, float64(s.population)), nil
}

// pitman is the likelihood of a sample.
type pitman struct {
	s *Sample
	n float64
	u int64
}

// moments are the sums over classes in the equations and their derivatives.
type moments struct {
	one, first       float64 // Σ 1/(θ+iα), Σ i/(θ+iα)
	two, cross, both float64 // Σ 1/(θ+iα)², Σ i/(θ+iα)², Σ i²/(θ+iα)²
}

func (p *pitman) moments(theta, alpha float64) (m moments) {
	for i := int64(1); i < p.u; i++ {
		x := float64(i)
		r := 1 / (theta + x*alpha)
		m.one += r
		m.first += x * r
		m.two += r * r
		m.cross += x * r * r
		m.both += x * x * r * r
	}
	return m
}

// steps is Σ_{j=1}^{k−1} 1/(x+j).
func steps(x, k float64) float64 { return mathext.Digamma(x+k) - mathext.Digamma(x+1) }

// squares is Σ_{j=1}^{k−1} 1/(x+j)².
func squares(x, k float64) float64 { return mathext.Zeta(2, x+1) - mathext.Zeta(2, x+k) }

// slopes is Σ_s c_s Σ_j 1/(j−α), and its derivative by α.
func (p *pitman) slopes(alpha float64) (sum, slope float64) {
	for _, c := range p.s.counts {
		if c.Size > 1 {
			sum += float64(c.Classes) * steps(-alpha, float64(c.Size))
			slope += float64(c.Classes) * squares(-alpha, float64(c.Size))
		}
	}
	return sum, slope
}

// inside says whether the parameters are in the range of the formula.
func inside(theta, alpha float64) bool {
	return alpha > 0 && alpha < 1 && theta > -alpha && !math.IsInf(theta, 0)
}

// Iterations of Newton's method, which needs about six, and the change that
// ends them.
const (
	maxNewton = 60
	stopAt    = 1e-13
	edge      = 1e-6 // of α; a maximum nearer to 0 or 1 is none inside
)

// newton starts from Hoshino's estimate by moments.
func (p *pitman) newton() (theta, alpha float64, ok bool) {
	n, u := p.n, float64(p.u)
	c1 := p.s.classesOf(1)
	c := c1 * (c1 - 1) / max(p.s.classesOf(2), 1)
	theta = (n*u*c - c1*(n-1)*(2*u+c)) / (2*c1*u + c1*c - n*c)
	alpha = (theta*(c1-n) + (n-1)*c1) / (n * u)
	if !inside(theta, alpha) {
		theta, alpha = 1, 0.5
	}
	for range maxNewton {
		m := p.moments(theta, alpha)
		sizes, slope := p.slopes(alpha)
		f1, f2 := m.one-steps(theta, n), m.first-sizes
		a, b, d := squares(theta, n)-m.two, -m.cross, -m.both-slope
		det := a*d - b*b
		dt, da := (b*f2-d*f1)/det, (b*f1-a*f2)/det
		for !inside(theta+dt, alpha+da) {
			dt, da = dt/2, da/2
			if math.Abs(da) < stopAt && math.Abs(dt) < stopAt || math.IsNaN(dt+da) {
				return 0, 0, false
			}
		}
		theta, alpha = theta+dt, alpha+da
		if math.Abs(dt) <= stopAt*(1+math.Abs(theta)) && math.Abs(da) <= stopAt {
			// A saddle or a minimum of the likelihood satisfies the equations, too;
			// and steps halved at an edge end nowhere.
			return theta, alpha, a < 0 && det > 0 && alpha > edge && alpha < 1-edge
		}
	}
	return 0, 0, false
}

// bisect solves the first equation for θ at each α, where its left side is the
// larger near θ = −α and the smaller for large θ, and the second for α.
func (p *pitman) bisect() (theta, alpha float64, ok bool) {
	thetaAt := func(alpha float64) float64 {
		lo, hi := -alpha, 1.0
		excess := func(theta float64) float64 {
			return p.moments(theta, alpha).one - steps(theta, p.n)
		}
		for excess(hi) > 0 {
			if hi *= 2; hi > maxRecords {
				return math.NaN()
			}
		}
		return halve(lo, hi, excess)
	}
	slope := func(alpha float64) float64 {
		theta := thetaAt(alpha)
		sizes, _ := p.slopes(alpha)
		return p.moments(theta, alpha).first - sizes
	}
	if !(slope(edge) > 0) || !(slope(1-edge) < 0) {
		return 0, 0, false
	}
	alpha = halve(edge, 1-edge, slope)
	theta = thetaAt(alpha)
	return theta, alpha, inside(theta, alpha)
}

// halve finds where f changes from positive at lo to negative at hi.
func halve(lo, hi float64, f func(float64) float64) float64 {
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if f(mid) > 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo + (hi-lo)/2
}
