package dp

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Quantiles are quantiles of a numeric column, of each group where it is grouped.
// The zero value is refused.
//
// All are read from one noisy tree, so that more of them cost no more and none is
// below that of a lower rank: the bounds are divided into 16 parts, each of these
// into 16, and so on to 65,536 leaves on 4 levels, and the number of rows in every
// part gets noise. Values outside the bounds count as the nearer bound; rows whose
// value is null or not a number are ignored. A quantile lies between two leaves' ends
// and is no value of the table but by chance.
//
// In a column of an integer type with at most 65,536 whole numbers within the bounds
// each of these has a leaf and is what a quantile can be; there are as few levels, of
// as few parts, as make the error least. For ages from 0 to 100 that is two levels, on
// which noise is half of that on four: it pays to keep whole numbers in such columns.
type Quantiles struct {
	// Column, Lower, Upper and BoundsShare are as for a Sum.
	Column      string  `yaml:"column"`
	Lower       float64 `yaml:"lower"`
	Upper       float64 `yaml:"upper"`
	BoundsShare float64 `yaml:"bounds_share"`
	// Ranks are at least one, each above 0 and below 1: 0.5 is the median.
	Ranks []float64 `yaml:"ranks"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query. With l levels the noise of the
	// number of rows in each part has the scale l·MaxRows/Epsilon, or the standard
	// deviation √l·MaxRows/√(2ρ).
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "quantiles" and the column, with the columns it is grouped by.
func (q Quantiles) String() string { return "quantiles " + q.Column + byText(q.By) }

// Cost is what Epsilon, Delta and Rho say.
func (q Quantiles) Cost() Cost { return q.price().cost() }

// Mechanism names the noise, and what it is added to.
func (q Quantiles) Mechanism() string {
	return q.price().on("the numbers of rows in the parts of a tree", q.BoundsShare)
}

// Columns are the column itself and those grouped by.
func (q Quantiles) Columns() []string { return each(append([]string{q.Column}, q.By...)...) }

// Grouping is By.
func (q Quantiles) Grouping() []string { return each(q.By...) }

func (q Quantiles) price() price { return price{q.Epsilon, q.Delta, q.Rho} }

// A row adds one to one node of each level of one group's tree, or to none: in L1
// the number of levels, and in L2 its root. The rows of one person may be in the
// same nodes.
func (q Quantiles) ask(u Unit) *ask {
	a := &ask{by: q.By, keys: q.Keys, price: q.price(), kind: ranking{},
		sensitivity: func(u Unit, _ int, grids []grid) sensitivity {
			s := steepest(u.MaxRows, 1)
			levels := new(big.Rat).SetInt64(int64(grids[0].shape().levels))
			s.l1.Mul(s.l1, levels)
			s.l2squared.Mul(s.l2squared, levels)
			return s
		}}
	a.number(u, q.Column, q.Lower, q.Upper, q.BoundsShare, centered)
	if len(q.Ranks) == 0 {
		a.fail(fmt.Errorf("ranks: none, want some, as 0.5 for the median"))
	}
	for i, r := range q.Ranks {
		if !(r > 0 && r < 1) {
			a.fail(fmt.Errorf("ranks: entry %d is %v, want it above 0 and below 1", i+1, r))
		}
	}
	q.By, q.Keys, q.Ranks = each(q.By...), nil, slices.Clone(q.Ranks)
	a.query = q
	return a
}

// ranking has a tree a group, and once it has got noise the quantiles alone.
type ranking struct{}

// trees are quantiles: group·ranks + rank, as places among the leaves.
type trees struct{ value, lower, upper []float64 }

func (ranking) places(v *view, q *question) int { return q.grid(v, 0).shape().leaves }

func (ranking) tally(v *view, q *question) tally {
	g := q.grid(v, 0)
	form := g.shape()
	return tally{spots: v.spots(q, form.leaves, func(x []int32, out []uint32) {
		for i, a := range x {
			out[i] = none
			if a != skip {
				out[i] = form.leaf(g, a)
			}
		}
	})}
}

func (ranking) perturb(v *view, q *question, t *tally, n noise, src *entropy.Source) {
	ranks := q.query.(Quantiles).Ranks
	form := q.grid(v, 0).shape()
	reach := newReach(form, n, ranks)
	noisy := new(trees)
	for g := range q.size(v) {
		tree := newTree(form, t.spots.group(g), n, src)
		for i, rank := range ranks {
			lower, upper := tree.interval(rank, &reach, i)
			noisy.value = append(noisy.value, tree.quantile(rank))
			noisy.lower = append(noisy.lower, lower)
			noisy.upper = append(noisy.upper, upper)
		}
	}
	*t = tally{trees: noisy}
}

func (ranking) columns(c *columns, v *view, q *question, t *tally, n noise) {
	g, ranks := q.grid(v, 0), q.query.(Quantiles).Ranks
	form := g.shape()
	rows := q.size(v) * len(ranks)
	rank, value := make([]float64, rows), make([]float64, rows)
	lower, upper := make([]float64, rows), make([]float64, rows)
	for i := range rows {
		rank[i] = ranks[i%len(ranks)]
		value[i] = form.value(g, t.trees.value[i])
		from, to := form.ends(g, t.trees.lower[i], t.trees.upper[i])
		lower[i], upper[i] = min(from, value[i]), max(to, value[i])
	}
	c.groups(&v.groups[q.grouping], len(ranks))
	c.floats("rank", rank)
	c.floats("quantile", value)
	c.floats("noise_scale", constant(scaleOf(n), rows))
	c.interval(lower, upper)
	c.bounds(q, v, rows)
}
