package kanon

import (
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
)

// valueCounts are the values of a sensitive column that the rows of each tuple
// have: in cells of a tuple and an item, with their rows. An item is a value
// or, where frequencies count people, a value of one person, and then rows do
// not matter.
type valueCounts struct {
	name  string
	coder *column.Coder
	items *group.Table // (value, person); nil where an item is a value
	cells *group.Table // (tuple, item)
	rows  []int64      // of each cell; nil where items are of people

	keys  []uint64
	index []uint32
}

func newValueCounts(name string, coder *column.Coder, people bool) *valueCounts {
	v := &valueCounts{name: name, coder: coder, cells: group.New(1, 0)}
	if people {
		v.items = group.New(1, 0)
	}
	return v
}

// add counts values by tuple, with rows[i] rows each, or one where rows is nil.
// It changes values.
func (v *valueCounts) add(tuples, values, people []uint32, rows []int64) error {
	n := len(values)
	if v.cells.Len()+n > maxTuples {
		return fmt.Errorf("kanon: column %q: more than %d combinations with the quasi-identifiers",
			v.name, maxTuples)
	}
	v.keys = slices.Grow(v.keys[:0], n)[:n]
	v.index = slices.Grow(v.index[:0], n)[:n]
	if v.items != nil {
		for i, value := range values {
			v.keys[i] = pairOf(value, people[i])
		}
		v.items.Add(v.keys, values)
	}
	for i, item := range values {
		v.keys[i] = pairOf(tuples[i], item)
	}
	v.cells.Add(v.keys, v.index)
	if v.items != nil {
		return nil
	}
	for i, cell := range v.index {
		if int(cell) == len(v.rows) {
			v.rows = append(v.rows, 0)
		}
		if rows == nil {
			v.rows[cell]++
		} else {
			v.rows[cell] += rows[i]
		}
	}
	return nil
}

// total is what the frequencies of the whole table add up to.
func (v *valueCounts) total() (n int64) {
	if v.items != nil {
		return int64(v.items.Len())
	}
	for _, rows := range v.rows {
		n += rows
	}
	return n
}

// byTuple lists the cells of n tuples; place is the number of each value.
func (v *valueCounts) byTuple(n int, place []uint32, out *lattice.Sensitive) {
	cells := v.cells.Keys()
	out.Start = make([]int, n+1)
	for _, cell := range cells {
		out.Start[cell>>32+1]++
	}
	for i := range n {
		out.Start[i+1] += out.Start[i]
	}
	next := slices.Clone(out.Start)
	out.Item = make([]uint32, len(cells))
	if v.items == nil {
		out.Rows = make([]int64, len(cells))
	} else {
		out.Value = make([]uint32, v.items.Len())
		for i, pair := range v.items.Keys() {
			out.Value[i] = place[pair>>32]
		}
	}
	for i, cell := range cells {
		at := &next[cell>>32]
		if v.items == nil {
			out.Item[*at], out.Rows[*at] = place[uint32(cell)], v.rows[i]
		} else {
			out.Item[*at] = uint32(cell)
		}
		*at++
	}
}
