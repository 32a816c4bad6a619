package dp

import (
	"slices"
	"sort"
)

// measure is a numeric column as an integer a row: steps of a grid, or the
// number of a bin.
type measure struct {
	column int       // index in plan.numbers
	grid   grid      // unless edges are given, or find is
	edges  []float64 // of bins
	find   *finding  // how the bounds of the grid are found when the scan ends
}

// is says whether two measures are the same numbers. Bounds that are found are
// found for each query by itself.
func (m *measure) is(o *measure) bool {
	return m.find == nil && o.find == nil && m.column == o.column && m.grid == o.grid &&
		slices.Equal(m.edges, o.edges)
}

// code writes the integer for each number to out, or skip.
func (m *measure) code(numbers []float64, out []int32) {
	if m.edges == nil {
		for i, x := range numbers {
			out[i] = m.grid.steps(x)
		}
		return
	}
	for i, x := range numbers {
		out[i] = binOf(m.edges, x)
	}
}

// binOf is the bin of x: the first starts at the first edge, each ends before the
// next edge, and the last one with the last edge. Outside there is skip.
func binOf(edges []float64, x float64) int32 {
	last := len(edges) - 1
	if !(x >= edges[0] && x <= edges[last]) {
		return skip
	}
	bin := sort.Search(last, func(i int) bool { return edges[i+1] > x })
	return int32(min(bin, last-1))
}
