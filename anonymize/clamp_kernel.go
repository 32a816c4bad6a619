package anonymize

import (
	"math"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func clampInts[T int8 | int16 | int32 | int64](
	c Clamp, mem memory.Allocator, a arrow.Array,
) (arrow.Array, error) {
	return clampWith(c, mem, a,
		func(f float64) T { return T(f) },
		func(v, bound T) bool { return v < bound },
		func(dst []byte, v T) []byte { return strconv.AppendInt(dst, int64(v), 10) })
}

func clampUints[T uint8 | uint16 | uint32 | uint64](
	c Clamp, mem memory.Allocator, a arrow.Array,
) (arrow.Array, error) {
	return clampWith(c, mem, a,
		func(f float64) T { return T(f) },
		func(v, bound T) bool { return v < bound },
		func(dst []byte, v T) []byte { return strconv.AppendUint(dst, uint64(v), 10) })
}

func clampFloats[T float32 | float64](
	c Clamp, mem memory.Allocator, a arrow.Array, bits int,
) (arrow.Array, error) {
	return clampWith(c, mem, a,
		func(f float64) T { return T(f) },
		func(v, bound T) bool { return v < bound },
		func(dst []byte, v T) []byte {
			if v == 0 {
				v = 0 // not -0
			}
			return appendFloat(dst, float64(v), bits)
		})
}

// clampWith is Clamp for any type with an order. bound converts a bound,
// which fits, and text writes a value.
func clampWith[T arrow.FixedWidthType](
	c Clamp, mem memory.Allocator, a arrow.Array,
	bound func(float64) T, less func(v, bound T) bool, text func([]byte, T) []byte,
) (arrow.Array, error) {
	var low, high T
	if c.Min != nil {
		low = bound(*c.Min)
	}
	if c.Max != nil {
		high = bound(*c.Max)
	}
	if !c.labelled() {
		hasLow, hasHigh := c.Min != nil, c.Max != nil
		return mapFixed(mem, a, a.DataType(), func(v T) T {
			switch {
			case hasLow && less(v, low):
				return low
			case hasHigh && less(high, v):
				return high
			}
			return plainNaN(v)
		}), nil
	}
	below, above := []byte(c.Below), []byte(c.Above)
	if c.Min != nil && c.Below == "" {
		below = text(nil, low)
	}
	if c.Max != nil && c.Above == "" {
		above = text(nil, high)
	}
	values := arrow.GetValues[T](a.Data(), 1)
	return mapText[int32](mem, a, arrow.BinaryTypes.String, func(dst []byte, i int) []byte {
		switch v := values[i]; {
		case c.Min != nil && less(v, low):
			return append(dst, below...)
		case c.Max != nil && less(high, v):
			return append(dst, above...)
		default:
			return text(dst, v)
		}
	})
}

// plainNaN replaces any NaN by the usual one: the bits of another could carry
// something through.
func plainNaN[T arrow.FixedWidthType](v T) T {
	if v != v {
		switch p := any(&v).(type) {
		case *float32:
			*p = float32(math.NaN())
		case *float64:
			*p = math.NaN()
		}
	}
	return v
}
