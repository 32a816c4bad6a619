package accounting

import (
	"errors"
	"fmt"
	"math"
)

// DiscreteGaussian adds an integer x with probability proportional to
// e^(-x²/(2·Sigma²)) to an integer that one person changes by at most
// Sensitivity (Canonne, Kamath and Steinke 2020, The discrete Gaussian for
// differential privacy, NeurIPS). It is a Curve whose values are sums over the
// integers, not those of the continuous distribution. The zero value is refused.
//
// For a vector, on whose numbers independent noise is added, no one change is
// known to be worst: account for it as ZCDP, with the ρ of Rho.
type DiscreteGaussian struct {
	Sigma       float64 `yaml:"sigma"`
	Sensitivity int     `yaml:"sensitivity"`
}

// String names the mechanism and its parameters.
func (m DiscreteGaussian) String() string {
	return fmt.Sprintf("discrete gaussian(sigma %v, sensitivity %d)", m.Sigma, m.Sensitivity)
}

const (
	// sumSigma is from where on sums over the integers give way to integrals.
	sumSigma = 1000
	minSigma = 1e-9
	// maxDiscrete is where integers and their squares begin to lose digits.
	maxDiscrete = 1 << 53
)

func (m DiscreteGaussian) check() error {
	var errs []error
	if !(m.Sigma >= minSigma && m.Sigma <= maxDiscrete) {
		errs = append(errs, fmt.Errorf("sigma is %v, want %v to %v", m.Sigma, minSigma,
			float64(maxDiscrete)))
	}
	if m.Sensitivity < 1 || int64(m.Sensitivity) > maxDiscrete {
		errs = append(errs, fmt.Errorf("sensitivity is %d, want 1 to %v", m.Sensitivity,
			float64(maxDiscrete)))
	}
	return errors.Join(errs...)
}

// Rho is the zero-concentrated privacy of m, Sensitivity²/(2·Sigma²) (ibid.,
// Theorem 4). It also holds for a vector of numbers, each with this noise, that
// one person changes by at most Sensitivity in L2.
func (m DiscreteGaussian) Rho() float64 {
	mu := float64(m.Sensitivity) / m.Sigma
	return up(mu * mu / 2)
}

func (m DiscreteGaussian) model() (model, error) {
	err := m.check()
	if m.Sensitivity > maxAtoms && m.Sigma <= sumSigma {
		err = errors.Join(err, fmt.Errorf("sensitivity is %d, want at most %d with this little noise",
			m.Sensitivity, maxAtoms))
	}
	if err != nil {
		return model{}, fmt.Errorf("discrete gaussian: %w", err)
	}
	rho := m.Rho()
	out := model{renyi: each(func(a float64) float64 { return a * rho })}
	if m.Sigma > sumSigma {
		out.base = gaussianBase(m.dominating())
		return out, nil
	}
	// Beyond reach standard deviations there is less than e^-72 of the mass.
	const reach = 12
	far := int(math.Ceil(reach*m.Sigma)) + 1
	weight := func(x int) float64 { return math.Exp(-float64(x) * float64(x) / (2 * m.Sigma * m.Sigma)) }
	total := m.total()
	d := m.Sensitivity
	half := float64(d) / (2 * m.Sigma * m.Sigma)
	atoms := make([]atom, 0, 2*far+d+1)
	for x := -far; x <= far+d; x++ {
		// Outcomes that neither reaches are left out.
		if a, b := weight(x-d)/total, weight(x)/total; a > 0 || b > 0 {
			atoms = append(atoms, atom{half * float64(2*x-d), a, b})
		}
	}
	out.base = &base{symmetric: true, atoms: atoms}
	return out, nil
}

// dominating is the μ of a continuous Gaussian mechanism that is not more
// private than m, for Sigma above sumSigma. It is larger than
// Sensitivity/Sigma by a few parts in ten million at the most.
//
// The sum of f(x) = e^(-x²/(2σ²)) over the integers from n on is, by the rule
// of Euler and Maclaurin for midpoints, the integral from t = n - 1/2 on plus
// f'(t)/24 and terms smaller by the order of (t/σ²)². With
// f' = -(t/σ²)·f, δ(ε) of the discrete mechanism exceeds that of the
// continuous one at the same threshold by (Δ/σ²)·f(t)/24 over σ√(2π), since
// f(t) = e^ε·f(t+Δ) where the threshold is best. A growth of μ by the factor
// 1 + 1/(24σ²) raises δ by as much: its derivative in μ is the density at the
// threshold. Twice that leaves room for the smaller terms as long as t is far
// below σ², which is so for all δ above e^(-σ²/100). Tests compare the two.
func (m DiscreteGaussian) dominating() float64 {
	return float64(m.Sensitivity) / m.Sigma * (1 + 1/(12*m.Sigma*m.Sigma))
}

