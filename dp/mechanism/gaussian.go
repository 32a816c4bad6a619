package mechanism

import (
	"fmt"
	"math"
	"math/big"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/exact"
)

// Gaussian adds discrete Gaussian noise to a real number, or to each of a
// vector, on a grid. It is (Epsilon, Delta)-differentially private with the
// least noise that is, or Rho-zero-concentrated differentially private; one of
// the two is given. The zero value is refused.
//
// Of n numbers that change by at most Sensitivity in L2 the nearest multiples of
// the step change by at most Sensitivity/step + √n steps (see grid.steps and the
// triangle inequality). For one number σ is that of the discrete mechanism
// (accounting.DiscreteGaussianSigma); for a vector that of the continuous one
// (Balle and Wang 2018, Improving the Gaussian mechanism for differential
// privacy, ICML, Theorem 8), enlarged by what the two differ; see exact.Slack.
type Gaussian struct {
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
	// Sensitivity is the Euclidean length of how much one person changes the
	// numbers.
	Sensitivity float64 `yaml:"sensitivity"`
	// Lower and Upper are bounds into which every number is moved first. They
	// must not come from the data.
	Lower float64 `yaml:"lower"`
	Upper float64 `yaml:"upper"`
	// Numbers is the length of a vector; zero stands for one.
	Numbers int `yaml:"numbers"`
}

// String names the mechanism and its parameters.
func (m Gaussian) String() string {
	return fmt.Sprintf("gaussian(%s, sensitivity %v, %v to %v%s)", targetText(m.Epsilon, m.Delta,
		m.Rho), m.Sensitivity, m.Lower, m.Upper, numbersText(m.Numbers))
}

func targetText(epsilon, delta, rho float64) string {
	if rho != 0 {
		return fmt.Sprintf("rho %v", rho)
	}
	return fmt.Sprintf("epsilon %v, delta %v", epsilon, delta)
}

// target checks that either ε and δ or ρ are given.
func (l *list) target(epsilon, delta, rho float64) {
	if rho != 0 {
		if epsilon != 0 || delta != 0 {
			l.addf("rho beside epsilon or delta; want rho, or the two")
		}
		if !(rho >= leastEpsilon*leastEpsilon && rho <= mostEpsilon) {
			l.addf("rho is %v, want %v to %v", rho, leastEpsilon*leastEpsilon, float64(mostEpsilon))
		}
		return
	}
	l.epsilon(epsilon)
	if !(delta >= leastDelta && delta < 1) {
		l.addf("delta is %v, want %v up to below 1", delta, leastDelta)
	}
}

const leastDelta = 1e-200

func (m Gaussian) prepare() (*Noise, error) {
	var wrong list
	wrong.target(m.Epsilon, m.Delta, m.Rho)
	wrong.positive("sensitivity", m.Sensitivity)
	wrong.bounds(m.Lower, m.Upper)
	wrong.numbers(m.Numbers)
	if len(wrong) > 0 {
		return nil, wrong.under("gaussian")
	}
	t := gaussianTarget{m.Epsilon, m.Delta, m.Rho, numbersOf(m.Numbers)}
	g, err := newGrid(m.Sensitivity, m.Lower, m.Upper, m.Sensitivity*t.roughly())
	if err != nil {
		return nil, list{err}.under("gaussian")
	}
	d := g.inSteps(m.Sensitivity) // from 2^coarseBits to 2^(fineBits+1)
	if t.numbers == 1 {
		d = math.Floor(d) + 1
	} else {
		d = (d + math.Sqrt(float64(t.numbers))) * (1 + 0x1p-50)
	}
	return t.noise("gaussian", d, g, false)
}

// DiscreteGaussian adds discrete Gaussian noise (Canonne, Kamath and Steinke
// 2020, The discrete Gaussian for differential privacy, NeurIPS) to an integer,
// or to each of a vector. It is (Epsilon, Delta)-differentially private or
// Rho-zero-concentrated differentially private; one of the two is given. The
// zero value is refused. Integers beyond ±(2^62-1) are moved to these.
//
// For one integer σ is the least for Epsilon and Delta. For a vector it is that
// of Rho, or of the ρ from which Epsilon and Delta follow, which is somewhat
// more.
type DiscreteGaussian struct {
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
	// Sensitivity is an upper bound of the Euclidean length of how much one
	// person changes the integers.
	Sensitivity int64 `yaml:"sensitivity"`
	// Numbers is the length of a vector; zero stands for one.
	Numbers int `yaml:"numbers"`
}

