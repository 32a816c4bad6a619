package dp

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// measure is a numeric column on a grid.
type measure struct {
	name string
	grid grid
}

// numeric says whether a measure can read a type.
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

// read writes the grid steps of every row of a batch to out, skip for nulls and
// for what is not a number. A dictionary is read once an entry, into scratch.
func (m *measure) read(rec arrow.Record, out []int32, scratch *[]int32) error {
	a, err := columnOf(rec, m.name)
	if err != nil {
		return err
	}
	if d, ok := a.(*array.Dictionary); ok {
		err = m.readDictionary(d, out, scratch)
	} else {
		err = m.readPlain(a, out)
	}
	if err != nil {
		return fmt.Errorf("column %q: %w", m.name, err)
	}
	return nil
}

func (m *measure) readDictionary(d *array.Dictionary, out []int32, scratch *[]int32) error {
	if d.Len() == 0 {
		return nil
	}
	// d.Dictionary would write to d, which others may be reading.
	entries := array.MakeFromData(d.Data().Dictionary())
	defer entries.Release()
	*scratch = slices.Grow((*scratch)[:0], entries.Len())[:entries.Len()]
	if err := m.readPlain(entries, *scratch); err != nil {
		return err
	}
	for i := range out {
		if d.IsNull(i) {
			out[i] = skip
			continue
		}
		at := d.GetValueIndex(i)
		if at < 0 || at >= len(*scratch) {
			return fmt.Errorf("a dictionary index is out of range")
		}
		out[i] = (*scratch)[at]
	}
	return nil
}

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func readNumbers[T number](values []T, g grid, out []int32) {
	for i, v := range values {
		out[i] = g.steps(float64(v))
	}
}

func (m *measure) readPlain(a arrow.Array, out []int32) error {
	switch a := a.(type) {
	case *array.Int8:
		readNumbers(a.Int8Values(), m.grid, out)
	case *array.Int16:
		readNumbers(a.Int16Values(), m.grid, out)
	case *array.Int32:
		readNumbers(a.Int32Values(), m.grid, out)
	case *array.Int64:
		readNumbers(a.Int64Values(), m.grid, out)
	case *array.Uint8:
		readNumbers(a.Uint8Values(), m.grid, out)
	case *array.Uint16:
		readNumbers(a.Uint16Values(), m.grid, out)
	case *array.Uint32:
		readNumbers(a.Uint32Values(), m.grid, out)
	case *array.Uint64:
		readNumbers(a.Uint64Values(), m.grid, out)
	case *array.Float32:
		readNumbers(a.Float32Values(), m.grid, out)
	case *array.Float64:
		readNumbers(a.Float64Values(), m.grid, out)
	case *array.Float16:
		for i := range out {
			out[i] = m.grid.steps(float64(a.Value(i).Float32()))
		}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		for i := range out {
			out[i] = m.grid.steps(decimalFloat(a.Value(i), scale))
		}
	default:
		return fmt.Errorf("values are of type %s, want a number", a.DataType())
	}
	for i := range out {
		if a.IsNull(i) { // what lies in the place of a null is of no meaning
			out[i] = skip
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
