package readback

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const day = 86_400_000 // milliseconds

// flatTypes are the types that are no dictionaries and that tableio writes into
// Parquet.
func flatTypes() []arrow.DataType {
	types := []arrow.DataType{
		arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16,
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.FixedWidthTypes.Float16, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
		arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary,
		&arrow.FixedSizeBinaryType{ByteWidth: 1}, &arrow.FixedSizeBinaryType{ByteWidth: 16},
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
		arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time32ms,
		arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
		&arrow.Decimal128Type{Precision: 1, Scale: 0}, &arrow.Decimal128Type{Precision: 9, Scale: 2},
		&arrow.Decimal128Type{Precision: 18, Scale: 18}, &arrow.Decimal128Type{Precision: 19, Scale: 4},
		&arrow.Decimal128Type{Precision: 38, Scale: 10}, &arrow.Decimal256Type{Precision: 9, Scale: 9},
		&arrow.Decimal256Type{Precision: 38, Scale: 2}, &arrow.Decimal256Type{Precision: 76, Scale: 38},
		arrow.Null,
	}
	for _, u := range []arrow.TimeUnit{
		arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond,
	} {
		types = append(types, &arrow.DurationType{Unit: u}, &arrow.TimestampType{Unit: u},
			&arrow.TimestampType{Unit: u, TimeZone: "UTC"},
			&arrow.TimestampType{Unit: u, TimeZone: "Europe/Berlin"})
	}
	return types
}

// dictionaries are the types with dictionaries of them, and dictionaries of text
// with every type of index.
func dictionaries(types []arrow.DataType) []arrow.DataType {
	var all []arrow.DataType
	for _, v := range types {
		if v.ID() != arrow.NULL {
			all = append(all, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: v})
		}
	}
	for _, index := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Uint32,
		arrow.PrimitiveTypes.Uint64,
	} {
		all = append(all, &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String})
	}
	return all
}

// shape says what a made-up table is like.
type shape struct {
	rows  int
	nulls float64 // share of the rows
	seed  uint64
}

// table makes a table with a column of each type, named by its number and type.
// A column of a share of nulls of zero is not nullable.
func table(t testing.TB, types []arrow.DataType, s shape) arrow.RecordBatch {
	t.Helper()
	var fields []arrow.Field
	var columns []arrow.Array
	for i, dt := range types {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("%02d %s", i, dt), Type: dt,
			Nullable: s.nulls > 0 || dt.ID() == arrow.NULL})
		rng := rand.New(rand.NewPCG(s.seed, uint64(i)))
		c := column(t, rng, dt, s)
		defer c.Release()
		columns = append(columns, c)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(s.rows))
}

func column(t testing.TB, rng *rand.Rand, dt arrow.DataType, s shape) arrow.Array {
	t.Helper()
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return dictionary(t, rng, d, s)
	}
	b := array.NewBuilder(memory.DefaultAllocator, dt)
	defer b.Release()
	for range s.rows {
		if rng.Float64() < s.nulls {
			b.AppendNull()
		} else {
			appendValue(t, rng, b)
		}
	}
	return b.NewArray()
}

