package dp

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Budget is a privacy loss: ε, and δ the probability with which it may be
// larger. As the total of a session Epsilon must be positive and finite and
// Delta in [0, 1); the zero value is refused.
//
// Both are taken as the decimal numbers they are written as, so that 0.1 and
// 0.2 fit into 0.3 exactly.
type Budget struct {
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
}

// ErrBudget is matched by the error of a query that would overspend.
var ErrBudget = errors.New("budget exhausted")

func checkEpsilon(epsilon float64) error {
	if !(epsilon > 0) || math.IsInf(epsilon, 1) {
		return fmt.Errorf("epsilon is %v, want a positive finite number", epsilon)
	}
	return nil
}

func (b Budget) validate() error {
	var errs []error
	if err := checkEpsilon(b.Epsilon); err != nil {
		errs = append(errs, fmt.Errorf("total: %w", err))
	}
	if !(b.Delta >= 0 && b.Delta < 1) {
		errs = append(errs, fmt.Errorf("total: delta is %v, want it in [0, 1)", b.Delta))
	}
	return errors.Join(errs...)
}

// decimal is the number that the shortest decimal text of x stands for, which
// for a number read from a policy is the one that was written. x is finite.
func decimal(x float64) *big.Rat {
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, 64))
	return r
}

// atMost is the largest number whose decimal is not above r, so that what is
// shown as left can be spent; atLeast is its counterpart for what is spent.
// Where r is a decimal of up to 15 digits both are that decimal.
func atMost(r *big.Rat) float64 {
	x, _ := r.Float64()
	for decimal(x).Cmp(r) > 0 {
		x = math.Nextafter(x, math.Inf(-1))
	}
	return x
}

func atLeast(r *big.Rat) float64 {
	x, _ := r.Float64()
	for decimal(x).Cmp(r) < 0 {
		x = math.Nextafter(x, math.Inf(1))
	}
	return x
}

// purse holds what of a budget is left, exactly.
type purse struct {
	epsilon, delta           *big.Rat // left
	totalEpsilon, totalDelta *big.Rat
}

func newPurse(b Budget) purse {
	return purse{
		epsilon: decimal(b.Epsilon), delta: decimal(b.Delta),
		totalEpsilon: decimal(b.Epsilon), totalDelta: decimal(b.Delta),
	}
}

// spend takes the costs of all queries, or of none.
func (p *purse) spend(queries []Query) error {
	left := new(big.Rat).Set(p.epsilon)
	for _, q := range queries {
		cost := q.Cost().Epsilon
		next := new(big.Rat).Sub(left, decimal(cost))
		if next.Sign() < 0 {
			return fmt.Errorf("dp: %w: %q needs ε=%v, %v left", ErrBudget, q, cost, atMost(left))
		}
		left = next
	}
	p.epsilon = left
	return nil
}

func (p *purse) remaining() Budget {
	return Budget{Epsilon: atMost(p.epsilon), Delta: atMost(p.delta)}
}

func (p *purse) spent() Budget {
	return Budget{
		Epsilon: atLeast(new(big.Rat).Sub(p.totalEpsilon, p.epsilon)),
		Delta:   atLeast(new(big.Rat).Sub(p.totalDelta, p.delta)),
	}
}
