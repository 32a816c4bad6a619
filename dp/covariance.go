package dp

// Variable is one of the two columns of a Covariance or Correlation.
type Variable struct {
	// Column, Lower, Upper and BoundsShare are as for a Sum. Where the bounds of both
	// columns are found, the shares of the cost have a sum below 1.
	Column      string  `yaml:"column"`
	Lower       float64 `yaml:"lower"`
	Upper       float64 `yaml:"upper"`
	BoundsShare float64 `yaml:"bounds_share"`
}

// Covariance is the covariance of two numeric columns, the mean of the products of
// their distances from their means, of each group where it is grouped. The zero
// value is refused.
//
// Values are clamped as for a Mean; a row in which one of them is null or not a
// number is ignored. It is made of four noisy numbers, each with noise of the
// scale MaxRows/Epsilon times the product of the widths of the bounds, in the unit
// of the result times the number of rows. It is biased where the noise is large
// next to the number of rows.
type Covariance struct {
	X Variable `yaml:"x"`
	Y Variable `yaml:"y"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "covariance", both columns and those it is grouped by.
func (q Covariance) String() string {
	return "covariance " + q.X.Column + ", " + q.Y.Column + byText(q.By)
}

// Cost is what Epsilon, Delta and Rho say.
func (q Covariance) Cost() Cost { return q.price().cost() }

// Mechanism names the noise, and what it is added to.
func (q Covariance) Mechanism() string {
	return q.price().on("four sums", q.X.BoundsShare, q.Y.BoundsShare)
}

// Columns are both columns and those grouped by.
func (q Covariance) Columns() []string {
	return each(append([]string{q.X.Column, q.Y.Column}, q.By...)...)
}

// Grouping is By.
func (q Covariance) Grouping() []string { return each(q.By...) }

func (q Covariance) price() price { return price{q.Epsilon, q.Delta, q.Rho} }

// A row adds the four numbers of product to one group or to none: in L1 exactly
// the width of the bounds of X.
func (q Covariance) ask(u Unit) *ask {
	a := &ask{by: q.By, keys: q.Keys, price: q.price(), kind: covarying{}, sensitivity: spanned}
	a.number(u, q.X.Column, q.X.Lower, q.X.Upper, q.X.BoundsShare, centered)
	a.number(u, q.Y.Column, q.Y.Lower, q.Y.Upper, q.Y.BoundsShare, centered)
	q.By, q.Keys = each(q.By...), nil
	a.query = q
	return a
}

// Correlation is Pearson's correlation of two numeric columns: their Covariance by
// the product of their standard deviations, between -1 and 1, with the same fields
// and cost. It is zero where one of the columns does not vary. The zero value is
// refused.
//
// It is made of six noisy numbers; the noise is half as much again as that of a
// Covariance.
type Correlation struct {
	X Variable `yaml:"x"`
	Y Variable `yaml:"y"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "correlation", both columns and those it is grouped by.
func (q Correlation) String() string {
	return "correlation " + q.X.Column + ", " + q.Y.Column + byText(q.By)
}

// Cost is what Epsilon, Delta and Rho say.
func (q Correlation) Cost() Cost { return Covariance(q).Cost() }

// Mechanism names the noise, and what it is added to.
func (q Correlation) Mechanism() string {
	return price{q.Epsilon, q.Delta, q.Rho}.on("six sums", q.X.BoundsShare, q.Y.BoundsShare)
}

// Columns are both columns and those grouped by.
func (q Correlation) Columns() []string { return Covariance(q).Columns() }

// Grouping is By.
func (q Correlation) Grouping() []string { return each(q.By...) }

// A row adds, beside the four numbers of product, f(1-f) and h(1-h) times the
// width, at most a quarter of it each.
//
// In L2: with F = f(1-f) and H = h(1-h), in [0, 1/4], the squares of the four have
// the sum (f²+(1-f)²)(h²+(1-h)²) = (1-2F)(1-2H) and those of all six
// (1-2F)(1-2H) + F² + H², convex in F and in H and at most 1 where each is at an
// end. Rounding moves six numbers by less than 1 each, and the vector by less
// than 3.
func (q Correlation) ask(u Unit) *ask {
	a := Covariance(q).ask(u)
	a.query, a.kind = Correlation(a.query.(Covariance)), covarying{correlation: true}
	a.sensitivity = func(u Unit, _ int, grids []grid) sensitivity {
		width := grids[0].width()
		s := steepest(u.MaxRows, width+2*(width/4))
		s.l2squared = steepest(u.MaxRows, width+3).l2squared
		return s
	}
	return a
}

// covarying has the four numbers of product a group, in steps of the first grid,
// and for a correlation two more.
type covarying struct {
	cells
	correlation bool
}

func (k covarying) tally(v *view, q *question) tally {
	kinds := 4
	if k.correlation {
		kinds = 6
	}
	t := zeros(kinds, v.met(q))
	low, width := int64(q.grid(v, 0).low), q.grid(v, 0).width()
	lowY, widthY := int64(q.grid(v, 1).low), q.grid(v, 1).width()
	v.rows(q, func(groups []uint32, x, y []int32) {
		for i, g := range groups {
			if g == none || x[i] == skip || y[i] == skip {
				continue
			}
			a, b := int64(x[i])-low, int64(y[i])-lowY
			neither, second, first, both := product(a, width, b, widthY)
			t.cells[0][g] += neither
			t.cells[1][g] += second
			t.cells[2][g] += first
			t.cells[3][g] += both
			if k.correlation {
				t.cells[4][g] += a * (width - a) / width
				t.cells[5][g] += mixed(b, widthY, width)
			}
		}
	})
	return t
}

// mixed is width times h(1-h) for h = b/other, rounded down; at most a quarter of
// width, since b·(other-b)/other is at most other/4.
func mixed(b, other, width int64) int64 {
	return b * (other - b) / other * width / other
}

func (k covarying) columns(c *columns, v *view, q *question, t *tally, n noise) {
	g, gridY := q.grid(v, 0), q.grid(v, 1)
	size := q.size(v)
	value, count, scale := make([]float64, size), make([]int64, size), make([]float64, size)
	lower, upper := make([]float64, size), make([]float64, size)
	spread, width := newBlend(n), float64(g.width())
	unit := g.span() * gridY.span()
	for i := range size {
		x := at(t.cells, i)
		count[i] = rowsOf(t.cells[:4], i, width)
		rows := float64(max(1, count[i]))
		b := around(x, n)
		if k.correlation {
			r := newCorrelation(x)
			value[i] = r.value
			scale[i] = min(1, spread.of(r.gradient...)/width/rows)
			lower[i], upper[i] = correlationIn(b)
			continue
		}
		share := covarianceShare(x)
		value[i] = unit * share
		fx := portion(x[2]+x[3], x[0]+x[1], 0.5)
		fy := portion(x[1]+x[3], x[0]+x[2], 0.5)
		// To first order; the mean of f·h is share + fx·fy.
		scale[i] = unit / width / rows * spread.of(fx*fy-share, fx*fy-share-fx, fx*fy-share-fy,
			(1-fx)*(1-fy)-share)
		least, most := covarianceIn(b)
		lower[i] = unit * max(-0.25, least-rounding)
		upper[i] = unit * min(most+rounding, 0.25)
	}
	c.groups(&v.groups[q.grouping], 1)
	name := "covariance"
	if k.correlation {
		name = "correlation"
	}
	c.floats(name, value)
	c.integers("count", count)
	c.floats("noise_scale", scale)
	c.interval(lower, upper)
	c.bounds(q, v, size)
}
