package tableio_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// halves are half-precision numbers by their bits: 0, -0, the least, the
// greatest below 1, 1, the greatest, infinity, a tenth and a negative one.
var halves = func() []float16.Num {
	bits := []uint16{0, 0x8000, 1, 0x3bff, 0x3c00, 0x7bff, 0x7c00, 0x2e66, 0xc248, 0x83ff}
	return arrow.Float16Traits.CastFromBytes(arrow.Uint16Traits.CastToBytes(bits))
}()

// flatTypes lists every type that Parquet and Arrow files hold.
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
		&arrow.FixedSizeBinaryType{ByteWidth: 5},
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
		arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time32ms,
		arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
		&arrow.Decimal128Type{Precision: 9, Scale: 2},
		&arrow.Decimal128Type{Precision: 18, Scale: 0},
		&arrow.Decimal128Type{Precision: 38, Scale: 10},
		&arrow.Decimal256Type{Precision: 9, Scale: 9}, &arrow.Decimal256Type{Precision: 30, Scale: 2},
		&arrow.Decimal256Type{Precision: 76, Scale: 38},
		arrow.Null,
	}
	for _, u := range []arrow.TimeUnit{
		arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond,
	} {
		types = append(types, &arrow.DurationType{Unit: u}, &arrow.TimestampType{Unit: u},
			&arrow.TimestampType{Unit: u, TimeZone: "UTC"},
			&arrow.TimestampType{Unit: u, TimeZone: "Europe/Berlin"})
	}
	for _, v := range types {
		if v.ID() != arrow.NULL {
			types = append(types, dictionaryOf(arrow.PrimitiveTypes.Int32, v))
		}
	}
	return types
}

// intervalTypes are held by Arrow files only.
func intervalTypes() []arrow.DataType {
	types := []arrow.DataType{arrow.FixedWidthTypes.MonthInterval,
		arrow.FixedWidthTypes.DayTimeInterval, arrow.FixedWidthTypes.MonthDayNanoInterval}
	for _, v := range types {
		types = append(types, dictionaryOf(arrow.PrimitiveTypes.Int32, v))
	}
	return types
}

// indexTypes are dictionaries of text with every type of index.
func indexTypes() (types []arrow.DataType) {
	for _, index := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16,
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	} {
		types = append(types, dictionaryOf(index, arrow.BinaryTypes.String))
	}
	return types
}

func dictionaryOf(index, values arrow.DataType) *arrow.DictionaryType {
	return &arrow.DictionaryType{IndexType: index, ValueType: values}
}

// appendValue appends the k-th of some values of a type that differ.
func appendValue(t testing.TB, b array.Builder, k int) {
	t.Helper()
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(k%2 == 0)
	case *array.Int8Builder:
		b.Append(int8(k - 100))
	case *array.Int16Builder:
		b.Append(int16(k*300 - 30000))
	case *array.Int32Builder:
		b.Append(int32(k) - 7)
	case *array.Int64Builder:
		b.Append(math.MinInt64 + int64(k))
	case *array.Uint8Builder:
		b.Append(uint8(k + 200))
	case *array.Uint16Builder:
		b.Append(uint16(65535 - k))
	case *array.Uint32Builder:
		b.Append(math.MaxUint32 - uint32(k))
	case *array.Uint64Builder:
		b.Append(math.MaxUint64 - uint64(k))
	case *array.Float32Builder:
		b.Append(float32(k) / 3)
	case *array.Float64Builder:
		b.Append(float64(k) / 7)
	case *array.StringBuilder:
		b.Append(fmt.Sprintf("tä,\"xt\n%d", k))
	case *array.LargeStringBuilder:
		b.Append(strings.Repeat("x", k))
	case *array.BinaryBuilder:
		b.Append([]byte{0xff, byte(k), 0})
	case *array.FixedSizeBinaryBuilder:
		b.Append([]byte{1, 2, 3, 4, byte(k)})
	case *array.Date32Builder:
		b.Append(arrow.Date32(k*1000 - 20000))
	case *array.Date64Builder:
		b.Append(arrow.Date64((int64(k)*1000 - 20000) * 86400000))
	case *array.Time32Builder:
		b.Append(arrow.Time32(k * 800))
	case *array.Time64Builder:
		b.Append(arrow.Time64(k * 800_000_007))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(int64(k)*1_000_003 - 50_000_001))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(k*k - 12))
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(int64(k)*1234567 - 7000000))
	case *array.NullBuilder:
		b.AppendNull()
	case *array.Float16Builder:
		b.Append(halves[k%len(halves)])
	case *array.Decimal256Builder:
		b.Append(decimal256.FromI64(int64(k)*1234567 - 7000000))
	case *array.MonthIntervalBuilder:
		b.Append(arrow.MonthInterval(k - 9))
	case *array.DayTimeIntervalBuilder:
		b.Append(arrow.DayTimeInterval{Days: int32(k - 9), Milliseconds: int32(k * 77)})
	case *array.MonthDayNanoIntervalBuilder:
		b.Append(arrow.MonthDayNanoInterval{Months: int32(k), Days: -3, Nanoseconds: int64(k) << 40})
	default:
		t.Fatalf("no values for %T", b)
	}
}

// column makes an array of rows values, every null-th of them null.
func column(t testing.TB, mem memory.Allocator, dt arrow.DataType, rows, null int) arrow.Array {
	t.Helper()
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return dictionaryColumn(t, mem, d, rows, null)
	}
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	for i := range rows {
		if null > 0 && i%null == 0 {
			b.AppendNull()
		} else {
			appendValue(t, b, i%50)
		}
	}
	return b.NewArray()
}

// dictionaryColumn has five entries, of which those of a Boolean type are not
// all different.
func dictionaryColumn(
	t testing.TB, mem memory.Allocator, dt *arrow.DictionaryType, rows, null int,
) arrow.Array {
	t.Helper()
	values := column(t, mem, dt.ValueType, 5, 0)
	defer values.Release()
	b := array.NewBuilder(mem, dt.IndexType)
	defer b.Release()
	for i := range rows {
		if null > 0 && i%null == 0 {
			b.AppendNull()
		} else if err := b.AppendValueFromString(strconv.Itoa(i % 5)); err != nil {
			t.Fatal(err)
		}
	}
	index := b.NewArray()
	defer index.Release()
	return array.NewDictionaryArray(dt, index, values)
}

// allTypes is a table with a column of every type in types.
func allTypes(t testing.TB, mem memory.Allocator, types []arrow.DataType, rows, null int) arrow.Record {
	t.Helper()
	var fields []arrow.Field
	var columns []arrow.Array
	for i, dt := range types {
		fields = append(fields, arrow.Field{
			Name: fmt.Sprintf("%02d %s", i, dt), Type: dt,
			Nullable: null > 0 || dt.ID() == arrow.NULL,
		})
		c := column(t, mem, dt, rows, null)
		defer c.Release()
		columns = append(columns, c)
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(rows))
}
