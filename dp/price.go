package dp

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/internal/decimal"
)

// price is what a query says it costs, in its fields Epsilon, Delta and Rho:
// Epsilon alone buys Laplace noise, Epsilon with Delta, or Rho alone, Gaussian
// noise.
type price struct{ epsilon, delta, rho float64 }

func (p price) validate() error {
	if p.rho != 0 {
		if p.epsilon != 0 || p.delta != 0 {
			return fmt.Errorf("rho is %v beside epsilon %v and delta %v; give rho or the others",
				p.rho, p.epsilon, p.delta)
		}
		return checkPositive("rho", p.rho)
	}
	return errors.Join(checkPositive("epsilon", p.epsilon), checkDelta(p.delta))
}

// cost is the price in every currency in which it is known. It is zero for an
// invalid price.
func (p price) cost() Cost {
	c := Cost{Epsilon: p.epsilon, Delta: p.delta, Rho: p.rho}
	if p.delta > 0 && p.validate() == nil {
		c.Rho, _ = rhoFor(p.epsilon, p.delta)
	}
	mu := math.Sqrt(2 * c.Rho)
	c.Gaussian = mu >= leastPart && mu <= mostMu
	return c
}

// on says which noise the price buys, and on what; and with shares above zero that
// bounds are found.
func (p price) on(numbers string, shares ...float64) string {
	text := "discrete Laplace noise on "
	if p.rho != 0 || p.delta != 0 {
		text = "Gaussian noise on "
	}
	for _, share := range shares {
		if share != 0 {
			return text + numbers + ", and on the numbers of values by magnitude, for bounds"
		}
	}
	return text + numbers
}

// spare is what a ρ computed in floating point is made smaller by.
const spare = 1e-9

// rhoFor is the largest ρ whose Gaussian noise is (epsilon, delta)-differentially
// private.
//
// Continuous noise of sensitivity/σ = μ is exactly for the μ of Balle and Wang (2018,
// Improving the Gaussian mechanism for differential privacy, ICML, Theorem 8), however
// many numbers it is added to, and ρ is μ²/2. That of this package is discrete, on a
// grid with σ of at least 2^fineBits steps. By exact.Slack its δ(ε) is at most that of
// continuous noise of a μ that is larger by a share x < 1e-12, for the μ between
// leastMu and mostMu and up to 2^34 numbers that one person changes, six for each of
// 2^31 rows; spare is more than twice that. Where the noise is that of several
// numbers of a vector with a share s of μ² each, as for bounds that are found, their
// δ(ε) together is that of continuous noise of the squared μ Σ s·μ²·(1+x)², as pairs
// of distributions that dominate compose (Zhu, Dong and Wang 2022, Optimal accounting
// of differential privacy via characteristic function, AISTATS); x grows with 1/√s, and
// s·x is yet smaller.
//
// Beyond these μ it is a ρ whose zero-concentrated differential privacy implies
// (epsilon, delta) whatever the noise (Canonne, Kamath and Steinke 2020,
// arXiv:2004.00010, Proposition 12, as package accounting inverts it).
func rhoFor(epsilon, delta float64) (float64, error) {
	target := accounting.EpsilonDelta{Epsilon: epsilon, Delta: delta}
	sigma, err := accounting.GaussianSigma(target, 1)
	rho := 1 / (2 * sigma * sigma)
	if err == nil && !(1/sigma >= leastMu && 1/sigma <= mostMu) {
		rho, err = accounting.RhoFor(target)
	}
	if err != nil || !(rho > 0) {
		return 0, errors.New("no Gaussian noise for this epsilon and delta; raise them")
	}
	return rho * (1 - spare), nil
}

const (
	leastMu = 0x1p-10
	mostMu  = 8
	// leastPart is the least μ of one query whose noise is known to be Gaussian but for
	// the share that budget.Cost allows: the slack of μ², which is to be less than twice
	// that share, is below 1e-15/μ.
	leastPart = 0x1p-20
)

// loss is the privacy loss that noise is drawn for: ε for Laplace noise or ρ for
// Gaussian noise; the other is nil.
type loss struct{ epsilon, rho *big.Rat }

// loss is what the noise of a valid price may lose.
func (p price) loss() (loss, error) {
	switch {
	case p.rho != 0:
		return loss{rho: decimal.Of(p.rho)}, nil
	case p.delta == 0:
		return loss{epsilon: decimal.Of(p.epsilon)}, nil
	}
	rho, err := rhoFor(p.epsilon, p.delta)
	if err != nil {
		return loss{}, err
	}
	return loss{rho: decimal.Of(rho)}, nil
}

// times is a share of a loss. Shares of a sum of one compose to the whole: ε adds up
// under basic composition, and ρ does (Bun and Steinke 2016, Lemma 1.7).
func (l loss) times(share *big.Rat) loss {
	if l.rho != nil {
		return loss{rho: new(big.Rat).Mul(l.rho, share)}
	}
	return loss{epsilon: new(big.Rat).Mul(l.epsilon, share)}
}

func checkPositive(name string, x float64) error {
	if !(x > 0) || math.IsInf(x, 1) {
		return fmt.Errorf("%s is %v, want a positive finite number", name, x)
	}
	return nil
}

func checkDelta(delta float64) error {
	if !(delta >= 0 && delta < 1) {
		return fmt.Errorf("delta is %v, want it in [0, 1)", delta)
	}
	return nil
}
