package take

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// flatTypes are all types that rows are picked of, dictionaries aside.
var flatTypes = []arrow.DataType{
	arrow.Null, arrow.FixedWidthTypes.Boolean,
	arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16,
	arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
	arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
	arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
	arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
	arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary,
	&arrow.FixedSizeBinaryType{ByteWidth: 3},
	arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
	arrow.FixedWidthTypes.Time32ms, arrow.FixedWidthTypes.Time64us,
	arrow.FixedWidthTypes.Timestamp_us, arrow.FixedWidthTypes.Duration_ns,
	&arrow.Decimal128Type{Precision: 20, Scale: 2},
	&arrow.Decimal256Type{Precision: 40, Scale: 2},
}

var indexTypes = []arrow.DataType{
	arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16,
	arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
	arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
	arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
}

// plain makes an array of the type with a value for each number, null for
// negative ones. Equal numbers are equal values.
func plain(tb testing.TB, mem memory.Allocator, t arrow.DataType, numbers []int) arrow.Array {
	tb.Helper()
	b := array.NewBuilder(mem, t)
	defer b.Release()
	for _, n := range numbers {
		if n < 0 {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.NullBuilder:
			b.AppendNull()
		case *array.BooleanBuilder:
			b.Append(n%2 == 1)
		case *array.Float16Builder:
			b.Append(float16.New(float32(n)))
		case *array.StringBuilder:
			b.Append(fmt.Sprintf("value %d", n))
		case *array.LargeStringBuilder:
			b.Append(fmt.Sprintf("value %d", n))
		case *array.BinaryBuilder:
			b.Append([]byte(fmt.Sprintf("value %d", n)))
		case *array.FixedSizeBinaryBuilder:
			b.Append([]byte(fmt.Sprintf("%03d", n)))
		case *array.Date32Builder:
			b.Append(arrow.Date32(n))
		case *array.Date64Builder:
			b.Append(arrow.Date64(n * 86400000))
		case *array.Time32Builder:
			b.Append(arrow.Time32(n))
		case *array.Time64Builder:
			b.Append(arrow.Time64(n))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(n))
		case *array.DurationBuilder:
			b.Append(arrow.Duration(n))
		case *array.Decimal128Builder:
			b.Append(decimal128.FromI64(int64(n)))
		case *array.Decimal256Builder:
			b.Append(decimal256.FromI64(int64(n)))
		default:
			if err := b.AppendValueFromString(fmt.Sprint(n)); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return b.NewArray()
}

// coded makes a dictionary array whose dictionary has duplicate, null and
// unused entries.
func coded(
	tb testing.TB, mem memory.Allocator, rng *rand.Rand, index, value arrow.DataType, n int,
) *array.Dictionary {
	tb.Helper()
	dict := plain(tb, mem, value, []int{4, 1, -1, 3, 1, 0, 4, 90})
	defer dict.Release()
	codes := make([]int, n)
	for i := range codes {
		codes[i] = rng.IntN(8) - 1 // 7 stays unused
	}
	indices := plain(tb, mem, index, codes)
	defer indices.Release()
	return array.NewDictionaryArray(
		&arrow.DictionaryType{IndexType: index, ValueType: value, Ordered: true}, indices, dict)
}

// texts shows every row, for comparison.
func rowTexts(a arrow.Array) []string {
	out := make([]string, a.Len())
	for i := range out {
		out[i] = rowText(a, i)
	}
	return out
}

func rowText(a arrow.Array, i int) string {
	if d, ok := a.(*array.Dictionary); ok && d.IsValid(i) {
		return rowText(d.Dictionary(), d.GetValueIndex(i))
	}
	if a.IsNull(i) {
		return "(null)"
	}
	return a.ValueStr(i)
}
