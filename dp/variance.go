package dp

import "math"

// Variance is the variance of a numeric column, the mean of the squared distances
// from the mean, of each group where it is grouped. The zero value is refused.
//
// Values are clamped and ignored as for a Mean. It is made of three noisy numbers,
// each with noise of the scale MaxRows·(Upper-Lower)²/Epsilon in the unit of the
// result times the number of rows. It is biased where the noise is large next to
// the number of rows, and never below zero nor above a quarter of (Upper-Lower)².
type Variance struct {
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

// String is "variance" and the column, with the columns it is grouped by.
func (q Variance) String() string { return summed(q).text("variance") }

// Cost is what Epsilon, Delta and Rho say.
func (q Variance) Cost() Cost { return summed(q).cost() }

// Mechanism names the noise, and what it is added to.
func (q Variance) Mechanism() string { return summed(q).on("three sums") }

// Columns are the column itself and those grouped by.
func (q Variance) Columns() []string { return summed(q).columns() }

// Grouping is By.
func (q Variance) Grouping() []string { return each(q.By...) }

// A row adds the three numbers of square to one group or to none: in L1 exactly
// the width of the bounds.
func (q Variance) ask(u Unit) *ask {
	a := summed(q).ask(u, scattering{}, centered, spanned)
	a.query = Variance(summed(q).own())
	return a
}

// Deviation is the standard deviation of a numeric column: the root of its
// Variance, with the same fields and cost. The zero value is refused.
type Deviation struct {
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

// String is "deviation" and the column, with the columns it is grouped by.
func (q Deviation) String() string { return summed(q).text("deviation") }

// Cost is what Epsilon, Delta and Rho say.
func (q Deviation) Cost() Cost { return summed(q).cost() }

// Mechanism names the noise, and what it is added to.
func (q Deviation) Mechanism() string { return Variance(q).Mechanism() }

// Columns are the column itself and those grouped by.
func (q Deviation) Columns() []string { return summed(q).columns() }

// Grouping is By.
func (q Deviation) Grouping() []string { return each(q.By...) }

func (q Deviation) ask(u Unit) *ask {
	a := summed(q).ask(u, scattering{root: true}, centered, spanned)
	a.query = Deviation(summed(q).own())
	return a
}

// scattering has the three numbers of square a group, in grid steps.
type scattering struct {
	cells
	root bool // of the variance
}

func (scattering) tally(v *view, q *question) tally {
	t := zeros(3, v.met(q))
	zeros, ones, twos := t.cells[0], t.cells[1], t.cells[2]
	low, width := int64(q.grid(v, 0).low), q.grid(v, 0).width()
	v.rows(q, func(groups []uint32, x, _ []int32) {
		for i, g := range groups {
			if a := x[i]; g != none && a != skip {
				zero, one, two := square(int64(a)-low, width)
				zeros[g] += zero
				ones[g] += one
				twos[g] += two
			}
		}
	})
	return t
}

func (s scattering) columns(c *columns, v *view, q *question, t *tally, n noise) {
	g := q.grid(v, 0)
	size := q.size(v)
	value, count, scale := make([]float64, size), make([]int64, size), make([]float64, size)
	lower, upper := make([]float64, size), make([]float64, size)
	spread, width, span := newBlend(n), float64(g.width()), g.span()
	unit := func(share float64) float64 {
		if s.root {
			return span * math.Sqrt(share)
		}
		return span * span * share
	}
	for i := range size {
		x := at(t.cells, i)
		count[i] = rowsOf(t.cells[:3], i, width)
		rows := float64(max(1, count[i]))
		share := max(0, varianceShare(x[0], x[1], x[2]))
		value[i] = unit(share)

		// To first order an error of d in a number moves the variance by
		// d/n times these, with the mean m.
		m := portion(x[1]/2+x[2], x[1]/2+x[0], 0.5)
		scale[i] = spread.of(m*m-share, m*m-m-share, (1-m)*(1-m)-share) / width / rows
		if s.root && scale[i] > 0 { // d√V = dV/(2√V), and at most √dV
			scale[i] = span * scale[i] / (2 * math.Sqrt(max(share, scale[i]/4)))
		} else {
			scale[i] *= span * span
		}
		least, most := varianceIn(around(x, n))
		lower[i] = unit(max(0, least-rounding))
		upper[i] = unit(min(most+rounding, 0.25))
	}
	c.groups(&v.groups[q.grouping], 1)
	name := "variance"
	if s.root {
		name = "deviation"
	}
	c.floats(name, value)
	c.integers("count", count)
	c.floats("noise_scale", scale)
	c.interval(lower, upper)
	c.bounds(q, v, size)
}
