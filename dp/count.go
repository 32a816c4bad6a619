package dp

// Count is the number of rows, of each group where it is grouped. The zero
// value is refused for want of an Epsilon or Rho.
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
	//
	// Without any Keys the groups are those that a Groups query by the same
	// columns finds in the same scan, and the result has a row for each of them.
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query. The noise has the scale
	// MaxRows/Epsilon, or the standard deviation MaxRows/√(2ρ).
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "count", with the columns it is grouped by.
func (q Count) String() string { return "count" + byText(q.By) }

// Cost is what Epsilon, Delta and Rho say.
func (q Count) Cost() Cost { return q.price().cost() }

// Mechanism names the noise, and what it is added to.
func (q Count) Mechanism() string {
	return q.price().on("the number of rows")
}

// Columns are the columns grouped by.
func (q Count) Columns() []string { return each(q.By...) }

// Grouping is By.
func (q Count) Grouping() []string { return each(q.By...) }

func (q Count) price() price { return price{q.Epsilon, q.Delta, q.Rho} }

// A row adds one to the count of one group or of none. A person has at most
// MaxRows rows in the sample, so that adding or removing the person changes the
// counts, as a vector over the groups, by at most MaxRows in L1; and in L2, where
// all of them are in one group.
func (q Count) ask(Unit) *ask {
	return &ask{
		query: Count{By: each(q.By...), Epsilon: q.Epsilon, Delta: q.Delta, Rho: q.Rho},
		by:    q.By, keys: q.Keys, price: q.price(), kind: counting{},
		sensitivity: func(u Unit, _ int, _ []grid) sensitivity { return steepest(u.MaxRows, 1) },
	}
}

// counting has one number a group: its rows.
type counting struct{ cells }

func (counting) tally(v *view, q *question) tally {
	t := zeros(1, v.met(q))
	counts := t.cells[0]
	v.rows(q, func(groups []uint32, _, _ []int32) {
		for _, g := range groups {
			if g != none {
				counts[g]++
			}
		}
	})
	return t
}

func (counting) columns(c *columns, v *view, q *question, t *tally, n noise) {
	c.groups(&v.groups[q.grouping], 1)
	c.counts("count", t.cells[0], n, miss)
}
