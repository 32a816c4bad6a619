package dp

import (
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
)

// question is a query with what it needs of the plan.
type question struct {
	*ask
	grouping int   // index in plan.groupings
	measures []int // indices in plan.measures
}

// kind is what the numbers of a query are and what is made of them.
type kind interface {
	// tally sums up the rows kept of every group that was met, exactly and without
	// randomness, so that those of different people add up. It may run beside other
	// tallies.
	tally(v *view, q *question) tally
	// perturb adds the noise to a tally of the groups in the result; afterwards
	// nothing exact is left in it.
	perturb(v *view, q *question, t *tally, n noise, src *entropy.Source)
	// columns adds those of the result, made of a noisy tally alone.
	columns(c *columns, v *view, q *question, t *tally, n noise)
}

// tally holds the numbers of a question for each group. First they are exact and
// then noisy.
type tally struct {
	cells [][]int64 // number by group, for each of a kind's numbers
	spots *spots    // rows by place, of histograms and quantiles
	trees *trees    // of quantiles, noisy
}

// of is the tally of the given groups.
func (t *tally) of(groups []uint32) tally {
	var out tally
	for _, numbers := range t.cells {
		some := make([]int64, len(groups))
		for i, g := range groups {
			some[i] = numbers[g]
		}
		out.cells = append(out.cells, some)
	}
	if t.spots != nil {
		out.spots = t.spots.of(groups)
	}
	return out
}

// placing is a kind whose rows are at places of their groups.
type placing interface {
	places(v *view, q *question) int
}

// cells is the part of a kind whose tally is cells, each of which gets noise.
type cells struct{}

func (cells) perturb(_ *view, _ *question, t *tally, n noise, src *entropy.Source) {
	for _, numbers := range t.cells {
		for g, x := range numbers {
			numbers[g] = n.Add(src, x)
		}
	}
}

// zeros are cells for a number of groups.
func zeros(kinds, groups int) tally {
	t := tally{cells: make([][]int64, kinds)}
	for i := range t.cells {
		t.cells[i] = make([]int64, groups)
	}
	return t
}

// late says whether the question is tallied once the groups are found: it asks for
// people, who are counted for the groups, or for numbers whose bounds are found then.
func (q *question) late() bool { return q.ofPeople() || q.loose() }

// ofPeople says whether the question is of the people in groups.
func (q *question) ofPeople() bool {
	switch q.kind.(type) {
	case peopling, topping:
		return true
	}
	return false
}

// loose says whether the question has numbers whose bounds are found.
func (q *question) loose() bool {
	return slices.ContainsFunc(q.ask.measures, func(m asked) bool { return m.find != nil })
}

// size is the number of groups in the result.
func (q *question) size(v *view) int { return v.groups[q.grouping].size }

// grid is that of the question's i-th measure.
func (q *question) grid(v *view, i int) *grid { return &v.grids[q.measures[i]] }
