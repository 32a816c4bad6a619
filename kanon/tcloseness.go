package kanon

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/criterion"
)

// Distance is how TCloseness compares two distributions: the least work of
// moving one to the other, by what a step between two values costs. Its zero
// value is refused.
type Distance string

const (
	// Equal makes every step cost 1: half the sum of the differences.
	Equal Distance = "equal"
	// Ordered makes a step cost the difference of the places of both values
	// among the distinct values of the table, over the largest such. The order
	// is by magnitude, false before true, and by bytes for text; null is last.
	Ordered Distance = "ordered"
	// Hierarchical makes a step cost the level of the lowest label of Tree that
	// is above both values, over the number of levels. Null meets the others
	// at the top.
	Hierarchical Distance = "hierarchical"
)

// TCloseness asks that the distribution of a sensitive column within a class
// is within a distance T of that in the whole table, suppressed rows included:
// whoever knows the class of a person learns little that is not known from the
// table.
//
// Where the configuration names a unit, a value counts once for each person
// who has it, in the class as in the table.
//
// Li, Li, Venkatasubramanian (2007). t-closeness: privacy beyond k-anonymity
// and l-diversity. ICDE 2007, 106–115.
type TCloseness struct {
	Column string `yaml:"column"`
	// T lies above 0 and below 1, which is the largest distance there is.
	T        float64  `yaml:"t"`
	Distance Distance `yaml:"distance"`
	// Tree is required for Hierarchical, and nil for the others. It lists all
	// values of the column.
	Tree *Tree `yaml:"-" json:"-"`
}

func (TCloseness) model() {}

// String is the name of the model, as "0.2-closeness of diagnosis (equal)".
func (m TCloseness) String() string {
	return fmt.Sprintf("%s-closeness of %s (%s)", decimal(m.T), m.Column, m.Distance)
}

func (m TCloseness) validate() error {
	var errs []error
	if !(m.T > 0 && m.T < 1) {
		errs = append(errs, fmt.Errorf("t is %v, want above 0 and below 1", m.T))
	}
	switch m.Distance {
	case Equal, Ordered:
		if m.Tree != nil {
			errs = append(errs, fmt.Errorf("a tree is for distance %q, not %q", Hierarchical, m.Distance))
		}
	case Hierarchical:
		if m.Tree == nil {
			errs = append(errs, fmt.Errorf("distance %q has no tree", Hierarchical))
		} else if err := m.Tree.validate(); err != nil {
			errs = append(errs, err)
		}
	default:
		errs = append(errs, fmt.Errorf("distance is %q, want %q, %q or %q",
			m.Distance, Equal, Ordered, Hierarchical))
	}
	return errors.Join(errs...)
}

func (m TCloseness) sensitive() string { return m.Column }
func (m TCloseness) sort() string      { return string(m.Distance) + " closeness" }
func (m TCloseness) frequencies() bool { return true }
func (m TCloseness) compares() bool    { return true }

func (m TCloseness) criterion(d *sensitiveDomain) (criterion.Criterion, error) {
	c := criterion.Close{T: m.T, Ordered: m.Distance == Ordered}
	if m.Distance != Hierarchical {
		return c, nil
	}
	var err error
	c.Up, err = d.nodes(m.Tree)
	return c, err
}
