package kanon

import (
	"fmt"
	"math"
)

// Model is a privacy model: what every class of rows with equal
// quasi-identifiers has to satisfy. The set of models is closed. Each is a
// plain struct whose zero value is refused.
type Model interface {
	fmt.Stringer
	model()
}

// KAnonymity asks that a class has at least K rows, or K distinct people where
// a unit is named. K is at least 2.
//
// Samarati, Sweeney (1998). Protecting privacy when disclosing information:
// k-anonymity and its enforcement through generalization and suppression.
// Technical report SRI-CSL-98-04.
type KAnonymity struct {
	K int `yaml:"k"`
}

func (KAnonymity) model() {}

// String is the name of the model, as "5-anonymity".
func (m KAnonymity) String() string { return fmt.Sprintf("%d-anonymity", m.K) }

func (m KAnonymity) validate() error {
	if m.K < 2 {
		return fmt.Errorf("k is %d, want at least 2", m.K)
	}
	if m.K > math.MaxInt32 {
		return fmt.Errorf("k is %d, want at most %d", m.K, math.MaxInt32)
	}
	return nil
}
