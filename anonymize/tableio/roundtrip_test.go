package tableio_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// flatTypes lists every type that Parquet and Arrow files hold.
func flatTypes() []arrow.DataType {
	types := []arrow.DataType{
		arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16,
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64,
		arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
		arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary,
		&arrow.FixedSizeBinaryType{ByteWidth: 5},
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
		arrow.FixedWidthTypes.Time32s, arrow.FixedWidthTypes.Time32ms,
		arrow.FixedWidthTypes.Time64us, arrow.FixedWidthTypes.Time64ns,
		&arrow.Decimal128Type{Precision: 9, Scale: 2},
		&arrow.Decimal128Type{Precision: 38, Scale: 10},
		arrow.Null,
	}
	for _, u := range []arrow.TimeUnit{
		arrow.Second, arrow.Millisecond, arrow.Microsecond, arrow.Nanosecond,
	} {
		types = append(types, &arrow.DurationType{Unit: u}, &arrow.TimestampType{Unit: u},
			&arrow.TimestampType{Unit: u, TimeZone: "UTC"},
			&arrow.TimestampType{Unit: u, TimeZone: "Europe/Berlin"})
	}
	for _, v := range []arrow.DataType{
		arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.LargeString,
		&arrow.Decimal128Type{Precision: 9, Scale: 2}, arrow.FixedWidthTypes.Date64,
	} {
		types = append(types, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: v})
	}
	return types
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
	case *array.BinaryDictionaryBuilder:
		if err := b.AppendString(fmt.Sprintf("v%d", k%5)); err != nil {
			t.Fatal(err)
		}
	case *array.Int64DictionaryBuilder:
		if err := b.Append(int64(k % 5)); err != nil {
			t.Fatal(err)
		}
	case *array.Decimal128DictionaryBuilder:
		if err := b.Append(decimal128.FromI64(int64(k % 5))); err != nil {
			t.Fatal(err)
		}
	case *array.Date64DictionaryBuilder:
		if err := b.Append(arrow.Date64(int64(k%5) * 86400000)); err != nil {
			t.Fatal(err)
		}
	default:
		t.Fatalf("no values for %T", b)
	}
}

// column makes an array of rows values, every null-th of them null.
func column(t testing.TB, mem memory.Allocator, dt arrow.DataType, rows, null int) arrow.Array {
	t.Helper()
	if d, ok := dt.(*arrow.DictionaryType); ok && d.ValueType.ID() == arrow.LARGE_STRING {
		return largeDictionary(t, mem, d, rows, null)
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

// largeDictionary does what the library has no builder for.
func largeDictionary(
	t testing.TB, mem memory.Allocator, dt *arrow.DictionaryType, rows, null int,
) arrow.Array {
	values := column(t, mem, dt.ValueType, 5, 0)
	defer values.Release()
	b := array.NewInt32Builder(mem)
	defer b.Release()
	for i := range rows {
		if null > 0 && i%null == 0 {
			b.AppendNull()
		} else {
			b.Append(int32(i % 5))
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

// write writes records and returns the path.
func write(t testing.TB, name string, opts *tableio.Options, records ...arrow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := tableio.Create(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
	}()
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads a source as one record.
func read(t testing.TB, src anonymize.Source, columns ...string) arrow.Record {
	t.Helper()
	r, err := src.Open(context.Background(), columns...)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	schema := r.Schema()
	parts := make([][]arrow.Array, schema.NumFields())
	rows := int64(0)
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		defer rec.Release()
		rows += rec.NumRows()
		for i := range parts {
			parts[i] = append(parts[i], rec.Column(i))
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	columnsOut := make([]arrow.Array, len(parts))
	for i, p := range parts {
		columnsOut[i] = join(t, schema.Field(i).Type, p)
		defer columnsOut[i].Release()
	}
	return array.NewRecord(schema, columnsOut, rows)
}

func join(t testing.TB, dt arrow.DataType, parts []arrow.Array) arrow.Array {
	t.Helper()
	if len(parts) == 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, dt, 0)
	}
	if len(parts) == 1 {
		parts[0].Retain()
		return parts[0]
	}
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return joinDictionaries(t, d, parts)
	}
	a, err := array.Concatenate(parts, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// joinDictionaries puts one dictionary behind the other; the library's way to
// unify them mixes up codes where there are nulls (v15.0.2).
func joinDictionaries(t testing.TB, dt *arrow.DictionaryType, parts []arrow.Array) arrow.Array {
	t.Helper()
	var values []arrow.Array
	index := array.NewInt32Builder(memory.DefaultAllocator)
	defer index.Release()
	offset := 0
	for _, p := range parts {
		d := p.(*array.Dictionary)
		values = append(values, d.Dictionary())
		for row := range d.Len() {
			if d.IsNull(row) {
				index.AppendNull()
			} else {
				index.Append(int32(offset + d.GetValueIndex(row)))
			}
		}
		offset += d.Dictionary().Len()
	}
	all, err := array.Concatenate(values, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Release()
	codes := index.NewArray()
	defer codes.Release()
	return array.NewDictionaryArray(dt, codes, all)
}

// same compares tables by type and value; dictionaries by their values.
func same(t testing.TB, got, want arrow.Record) {
	t.Helper()
	if got.NumRows() != want.NumRows() || got.NumCols() != want.NumCols() {
		t.Fatalf("%d × %d, want %d × %d", got.NumRows(), got.NumCols(), want.NumRows(), want.NumCols())
	}
	for i := range int(want.NumCols()) {
		g, w := got.Column(i), want.Column(i)
		name := want.ColumnName(i)
		if got.ColumnName(i) != name {
			t.Errorf("column %d is %q, want %q", i, got.ColumnName(i), name)
		}
		if !arrow.TypeEqual(g.DataType(), w.DataType()) {
			t.Errorf("column %q has type %s, want %s", name, g.DataType(), w.DataType())
			continue
		}
		for row := range w.Len() {
			if g.IsNull(row) != w.IsNull(row) || g.ValueStr(row) != w.ValueStr(row) {
				t.Errorf("column %q row %d: got %q, want %q", name, row, g.ValueStr(row), w.ValueStr(row))
				break
			}
		}
	}
}

func open(t testing.TB, path string, opts *tableio.Options) *tableio.File {
	t.Helper()
	f, err := tableio.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRoundTripOfEveryType(t *testing.T) {
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows"} {
		for _, null := range []int{0, 3} {
			for _, rows := range []int{0, 1, 1000} {
				t.Run(fmt.Sprintf("%s null %d rows %d", name, null, rows), func(t *testing.T) {
					mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
					defer mem.AssertSize(t, 0)
					want := allTypes(t, mem, flatTypes(), rows, null)
					defer want.Release()
					got := read(t, open(t, write(t, name, nil, want), nil))
					defer got.Release()
					same(t, got, want)
				})
			}
		}
	}
}
