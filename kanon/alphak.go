package kanon

import (
	"errors"
	"fmt"
	"math"

	"github.com/lethe-go/lethe/internal/criterion"
)

// AlphaK asks that a class has at least K rows, or K distinct people where a
// unit is named, and that no value of a sensitive column has more than the
// share Alpha of it: whoever knows the class of a person is right about the
// value at most that often.
//
// Where the configuration names a unit, a value counts once for each person of
// the class who has it. The share is of all such values.
//
// Wong, Li, Fu, Wang (2006). (α, k)-anonymity: an enhanced k-anonymity model
// for privacy preserving data publishing. KDD 2006, 754–759. There one value is
// protected; here each is.
type AlphaK struct {
	Column string  `yaml:"column"`
	Alpha  float64 `yaml:"alpha"` // above 0 and below 1
	K      int     `yaml:"k"`     // at least 2
}

func (AlphaK) model() {}

// String is the name of the model, as "(0.5, 3)-anonymity of diagnosis".
func (m AlphaK) String() string {
	return fmt.Sprintf("(%s, %d)-anonymity of %s", decimal(m.Alpha), m.K, m.Column)
}

func (m AlphaK) validate() error {
	var errs []error
	if !(m.Alpha > 0 && m.Alpha < 1) {
		errs = append(errs, fmt.Errorf("alpha is %v, want above 0 and below 1", m.Alpha))
	}
	return errors.Join(append(errs, KAnonymity{m.K}.validate())...)
}

func (m AlphaK) sensitive() string { return m.Column }
func (m AlphaK) sort() string      { return "(alpha, k)-anonymity" }
func (m AlphaK) frequencies() bool { return true }
func (m AlphaK) compares() bool    { return false }

func (m AlphaK) criterion(*sensitiveDomain) (criterion.Criterion, error) {
	return criterion.Frequent{Alpha: m.Alpha}, nil
}

// finite says whether a parameter is a number within a bound that keeps sums
// and products of it exact enough.
func finite(x float64) bool { return math.Abs(x) <= math.MaxInt32 }
