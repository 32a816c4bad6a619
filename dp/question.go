package dp

import (
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
	// tally sums up the rows kept, exactly and without randomness. It may run
	// beside other tallies.
	tally(v *view, q *question) tally
	// perturb adds the noise to a tally; afterwards nothing exact is left in it.
	perturb(v *view, q *question, t *tally, n noise, src *entropy.Source)
	// columns adds those of the result, made of a noisy tally alone.
	columns(c *columns, v *view, q *question, t *tally, n noise)
}

// tally holds the numbers of a question for each group. First they are exact and
// then noisy.
type tally struct {
	cells [][]int64 // number by group, for each of a kind's numbers
	trees *trees    // of quantiles
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

// size is the number of groups in the result.
func (q *question) size(v *view) int { return v.groups[q.grouping].size }

// grid is that of the question's i-th measure.
func (q *question) grid(v *view, i int) *grid { return &v.grids[q.measures[i]] }
