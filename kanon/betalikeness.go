package kanon

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/criterion"
)

// Likeness is a kind of BetaLikeness. Its zero value is refused.
type Likeness string

const (
	// Basic bounds the relative gain of each value by Beta.
	Basic Likeness = "basic"
	// Enhanced bounds it by the lesser of Beta and -ln p, for a value of
	// frequency p in the table: no value of a class can become certain, however
	// large Beta.
	Enhanced Likeness = "enhanced"
)

// BetaLikeness asks that no value of a sensitive column is relatively more
// frequent within a class than in the whole table, suppressed rows included, by
// more than Beta: with p_c and p the frequencies, (p_c - p)/p ≤ Beta. What
// becomes less frequent is not bounded. It protects rare values, which
// TCloseness hardly sees.
//
// Where the configuration names a unit, a value counts once for each person
// who has it, in the class as in the table.
//
// Cao, Karras (2012). Publishing microdata with a robust privacy guarantee.
// PVLDB 5(11), 1388–1399.
type BetaLikeness struct {
	Column string   `yaml:"column"`
	Beta   float64  `yaml:"beta"` // above 0
	Kind   Likeness `yaml:"kind"`
}

func (BetaLikeness) model() {}

// String is the name of the model, as "enhanced 1.5-likeness of diagnosis".
func (m BetaLikeness) String() string {
	return fmt.Sprintf("%s %s-likeness of %s", m.Kind, decimal(m.Beta), m.Column)
}

func (m BetaLikeness) validate() error {
	var errs []error
	if !(m.Beta > 0 && finite(m.Beta)) {
		errs = append(errs, fmt.Errorf("beta is %v, want above 0", m.Beta))
	}
	if m.Kind != Basic && m.Kind != Enhanced {
		errs = append(errs, fmt.Errorf("kind of likeness is %q, want %q or %q", m.Kind, Basic, Enhanced))
	}
	return errors.Join(errs...)
}

func (m BetaLikeness) sensitive() string { return m.Column }
func (m BetaLikeness) sort() string      { return string(m.Kind) + " likeness" }
func (m BetaLikeness) frequencies() bool { return true }
func (m BetaLikeness) compares() bool    { return true }

func (m BetaLikeness) criterion(*sensitiveDomain) (criterion.Criterion, error) {
	return criterion.Likeness{Beta: m.Beta, Enhanced: m.Kind == Enhanced}, nil
}
