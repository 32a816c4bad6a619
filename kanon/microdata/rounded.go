package microdata

import (
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// rounded makes an array of numbers of a type that number.Is accepts, each
// rounded to it, half away from zero. The numbers lie between values of the
// type.
func rounded(dt arrow.DataType, x []float64) arrow.Array {
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	b := array.NewBuilder(memory.DefaultAllocator, dt)
	defer b.Release()
	b.Reserve(len(x))
	for _, v := range x {
		switch b := b.(type) {
		case *array.Int8Builder:
			b.Append(int8(math.Round(v)))
		case *array.Int16Builder:
			b.Append(int16(math.Round(v)))
		case *array.Int32Builder:
			b.Append(int32(math.Round(v)))
		case *array.Int64Builder:
			b.Append(int64(math.Round(v)))
		case *array.Uint8Builder:
			b.Append(uint8(math.Round(v)))
		case *array.Uint16Builder:
			b.Append(uint16(math.Round(v)))
		case *array.Uint32Builder:
			b.Append(uint32(math.Round(v)))
		case *array.Uint64Builder:
			b.Append(uint64(math.Round(v)))
		case *array.Float16Builder:
			b.Append(float16.New(float32(v)))
		case *array.Float32Builder:
			b.Append(float32(v))
		case *array.Float64Builder:
			b.Append(v)
		case *array.Decimal128Builder:
			t := dt.(*arrow.Decimal128Type)
			d, err := decimal128.FromFloat64(v, t.Precision, t.Scale)
			if err != nil { // a mean lies between values that fit
				b.AppendNull()
				continue
			}
			b.Append(d)
		}
	}
	return b.NewArray()
}
