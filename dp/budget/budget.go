package budget

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/lethe-go/lethe/internal/decimal"
)

// Budget is an amount of privacy loss in one of two currencies: as (Epsilon,
// Delta), of differential privacy, or as (Rho, Delta), of zero-concentrated
// differential privacy but for probability Delta (Bun and Steinke 2016,
// Concentrated differential privacy, TCC, Definition 8.1). Delta is 0 for pure
// guarantees.
//
// As a total exactly one of Epsilon and Rho must be positive and finite, and
// Delta in [0, 1); the zero value is refused. The total chooses the currency.
//
// All are taken as the decimal numbers they are written as, so that 0.1 and 0.2
// fit into 0.3 exactly.
type Budget struct {
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho" json:",omitempty"`
}

// String is the budget in a few words, e.g. "ε=1, δ=1e-06".
func (b Budget) String() string {
	var parts []string
	if b.Epsilon != 0 || b.Rho == 0 {
		parts = append(parts, fmt.Sprintf("ε=%v", b.Epsilon))
	}
	if b.Rho != 0 {
		parts = append(parts, fmt.Sprintf("ρ=%v", b.Rho))
	}
	if b.Delta != 0 {
		parts = append(parts, fmt.Sprintf("δ=%v", b.Delta))
	}
	return strings.Join(parts, ", ")
}

// Validate says, all at once, why b cannot be a total.
func (b Budget) Validate() error {
	var errs []error
	switch {
	case b.Epsilon != 0 && b.Rho != 0:
		errs = append(errs, fmt.Errorf("epsilon is %v and rho %v, want one of them", b.Epsilon, b.Rho))
	case b.Rho != 0:
		errs = append(errs, checkPositive("rho", b.Rho))
	default:
		errs = append(errs, checkPositive("epsilon", b.Epsilon))
	}
	errs = append(errs, checkDelta("delta", b.Delta))
	return errors.Join(errs...)
}

func checkPositive(name string, x float64) error {
	if !(x > 0) || math.IsInf(x, 1) {
		return fmt.Errorf("%s is %v, want a positive finite number", name, x)
	}
	return nil
}

func checkDelta(name string, x float64) error {
	if !(x >= 0 && x < 1) {
		return fmt.Errorf("%s is %v, want it in [0, 1)", name, x)
	}
	return nil
}

// amount is a Budget held exactly: loss is its ε or its ρ.
type amount struct{ loss, delta *big.Rat }

func (b Budget) amount() amount {
	if b.Rho != 0 {
		return amount{decimal.Of(b.Rho), decimal.Of(b.Delta)}
	}
	return amount{decimal.Of(b.Epsilon), decimal.Of(b.Delta)}
}

func zero() amount { return amount{new(big.Rat), new(big.Rat)} }

func (a amount) plus(b amount) amount {
	return amount{new(big.Rat).Add(a.loss, b.loss), new(big.Rat).Add(a.delta, b.delta)}
}

func (a amount) minus(b amount) amount {
	return amount{new(big.Rat).Sub(a.loss, b.loss), new(big.Rat).Sub(a.delta, b.delta)}
}

// times is n times a.
func (a amount) times(n int) amount {
	by := new(big.Rat).SetInt64(int64(n))
	return amount{new(big.Rat).Mul(a.loss, by), new(big.Rat).Mul(a.delta, by)}
}

// shown is an amount in the currency of a total, each number by round.
func (a amount) shown(total Budget, round func(*big.Rat) float64) Budget {
	if total.Rho != 0 {
		return Budget{Rho: round(a.loss), Delta: round(a.delta)}
	}
	return Budget{Epsilon: round(a.loss), Delta: round(a.delta)}
}

// symbol is what the loss of a total is called.
func (b Budget) symbol() string {
	if b.Rho != 0 {
		return "ρ"
	}
	return "ε"
}
