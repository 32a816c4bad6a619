// Package number reads Arrow columns of numbers, whatever their physical type,
// as float64 or int64. Sliced arrays and dictionaries may be read by several
// goroutines at once.
package number

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Is says whether Read reads values of a type: integers, floats and decimals,
// also in a dictionary.
func Is(dt arrow.DataType) bool {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	return arrow.IsInteger(dt.ID()) || arrow.IsFloating(dt.ID()) || dt.ID() == arrow.DECIMAL128
}

// Read writes the numbers of a to out, which is as long as a: NaN for null, the
// nearest float64 for integers beyond 2^53 and for decimals. The entries of a
// dictionary are read once, into scratch, which grows as is needed.
func Read(a arrow.Array, out []float64, scratch *[]float64) error {
	d, ok := a.(*array.Dictionary)
	if !ok {
		return readPlain(a, out)
	}
	if d.Len() == 0 {
		return nil
	}
	// d.Dictionary would write to d, which others may be reading.
	entries := array.MakeFromData(d.Data().Dictionary())
	defer entries.Release()
	*scratch = slices.Grow((*scratch)[:0], entries.Len())[:entries.Len()]
	if err := readPlain(entries, *scratch); err != nil {
		return err
	}
	for i := range out {
		if d.IsNull(i) {
			out[i] = math.NaN()
			continue
		}
		at := d.GetValueIndex(i)
		if at < 0 || at >= len(*scratch) {
			return errors.New("a dictionary index is out of range")
		}
		out[i] = (*scratch)[at]
	}
	return nil
}

// Values are the numbers of a, as Read writes them.
func Values(a arrow.Array) ([]float64, error) {
	out := make([]float64, a.Len())
	return out, Read(a, out, new([]float64))
}

type primitive interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func convert[T primitive](values []T, out []float64) {
	for i, v := range values {
		out[i] = float64(v)
	}
}

func readPlain(a arrow.Array, out []float64) error {
	switch a := a.(type) {
	case *array.Int8:
		convert(a.Int8Values(), out)
	case *array.Int16:
		convert(a.Int16Values(), out)
	case *array.Int32:
		convert(a.Int32Values(), out)
	case *array.Int64:
		convert(a.Int64Values(), out)
	case *array.Uint8:
		convert(a.Uint8Values(), out)
	case *array.Uint16:
		convert(a.Uint16Values(), out)
	case *array.Uint32:
		convert(a.Uint32Values(), out)
	case *array.Uint64:
		convert(a.Uint64Values(), out)
	case *array.Float32:
		convert(a.Float32Values(), out)
	case *array.Float64:
		copy(out, a.Float64Values())
	case *array.Float16:
		for i := range out {
			out[i] = Half(a.Value(i))
		}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		for i := range out {
			if a.IsValid(i) { // elsewhere it may be out of all range, and slow
				out[i] = Decimal(a.Value(i), scale)
			}
		}
	default:
		return fmt.Errorf("values are of type %s, want a number", a.DataType())
	}
	if len(a.NullBitmapBytes()) == 0 {
		return nil
	}
	for i := range out {
		if a.IsNull(i) { // what lies in the place of a null is of no meaning
			out[i] = math.NaN()
		}
	}
	return nil
}