// String names the mechanism and its parameters.
func (m DiscreteGaussian) String() string {
	return fmt.Sprintf("discrete gaussian(%s, sensitivity %d%s)",
		targetText(m.Epsilon, m.Delta, m.Rho), m.Sensitivity, numbersText(m.Numbers))
}

func (m DiscreteGaussian) prepare() (*Noise, error) {
	var wrong list
	wrong.target(m.Epsilon, m.Delta, m.Rho)
	wrong.whole(m.Sensitivity)
	wrong.numbers(m.Numbers)
	if len(wrong) > 0 {
		return nil, wrong.under("discrete gaussian")
	}
	t := gaussianTarget{m.Epsilon, m.Delta, m.Rho, numbersOf(m.Numbers)}
	return t.noise("discrete gaussian", float64(m.Sensitivity), wholeGrid(), true)
}

// gaussianTarget is what Gaussian noise is to reach.
type gaussianTarget struct {
	epsilon, delta, rho float64
	numbers             int
}

// roughly is about the σ for a sensitivity of one.
func (t gaussianTarget) roughly() float64 {
	if t.rho != 0 {
		return 1 / math.Sqrt(2*t.rho)
	}
	sigma, err := accounting.GaussianSigma(
		accounting.EpsilonDelta{Epsilon: t.epsilon, Delta: t.delta}, 1)
	if err != nil { // the parameters were checked
		return math.Inf(1)
	}
	return sigma
}

// noise calibrates for a sensitivity of d steps.
func (t gaussianTarget) noise(name string, d float64, g grid, whole bool) (*Noise, error) {
	variance, loss, err := t.calibrate(d)
	if err != nil {
		return nil, list{err}.under(name)
	}
	draw, err := exact.NewGaussian(variance)
	if err != nil {
		return nil, list{err}.under(name + ": raise epsilon or lower the sensitivity")
	}
	return &Noise{draw: draw, grid: g, whole: whole, numbers: t.numbers, loss: loss,
		cost: t.cost(d, variance)}, nil
}

// cost is the guarantee in ε and δ, and that in ρ, which is d²/(2σ²) (Canonne,
// Kamath and Steinke 2020, Theorem 4, and for vectors by composition).
func (t gaussianTarget) cost(d float64, variance *big.Rat) budget.Cost {
	if t.rho != 0 {
		return budget.Cost{Rho: t.rho}
	}
	rho := new(big.Rat).SetFloat64(d)
	rho.Mul(rho, rho).Quo(rho, new(big.Rat).Mul(big.NewRat(2, 1), variance))
	return budget.Cost{Epsilon: t.epsilon, Delta: t.delta, Rho: decimal.AtLeast(rho)}
}

func (t gaussianTarget) calibrate(d float64) (*big.Rat, accounting.Mechanism, error) {
	target := accounting.EpsilonDelta{Epsilon: t.epsilon, Delta: t.delta}
	square := func(x float64) *big.Rat {
		r := new(big.Rat).SetFloat64(x)
		return r.Mul(r, r)
	}
	switch {
	case t.numbers == 1 && t.rho == 0:
		sigma, err := accounting.DiscreteGaussianSigma(target, int(d))
		if err != nil {
			return nil, nil, err
		}
		return square(sigma), accounting.DiscreteGaussian{Sigma: sigma, Sensitivity: int(d)}, nil
	case t.numbers > 1 && t.rho == 0:
		if sigma, cost, ok := t.vector(d, target); ok {
			return square(sigma), cost, nil
		}
	}
	rho := t.rho
	if rho == 0 {
		var err error
		if rho, err = accounting.RhoFor(target); err != nil {
			return nil, nil, err
		}
	}
	variance := square(d)
	variance.Quo(variance, new(big.Rat).Mul(big.NewRat(2, 1), decimal.Of(rho)))
	if t.numbers > 1 {
		return variance, accounting.ZCDP{Rho: rho}, nil
	}
	sigma := math.Sqrt(decimal.AtMost(variance)) * (1 - 0x1p-50)
	return variance, accounting.DiscreteGaussian{Sigma: sigma, Sensitivity: int(d)}, nil
}

// vector calibrates by the continuous mechanism, where σ is so large that the
// discrete one is as good as equal to it.
func (t gaussianTarget) vector(
	d float64, target accounting.EpsilonDelta,
) (sigma float64, cost accounting.Gaussian, ok bool) {
	sigma, err := accounting.GaussianSigma(target, d)
	if err != nil {
		return 0, cost, false
	}
	more := exact.Slack(d, sigma, t.numbers)
	if !(more <= 1e-6) {
		return 0, cost, false
	}
	cost = accounting.Gaussian{Sigma: sigma * (1 + more), Sensitivity: d * (1 + more)}
	return sigma * (1 + more), cost, true
}
