package budget

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/lethe-go/lethe/internal/decimal"
)

// Odometer grants every release and says at any time what those so far cost,
// for an analysis that has no total yet. It is made by NewOdometer and safe for
// concurrent use; the zero value is refused.
type Odometer struct {
	unit Budget // of the currency

	mu    sync.Mutex
	spent amount
}

// Currency is what an Odometer counts in. The zero value is refused.
type Currency string

// The currencies.
const (
	Epsilon Currency = "epsilon" // (ε, δ)
	Rho     Currency = "rho"     // ρ, and the δ of what is only concentrated but for it
)

// NewOdometer returns an odometer at zero.
func NewOdometer(c Currency) (*Odometer, error) {
	switch c {
	case Epsilon:
		return &Odometer{unit: Budget{Epsilon: 1}, spent: zero()}, nil
	case Rho:
		return &Odometer{unit: Budget{Rho: 1}, spent: zero()}, nil
	}
	return nil, fmt.Errorf("budget: currency is %q, want %q or %q", c, Epsilon, Rho)
}

// Spend adds the cost of all charges, or of none where one is invalid or not
// known in the currency.
func (o *Odometer) Spend(charges ...Charge) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unit == (Budget{}) {
		return errors.New("budget: no currency; make an odometer by NewOdometer")
	}
	spent := o.spent
	for _, c := range charges {
		cost, err := c.in(o.unit)
		if err != nil {
			return err
		}
		spent = spent.plus(cost)
	}
	o.spent = spent
	return nil
}

// Spent is what all charges so far cost, rounded up where it has no short
// decimal. Delta may reach 1 and more, where nothing is promised any longer.
func (o *Odometer) Spent() Budget {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unit == (Budget{}) {
		return Budget{}
	}
	return o.spent.shown(o.unit, decimal.AtLeast)
}

// Loss bounds the privacy loss so far, at all times at once: with probability
// 1 - delta the logarithm of the ratio of probabilities, under the table and any
// one neighbour, of the answers so far never exceeds what Loss returns with the
// same delta at that time, however charges were chosen and whenever one looks.
// delta must lie in (0, 1) for Rho; for Epsilon it may be 0 too, as the bound is
// the sum of the charges and has no need of it. Where charges had a δ of their
// own Loss knows no bound and returns an error.
//
// In ρ. Let the levels be r(j) = 2^j, for all integers j, and δ(j) = delta/6 for
// j = 0 and delta/(6·j²) otherwise, which sum to at most delta: 1/6 + 2/6·π²/6
// < 1. For a fixed α > 1 the mean of e^((α-1)·(l - α·Σρ(n))) is at most 1 at
// first and does not grow with the charges (see the package), so that by the
// inequality of Ville, with probability 1 - δ(j), at no time is l above
// α·Σρ(n) + ln(1/δ(j))/(α-1), which at all times with Σρ(n) ≤ r(j) is at most
//
//	r(j) + 2·√(r(j)·ln(1/δ(j)))    with α = 1 + √(ln(1/δ(j))/r(j)).
//
// Loss is that of the least level that the sum has not passed.
func (o *Odometer) Loss(delta float64) (float64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.unit == (Budget{}):
		return 0, errors.New("budget: no currency; make an odometer by NewOdometer")
	case !(delta >= 0 && delta < 1) || delta == 0 && o.unit.Rho != 0:
		return 0, fmt.Errorf("budget: delta is %v, want it between 0 and 1", delta)
	case o.spent.delta.Sign() != 0:
		return 0, errors.New("budget: charges had a delta of their own, with which no bound is known")
	case o.spent.loss.Sign() == 0:
		return 0, nil
	}
	sum := decimal.AtLeast(o.spent.loss)
	if o.unit.Rho == 0 {
		return sum, nil
	}
	level, j := math.Frexp(sum) // sum = level·2^j, level in [1/2, 1)
	if level == 0.5 {
		j--
	}
	share := delta / (6 * max(1, float64(j)*float64(j)))
	r := math.Ldexp(1, j)
	// Six roundings of half a unit in the last place are less than 1e-14.
	return (r + 2*math.Sqrt(-r*math.Log(share))) * (1 + 1e-14), nil
}
