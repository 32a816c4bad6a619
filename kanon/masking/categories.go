package masking

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/column"
)

// category is a column as codes.
type category struct {
	typ   arrow.DataType
	text  []string // of each code
	count []int64
	code  []int32 // of each row; -1 for null
}

// categories codes a column in the canonical order of its values.
func categories(t arrow.Table, name string) (*category, error) {
	c, err := find(t, name)
	if err != nil {
		return nil, err
	}
	dt := c.DataType()
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	if id := dt.ID(); id != arrow.STRING && id != arrow.LARGE_STRING && id != arrow.BOOL &&
		!arrow.IsInteger(id) {
		return nil, fmt.Errorf("column %q is %s, want text, integers or booleans", name, c.DataType())
	}
	typ, err := column.TypeOf(c.DataType())
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", name, err)
	}
	coder := column.NewCoder(typ)
	var codes []uint32
	for _, chunk := range c.Data().Chunks() {
		at := len(codes)
		codes = append(codes, make([]uint32, chunk.Len())...)
		if err := coder.Encode(chunk, codes[at:]); err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
	}
	out := &category{typ: c.DataType(), code: make([]int32, len(codes))}
	place := make([]int32, coder.Len())
	for i := range place {
		place[i] = -1 // null
	}
	for i, code := range coder.Order() {
		place[code] = int32(i)
		out.text = append(out.text, coder.Text(code))
	}
	out.count = make([]int64, len(out.text))
	for i, code := range codes {
		if out.code[i] = place[code]; out.code[i] >= 0 {
			out.count[out.code[i]]++
		}
	}
	return out, nil
}

// array makes a column of the type of this one.
func (c *category) array(text []string, rows []int32) (arrow.Array, error) {
	b := array.NewBuilder(memory.DefaultAllocator, c.typ)
	defer b.Release()
	b.Reserve(len(rows))
	for _, i := range rows {
		if i < 0 {
			b.AppendNull()
			continue
		}
		if err := b.AppendValueFromString(text[i]); err != nil {
			return nil, err
		}
	}
	return b.NewArray(), nil
}
