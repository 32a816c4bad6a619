package dp

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/lethe-go/lethe/internal/exact"
)

// Mean is the mean of a numeric column, of each group where it is grouped. The
// zero value is refused.
//
// Values below Lower count as Lower and values above Upper as Upper,
// infinities included; rows whose value is null or not a number are ignored.
// The mean is a noisy sum divided by a noisy count, each at half the cost, and
// is moved into [Lower, Upper].
//
// It is biased: by the clamping, where values lie outside the bounds; towards
// the middle of the bounds, where a group has few rows next to the noise
// (MaxRows·2/Epsilon of the count), which is also what an empty group gives on
// average; and by the division, whose error shrinks with the square of the
// number of rows. Bounds narrower by half make the noise smaller by half.
type Mean struct {
	// Column is of integers, floating-point numbers or decimals, plain or in a
	// dictionary.
	Column string `yaml:"column"`
	// Lower and Upper bound the values: finite, Lower below Upper. They must
	// not be taken from the table.
	Lower float64 `yaml:"lower"`
	Upper float64 `yaml:"upper"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon is the cost, positive and finite.
	Epsilon float64 `yaml:"epsilon"`
}

func (Mean) query() {}

// String is "mean" and the column, with the columns it is grouped by.
func (q Mean) String() string { return "mean " + q.Column + byText(q.By) }

// Cost is (Epsilon, 0): all groups together cost no more than one.
func (q Mean) Cost() Cost { return Cost{Epsilon: q.Epsilon} }

// Columns are the column averaged and those grouped by.
func (q Mean) Columns() []string {
	columns := []string{q.Column}
	for _, name := range q.By {
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	return columns
}

func (q Mean) validate() error {
	var errs []error
	if q.Column == "" {
		errs = append(errs, errors.New("no column"))
	}
	_, err := newGrid(q.Lower, q.Upper)
	errs = append(errs, err, checkEpsilon(q.Epsilon))
	return errors.Join(append(errs, split(checkKeys(q.By, q.Keys))...)...)
}

// meanNoise is the noise of the sum and of the count.
//
// Sensitivity. In the sample a person has at most maxRows rows, each of which
// adds to the sum of one group or none an integer of at most g.most in
// magnitude, and one to its count. Adding or removing the person changes the
// sums by at most maxRows·g.most in L1 over all groups, and the counts by at
// most maxRows. Each is given ε/2; together they are ε-differentially private
// by basic composition. The quotient looks at nothing else.
func meanNoise(maxRows int, g grid, epsilon *big.Rat) (sum, count exact.Laplace, err error) {
	half := new(big.Rat).Mul(epsilon, big.NewRat(1, 2))
	sensitivity := new(big.Rat).SetInt64(int64(maxRows))
	if count, err = laplace(sensitivity, half); err != nil {
		return sum, count, err
	}
	sensitivity.Mul(sensitivity, new(big.Rat).SetInt64(int64(g.most)))
	sum, err = laplace(sensitivity, half)
	return sum, count, err
}

func checkBounds(lower, upper float64) error {
	if !(lower < upper) || !finite(lower) || !finite(upper) {
		return fmt.Errorf("lower is %v and upper %v, want finite numbers, lower below upper",
			lower, upper)
	}
	return nil
}
