package dp

// Sum is the sum of a numeric column, of each group where it is grouped. The zero
// value is refused.
//
// Values below Lower count as Lower and values above Upper as Upper, infinities
// included; rows whose value is null or not a number are ignored. It is unbiased
// but for that.
type Sum struct {
	// Column is of integers, floating-point numbers or decimals, plain or in a
	// dictionary.
	Column string `yaml:"column"`
	// Lower and Upper bound the values: finite, Lower below Upper. They must not
	// be taken from the table.
	Lower float64 `yaml:"lower"`
	Upper float64 `yaml:"upper"`
	// BoundsShare, above 0 and below 1, has bounds found in place of Lower and
	// Upper, for that share of the cost: powers of two between which most values
	// lie, the same for all groups. The result tells them.
	BoundsShare float64 `yaml:"bounds_share"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query. The noise has the scale
	// MaxRows·B/Epsilon, or the standard deviation MaxRows·B/√(2ρ), where B is the
	// larger magnitude of Lower and Upper.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "sum" and the column, with the columns it is grouped by.
func (q Sum) String() string { return summed(q).text("sum") }

// Cost is what Epsilon, Delta and Rho say.
func (q Sum) Cost() Cost { return summed(q).cost() }

// Mechanism names the noise, and what it is added to.
func (q Sum) Mechanism() string { return summed(q).on("the sum") }

// Columns are the column summed and those grouped by.
func (q Sum) Columns() []string { return summed(q).columns() }

// Grouping is By.
func (q Sum) Grouping() []string { return each(q.By...) }

// A row adds an integer of at most grid.most in magnitude to the sum of one group
// or of none, and a person has at most MaxRows rows.
func (q Sum) ask(u Unit) *ask {
	a := summed(q).ask(u, summing{}, fromZero, func(u Unit, _ int, grids []grid) sensitivity {
		return steepest(u.MaxRows, grids[0].most())
	})
	a.query = Sum(summed(q).own())
	return a
}

// summing has one number a group: the sum in grid steps. Nothing overflows: there
// are at most maxEntries = 2^31 rows of at most 2^gridBits = 2^29 steps.
type summing struct{ cells }

func (summing) tally(v *view, q *question) tally {
	t := zeros(1, v.met(q))
	sums := t.cells[0]
	v.rows(q, func(groups []uint32, x, _ []int32) {
		for i, g := range groups {
			if a := x[i]; g != none && a != skip {
				sums[g] += int64(a)
			}
		}
	})
	return t
}

func (summing) columns(c *columns, v *view, q *question, t *tally, n noise) {
	g := q.grid(v, 0)
	size := len(t.cells[0])
	value, lower, upper := make([]float64, size), make([]float64, size), make([]float64, size)
	width := n.Tail(miss)
	for i, sum := range t.cells[0] {
		value[i] = float64(sum) / g.perUnit
		lower[i], upper[i] = float64(sum-width)/g.perUnit, float64(sum+width)/g.perUnit
	}
	c.groups(&v.groups[q.grouping], 1)
	c.floats("sum", value)
	c.floats("noise_scale", constant(scaleOf(n)/g.perUnit, size))
	c.interval(lower, upper)
	c.bounds(q, v, size)
}