// dictionary has entries that occur twice, one that is null where there are
// nulls, and ones that no row uses.
func dictionary(t testing.TB, rng *rand.Rand, dt *arrow.DictionaryType, s shape) arrow.Array {
	t.Helper()
	const entries = 12
	values := array.NewBuilder(memory.DefaultAllocator, dt.ValueType)
	defer values.Release()
	for range entries {
		appendValue(t, rng, values)
	}
	first := values.NewArray()
	defer first.Release()
	parts := []arrow.Array{first, first}
	if s.nulls > 0 {
		none := array.MakeArrayOfNull(memory.DefaultAllocator, dt.ValueType, 1)
		defer none.Release()
		parts = append(parts, none)
	}
	all, err := array.Concatenate(parts, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Release()
	index := array.NewBuilder(memory.DefaultAllocator, dt.IndexType)
	defer index.Release()
	for range s.rows {
		if rng.Float64() < s.nulls {
			index.AppendNull()
		} else if at := rng.IntN(all.Len()); at%5 == 3 { // an entry that is used by no row
			appendIndex(t, index, at-1)
		} else {
			appendIndex(t, index, at)
		}
	}
	codes := index.NewArray()
	defer codes.Release()
	return array.NewDictionaryArray(dt, codes, all)
}

func appendIndex(t testing.TB, b array.Builder, i int) {
	t.Helper()
	if err := b.AppendValueFromString(fmt.Sprint(i)); err != nil {
		t.Fatal(err)
	}
}

// oneOf is one of some extreme values, or, every other time, any.
func oneOf[T any](rng *rand.Rand, any T, extremes ...T) T {
	if rng.IntN(2) == 0 {
		return any
	}
	return extremes[rng.IntN(len(extremes))]
}

// appendValue appends a value that is extreme every other time.
func appendValue(t testing.TB, rng *rand.Rand, b array.Builder) {
	t.Helper()
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(rng.IntN(2) == 0)
	case *array.Int8Builder:
		b.Append(oneOf(rng, int8(rng.Uint32()), math.MinInt8, -1, 0, math.MaxInt8))
	case *array.Int16Builder:
		b.Append(oneOf(rng, int16(rng.Uint32()), math.MinInt16, -1, 0, math.MaxInt16))
	case *array.Int32Builder:
		b.Append(oneOf(rng, int32(rng.Uint32()), math.MinInt32, -1, 0, math.MaxInt32))
	case *array.Int64Builder:
		b.Append(oneOf(rng, int64(rng.Uint64()), math.MinInt64, -1, 0, math.MaxInt64))
	case *array.Uint8Builder:
		b.Append(oneOf(rng, uint8(rng.Uint32()), 0, 127, 128, math.MaxUint8))
	case *array.Uint16Builder:
		b.Append(oneOf(rng, uint16(rng.Uint32()), 0, 32767, 32768, math.MaxUint16))
	case *array.Uint32Builder:
		b.Append(oneOf(rng, rng.Uint32(), 0, math.MaxInt32, math.MaxInt32+1, math.MaxUint32))
	case *array.Uint64Builder:
		b.Append(oneOf(rng, rng.Uint64(), 0, math.MaxInt64, math.MaxInt64+1, math.MaxUint64))
	case *array.Float16Builder:
		b.Append(float16.FromBits(oneOf(rng, uint16(rng.Uint32()), 0, 0x8000, 1, 0x7bff, 0x7c00, 0xfc00,
			0x7e00)))
	case *array.Float32Builder:
		b.Append(oneOf(rng, rng.Float32()-0.5, 0, float32(math.Copysign(0, -1)), math.MaxFloat32,
			math.SmallestNonzeroFloat32, float32(math.Inf(1)), float32(math.Inf(-1)),
			float32(math.NaN())))
	case *array.Float64Builder:
		b.Append(oneOf(rng, rng.NormFloat64(), 0, math.Copysign(0, -1), math.MaxFloat64,
			math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN()))
	case *array.StringBuilder:
		b.Append(text(rng))
	case *array.LargeStringBuilder:
		b.Append(text(rng))
	case *array.BinaryBuilder: // of large binary too
		b.Append(octets(rng, rng.IntN(9)))
	case *array.FixedSizeBinaryBuilder:
		b.Append(octets(rng, b.Type().(*arrow.FixedSizeBinaryType).ByteWidth))
	case *array.Date32Builder:
		b.Append(arrow.Date32(oneOf(rng, rng.Int32N(40_000)-10_000, math.MinInt32, -1, 0, math.MaxInt32)))
	case *array.Date64Builder:
		b.Append(arrow.Date64(int64(oneOf(rng, rng.Int32N(40_000), math.MinInt32, -1, math.MaxInt32)) * day))
	case *array.Time32Builder:
		perDay := int32(86_400)
		if b.Type().(*arrow.Time32Type).Unit == arrow.Millisecond {
			perDay = day
		}
		b.Append(arrow.Time32(oneOf(rng, rng.Int32N(perDay), 0, perDay-1)))
	case *array.Time64Builder:
		perDay := int64(day * 1_000)
		if b.Type().(*arrow.Time64Type).Unit == arrow.Nanosecond {
			perDay = day * 1_000_000
		}
		b.Append(arrow.Time64(oneOf(rng, rng.Int64N(perDay), 0, perDay-1)))
	case *array.TimestampBuilder:
		most := int64(math.MaxInt64)
		if b.Type().(*arrow.TimestampType).Unit == arrow.Second {
			most /= 1000 // which Parquet keeps as milliseconds
		}
		b.Append(arrow.Timestamp(oneOf(rng, rng.Int64N(1<<40)-1<<39, -most, -1, 0, most)))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(oneOf(rng, int64(rng.Uint64()), math.MinInt64, -1, 0, math.MaxInt64)))
	case *array.Decimal128Builder:
		digits := b.Type().(*arrow.Decimal128Type).Precision
		n, err := decimal128.FromString(integer(rng, int(digits)), digits, 0)
		if err != nil {
			t.Fatal(err)
		}
		b.Append(n)
	case *array.Decimal256Builder:
		digits := b.Type().(*arrow.Decimal256Type).Precision
		n, err := decimal256.FromString(integer(rng, int(digits)), digits, 0)
		if err != nil {
			t.Fatal(err)
		}
		b.Append(n)
	case *array.NullBuilder:
		b.AppendNull()
	case *array.MonthIntervalBuilder:
		b.Append(arrow.MonthInterval(oneOf(rng, rng.Int32N(100)-50, math.MinInt32, math.MaxInt32)))
	case *array.DayTimeIntervalBuilder:
		b.Append(arrow.DayTimeInterval{Days: rng.Int32N(99) - 9, Milliseconds: rng.Int32N(9999) - 99})
	case *array.MonthDayNanoIntervalBuilder:
		b.Append(arrow.MonthDayNanoInterval{Months: rng.Int32N(99) - 9, Days: -3,
			Nanoseconds: oneOf(rng, rng.Int64(), math.MinInt64)})
	default:
		t.Fatalf("no values for %T", b)
	}
}

// integer is one of up to so many digits.
func integer(rng *rand.Rand, digits int) string {
	s := strings.Repeat("9", digits)
	switch rng.IntN(4) {
	case 0:
		s = "0"
	case 1:
		s = fmt.Sprint(rng.IntN(10))
	case 2:
		s = fmt.Sprintf("%0*d", digits, rng.Uint64())[:digits]
	}
	return []string{"", "-"}[rng.IntN(2)] + s
}

func text(rng *rand.Rand) string {
	return oneOf(rng, fmt.Sprint("text ", rng.IntN(1000)), "", "\x00", "ä€😀", "\"a\",\n",
		strings.Repeat("long ", 50))
}

func octets(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = oneOf(rng, byte(rng.Uint32()), 0, 0xff)
	}
	return b
}
