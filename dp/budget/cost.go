package budget

import (
	"errors"
	"math/big"
	"slices"

	"github.com/lethe-go/lethe/internal/decimal"
)

// Cost is what is proved of one release, in each currency in which it may be
// paid. The zero value is refused.
//
// A release with Laplace noise has an Epsilon alone, and one with Gaussian noise
// Epsilon and Delta for totals in ε, and Rho for totals in ρ, of which it needs
// no Delta.
type Cost struct {
	// Epsilon and Delta: the release is (Epsilon, Delta)-differentially private.
	// Both are 0 where that is not known; then no total in ε can pay for it.
	Epsilon float64 `yaml:"epsilon" json:"epsilon,omitempty"`
	Delta   float64 `yaml:"delta" json:"delta,omitempty"`
	// Rho and RhoDelta: it is Rho-zero-concentrated differentially private but
	// for probability RhoDelta. Where both are 0 they follow from the others: an
	// (ε, δ)-differentially private release is min(ε²/2, ε)-concentrated but for
	// probability δ.
	Rho      float64 `yaml:"rho" json:"rho,omitempty"`
	RhoDelta float64 `yaml:"rho_delta" json:"rho_delta,omitempty"`
	// Gaussian: it is √(2·Rho)-Gaussian differentially private but for probability
	// RhoDelta, as Gaussian noise is (Dong, Roth and Su 2022, Gaussian differential
	// privacy, JRSS B 84(1)); but for a share of 1e-9 of √(2·Rho).
	Gaussian bool `yaml:"gaussian" json:"gaussian,omitempty"`
}

// Cost is what a release costs of which no more is known than that it is within
// b.
func (b Budget) Cost() Cost {
	if b.Rho != 0 {
		return Cost{Rho: b.Rho, RhoDelta: b.Delta, Gaussian: b.Gaussian}
	}
	return Cost{Epsilon: b.Epsilon, Delta: b.Delta}
}

// Validate says, all at once, why c is no cost.
func (c Cost) Validate() error {
	if c == (Cost{}) {
		return errors.New("the cost is zero, want what is proved of the release")
	}
	var errs []error
	for _, x := range []struct {
		name  string
		value float64
	}{{"epsilon", c.Epsilon}, {"rho", c.Rho}} {
		if x.value != 0 {
			errs = append(errs, checkPositive(x.name, x.value))
		}
	}
	if c.Gaussian && c.Rho == 0 {
		errs = append(errs, errors.New("gaussian without rho, want the rho of the noise"))
	}
	errs = append(errs, checkDelta("delta", c.Delta), checkDelta("rho_delta", c.RhoDelta))
	return errors.Join(errs...)
}

// In is what c takes of a total, in its currency, rounded up where it has no
// short decimal. It is an error where that is not known.
func (c Cost) In(total Budget) (Budget, error) {
	if err := c.Validate(); err != nil {
		return Budget{}, err
	}
	a, err := c.in(total)
	if err != nil {
		return Budget{}, err
	}
	return a.shown(total, decimal.AtLeast), nil
}

// in is In, exactly. c is valid.
//
// Why (ε, δ) may be paid in ρ. An (ε, δ)-differentially private release is, for
// any two neighbours, a post-processing of an outcome that, but for probability
// δ, is drawn from the randomized response of parameter ε (Kairouz, Oh and
// Viswanath 2015, The composition theorem for differential privacy, ICML,
// Theorem 3.2). That is ε-differentially private, and so its Rényi divergence
// of every order α > 1 is at most α·ε²/2 (Bun and Steinke 2016, Proposition
// 1.4), and it is at most ε, hence at most α·ε.
func (c Cost) in(total Budget) (amount, error) {
	epsilon, rho := c.Epsilon != 0 || c.Delta != 0, c.Rho != 0 || c.RhoDelta != 0
	switch {
	case total.Rho == 0 && epsilon:
		return amount{decimal.Of(c.Epsilon), decimal.Of(c.Delta)}, nil
	case total.Rho == 0:
		return amount{}, errors.New("its cost is known in ρ alone and the total is in ε; " +
			"give its noise by epsilon and delta")
	case total.Gaussian && !c.Gaussian:
		return amount{}, errors.New("it is not known to be Gaussian noise, and the total is for that " +
			"alone; give it a delta or a rho, or leave out gaussian in the total")
	case rho:
		return amount{decimal.Of(c.Rho), decimal.Of(c.RhoDelta)}, nil
	default:
		e := decimal.Of(c.Epsilon)
		half := new(big.Rat).Mul(e, e)
		half.Quo(half, big.NewRat(2, 1))
		if half.Cmp(e) > 0 {
			half = e
		}
		return amount{half, decimal.Of(c.Delta)}, nil
	}
}

// Plus is the cost of both releases, also where the second was chosen after
// seeing the first; sums without a short decimal are rounded up. A currency in
// which one of the two is not known is not known of both.
func (c Cost) Plus(other Cost) Cost { return largest(2, []Cost{c, other}) }

// AtMost is the cost of releases made side by side, one from each of many
// groups of rows, if one person is in at most groups of them, which the caller
// must have enforced: the sum of the largest costs, of as many. For groups of 1
// it is parallel composition (McSherry 2009, Privacy integrated queries,
// SIGMOD). Groups below 1 count as 1; a zero Cost is none.
//
// Removing a person changes what at most that many of the releases see, and the
// others contribute a factor of 1 to any ratio of probabilities. Which ones it
// are depends on the table and not on any answer, so that their costs add up as
// in Plus, and no choice of as many costs has a larger sum in any number.
func AtMost(groups int, costs ...Cost) Cost { return largest(max(1, groups), costs) }

// largest sums, for each number by itself, the n largest of the costs.
func largest(n int, costs []Cost) Cost {
	var out Cost
	for _, total := range []Budget{{Epsilon: 1}, {Rho: 1}} {
		var losses, deltas []*big.Rat
		known, gaussian := true, true
		for _, c := range costs {
			if c == (Cost{}) {
				continue
			}
			gaussian = gaussian && c.Gaussian
			a, err := c.in(total)
			known = known && err == nil
			losses, deltas = append(losses, a.loss), append(deltas, a.delta)
		}
		if !known {
			continue
		}
		sum := amount{sumOfLargest(n, losses), sumOfLargest(n, deltas)}
		switch b := sum.shown(total, decimal.AtLeast); {
		case total.Rho != 0:
			out.Rho, out.RhoDelta, out.Gaussian = b.Rho, b.Delta, gaussian && b.Rho > 0
		default:
			out.Epsilon, out.Delta = b.Epsilon, b.Delta
		}
	}
	return out
}

func sumOfLargest(n int, numbers []*big.Rat) *big.Rat {
	slices.SortFunc(numbers, func(a, b *big.Rat) int { return b.Cmp(a) })
	sum := new(big.Rat)
	for _, x := range numbers[:min(n, len(numbers))] {
		sum.Add(sum, x)
	}
	return sum
}
