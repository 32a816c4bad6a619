package accounting

import (
	"errors"
	"fmt"
	"math"
)

// Gaussian adds noise of standard deviation Sigma to a query, a vector or a
// number, that one person changes by at most Sensitivity in L2. It is a Curve
// whose values are exact, at any δ a float64 can hold.
//
// With μ = Sensitivity/Sigma (Balle and Wang 2018, Improving the Gaussian
// mechanism for differential privacy, ICML, Theorem 8):
//
//	δ(ε) = Φ(μ/2 - ε/μ) - e^ε·Φ(-μ/2 - ε/μ).
type Gaussian struct {
	Sigma       float64 `yaml:"sigma"`
	Sensitivity float64 `yaml:"sensitivity"`
}

// String names the mechanism and its parameters.
func (g Gaussian) String() string {
	return fmt.Sprintf("gaussian(sigma %v, sensitivity %v)", g.Sigma, g.Sensitivity)
}

func (g Gaussian) check() error {
	errs := errors.Join(checkPositive("sigma", g.Sigma), checkPositive("sensitivity", g.Sensitivity))
	if errs == nil && !(g.mu() > 0 && g.mu() < maxMu) {
		return fmt.Errorf("sensitivity/sigma is %v, want it above 0 and below %v", g.mu(), maxMu)
	}
	return errs
}

// maxMu keeps squares of a ratio in range.
const maxMu = 1e100

func (g Gaussian) mu() float64 { return g.Sensitivity / g.Sigma }

func (g Gaussian) model() (model, error) {
	if err := g.check(); err != nil {
		return model{}, fmt.Errorf("gaussian: %w", err)
	}
	mu := g.mu()
	return model{
		base:  gaussianBase(mu),
		renyi: each(func(a float64) float64 { return a * mu * mu / 2 }), // Mironov 2017, Prop. 7
	}, nil
}

// Delta is the δ that holds with epsilon, which must be at least 0.
func (g Gaussian) Delta(epsilon float64) (float64, error) {
	if err := mistakes(g.check(), checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	return min(1, up(math.Exp(gaussianLogDelta(g.mu(), epsilon)))), nil
}

// Epsilon is the least ε that holds with delta, which must lie in (0, 1).
func (g Gaussian) Epsilon(delta float64) (float64, error) {
	if err := mistakes(g.check(), checkDelta(delta)); err != nil {
		return 0, err
	}
	mu, want := g.mu(), math.Log(delta)
	if gaussianLogDelta(mu, 0) <= want {
		return 0, nil
	}
	return up(least(func(e float64) bool { return gaussianLogDelta(mu, e) <= want })), nil
}

// Times is the one Gaussian mechanism that count runs of g amount to.
func (g Gaussian) Times(count int) Gaussian {
	return Gaussian{Sigma: g.Sigma, Sensitivity: up(g.Sensitivity * math.Sqrt(float64(count)))}
}

// Group is the mechanism as it is seen by groups of size people: they change
// the query by size times as much.
func (g Gaussian) Group(size int) Gaussian {
	return Gaussian{Sigma: g.Sigma, Sensitivity: g.Sensitivity * float64(size)}
}

// GaussianSigma is the least standard deviation of Gaussian noise that gives a
// query of the given L2 sensitivity the target, whose Epsilon and Delta must be
// positive. It is exact, also for large ε.
func GaussianSigma(target EpsilonDelta, sensitivity float64) (float64, error) {
	err := mistakes(checkPositive("epsilon", target.Epsilon), checkDelta(target.Delta),
		checkPositive("sensitivity", sensitivity))
	if err != nil {
		return 0, err
	}
	want := math.Log(target.Delta)
	sigma := least(func(s float64) bool { return gaussianLogDelta(1/s, target.Epsilon) <= want })
	return up(sigma * sensitivity), nil
}

// gaussianLogDelta is ln δ(ε). With a = ε/μ - μ/2 and b = a + μ the squares of
// a and b differ by 2ε, so that for positive a
//
//	δ = e^(-a²/2)/2 · (erfcx(a/√2) - erfcx(b/√2)),
//
// where nothing underflows and no two large numbers cancel.
func gaussianLogDelta(mu, epsilon float64) float64 {
	a, b := epsilon/mu-mu/2, epsilon/mu+mu/2
	if a > 0 {
		return -a*a/2 + math.Log((erfcx(a/math.Sqrt2)-erfcx(b/math.Sqrt2))/2)
	}
	second := math.Exp(-a*a/2) * erfcx(b/math.Sqrt2) / 2
	return math.Log(upperTail(a) - second)
}

// upperTail is the probability of a standard normal number above x.
func upperTail(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }

// erfcx is e^(x²)·erfc(x) for x of at least 0 (Abramowitz and Stegun 7.1.23
// for large x, where the terms fall by more than 1/7 until the last one used).
func erfcx(x float64) float64 {
	if x < 10 {
		return math.Exp(x*x) * math.Erfc(x)
	}
	sum, term := 1.0, 1.0
	for n := 1; n <= 14; n++ {
		term *= -float64(2*n-1) / (2 * x * x)
		sum += term
	}
	return sum / (x * math.Sqrt(math.Pi))
}

// gaussianBase is the pair N(μ,1), N(0,1), whose loss at x is μx - μ²/2.
func gaussianBase(mu float64) *base {
	// 1.9e-22 = e^-50 of the mass is above this many standard deviations.
	const far = 9.75
	return &base{
		symmetric: true,
		lower:     -mu*far - mu*mu/2,
		upper:     mu*far + mu*mu/2,
		tails: func(l float64) (a, b tail) {
			x := l/mu + mu/2
			return tail{upperTail(mu - x), upperTail(x - mu)}, tail{upperTail(-x), upperTail(x)}
		},
	}
}

// GaussianDP is the guarantee of testing N(0,1) against N(Mu,1): μ-Gaussian
// differential privacy (Dong, Roth and Su 2022, Gaussian differential privacy,
// JRSS B 84(1)). The zero value is refused.
type GaussianDP struct {
	Mu float64 `yaml:"mu"`
}

// String names the guarantee and its parameter.
func (g GaussianDP) String() string { return fmt.Sprintf("gaussian dp(mu %v)", g.Mu) }

func (g GaussianDP) model() (model, error) {
	if err := checkPositive("mu", g.Mu); err != nil {
		return model{}, fmt.Errorf("gaussian dp: %w", err)
	}
	return g.gaussian().model()
}

func (g GaussianDP) gaussian() Gaussian { return Gaussian{Sigma: 1, Sensitivity: g.Mu} }

// Delta is the δ that holds with epsilon, which must be at least 0; exact.
func (g GaussianDP) Delta(epsilon float64) (float64, error) { return g.gaussian().Delta(epsilon) }

// Epsilon is the least ε that holds with delta in (0, 1); exact.
func (g GaussianDP) Epsilon(delta float64) (float64, error) { return g.gaussian().Epsilon(delta) }

// Compose is what holds of both together, also if the second was chosen after
// seeing the first (Dong, Roth and Su 2022, Corollary 3.3).
func (g GaussianDP) Compose(other GaussianDP) GaussianDP {
	return GaussianDP{Mu: up(math.Hypot(g.Mu, other.Mu))}
}
