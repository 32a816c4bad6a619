package dp

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Rule is how it is decided whether enough people are in a group for it to be
// shown.
type Rule string

const (
	// TruncatedGeometric shows a group with the largest probability that any rule
	// can, given how many people are in it (Desfontaines, Voss, Gipson and
	// Mandayam 2022, Differentially private partition selection, PoPETs 2022(1),
	// arXiv:2006.03684).
	TruncatedGeometric Rule = "truncated_geometric"
	// LaplaceThreshold shows a group if its number of people with Laplace noise
	// reaches a threshold, together with that number and an interval.
	LaplaceThreshold Rule = "laplace"
	// GaussianThreshold does so with Gaussian noise, and needs fewer people than
	// LaplaceThreshold where one person may be in many groups.
	GaussianThreshold Rule = "gaussian"
)

// Groups are the groups of some columns that enough people are in. They make the
// groups of all queries of the same scan that have the same By and no Keys, at no
// further cost. The zero value is refused.
//
// A group that is in the table may be left out, the likelier the fewer people are
// in it, and one that is not in the table is never shown. Rows with nulls in a
// column of By are in no group.
type Groups struct {
	// By are the columns, at least one.
	By []string `yaml:"by"`
	// Rule has no default.
	Rule Rule `yaml:"rule"`
	// MinPeople is how many people a group must have to have a chance, beside what
	// the rule demands, which is then about that many people more. Zero is as one.
	MinPeople int `yaml:"min_people"`
	// Epsilon and Delta are the cost, both positive.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
}

// String is "groups" and the columns.
func (q Groups) String() string { return "groups" + byText(q.By) }

// Cost is (Epsilon, Delta); from a budget of ρ, a GaussianThreshold takes the ρ of
// its noise and half of Delta.
func (q Groups) Cost() Cost {
	if q.Rule == GaussianThreshold {
		c := price{epsilon: q.Epsilon, delta: q.Delta / 2}.cost()
		return Cost{Epsilon: q.Epsilon, Delta: q.Delta, Rho: c.Rho, RhoDelta: q.Delta / 2,
			Gaussian: c.Gaussian}
	}
	return Cost{Epsilon: q.Epsilon, Delta: q.Delta}
}

// Mechanism names the rule.
func (q Groups) Mechanism() string {
	const numbers = "the number of people, which is told from a threshold on"
	switch q.Rule {
	case LaplaceThreshold:
		return price{epsilon: q.Epsilon}.on(numbers)
	case GaussianThreshold:
		return price{epsilon: q.Epsilon, delta: q.Delta}.on(numbers)
	}
	return "truncated geometric selection by the number of people"
}

// Columns are By.
func (q Groups) Columns() []string { return each(q.By...) }

// Grouping is By.
func (q Groups) Grouping() []string { return each(q.By...) }

func (q Groups) ask(u Unit) *ask {
	a := &ask{by: q.By, price: price{epsilon: q.Epsilon, delta: q.Delta}, kind: showing{}}
	if len(q.By) == 0 {
		a.fail(errors.New("by: no column"))
	}
	if !(q.Delta > 0) {
		a.fail(fmt.Errorf("delta is %v, want it in (0, 1): groups cannot be found without", q.Delta))
	}
	if q.MinPeople < 0 {
		a.fail(fmt.Errorf("min_people is %d, want at least 1, or 0 for no minimum", q.MinPeople))
	}
	q.By = each(q.By...)
	a.query = q
	if len(a.errs) > 0 || a.price.validate() != nil {
		return a
	}
	s, err := newSelection(q, u.groupsOfOne(-1))
	a.fail(err)
	a.selection = s
	return a
}

// showing has nothing to sum up: its groups are found before all other numbers.
type showing struct{}

func (showing) tally(*view, *question) tally { return tally{} }

func (showing) perturb(*view, *question, *tally, noise, *entropy.Source) {}

// columns gives, with a threshold, intervals for groups that are shown.
func (showing) columns(c *columns, v *view, q *question, _ *tally, _ noise) {
	set := &v.groups[q.grouping]
	c.groups(set, 1)
	if q.selection.noise == nil {
		return
	}
	lower, upper := make([]int64, set.size), make([]int64, set.size)
	for i, noisy := range set.people {
		lower[i], upper[i] = q.selection.interval(noisy, miss)
	}
	c.integers("people", set.people)
	c.floats("noise_scale", constant(scaleOf(q.selection.noise), set.size))
	c.integers("lower", lower)
	c.integers("upper", upper)
}
