package uniqueness

import (
	"errors"
	"math"
)

// SNB estimates the uniques of the population by a slide negative binomial
// model: the size of a class is one more than a negative binomial variable of
// parameters a > 0 and 0 < b < 1, and each member is drawn with probability f,
// the sampling fraction. With d = (1−f)(1−b) and K classes in the population,
// the expected classes of size one and two in the sample are
//
//	K·f·(b/(1−d))^a · (a·d/(1−d) + 1)
//	K·a·b^a·f²·(1−b)/2 · (2−(1−a)d)/(1−d)^(a+2)
//
// which follow from the generating function z·(b/(1−(1−b)z))^a at 1−f+fz. They
// are set equal to the counts c₁ and c₂ and solved for a and b; the estimate is
// K·b^a. K is estimated first, from the sizes s of the classes by
//
//	K = u + c₁·(v₁/v₂)·(v₃/v₄)²,  v₁ = Σ s·f²·(1−f²)^(s−1)·c_s,
//	v₂ = Σ ((1−f²)^s·c_s − 1),  v₃ = Σ (1−f)^s·c_s,  v₄ = Σ s·f·(1−f)^(s−1)·c_s
//
// over the sizes that occur. Where that K is not above the classes u of the
// sample, v₂ is Σ (1−f)^s·((1+f)^s−1)·c_s as in the estimator of Haas and
// Stokes, which always is. It is an error when the equations have no root.
//
// Chen, Keller-McNulty (1998). Estimation of identification disclosure risk in
// microdata. Journal of Official Statistics 14(1), 79–95.
//
// Haas, Stokes (1998). Estimating the number of classes in a finite
// population. Journal of the American Statistical Association 93, 1475–1487.
func (s *Sample) SNB() (float64, error) {
	c1, c2 := s.classesOf(1), s.classesOf(2)
	if c1 == 0 || c2 == 0 {
		return 0, errors.New("snb: no class of one record or none of two")
	}
	f := s.Fraction()
	if f >= 1 {
		return c1, nil
	}
	k := s.slideClasses(f)
	if !(k > float64(s.classes)) || math.IsInf(k, 0) {
		return 0, errors.New("snb: the number of classes of the population cannot be estimated")
	}
	m := snb{f: f, k: k, c1: c1, c2: c2}
	la, lb, ok := m.solve()
	if !ok {
		return 0, errors.New("snb: the equations have no solution")
	}
	return k * math.Exp(math.Exp(la)*logistic(lb)), nil
}

// slideClasses estimates the number of classes of the population.
func (s *Sample) slideClasses(f float64) float64 {
	var v1, v2, v2Stokes, v3, v4 float64
	for _, c := range s.counts {
		size, n := float64(c.Size), float64(c.Classes)
		v1 += size * f * f * math.Pow(1-f*f, size-1) * n
		v2 += math.Pow(1-f*f, size)*n - 1
		v2Stokes += math.Pow(1-f, size) * (math.Pow(1+f, size) - 1) * n
		v3 += math.Pow(1-f, size) * n
		v4 += size * f * math.Pow(1-f, size-1) * n
	}
	if !(v2 > 0) {
		v2 = v2Stokes
	}
	return float64(s.classes) + s.classesOf(1)*(v1/v2)*(v3/v4)*(v3/v4)
}

// snb are the two equations, in ln a and the logit of b.
type snb struct {
	f, k, c1, c2 float64
}

// logistic is ln b of the logit of b.
func logistic(logit float64) float64 { return -math.Log1p(math.Exp(-logit)) }

// errors returns the logarithms of the ratios of expected to counted classes,
// of size one and two.
func (m *snb) errors(la, lb float64) (e1, e2 float64) {
	a, logB := math.Exp(la), logistic(lb)
	rest := logistic(-lb) // ln(1−b)
	d := (1 - m.f) * math.Exp(rest)
	log1d := math.Log1p(-d)
	e1 = math.Log(m.k*m.f/m.c1) + a*(logB-log1d) + math.Log(a*d/(1-d)+1)
	e2 = math.Log(m.k*m.f*m.f/(2*m.c2)) + la + a*logB + rest + math.Log(2-(1-a)*d) - (a+2)*log1d
	return e1, e2
}

// Newton's method starts from a grid that spans all plausible shapes.
func (m *snb) solve() (la, lb float64, ok bool) {
	for _, la := range []float64{-1, 0, 1, -3, 3, -6, 6} {
		for _, lb := range []float64{0, -2, 2, -5, 5, -9} {
			if a, b, ok := m.newton(la, lb); ok {
				return a, b, true
			}
		}
	}
	return 0, 0, false
}

func (m *snb) newton(la, lb float64) (a, b float64, ok bool) {
	const h = 1e-6 // of the central differences; the root does not depend on it
	norm := func(a, b float64) float64 {
		e1, e2 := m.errors(a, b)
		return math.Abs(e1) + math.Abs(e2)
	}
	for range maxNewton {
		e1, e2 := m.errors(la, lb)
		p1, p2 := m.errors(la+h, lb)
		n1, n2 := m.errors(la-h, lb)
		q1, q2 := m.errors(la, lb+h)
		o1, o2 := m.errors(la, lb-h)
		j11, j12, j21, j22 := (p1-n1)/(2*h), (q1-o1)/(2*h), (p2-n2)/(2*h), (q2-o2)/(2*h)
		det := j11*j22 - j12*j21
		da, db := (j12*e2-j22*e1)/det, (j21*e1-j11*e2)/det
		if math.IsNaN(da + db) {
			return 0, 0, false
		}
		scale := min(1, 2/max(math.Abs(da), math.Abs(db)))
		da, db = da*scale, db*scale
		before := norm(la, lb)
		for halved := 0; !(norm(la+da, lb+db) < before) && halved < 30; halved++ {
			da, db = da/2, db/2
		}
		la, lb = la+da, lb+db
		if math.Abs(la) > 30 || math.Abs(lb) > 30 {
			return 0, 0, false
		}
		if math.Abs(da)+math.Abs(db) < 1e-12 {
			return la, lb, norm(la, lb) < 1e-9
		}
	}
	return la, lb, norm(la, lb) < 1e-9
}
