package column

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// rows are positions in an array: the listed ones, or all from lo on where
// there is no list. A listed position of -1 is null.
type rows struct {
	list []int32
	lo   int
}

func (r rows) at(i int) int {
	if r.list != nil {
		return int(r.list[r.lo+i])
	}
	return r.lo + i
}

func gather[T any](vals []T, r rows, out []uint64, word func(T) uint64) {
	if r.list == nil {
		for i, v := range vals[r.lo : r.lo+len(out)] {
			out[i] = word(v)
		}
		return
	}
	for i, p := range r.list[r.lo : r.lo+len(out)] {
		if p >= 0 {
			out[i] = word(vals[p])
		}
	}
}

// widen is gather of whole numbers, whose sign is kept.
func widen[T integer](vals []T, r rows, out []uint64) {
	if r.list == nil {
		for i, v := range vals[r.lo : r.lo+len(out)] {
			out[i] = uint64(v)
		}
		return
	}
	gather(vals, r, out, func(v T) uint64 { return uint64(v) })
}

// floatWord makes all NaN one value, and the two zeros.
func floatWord(f float64) uint64 {
	switch {
	case f != f:
		return math.Float64bits(math.NaN())
	case f == 0:
		return 0
	}
	return math.Float64bits(f)
}

const dayMillis = 86_400_000

// loadWords writes the words of the values at the rows; the words of nulls are
// of no meaning. It fails for array types that are not of one word.
func loadWords(a arrow.Array, r rows, out []uint64) error {
	switch a := a.(type) {
	case *array.Int8:
		widen(a.Int8Values(), r, out)
	case *array.Int16:
		widen(a.Int16Values(), r, out)
	case *array.Int32:
		widen(a.Int32Values(), r, out)
	case *array.Int64:
		widen(a.Int64Values(), r, out)
	case *array.Uint8:
		widen(a.Uint8Values(), r, out)
	case *array.Uint16:
		widen(a.Uint16Values(), r, out)
	case *array.Uint32:
		widen(a.Uint32Values(), r, out)
	case *array.Uint64:
		widen(a.Uint64Values(), r, out)
	case *array.Float32:
		gather(a.Float32Values(), r, out, func(v float32) uint64 { return floatWord(float64(v)) })
	case *array.Float64:
		gather(a.Float64Values(), r, out, floatWord)
	case *array.Date32:
		gather(a.Date32Values(), r, out, func(v arrow.Date32) uint64 {
			return uint64(int64(v) * dayMillis)
		})
	case *array.Date64:
		widen(a.Date64Values(), r, out)
	case *array.Time32:
		scale := int64(a.DataType().(*arrow.Time32Type).Unit.Multiplier())
		gather(a.Time32Values(), r, out, func(v arrow.Time32) uint64 {
			return uint64(int64(v) * scale)
		})
	case *array.Time64:
		return loadTime64(a, r, out)
	case *array.Timestamp:
		widen(a.TimestampValues(), r, out)
	case *array.Duration:
		widen(a.DurationValues(), r, out)
	default:
		return loadSlow(a, r, out)
	}
	return nil
}

// loadTime64 refuses a time that has no place among the nanoseconds of an
// int64, which lies far outside a day.
func loadTime64(a *array.Time64, r rows, out []uint64) error {
	scale := int64(a.DataType().(*arrow.Time64Type).Unit.Multiplier())
	bad := false
	gather(a.Time64Values(), r, out, func(v arrow.Time64) uint64 {
		ns := int64(v) * scale
		bad = bad || ns/scale != int64(v)
		return uint64(ns)
	})
	for i := range out {
		if p := r.at(i); bad && !isNull(a, p) {
			if v := int64(a.Value(p)); v*scale/scale != v {
				return fmt.Errorf("a time lies outside the day")
			}
		}
	}
	return nil
}

// loadSlow is for types without a slice of values.
func loadSlow(a arrow.Array, r rows, out []uint64) error {
	for i := range out {
		p := r.at(i)
		if isNull(a, p) {
			continue
		}
		switch a := a.(type) {
		case *array.Boolean:
			out[i] = 0
			if a.Value(p) {
				out[i] = 1
			}
		case *array.Float16:
			out[i] = floatWord(float64(a.Value(p).Float32()))
		case *array.Null:
		default:
			return fmt.Errorf("type %s is not supported", a.DataType())
		}
	}
	return nil
}

// byteReader returns the bytes of the value at a position of the array; they
// are good until the next call. It fails for types that are of one word.
func byteReader(a arrow.Array) (func(i int) []byte, error) {
	switch a := a.(type) {
	case *array.String:
		return func(i int) []byte { return unsafeBytes(a.Value(i)) }, nil
	case *array.LargeString:
		return func(i int) []byte { return unsafeBytes(a.Value(i)) }, nil
	case *array.Binary:
		return a.Value, nil
	case *array.LargeBinary:
		return a.Value, nil
	case *array.FixedSizeBinary:
		return a.Value, nil
	case *array.Decimal128:
		buf := make([]byte, decimalSize)
		return func(i int) []byte { putDecimal(buf, a.Value(i)); return buf }, nil
	}
	return nil, fmt.Errorf("type %s is not supported", a.DataType())
}

const decimalSize = 16

// putDecimal writes a decimal so that bytes compare as the numbers do.
func putDecimal(b []byte, d decimal128.Num) {
	binary.BigEndian.PutUint64(b, uint64(d.HighBits())^1<<63)
	binary.BigEndian.PutUint64(b[8:], d.LowBits())
}

func getDecimal(b []byte) decimal128.Num {
	return decimal128.New(int64(binary.BigEndian.Uint64(b)^1<<63), binary.BigEndian.Uint64(b[8:]))
}
