package accounting

import (
	"fmt"
	"math"
)

// ZCDP is zero-concentrated differential privacy: the Rényi divergence of
// every order α > 1 is at most Rho·α (Bun and Steinke 2016, Concentrated
// differential privacy, TCC). It is a Curve. The zero value is refused.
type ZCDP struct {
	Rho float64 `yaml:"rho"`
}

// String names the guarantee and its parameter.
func (z ZCDP) String() string { return fmt.Sprintf("zcdp(rho %v)", z.Rho) }

func (z ZCDP) check() error { return checkPositive("rho", z.Rho) }

func (z ZCDP) model() (model, error) {
	if err := z.check(); err != nil {
		return model{}, fmt.Errorf("zcdp: %w", err)
	}
	return model{renyi: each(func(a float64) float64 { return a * z.Rho })}, nil
}

// Delta is the least δ that holds with epsilon (Canonne, Kamath and Steinke
// 2020, Proposition 12, at the best real α):
//
//	δ = min over α of e^((α-1)(αρ-ε))/(α-1) · (1-1/α)^α.
func (z ZCDP) Delta(epsilon float64) (float64, error) {
	if err := mistakes(z.check(), checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	return min(1, up(math.Exp(zcdpLogDelta(z.Rho, epsilon)))), nil
}

// Epsilon is the least ε that Delta allows with delta.
func (z ZCDP) Epsilon(delta float64) (float64, error) {
	if err := mistakes(z.check(), checkDelta(delta)); err != nil {
		return 0, err
	}
	want := math.Log(delta)
	if zcdpLogDelta(z.Rho, 0) <= want {
		return 0, nil
	}
	return up(least(func(e float64) bool { return zcdpLogDelta(z.Rho, e) <= want })), nil
}

// Group is the guarantee for groups of size people: size² times ρ (Bun and
// Steinke 2016, Proposition 27).
func (z ZCDP) Group(size int) ZCDP { return ZCDP{Rho: z.Rho * float64(size) * float64(size)} }

// Compose is what holds of both together: their ρ add up.
func (z ZCDP) Compose(other ZCDP) ZCDP { return ZCDP{Rho: z.Rho + other.Rho} }

// RhoFor is the largest ρ whose ZCDP gives the target.
func RhoFor(target EpsilonDelta) (float64, error) {
	err := mistakes(checkPositive("epsilon", target.Epsilon), checkDelta(target.Delta))
	if err != nil {
		return 0, err
	}
	want := math.Log(target.Delta)
	inverse := least(func(x float64) bool { return zcdpLogDelta(1/x, target.Epsilon) <= want })
	return (1 - 1e-13) / inverse, nil
}

// zcdpLogDelta minimizes the logarithm, which is convex in α, by bisecting for
// the zero of its derivative (2α-1)ρ - ε + ln(1-1/α) in t = ln(α-1).
func zcdpLogDelta(rho, epsilon float64) float64 {
	low, high := -60.0, math.Log(epsilon/rho+2/math.Sqrt(rho)+2)
	for range 200 {
		t := low + (high-low)/2
		if t <= low || t >= high {
			break
		}
		a1 := math.Exp(t)
		if (2*a1+1)*rho-epsilon-math.Log1p(1/a1) < 0 {
			low = t
		} else {
			high = t
		}
	}
	a1 := math.Exp(high)
	return a1*((a1+1)*rho-epsilon) - t1(a1)
}

// t1 is ln(α-1) - α·ln(1-1/α) for α = 1 + a1.
func t1(a1 float64) float64 { return math.Log(a1) + (a1+1)*math.Log1p(1/a1) }

// Exponential selects one of many candidates with probability proportional to
// e^(Epsilon·score/(2·Δ)) where one person changes a score by at most Δ
// (McSherry and Talwar 2007). It is Epsilon-differentially private, and its
// privacy losses lie in an interval of length Epsilon. Renyi uses that; a
// LossDistribution, for want of one pair that is worst, takes it as pure and is
// looser. The zero value is refused.
type Exponential struct {
	Epsilon float64 `yaml:"epsilon"`
}

// String names the mechanism and its parameter.
func (m Exponential) String() string { return fmt.Sprintf("exponential(epsilon %v)", m.Epsilon) }

func (m Exponential) model() (model, error) {
	if err := checkPositive("epsilon", m.Epsilon); err != nil {
		return model{}, fmt.Errorf("exponential: %w", err)
	}
	pure, err := EpsilonDelta{Epsilon: m.Epsilon}.model()
	if err != nil {
		return model{}, err
	}
	// Of losses in an interval of length ε the Kullback-Leibler divergence is at
	// most x - 1 - ln x for x = ε/(1-e^-ε) (Dong, Durfee and Rogers 2020,
	// Optimal differential privacy composition for exponential mechanisms,
	// ICML), and by Hoeffding's lemma the divergence of order α is at most
	// (α-1)·ε²/8 more.
	x := m.Epsilon / -math.Expm1(-m.Epsilon)
	kl := x - 1 - math.Log(x)
	pure.renyi = each(func(a float64) float64 {
		return min(m.Epsilon, kl+(a-1)*m.Epsilon*m.Epsilon/8)
	})
	return pure, nil
}
