package column

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func (c *Coder) mergeable(o *Coder) error {
	if c.typ != o.typ {
		return fmt.Errorf("values are of type %s, want %s", o.typ, c.typ)
	}
	if c.Len()+o.Len() > maxCodes {
		return fmt.Errorf("more than %d distinct values", maxCodes)
	}
	return nil
}

// Array gives the values with the given codes back as an array of the type
// that Type.Arrow names, null for the code of null. Dates that are not whole
// days make it a date64. The caller releases it.
func (c *Coder) Array(mem memory.Allocator, codes []uint32) arrow.Array {
	dt := c.typ.Arrow()
	if c.typ.Kind == Date && !c.wholeDays(codes) {
		dt = arrow.FixedWidthTypes.Date64
	}
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	b.Reserve(len(codes))
	for _, code := range codes {
		if int64(code) == c.null {
			b.AppendNull()
		} else {
			c.appendTo(b, code)
		}
	}
	return b.NewArray()
}

func (c *Coder) wholeDays(codes []uint32) bool {
	for _, code := range codes {
		ms := int64(c.words.Keys()[code])
		if ms%dayMillis != 0 || ms/dayMillis != int64(int32(ms/dayMillis)) {
			return false
		}
	}
	return true
}

func (c *Coder) appendTo(b array.Builder, code uint32) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(string(c.text.at(code)))
		return
	case *array.BinaryBuilder:
		b.Append(c.text.at(code))
		return
	case *array.Decimal128Builder:
		b.Append(getDecimal(c.text.at(code)))
		return
	}
	w := c.words.Keys()[code]
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(w != 0)
	case *array.Int64Builder:
		b.Append(int64(w))
	case *array.Uint64Builder:
		b.Append(w)
	case *array.Float64Builder:
		b.Append(math.Float64frombits(w))
	case *array.Date32Builder:
		b.Append(arrow.Date32(int64(w) / dayMillis))
	case *array.Date64Builder:
		b.Append(arrow.Date64(w))
	case *array.Time64Builder:
		b.Append(arrow.Time64(w))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(w))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(w))
	default:
		b.AppendNull()
	}
}
