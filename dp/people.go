package dp

import "slices"

// People is the number of distinct people, of each group where it is grouped. The
// zero value is refused.
type People struct {
	// By and Keys group the rows, as for a Count. A person counts in each group in
	// which one of the rows drawn is.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query. The noise has the scale
	// G/Epsilon, or the standard deviation √(G/(2ρ)), where G is in how many groups
	// one person can be: the least of MaxGroups, MaxRows and the number of groups,
	// and 1 without groups.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "people", with the columns they are grouped by.
func (q People) String() string { return "people" + byText(q.By) }

// Cost is what Epsilon, Delta and Rho say.
func (q People) Cost() Cost { return q.price().cost() }

// Mechanism names the noise, and what it is added to.
func (q People) Mechanism() string {
	return q.price().on("the number of people")
}

// Columns are the columns grouped by.
func (q People) Columns() []string { return each(q.By...) }

// Grouping is By.
func (q People) Grouping() []string { return each(q.By...) }

func (q People) price() price { return price{q.Epsilon, q.Delta, q.Rho} }

// A person adds one to each group that a row of the sample is in, of which there
// are at most groupsOfOne.
func (q People) ask(Unit) *ask {
	return &ask{
		query: People{By: each(q.By...), Epsilon: q.Epsilon, Delta: q.Delta, Rho: q.Rho},
		by:    q.By, keys: q.Keys, price: q.price(), kind: peopling{},
		sensitivity: presence,
	}
}

// presence is the sensitivity of the numbers of people in groups.
func presence(u Unit, groups int, _ []grid) sensitivity { return ones(u.groupsOfOne(groups)) }

// peopling has one number a group: the people in it.
type peopling struct{ cells }

func (peopling) tally(v *view, q *question) tally {
	if len(q.by) == 0 {
		return tally{cells: [][]int64{{v.sums.people}}}
	}
	return tally{cells: [][]int64{slices.Clone(v.sums.in[q.grouping])}}
}

func (peopling) columns(c *columns, v *view, q *question, t *tally, n noise) {
	c.groups(&v.groups[q.grouping], 1)
	c.counts("people", t.cells[0], n, miss)
}
