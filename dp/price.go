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
	return c
}

// spare is what a ρ computed in floating point is made smaller by.
const spare = 1e-9

// rhoFor is a ρ whose zero-concentrated differential privacy implies (epsilon,
// delta)-differential privacy (Canonne, Kamath and Steinke 2020,
// arXiv:2004.00010, Proposition 12, as package accounting inverts it).
func rhoFor(epsilon, delta float64) (float64, error) {
	rho, err := accounting.RhoFor(accounting.EpsilonDelta{Epsilon: epsilon, Delta: delta})
	if err != nil || !(rho > 0) {
		return 0, errors.New("no Gaussian noise for this epsilon and delta; raise them")
	}
	return rho * (1 - spare), nil
}

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
