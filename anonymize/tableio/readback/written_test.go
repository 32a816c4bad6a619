package readback

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// theirs reads a file by Arrow's implementation.
func theirs(t testing.TB, path string, props pqarrow.ArrowReadProperties) columns {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f, err := file.NewParquetReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, props, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer all.Release()
	var records []arrow.RecordBatch
	batches := array.NewTableReader(all, 0)
	defer batches.Release()
	for batches.Next() {
		batches.RecordBatch().Retain()
		defer batches.RecordBatch().Release()
		records = append(records, batches.RecordBatch())
	}
	if err := batches.Err(); err != nil {
		t.Fatal(err)
	}
	return cellsOf(all.Schema(), records...)
}

// seen is the type as which others see a column that tableio writes, by the table
// in its package comment.
func seen(dt arrow.DataType) arrow.DataType {
	switch t := dt.(type) {
	case *arrow.DictionaryType:
		return seen(t.ValueType)
	case *arrow.LargeStringType:
		return arrow.BinaryTypes.String
	case *arrow.LargeBinaryType:
		return arrow.BinaryTypes.Binary
	case *arrow.Date64Type:
		return arrow.FixedWidthTypes.Date32
	case *arrow.Time32Type:
		return arrow.FixedWidthTypes.Time32ms
	case *arrow.TimestampType:
		return &arrow.TimestampType{Unit: max(t.Unit, arrow.Millisecond),
			TimeZone: strings.Repeat("UTC", min(1, len(t.TimeZone)))}
	case *arrow.DurationType:
		return arrow.PrimitiveTypes.Int64
	case *arrow.Decimal256Type:
		if t.Precision <= 38 {
			return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}
		}
	case *arrow.NullType:
		return arrow.PrimitiveTypes.Int32
	}
	return dt
}

// shapes are tables of no, few and some thousand rows, without nulls, with some,
// and of nothing else.
var shapes = []shape{
	{rows: 0}, {rows: 0, nulls: 1}, {rows: 1, seed: 1}, {rows: 1, nulls: 1}, {rows: 77, seed: 2},
	{rows: 77, nulls: 1}, {rows: 77, nulls: 0.3, seed: 3}, {rows: 2000, nulls: 0.9, seed: 4},
	{rows: 2000, nulls: 0.01, seed: 5}, {rows: 2000, seed: 6},
}

// TestWritten: Arrow's implementation reads every type that tableio writes, with
// the same values.
func TestWritten(t *testing.T) {
	for name, types := range map[string][]arrow.DataType{
		"flat": flatTypes(), "dictionaries": dictionaries(flatTypes()),
	} {
		for _, s := range shapes {
			t.Run(fmt.Sprintf("%s of %d rows with %v nulls", name, s.rows, s.nulls), func(t *testing.T) {
				rec := table(t, types, s)
				defer rec.Release()
				path := written(t, rec)
				want := cellsOf(rec.Schema(), rec)
				same(t, "at once", theirs(t, path, pqarrow.ArrowReadProperties{}), want, seen)
				if s.rows > 77 {
					same(t, "in parallel batches", theirs(t, path,
						pqarrow.ArrowReadProperties{Parallel: true, BatchSize: 100}), want, seen)
				}
			})
		}
	}
}

// TestWrittenInPieces: records of any size that are slices of a larger one make
// the same file as the whole.
func TestWrittenInPieces(t *testing.T) {
	types := append(flatTypes(), dictionaries(flatTypes())...)
	rec := table(t, types, shape{rows: 700, nulls: 0.2, seed: 7})
	defer rec.Release()
	rng := rand.New(rand.NewPCG(8, 0))
	var pieces []arrow.RecordBatch
	from := int64(13)
	for at := from; at < rec.NumRows(); {
		to := min(rec.NumRows(), at+rng.Int64N(90))
		pieces = append(pieces, rec.NewSlice(at, to))
		at = to
	}
	whole := rec.NewSlice(from, rec.NumRows())
	defer whole.Release()
	path := written(t, pieces...)
	want := cellsOf(rec.Schema(), pieces...)
	for _, p := range pieces {
		p.Release()
	}
	same(t, "pieces", theirs(t, path, pqarrow.ArrowReadProperties{}), want, seen)
	one, err := os.ReadFile(written(t, whole))
	if err != nil {
		t.Fatal(err)
	}
	many, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one, many) {
		t.Error("the bytes depend on how the rows came in records")
	}
}

// TestWrittenRowGroups: several row groups, each with a dictionary of its own;
// one column has a dictionary in none, one has nulls in only the last.
func TestWrittenRowGroups(t *testing.T) {
	const rows = 140_000
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "number", Type: arrow.PrimitiveTypes.Int64},
		{Name: "word", Type: arrow.BinaryTypes.String},
		{Name: "token", Type: arrow.BinaryTypes.String},
		{Name: "late null", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "price", Type: &arrow.Decimal128Type{Precision: 20, Scale: 2}, Nullable: true},
		{Name: "code", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16,
			ValueType: arrow.BinaryTypes.String}, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range rows {
		b.Field(0).(*array.Int64Builder).Append(int64(i) * 7919 % 1000)
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("word ", i/1000%97))
		b.Field(2).(*array.StringBuilder).Append(fmt.Sprintf("%x", uint64(i)*0x9e3779b97f4a7c15))
		b.Field(3).(*array.BooleanBuilder).Append(i%3 == 0)
		if i > rows-100 {
			b.Field(3).(*array.BooleanBuilder).SetNull(i)
		}
		b.Field(4).AppendNull()
		if err := b.Field(5).(*array.BinaryDictionaryBuilder).AppendString(fmt.Sprint(i / 45_000)); err != nil {
			t.Fatal(err)
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	path := written(t, rec)
	if n := checkBounds(t, path); n < 6 {
		t.Errorf("the row groups have bounds for %d columns and pages", n)
	}
	want := cellsOf(schema, rec)
	same(t, "row groups", theirs(t, path, pqarrow.ArrowReadProperties{Parallel: true}), want, seen)
	back := ours(t, path)
	back.schema = schema // "word" and "code" come back with dictionaries
	same(t, "ours", back, want, func(dt arrow.DataType) arrow.DataType { return dt })
}

// TestWrittenLargeValues: values larger than a page, many large ones, and
// dictionaries that are large or of large entries.
func TestWrittenLargeValues(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "huge", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "large", Type: arrow.BinaryTypes.LargeBinary, Nullable: true},
		{Name: "entry", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
			ValueType: arrow.BinaryTypes.String}, Nullable: true},
		{Name: "many", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
			ValueType: arrow.BinaryTypes.String}, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	rng := rand.New(rand.NewPCG(9, 0))
	for i := range 100 {
		if i == 50 {
			b.Field(0).(*array.StringBuilder).Append(strings.Repeat("a huge value ", 200_000))
		} else {
			b.Field(0).(*array.StringBuilder).Append("small")
		}
		b.Field(1).(*array.BinaryBuilder).Append(bytes.Repeat(octets(rng, 50), 1000))
		entry := strings.Repeat(string(rune('a'+i%3)), 50_000)
		if err := b.Field(2).(*array.BinaryDictionaryBuilder).AppendString(entry); err != nil {
			t.Fatal(err)
		}
		many := fmt.Sprintf("%05000d", i)
		if err := b.Field(3).(*array.BinaryDictionaryBuilder).AppendString(many); err != nil {
			t.Fatal(err)
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	path := written(t, rec)
	same(t, "large values", theirs(t, path, pqarrow.ArrowReadProperties{}), cellsOf(schema, rec), seen)
}
