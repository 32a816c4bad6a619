package anonymize

import (
	"cmp"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// sortWatch finds out by which of the quasi-identifiers the rows are sorted.
// The output keeps the order of the input, so the place of a row in a table
// that was sorted by a date tells the date however far it is generalized.
type sortWatch struct {
	columns []sortedColumn
}

type sortedColumn struct {
	name      string
	up, down  bool // still possible
	last      arrow.Array
	different bool // two values differ
}

func newSortWatch(names []string) *sortWatch {
	w := &sortWatch{}
	for _, name := range names {
		w.columns = append(w.columns, sortedColumn{name: name, up: true, down: true})
	}
	return w
}

// add looks at the next rows. A column that is known not to be sorted costs
// nothing more.
func (w *sortWatch) add(rec arrow.Record) {
	for i := range w.columns {
		c := &w.columns[i]
		if !c.up && !c.down {
			continue
		}
		at := rec.Schema().FieldIndices(c.name)
		if len(at) != 1 || rec.NumRows() == 0 {
			continue
		}
		a := rec.Column(at[0])
		if c.last != nil {
			c.see(c.last, 0, a, 0)
			c.last.Release()
			c.last = nil
		}
		for row := 1; row < a.Len() && (c.up || c.down); row++ {
			c.see(a, row-1, a, row)
		}
		c.last = array.NewSlice(a, int64(a.Len()-1), int64(a.Len()))
	}
}

func (c *sortedColumn) see(a arrow.Array, i int, b arrow.Array, j int) {
	order, ok := compare(a, i, b, j)
	if !ok {
		c.up, c.down = false, false
		return
	}
	c.different = c.different || order != 0
	c.up = c.up && order <= 0
	c.down = c.down && order >= 0
}

// sorted returns the columns by which the rows are sorted, up or down, and
// forgets the rows.
func (w *sortWatch) sorted() []string {
	var names []string
	for i := range w.columns {
		c := &w.columns[i]
		if c.last != nil {
			c.last.Release()
			c.last = nil
		}
		if (c.up || c.down) && c.different {
			names = append(names, c.name)
		}
	}
	return names
}

// compare orders two values of one type; not ok where the type has no order
// that matters here or a value is null.
func compare(a arrow.Array, i int, b arrow.Array, j int) (order int, ok bool) {
	if a.IsNull(i) || b.IsNull(j) {
		return 0, false
	}
	switch x := a.(type) {
	case *array.Int8:
		return cmp.Compare(x.Value(i), b.(*array.Int8).Value(j)), true
	case *array.Int16:
		return cmp.Compare(x.Value(i), b.(*array.Int16).Value(j)), true
	case *array.Int32:
		return cmp.Compare(x.Value(i), b.(*array.Int32).Value(j)), true
	case *array.Int64:
		return cmp.Compare(x.Value(i), b.(*array.Int64).Value(j)), true
	case *array.Float64:
		return cmp.Compare(x.Value(i), b.(*array.Float64).Value(j)), true
	case *array.Date32:
		return cmp.Compare(x.Value(i), b.(*array.Date32).Value(j)), true
	case *array.Date64:
		return cmp.Compare(x.Value(i), b.(*array.Date64).Value(j)), true
	case *array.Timestamp:
		return cmp.Compare(x.Value(i), b.(*array.Timestamp).Value(j)), true
	case *array.String:
		return cmp.Compare(x.Value(i), b.(*array.String).Value(j)), true
	}
	return 0, false
}