// Delta is the δ that holds with epsilon, which must be at least 0:
//
//	δ(ε) = P(X > εσ²/Δ - Δ/2) - e^ε·P(X > εσ²/Δ + Δ/2)
//
// (Canonne, Kamath and Steinke 2020, Theorem 7).
func (m DiscreteGaussian) Delta(epsilon float64) (float64, error) {
	if err := mistakes(m.check(), checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	return min(1, up(math.Exp(m.logDelta(epsilon)))), nil
}

// Epsilon is the least ε that holds with delta, which must lie in (0, 1).
func (m DiscreteGaussian) Epsilon(delta float64) (float64, error) {
	if err := mistakes(m.check(), checkDelta(delta)); err != nil {
		return 0, err
	}
	want := math.Log(delta)
	if m.logDelta(0) <= want {
		return 0, nil
	}
	return up(least(func(e float64) bool { return m.logDelta(e) <= want })), nil
}

// DiscreteGaussianSigma is the least Sigma, to the last digits, that gives an
// integer of the given sensitivity the target, whose Epsilon and Delta must be
// positive.
func DiscreteGaussianSigma(target EpsilonDelta, sensitivity int) (float64, error) {
	m := DiscreteGaussian{Sigma: 1, Sensitivity: sensitivity}
	err := mistakes(checkPositive("epsilon", target.Epsilon), checkDelta(target.Delta), m.check())
	if err != nil {
		return 0, err
	}
	want := math.Log(target.Delta)
	sigma := least(func(s float64) bool {
		m.Sigma = max(minSigma, s)
		return m.logDelta(target.Epsilon) <= want
	})
	m.Sigma = max(minSigma, sigma)
	if err := m.check(); err != nil {
		return 0, fmt.Errorf("accounting: no noise is exact with epsilon %v and delta %v: %w",
			target.Epsilon, target.Delta, err)
	}
	return m.Sigma, nil
}

// logDelta is an upper bound of ln δ(ε).
//
// With n the least integer above k = εσ²/Δ - Δ/2, and S(n) the sum of f from n
// on, δ is (S(n) - e^ε·S(n+Δ))/S(-∞). In units of f(n) the second sum has the
// factor e^ε·f(n+Δ)/f(n) = e^(-(n-k)Δ/σ²), so that nothing underflows.
func (m DiscreteGaussian) logDelta(epsilon float64) float64 {
	if m.Sigma > sumSigma {
		return gaussianLogDelta(m.dominating(), epsilon)
	}
	v, d := m.Sigma*m.Sigma, float64(m.Sensitivity)
	k := epsilon*v/d - d/2
	n := math.Floor(k) + 1
	// The relative error of a sum is below that of its terms, whose exponents
	// matter up to 40.
	const margin = 3e-14
	if n < 1 {
		first := m.total() - m.sumFrom(1-n)*math.Exp(-(1-n)*(1-n)/(2*v))
		second := math.Exp(epsilon-(n+d)*(n+d)/(2*v)) * m.sumFrom(n+d)
		return math.Log((first*(1+margin) - second*(1-margin)) / m.total())
	}
	first, second := m.sumFrom(n), math.Exp(-(n-k)*d/v)*m.sumFrom(n+d)
	return -n*n/(2*v) + math.Log((first*(1+margin)-second*(1-margin))/m.total())
}

// sumFrom is the sum of f(x)/f(n) over the integers x from n on, n >= 0.
func (m DiscreteGaussian) sumFrom(n float64) float64 {
	v, sum := m.Sigma*m.Sigma, 1.0
	for j := 1.0; ; j++ {
		term := math.Exp(-j * (2*n + j) / (2 * v))
		if sum += term; term < 1e-18*sum/m.Sigma || term == 0 {
			return sum
		}
	}
}

// total is the sum of f over all integers.
func (m DiscreteGaussian) total() float64 { return 2*m.sumFrom(0) - 1 }
