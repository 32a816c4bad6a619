package dp

import (
	"errors"
	"math/big"
	"slices"

	"github.com/lethe-go/lethe/internal/exact"
)

// Count is the number of rows, of each group where it is grouped. The zero
// value is refused for want of an Epsilon.
type Count struct {
	// By are the columns to group by, none for one number over all rows.
	By []string `yaml:"by"`
	// Keys lists, for each column of By, the values that make a group, in the
	// order they are to have in the result; for several columns every
	// combination is a group. They must not be taken from the table: each is in
	// the result, also when no row has it, and rows with other values or nulls
	// are ignored. Values are written as text: integers in decimal, booleans as
	// true and false, dates as 2006-01-02, bytes in hexadecimal. A text that the
	// column cannot hold is refused, as is a key listed twice.
	Keys map[string][]string `yaml:"keys"`
	// Epsilon is the cost, positive and finite. The noise has the scale
	// MaxRows/Epsilon.
	Epsilon float64 `yaml:"epsilon"`
}

func (Count) query() {}

// String is "count", with the columns it is grouped by.
func (q Count) String() string { return "count" + byText(q.By) }

// Cost is (Epsilon, 0): all groups together cost no more than one.
func (q Count) Cost() Cost { return Cost{Epsilon: q.Epsilon} }

// Columns are the columns grouped by.
func (q Count) Columns() []string { return slices.Clone(q.By) }

func (q Count) validate() error {
	errs := []error{checkEpsilon(q.Epsilon)}
	return errors.Join(append(errs, split(checkKeys(q.By, q.Keys))...)...)
}

// countNoise is the noise that makes the counts of all groups epsilon-
// differentially private.
//
// Sensitivity. A row adds one to the count of one group or of none. A person
// has at most maxRows rows in the sample, so that adding or removing the person
// changes the counts, as a vector over the groups, by at most maxRows in L1.
// Discrete Laplace noise of scale Δ/ε on each of a vector of integers with L1
// sensitivity Δ is ε-differentially private: the probability of any noisy
// vector y is a product of factors ∝ exp(-|y-x|·ε/Δ), whose ratio for x and x'
// is at most exp(Σ|x-x'|·ε/Δ).
func countNoise(maxRows int, epsilon *big.Rat) (exact.Laplace, error) {
	return laplace(new(big.Rat).SetInt64(int64(maxRows)), epsilon)
}

// laplace is the noise for integers of the given L1 sensitivity.
func laplace(sensitivity, epsilon *big.Rat) (exact.Laplace, error) {
	noise, err := exact.NewLaplace(new(big.Rat).Quo(sensitivity, epsilon))
	if err != nil {
		return noise, errors.New("epsilon is too small for exact noise; raise it or lower max_rows")
	}
	return noise, nil
}
