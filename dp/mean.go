package dp

import "math"

// Mean is the mean of a numeric column, of each group where it is grouped. The
// zero value is refused.
//
// Values below Lower count as Lower and values above Upper as Upper,
// infinities included; rows whose value is null or not a number are ignored.
// The mean is made of two noisy numbers, each with noise of the scale
// MaxRows·(Upper-Lower)/Epsilon: the sum of the distances from the lower bound and
// that from the upper bound.
//
// It is biased: by the clamping, where values lie outside the bounds; towards
// the middle of the bounds, where a group has few rows next to the noise, which
// is also what an empty group gives on average; and by the division, whose error
// shrinks with the square of the number of rows. Bounds narrower by half make
// the noise smaller by half.
type Mean struct {
	// Column, Lower, Upper and BoundsShare are as for a Sum.
	Column      string  `yaml:"column"`
	Lower       float64 `yaml:"lower"`
	Upper       float64 `yaml:"upper"`
	BoundsShare float64 `yaml:"bounds_share"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "mean" and the column, with the columns it is grouped by.
func (q Mean) String() string { return summed(q).text("mean") }

// Cost is what Epsilon, Delta and Rho say.
func (q Mean) Cost() Cost { return summed(q).cost() }

// Mechanism names the noise, and what it is added to.
func (q Mean) Mechanism() string {
	return summed(q).on("the sums of the distances from both bounds")
}

// Columns are the column averaged and those grouped by.
func (q Mean) Columns() []string { return summed(q).columns() }

// Grouping is By.
func (q Mean) Grouping() []string { return each(q.By...) }

// A row at a steps above the lower bound adds a and width-a, neither of them
// negative, to the two numbers of one group or of none: in L1 exactly the width
// of the bounds, wherever the value lies. One noise thus serves both, at the
// whole cost. To halve the cost between a sum about the middle and a count gives
// a mean with twice the variance.
func (q Mean) ask(u Unit) *ask {
	a := summed(q).ask(u, averaging{}, centered, spanned)
	a.query = Mean(summed(q).own())
	return a
}

// spanned is the sensitivity of numbers to which a row adds numbers that are not
// negative and whose sum is the width of the first grid.
func spanned(u Unit, _ int, grids []grid) sensitivity {
	return steepest(u.MaxRows, grids[0].width())
}

// averaging has two numbers a group, in grid steps: the sum of the distances from
// the lower bound, and that from the upper.
type averaging struct{ cells }

func (averaging) tally(v *view, q *question) tally {
	t := zeros(2, v.met(q))
	above, below := t.cells[0], t.cells[1]
	low, high := int64(q.grid(v, 0).low), int64(q.grid(v, 0).high)
	v.rows(q, func(groups []uint32, x, _ []int32) {
		for i, g := range groups {
			if a := x[i]; g != none && a != skip {
				above[g] += int64(a) - low
				below[g] += high - int64(a)
			}
		}
	})
	return t
}

func (averaging) columns(c *columns, v *view, q *question, t *tally, n noise) {
	g := q.grid(v, 0)
	size := q.size(v)
	mean, count, scale := make([]float64, size), make([]int64, size), make([]float64, size)
	lower, upper := make([]float64, size), make([]float64, size)
	spread := newBlend(n)
	tail := float64(n.Tail(miss / 2))
	for i := range size {
		above, below := float64(t.cells[0][i]), float64(t.cells[1][i])
		rows := math.Round((above + below) / float64(g.width()))
		share := meanShare(above, below, g.width())
		mean[i], count[i] = g.value(share), int64(rows)
		scale[i] = spread.of(1-share, share) / max(1, rows) / g.perUnit
		if above+below+2*tail < float64(g.width()) {
			lower[i], upper[i] = g.lower, g.upper // there is not one row
			continue
		}
		// Without noise neither sum is negative, and the share rises with the one
		// and falls with the other.
		lower[i] = g.value(portion(above-tail, below+tail, 0) - rounding)
		upper[i] = g.value(portion(above+tail, below-tail, 1) + rounding)
	}
	c.groups(&v.groups[q.grouping], 1)
	c.floats("mean", mean)
	c.integers("count", count)
	c.floats("noise_scale", scale)
	c.interval(lower, upper)
	c.bounds(q, v, size)
}

// rounding is more than the share of a grid's width by which rounding, of the
// values to steps and of the results to floating-point numbers, can move a mean
// or a moment.
const rounding = 0x1p-26

// meanShare is where the mean lies, from 0 for the lower bound to 1 for the upper,
// for noisy sums of the distances from both. Sums that hold no more than one row
// of the given width are filled up to it from both sides, so that an empty group
// gives the middle on average.
func meanShare(above, below float64, width int64) float64 {
	if lack := float64(width) - above - below; lack > 0 {
		above, below = above+lack/2, below+lack/2
	}
	return portion(above, below, 0.5)
}

// portion is x by the sum of x and the rest, with zero in place of what is below
// it, or nothing where both are zero.
func portion(x, rest, nothing float64) float64 {
	x, rest = max(x, 0), max(rest, 0)
	if x+rest == 0 {
		return nothing
	}
	return x / (x + rest)
}
