package lattice

import (
	"cmp"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
)

// spans divide the columns. The labels of the columns of a span are the digits
// of one number, the first column's of least weight, to the bases that the
// columns have at the levels of a table. So a class is a number a span, and
// what becomes of a number at other levels is looked up in one place.
type spans struct {
	columns [][]int
	layout  group.Layout // of the numbers, whatever the levels
}

// spanSize is how many numbers a span of more than one column has at most: so
// few that what they become stays in the nearest cache.
const spanSize = 4096

// newSpans puts each column in the first span that has room for it, those of
// most values first.
func newSpans(columns []Column) spans {
	order := make([]int, len(columns))
	for j := range order {
		order[j] = j
	}
	values := func(j int) int { return len(columns[j].Shares[0]) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values(b), values(a)) })
	var s spans
	var sizes []int
	for _, j := range order {
		k := slices.IndexFunc(sizes, func(size int) bool { return size*values(j) <= spanSize })
		if k < 0 {
			k = len(sizes)
			s.columns, sizes = append(s.columns, nil), append(sizes, 1)
		}
		s.columns[k] = append(s.columns[k], j)
		sizes[k] *= values(j)
	}
	s.layout = group.NewLayout(sizes)
	return s
}

// size is how many numbers span k has at some levels.
func (p *search) spanSize(k int, levels []uint8) int {
	size := 1
	for _, j := range p.spans.columns[k] {
		size *= p.labels(j, levels[j])
	}
	return size
}

// labels is how many labels column j has at a level.
func (p *search) labels(j int, level uint8) int { return len(p.Columns[j].Shares[level]) }

// numbers makes the numbers of a span of keys.
func (p *search) numbers(k int, keys []uint64, n int) []uint32 {
	out, codes := make([]uint32, n), make([]uint32, n)
	weight := uint32(1)
	for _, j := range p.spans.columns[k] {
		p.Layout.Get(keys, j, codes)
		for i, c := range codes {
			out[i] += c * weight
		}
		weight *= uint32(p.labels(j, 0))
	}
	return out
}

// raise writes to table what the numbers of a span at lower levels become at
// higher ones, times weight.
func (p *search) raise(table []uint32, k int, from, to []uint8, weight uint32) []uint32 {
	table = append(table[:0], 0)
	for _, j := range p.spans.columns[k] {
		n := len(table)
		step := p.steps[j][from[j]][to[j]]
		labels := p.labels(j, from[j])
		for c := 1; c < labels; c++ {
			digit := uint32(c)
			if step != nil {
				digit = step[c]
			}
			for _, low := range table[:n] {
				table = append(table, low+digit*weight)
			}
		}
		if step != nil && step[0] > 0 {
			for i := range table[:n] {
				table[i] += step[0] * weight
			}
		}
		weight *= uint32(p.labels(j, to[j]))
	}
	return table
}
