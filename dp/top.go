package dp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Top are the values of a column that most people have, of each group where it is
// grouped. The zero value is refused.
//
// The numbers of people with each value get noise, and the K largest noisy numbers
// are the result: values of about the same number of people may change places. A
// person who has a value in several rows counts once for it, and in as many
// values as MaxGroups of the unit allows.
type Top struct {
	// Column is the one whose values are ranked.
	Column string `yaml:"column"`
	// K is how many values the result has of each group, at least one; fewer where
	// there are not as many.
	K int `yaml:"k"`
	// By and Keys group the rows, as for a Count. Keys also lists the values of
	// Column that are looked at. Without any Keys these are what a Groups query by
	// the columns of By and Column finds in the same scan.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query. The noise is that of People
	// by the columns of By and Column.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "top", K and the column, with the columns it is grouped by.
func (q Top) String() string { return fmt.Sprintf("top %d %s%s", q.K, q.Column, byText(q.By)) }

// Cost is what Epsilon, Delta and Rho say.
func (q Top) Cost() Cost { return price{q.Epsilon, q.Delta, q.Rho}.cost() }

// Mechanism names the noise, and what it is added to.
func (q Top) Mechanism() string {
	return price{q.Epsilon, q.Delta, q.Rho}.on("the number of people with each value")
}

// Columns are the columns grouped by and Column.
func (q Top) Columns() []string { return q.Grouping() }

// Grouping is By and then Column, whose values the result has.
func (q Top) Grouping() []string { return each(append(slices.Clone(q.By), q.Column)...) }

// The numbers of people by By and Column are those of People. Which are largest
// is told by the noisy numbers alone.
func (q Top) ask(Unit) *ask {
	a := &ask{by: append(slices.Clone(q.By), q.Column), keys: q.Keys,
		price: price{q.Epsilon, q.Delta, q.Rho}, kind: topping{}, sensitivity: presence}
	if q.Column == "" {
		a.fail(errors.New("no column"))
	}
	if q.K < 1 {
		a.fail(fmt.Errorf("k is %d, want at least 1", q.K))
	}
	q.By, q.Keys = each(q.By...), nil
	a.query = q
	return a
}

// topping has one number a group of the longer grouping, as peopling.
type topping struct{ peopling }

func (topping) columns(c *columns, v *view, q *question, t *tally, n noise) {
	set := &v.groups[q.grouping]
	k, by := q.query.(Top).K, len(set.by)-1
	var order []int
	var places []int64
	for from := 0; from < set.size; {
		to := from + 1
		for to < set.size && set.same(from, to, by) {
			to++
		}
		group := make([]int, 0, to-from)
		for g := from; g < to; g++ {
			group = append(group, g)
		}
		slices.SortStableFunc(group, func(a, b int) int {
			return cmp.Compare(t.cells[0][b], t.cells[0][a])
		})
		for i, g := range group[:min(k, len(group))] {
			order, places = append(order, g), append(places, int64(i+1))
		}
		from = to
	}
	people := make([]int64, len(order))
	for i, g := range order {
		people[i] = t.cells[0][g]
	}
	c.chosen(set, order)
	c.integers("place", places)
	// The largest of noisy numbers are not any numbers: the intervals of all values
	// looked at hold together, and so do those of the ones that are shown.
	c.counts("people", people, n, miss/float64(max(1, set.size)))
}
