package masking

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// find finds a column by its name, which must be that of one.
func find(t arrow.Table, name string) (*arrow.Column, error) {
	switch at := t.Schema().FieldIndices(name); len(at) {
	case 0:
		return nil, fmt.Errorf("column %q is not in the table", name)
	case 1:
		return t.Column(at[0]), nil
	}
	return nil, fmt.Errorf("column %q is in the table more than once", name)
}

// whole is a column as one array.
func whole(t arrow.Table, name string) (arrow.Array, error) {
	c, err := find(t, name)
	if err != nil {
		return nil, err
	}
	if c.Len() > math.MaxInt32 {
		return nil, fmt.Errorf("column %q has more than %d rows", name, math.MaxInt32)
	}
	chunks := c.Data().Chunks()
	if len(chunks) == 0 {
		b := array.NewBuilder(memory.DefaultAllocator, c.DataType())
		defer b.Release()
		return b.NewArray(), nil
	}
	a, err := array.Concatenate(chunks, memory.DefaultAllocator)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", name, err)
	}
	return a, nil
}

// columns are those of a table on the way to another one.
type columns struct {
	fields []arrow.Field
	data   []*arrow.Chunked
	rows   int64
}

func newColumns(t arrow.Table) *columns {
	c := &columns{rows: t.NumRows()}
	for i, f := range t.Schema().Fields() {
		f.Metadata = arrow.Metadata{}
		data := t.Column(i).Data()
		data.Retain()
		c.fields, c.data = append(c.fields, f), append(c.data, data)
	}
	return c
}

func (c *columns) at(name string) int {
	for i, f := range c.fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

func (c *columns) typeOf(name string) arrow.DataType { return c.fields[c.at(name)].Type }

// replace takes an array for the column of that name; the array is its own.
func (c *columns) replace(name string, a arrow.Array) {
	defer a.Release()
	i := c.at(name)
	c.data[i].Release()
	c.data[i] = arrow.NewChunked(a.DataType(), []arrow.Array{a})
}

// remove drops a column.
func (c *columns) remove(name string) {
	i := c.at(name)
	c.data[i].Release()
	c.fields = append(c.fields[:i], c.fields[i+1:]...)
	c.data = append(c.data[:i], c.data[i+1:]...)
}

// add appends a column.
func (c *columns) add(f arrow.Field, a arrow.Array) {
	defer a.Release()
	c.fields = append(c.fields, f)
	c.data = append(c.data, arrow.NewChunked(a.DataType(), []arrow.Array{a}))
}

func (c *columns) table() arrow.Table {
	cols := make([]arrow.Column, len(c.data))
	for i, data := range c.data {
		cols[i] = *arrow.NewColumn(c.fields[i], data)
	}
	t := array.NewTable(arrow.NewSchema(c.fields, nil), cols, c.rows)
	for i := range cols {
		cols[i].Release()
	}
	return t
}

func (c *columns) release() {
	for _, data := range c.data {
		data.Release()
	}
}
