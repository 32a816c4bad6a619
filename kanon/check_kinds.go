package kanon

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// values returns the kind of an array's values, "" where all are null, and the
// reader of them. It is nil for a type that is not supported.
func (c *checkColumn) values(a arrow.Array) (kind string, read blockReader) {
	exact := a.DataType().String() // compared with the same type only
	switch a := a.(type) {
	case *array.Null:
		return "", func(_ int, out []uint32) error { clear(out); return nil }
	case *array.Boolean:
		return "bool", c.fixed(a, func(from int, out []uint64) {
			for i := range out {
				if out[i] = 0; a.Value(from + i) {
					out[i] = 1
				}
			}
		})
	case *array.Int8:
		return "integer", c.fixed(a, integersOf(a.Int8Values()))
	case *array.Int16:
		return "integer", c.fixed(a, integersOf(a.Int16Values()))
	case *array.Int32:
		return "integer", c.fixed(a, integersOf(a.Int32Values()))
	case *array.Int64:
		return "integer", c.fixed(a, integersOf(a.Int64Values()))
	case *array.Uint8:
		return "integer", c.fixed(a, integersOf(a.Uint8Values()))
	case *array.Uint16:
		return "integer", c.fixed(a, integersOf(a.Uint16Values()))
	case *array.Uint32:
		return "integer", c.fixed(a, integersOf(a.Uint32Values()))
	case *array.Uint64:
		return "integer", c.unsigned(a)
	case *array.Float16:
		return "float", c.fixed(a, func(from int, out []uint64) {
			for i := range out {
				out[i] = floatWord(float64(a.Value(from + i).Float32()))
			}
		})
	case *array.Float32:
		return "float", c.fixed(a, floatsOf(a.Float32Values()))
	case *array.Float64:
		return "float", c.fixed(a, floatsOf(a.Float64Values()))
	case *array.Date32:
		return exact, c.fixed(a, integersOf(a.Date32Values()))
	case *array.Date64:
		return exact, c.fixed(a, integersOf(a.Date64Values()))
	case *array.Time32:
		return exact, c.fixed(a, integersOf(a.Time32Values()))
	case *array.Time64:
		return exact, c.fixed(a, integersOf(a.Time64Values()))
	case *array.Timestamp:
		return exact, c.fixed(a, integersOf(a.TimestampValues()))
	case *array.Duration:
		return exact, c.fixed(a, integersOf(a.DurationValues()))
	case *array.Decimal128:
		return exact, c.text(a, func(i int) string { return decimalText(a.Value(i)) })
	case *array.String:
		return "text", c.text(a, a.Value)
	case *array.LargeString:
		return "text", c.text(a, a.Value)
	case *array.Binary:
		return "binary", c.text(a, a.ValueString)
	case *array.LargeBinary:
		return "binary", c.text(a, a.ValueString)
	case *array.FixedSizeBinary:
		return "binary", c.text(a, func(i int) string { return string(a.Value(i)) })
	}
	return "", nil
}

// integersOf are integers as words.
func integersOf[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32](
	values []T,
) func(from int, out []uint64) {
	return func(from int, out []uint64) {
		for i, v := range values[from : from+len(out)] {
			out[i] = uint64(int64(v))
		}
	}
}

func floatsOf[T float32 | float64](values []T) func(from int, out []uint64) {
	return func(from int, out []uint64) {
		for i, v := range values[from : from+len(out)] {
			out[i] = floatWord(float64(v))
		}
	}
}

// floatWord makes one word of both zeros, and one of everything that is no
// number.
func floatWord(v float64) uint64 {
	switch {
	case v == 0:
		v = 0 // not −0
	case v != v:
		v = math.NaN()
	}
	return math.Float64bits(v)
}

// fixed reads values that words hold. What stands behind a null is not looked at.
func (c *checkColumn) fixed(a arrow.Array, words func(from int, out []uint64)) blockReader {
	nulls := a.NullN() > 0
	return func(from int, out []uint32) error {
		c.block = slices.Grow(c.block[:0], len(out))[:len(out)]
		words(from, c.block)
		if !nulls {
			c.number(c.words, c.block, out)
			return nil
		}
		c.rows = c.rows[:0]
		for i := range out {
			if out[i] = nullCode; a.IsValid(from + i) {
				c.block[len(c.rows)] = c.block[i]
				c.rows = append(c.rows, i)
			}
		}
		c.scatter(c.words, c.block[:len(c.rows)], out)
		return nil
	}
}

// unsigned keeps integers beyond int64 apart from negative ones.
func (c *checkColumn) unsigned(a *array.Uint64) blockReader {
	nulls := a.NullN() > 0
	return func(from int, out []uint32) error {
		for _, big := range []bool{false, true} {
			c.rows, c.block = c.rows[:0], c.block[:0]
			table := c.words
			if big {
				table = c.beyond
			}
			for i, v := range a.Uint64Values()[from : from+len(out)] {
				if nulls && a.IsNull(from+i) {
					out[i] = nullCode
				} else if (v > math.MaxInt64) == big {
					c.rows, c.block = append(c.rows, i), append(c.block, v)
				}
			}
			c.scatter(table, c.block, out)
		}
		return nil
	}
}

// number numbers words of a table.
func (c *checkColumn) number(table *wordNumbers, words []uint64, out []uint32) {
	table.number(words, out, uint32(1+c.words.len()+c.beyond.len())) // 0 is null
}

// scatter numbers words that are those of c.rows.
func (c *checkColumn) scatter(table *wordNumbers, words []uint64, out []uint32) {
	c.numbers = slices.Grow(c.numbers[:0], len(words))[:len(words)]
	c.number(table, words, c.numbers)
	for k, i := range c.rows {
		out[i] = c.numbers[k]
	}
}

// text reads values that bytes hold.
func (c *checkColumn) text(a arrow.Array, at func(row int) string) blockReader {
	nulls := a.NullN() > 0
	return func(from int, out []uint32) error {
		c.strings, c.rows = c.strings[:0], c.rows[:0]
		for i := range out {
			if out[i] = nullCode; !nulls || a.IsValid(from+i) {
				c.strings, c.rows = append(c.strings, at(from+i)), append(c.rows, i)
			}
		}
		defer clear(c.strings) // the record is not kept
		if len(c.rows) == len(out) {
			c.texts.number(c.strings, out)
			return nil
		}
		c.numbers = slices.Grow(c.numbers[:0], len(c.rows))[:len(c.rows)]
		c.texts.number(c.strings, c.numbers)
		for k, i := range c.rows {
			out[i] = c.numbers[k]
		}
		return nil
	}
}

// decimalText is the number in 16 bytes, the sign first.
func decimalText(v decimal128.Num) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(v.HighBits()))
	binary.BigEndian.PutUint64(b[8:], v.LowBits())
	return string(b[:])
}
