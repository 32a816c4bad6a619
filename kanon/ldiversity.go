package kanon

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/lethe-go/lethe/internal/criterion"
)

// Diversity is a kind of LDiversity. Its zero value is refused.
type Diversity string

const (
	// Distinct asks that a class has at least L distinct values.
	Distinct Diversity = "distinct"
	// Entropy asks that the values of a class have at least the entropy of L
	// values of equal frequency, ln L.
	Entropy Diversity = "entropy"
	// Grassberger asks for the same of the entropy behind a class, as estimated
	// from its values, and for L distinct ones: few values drawn from many look
	// less diverse than they are. It protects somewhat less than Entropy.
	//
	// Grassberger (2003). Entropy estimates from insufficient samplings.
	// arXiv physics/0307138.
	Grassberger Diversity = "grassberger"
	// Recursive asks that a class has at least L distinct values and that the
	// most frequent one is not too frequent: with r_1 ≥ r_2 ≥ … ≥ r_m how often
	// they occur, r_1 < C (r_L + … + r_m). A tie within rounding fails.
	Recursive Diversity = "recursive"
)

// LDiversity asks that the values of a sensitive column vary within a class, so
// that whoever knows the class of a person does not know the value. Null is
// one more value.
//
// Where the configuration names a unit, a value counts once for each person of
// the class who has it: many rows of one person neither make a value frequent
// nor another one rare. Distinct values are the same with and without a unit.
//
// Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam (2007). L-diversity:
// privacy beyond k-anonymity. ACM TKDD 1(1).
type LDiversity struct {
	Column string `yaml:"column"`
	// L is at least 2; it is a whole number but for Entropy and Grassberger,
	// which take any number above 1.
	L    float64   `yaml:"l"`
	Kind Diversity `yaml:"kind"`
	// C is above 0 for Recursive, and 0 for the others.
	C float64 `yaml:"c"`
}

func (LDiversity) model() {}

// String is the name of the model, as "distinct 3-diversity of diagnosis".
func (m LDiversity) String() string {
	if m.Kind == Recursive {
		return fmt.Sprintf("recursive (%s, %s)-diversity of %s", decimal(m.C), decimal(m.L), m.Column)
	}
	return fmt.Sprintf("%s %s-diversity of %s", m.Kind, decimal(m.L), m.Column)
}

// number writes a parameter as a person would.
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (m LDiversity) validate() error {
	var errs []error
	switch m.Kind {
	case Distinct, Recursive:
		if !(m.L >= 2 && m.L <= math.MaxInt32 && m.L == math.Trunc(m.L)) {
			errs = append(errs, fmt.Errorf("l is %v, want a whole number of at least 2", m.L))
		}
	case Entropy, Grassberger:
		if !(m.L > 1 && m.L <= math.MaxInt32) {
			errs = append(errs, fmt.Errorf("l is %v, want above 1", m.L))
		}
	default:
		errs = append(errs, fmt.Errorf("kind of diversity is %q, want %q, %q, %q or %q",
			m.Kind, Distinct, Entropy, Grassberger, Recursive))
	}
	switch {
	case m.Kind == Recursive && !(m.C > 0 && m.C <= math.MaxInt32):
		errs = append(errs, fmt.Errorf("c is %v, want above 0", m.C))
	case m.Kind != Recursive && m.C != 0:
		errs = append(errs, fmt.Errorf("c is %v, want it for recursive diversity only", m.C))
	}
	return errors.Join(errs...)
}

func (m LDiversity) sensitive() string { return m.Column }
func (m LDiversity) sort() string      { return string(m.Kind) + " diversity" }
func (m LDiversity) frequencies() bool { return m.Kind != Distinct }
func (m LDiversity) compares() bool    { return false }

func (m LDiversity) criterion(*sensitiveDomain) (criterion.Criterion, error) {
	switch m.Kind {
	case Entropy:
		return criterion.Entropy{L: m.L}, nil
	case Grassberger:
		return criterion.Grassberger{L: m.L}, nil
	case Recursive:
		return criterion.Recursive{C: m.C, L: int(m.L)}, nil
	}
	return criterion.Distinct{L: int(m.L)}, nil
}
