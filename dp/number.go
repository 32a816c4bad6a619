package dp

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// numeric says whether readNumbers can read a type.
func numeric(dt arrow.DataType) bool {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	switch dt.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64,
		arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL128:
		return true
	}
	return false
}

// readNumbers writes the numbers of a column of a batch to out, NaN for nulls. A
// dictionary is read once an entry, into scratch.
func readNumbers(rec arrow.Record, name string, out []float64, scratch *[]float64) error {
	a, err := columnOf(rec, name)
	if err != nil {
		return err
	}
	if d, ok := a.(*array.Dictionary); ok {
		err = readDictionary(d, out, scratch)
	} else {
		err = readPlain(a, out)
	}
	if err != nil {
		return fmt.Errorf("column %q: %w", name, err)
	}
	return nil
}

func readDictionary(d *array.Dictionary, out []float64, scratch *[]float64) error {
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

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func convert[T number](values []T, out []float64) {
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
			out[i] = float64(a.Value(i).Float32())
		}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		for i := range out {
			out[i] = decimalFloat(a.Value(i), scale)
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

// decimalFloat is a decimal as a floating-point number, for any scale.
func decimalFloat(d decimal128.Num, scale int32) float64 {
	sign := 1.0
	if d.HighBits() < 0 {
		d, sign = d.Negate(), -1
	}
	x := sign * (float64(uint64(d.HighBits()))*(1<<64) + float64(d.LowBits()))
	if scale < 0 {
		return x * math.Pow10(-int(scale))
	}
	return x / math.Pow10(int(scale))
}
