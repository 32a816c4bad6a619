package masking

import (
	"math"

	"github.com/lethe-go/lethe/internal/entropy"
)

// one is the unit of expected moves: they are whole numbers of 1/one.
const one = 1 << 30

// maxExact bounds the categories of an exact plan, whose rounding looks at all
// pairs of them many times.
const maxExact = 256

// expected is count[i] matrix[i][j] in units. The sums of row i and of column i
// are count[i] exactly: an invariant matrix is reversible, so that as many rows
// are expected to move from i to j as from j to i, and what stays is the rest.
func expected(matrix [][]float64, count []int64) [][]int64 {
	n := len(count)
	moves := make([][]int64, n)
	for i := range moves {
		moves[i] = make([]int64, n)
		moves[i][i] = count[i] * one
	}
	for i := range n {
		for j := range i {
			x := int64(math.Round(matrix[i][j] * float64(count[i]) * one))
			moves[i][j], moves[j][i] = x, x
			moves[i][i] -= x
			moves[j][j] -= x
		}
	}
	return moves
}

// round rounds each of the moves up or down to whole rows, in place, such that
// the sums of rows and of columns stay, which are whole. It is unbiased
// controlled rounding [1]: along a cycle of entries that are not whole, two in
// each of its rows and columns, every other one grows as the others shrink,
// until one is whole; the direction is drawn such that none changes on average.
//
// [1] Cox (1987). A constructive procedure for unbiased controlled rounding.
// Journal of the American Statistical Association 82(398), 520–524.
func round(rng *entropy.Source, moves [][]int64) {
	n := len(moves)
	r := rounding{moves: moves, rng: rng, row: make([]int, n), column: make([]int, n)}
	for i := range moves {
		for j := range moves[i] {
			for moves[i][j]%one != 0 {
				r.cancel(r.cycle(i))
			}
		}
	}
	for i := range moves {
		for j := range moves[i] {
			moves[i][j] /= one
		}
	}
}

type entry struct{ i, j int }

type rounding struct {
	moves       [][]int64
	rng         *entropy.Source
	row, column []int // place on the path, plus one
	path        []entry
}

// cycle walks from row i along entries that are not whole, by rows and columns
// in turn, until a row or column is met again. As sums are whole no row or
// column has just one such entry. Even places of the cycle grow as odd ones
// shrink.
func (r *rounding) cycle(i int) []entry {
	clear(r.row)
	clear(r.column)
	r.path = r.path[:0]
	j := -1
	for {
		if at := r.row[i]; at > 0 {
			return r.path[at-1:]
		}
		r.row[i] = len(r.path) + 1
		from := j
		for j = 0; j == from || r.moves[i][j]%one == 0; j++ {
		}
		r.path = append(r.path, entry{i, j})
		if at := r.column[j]; at > 0 {
			return r.path[at-1:]
		}
		r.column[j] = len(r.path) + 1
		above := i
		for i = 0; i == above || r.moves[i][j]%one == 0; i++ {
		}
		r.path = append(r.path, entry{i, j})
	}
}

// cancel makes at least one entry of a cycle whole.
func (r *rounding) cancel(cycle []entry) {
	up, down := int64(one), int64(one)
	for k, e := range cycle {
		part := r.moves[e.i][e.j] % one
		if k%2 == 0 {
			up, down = min(up, one-part), min(down, part)
		} else {
			up, down = min(up, part), min(down, one-part)
		}
	}
	by := -down
	if r.rng.Bernoulli(uint64(down), uint64(up+down)) {
		by = up
	}
	for k, e := range cycle {
		if k%2 == 1 {
			r.moves[e.i][e.j] -= by
		} else {
			r.moves[e.i][e.j] += by
		}
	}
}
