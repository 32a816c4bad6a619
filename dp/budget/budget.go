package budget

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/lethe-go/lethe/dp/accounting"
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
// A total in ρ may be for Gaussian noise alone. All releases together are then
// √(2ρ)-Gaussian differentially private but for probability Delta, which promises a
// smaller ε; see EpsilonAt.
//
// All are taken as the decimal numbers they are written as, so that 0.1 and 0.2
// fit into 0.3 exactly.
type Budget struct {
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho" json:",omitempty"`
	// Gaussian refuses every release that is not Gaussian noise. It goes with Rho.
	Gaussian bool `yaml:"gaussian" json:",omitempty"`
}

// GaussianTotal is the largest total for Gaussian noise alone that promises (epsilon,
// delta)-differential privacy; both must be positive, and delta below 1. For 1 and
// 1e-6 noise has a standard deviation 7 % smaller than with a total of the ρ that
// promises as much whatever the noise is.
func GaussianTotal(epsilon, delta float64) (Budget, error) {
	sigma, err := accounting.GaussianSigma(
		accounting.EpsilonDelta{Epsilon: epsilon, Delta: delta}, 1)
	if err != nil {
		return Budget{}, fmt.Errorf("budget: %w", err)
	}
	return Budget{Rho: (1 - 3*grain) / (2 * sigma * sigma), Gaussian: true}, nil
}

// grain is more than the share by which noise that a Cost calls Gaussian may be less
// than continuous noise.
const grain = 1e-9

// EpsilonAt is the least ε known to hold with delta for releases that together cost b:
// (EpsilonAt(delta), delta)-differential privacy. delta must be above Delta, or equal
// to it for a budget in ε, and below 1. For Gaussian noise alone it is exact (Dong, Roth
// and Su 2022, Gaussian differential privacy, JRSS B 84(1), Corollary 2.13); else it is
// that of accounting.ZCDP.
func (b Budget) EpsilonAt(delta float64) (float64, error) {
	rest := (delta - b.Delta) * (1 - 1e-15)
	switch ok := delta < 1 && (rest > 0 || delta == b.Delta && b.Rho == 0); {
	case !ok:
		return 0, fmt.Errorf("budget: delta is %v, want it above the %v that are spent and below 1",
			delta, b.Delta)
	case b.Rho == 0:
		return b.Epsilon, nil
	case b.Gaussian:
		return accounting.GaussianDP{Mu: math.Sqrt(2*b.Rho) * (1 + grain)}.Epsilon(rest)
	}
	return accounting.ZCDP{Rho: b.Rho}.Epsilon(rest)
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
	if b.Gaussian {
		parts = append(parts, "Gaussian noise alone")
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
	if b.Gaussian && b.Rho == 0 {
		errs = append(errs, errors.New(
			"gaussian without rho; a total for Gaussian noise alone is in rho"))
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
		return Budget{Rho: round(a.loss), Delta: round(a.delta), Gaussian: total.Gaussian}
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
