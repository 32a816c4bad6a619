package dp

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Histogram is the number of rows in each of some bins of a numeric column, of
// each group where it is grouped. The zero value is refused.
type Histogram struct {
	// Column is of integers, floating-point numbers or decimals, plain or in a
	// dictionary.
	Column string `yaml:"column"`
	// Edges are where the bins start and end: at least two finite numbers, each
	// above the one before. A bin holds its start and not its end, but the last
	// holds both. Rows outside, with nulls or what is not a number are ignored.
	// Edges must not be taken from the table.
	Edges []float64 `yaml:"edges"`
	// By and Keys group the rows, as for a Count.
	By   []string            `yaml:"by"`
	Keys map[string][]string `yaml:"keys"`
	// Epsilon, Delta and Rho are the cost; see Query. All bins together cost no
	// more than one, and the noise of each is that of a Count.
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
	Rho     float64 `yaml:"rho"`
}

// String is "histogram" and the column, with the columns it is grouped by.
func (q Histogram) String() string { return "histogram " + q.Column + byText(q.By) }

// Cost is what Epsilon, Delta and Rho say.
func (q Histogram) Cost() Cost { return price{q.Epsilon, q.Delta, q.Rho}.cost() }

// Mechanism names the noise, and what it is added to.
func (q Histogram) Mechanism() string {
	return price{q.Epsilon, q.Delta, q.Rho}.on("the number of rows in each bin")
}

// Columns are the column itself and those grouped by.
func (q Histogram) Columns() []string { return each(append([]string{q.Column}, q.By...)...) }

// Grouping is By.
func (q Histogram) Grouping() []string { return each(q.By...) }

// mostBins bounds the bins of each group, where it is not known how many groups
// there will be.
const mostBins = 1 << 12

// A row adds one to one bin of one group or to none, so that the counts of all
// have the sensitivity of a Count.
func (q Histogram) ask(Unit) *ask {
	a := &ask{by: q.By, keys: q.Keys, price: price{q.Epsilon, q.Delta, q.Rho}, kind: binning{},
		sensitivity: func(u Unit, _ int, _ []grid) sensitivity { return steepest(u.MaxRows, 1) }}
	q.By, q.Keys = each(q.By...), nil
	q.Edges = append([]float64(nil), q.Edges...)
	if q.Column == "" {
		a.fail(errors.New("no column"))
	}
	a.fail(checkEdges(q.Edges))
	most := mostBins // where groups are to be found
	if groups := groupCount(a.by, a.keys); groups >= 0 {
		most = maxGroups / max(1, groups)
	}
	if len(q.Edges)-1 > most {
		a.fail(fmt.Errorf("edges: more than %d bins; want fewer bins or groups", most))
	}
	a.measures = []asked{{column: q.Column, measure: measure{edges: q.Edges}}}
	a.query = q
	return a
}

func checkEdges(edges []float64) error {
	if len(edges) < 2 {
		return fmt.Errorf("edges: %d, want at least 2", len(edges))
	}
	for i, e := range edges {
		if !finite(e) || i > 0 && !(edges[i-1] < e) {
			return fmt.Errorf("edges: entry %d is %v, want finite numbers, each above the one before",
				i+1, e)
		}
	}
	return nil
}

// binning has a number for each bin a group: its rows. Of groups that are met in the
// table only those that are shown get a number for each.
type binning struct{ cells }

func (k binning) tally(v *view, q *question) tally {
	return tally{spots: v.spots(q, k.places(v, q), func(x []int32, out []uint32) {
		for i, bin := range x {
			out[i] = none
			if bin != skip {
				out[i] = uint32(bin)
			}
		}
	})}
}

func (binning) places(_ *view, q *question) int { return len(q.query.(Histogram).Edges) - 1 }

func (k binning) perturb(v *view, q *question, t *tally, n noise, src *entropy.Source) {
	counts := zeros(k.places(v, q), q.size(v))
	for g := range q.size(v) {
		at := t.spots.group(g)
		for i, bin := range at.place {
			counts.cells[bin][g] = at.rows[i]
		}
	}
	*t = counts
	k.cells.perturb(v, q, t, n, src)
}

func (binning) columns(c *columns, v *view, q *question, t *tally, n noise) {
	edges, bins := q.query.(Histogram).Edges, len(t.cells)
	counts := make([]int64, 0, bins*q.size(v))
	var starts, ends []float64
	for g := range q.size(v) {
		for bin := range bins {
			counts = append(counts, t.cells[bin][g])
			starts, ends = append(starts, edges[bin]), append(ends, edges[bin+1])
		}
	}
	c.groups(&v.groups[q.grouping], bins)
	c.floats("bin_lower", starts)
	c.floats("bin_upper", ends)
	c.counts("count", counts, n, miss)
}
