package tuple

import (
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Numeric says whether values of a type are read as numbers: integers, floats
// and decimals, also in a dictionary.
func Numeric(dt arrow.DataType) bool {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return Numeric(d.ValueType)
	}
	return arrow.IsInteger(dt.ID()) || arrow.IsFloating(dt.ID()) || dt.ID() == arrow.DECIMAL128
}

// appendNumbers appends the values of a, NaN for null. Integers beyond 2^53
// and decimals are rounded to the nearest float64.
func appendNumbers(to []float64, a arrow.Array) ([]float64, error) {
	from := len(to)
	to = append(to, make([]float64, a.Len())...)
	out := to[from:]
	switch a := a.(type) {
	case *array.Dictionary:
		return to, dictionaryNumbers(a, out)
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
		convert(a.Float64Values(), out)
	case *array.Float16:
		for i := range out {
			out[i] = float64(a.Value(i).Float32())
		}
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil)
		for i := range out {
			if a.IsValid(i) {
				out[i] = decimal(a.Value(i).BigInt(), ten, scale < 0)
			}
		}
	default:
		return to, fmt.Errorf("type %s, want numbers", a.DataType())
	}
	for i := range out {
		if a.IsNull(i) {
			out[i] = math.NaN()
		}
	}
	return to, nil
}

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func convert[T number](values []T, out []float64) {
	for i, v := range values {
		out[i] = float64(v)
	}
}

// decimal is the float64 nearest to n over ten, or to n times ten.
func decimal(n, ten *big.Int, times bool) float64 {
	r := new(big.Rat)
	if times {
		r.SetInt(new(big.Int).Mul(n, ten))
	} else {
		r.SetFrac(n, ten)
	}
	f, _ := r.Float64()
	return f
}

func dictionaryNumbers(d *array.Dictionary, out []float64) error {
	// d.Dictionary would write to d, which others may be reading.
	dict := array.MakeFromData(d.Data().Dictionary())
	defer dict.Release()
	entries, err := Numbers(dict)
	if err != nil {
		return err
	}
	for i := range out {
		if d.IsNull(i) {
			out[i] = math.NaN()
			continue
		}
		e := d.GetValueIndex(i)
		if e < 0 || e >= len(entries) {
			return fmt.Errorf("a dictionary index is out of range")
		}
		out[i] = entries[e]
	}
	return nil
}

// Numbers reads the values of an array as appended by Read: NaN for null.
func Numbers(a arrow.Array) ([]float64, error) { return appendNumbers(nil, a) }
