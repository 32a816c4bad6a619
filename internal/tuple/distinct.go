package tuple

import "github.com/lethe-go/lethe/internal/group"

// Distinct are the distinct tuples of some columns of a table, in the order in
// which they are first met.
type Distinct struct {
	// Of is the tuple of each row.
	Of []uint32
	// Rows is how many rows have each tuple.
	Rows []int64
	// Codes are, for each of the columns, the codes of each tuple.
	Codes [][]uint32
}

// Len is the number of tuples.
func (d *Distinct) Len() int { return len(d.Rows) }

// block is how many rows are packed at a time.
const block = 1 << 12

// Distinct numbers the tuples of the columns at the given positions.
func (t *Table) Distinct(at ...int) *Distinct {
	sizes := make([]int, len(at))
	for i, j := range at {
		sizes[i] = t.Columns[j].Coder.Len()
	}
	layout := group.NewLayout(sizes)
	table := group.New(layout.Words(), 1024)
	d := &Distinct{Of: make([]uint32, t.Rows)}
	keys := make([]uint64, block*layout.Words())
	for from := 0; from < t.Rows; from += block {
		n := min(block, t.Rows-from)
		part := keys[:n*layout.Words()]
		clear(part)
		for i, j := range at {
			layout.Put(part, i, t.Columns[j].Codes[from:from+n])
		}
		table.Add(part, d.Of[from:from+n])
	}
	d.Rows = make([]int64, table.Len())
	for _, tuple := range d.Of {
		d.Rows[tuple]++
	}
	d.Codes = make([][]uint32, len(at))
	for i := range at {
		d.Codes[i] = make([]uint32, table.Len())
		layout.Get(table.Keys(), i, d.Codes[i])
	}
	return d
}
