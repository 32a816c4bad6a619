package tableio_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// visits makes a table as they come: a person's id as text, three columns of
// few values, three numbers with some nulls, a day, an instant and a truth
// value; its records have 65536 rows.
func visits(rows int) *tableio.Memory {
	fields := []arrow.Field{
		{Name: "person", Type: arrow.BinaryTypes.String},
		{Name: "ward", Type: &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}},
		{Name: "diagnosis", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "sex", Type: arrow.BinaryTypes.String},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32},
		{Name: "days", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "cost", Type: arrow.PrimitiveTypes.Float64},
		{Name: "admitted", Type: arrow.FixedWidthTypes.Date32},
		{Name: "written", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
		{Name: "emergency", Type: arrow.FixedWidthTypes.Boolean},
	}
	schema := arrow.NewSchema(fields, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	var records []arrow.Record
	for left := rows; left > 0; {
		n := min(left, 1<<16)
		left -= n
		records = append(records, visitRecord(schema, rng, n))
	}
	m, err := tableio.FromRecords(schema, records...)
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		r.Release()
	}
	return m
}

func visitRecord(schema *arrow.Schema, rng *rand.Rand, n int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for range n {
		b.Field(0).(*array.StringBuilder).Append("P" + strconv.Itoa(1e6+rng.IntN(1e6)))
		_ = b.Field(1).(*array.BinaryDictionaryBuilder).AppendString("ward " + strconv.Itoa(rng.IntN(40)))
		if rng.IntN(20) == 0 {
			b.Field(2).AppendNull()
		} else {
			b.Field(2).(*array.StringBuilder).Append("ICD-" + strconv.Itoa(rng.IntN(800)))
		}
		b.Field(3).(*array.StringBuilder).Append([]string{"f", "m", "d"}[rng.IntN(3)])
		b.Field(4).(*array.Int32Builder).Append(rng.Int32N(100))
		if rng.IntN(20) == 0 {
			b.Field(5).AppendNull()
		} else {
			b.Field(5).(*array.Int64Builder).Append(rng.Int64N(60))
		}
		b.Field(6).(*array.Float64Builder).Append(float64(rng.IntN(1e6)) / 100)
		b.Field(7).(*array.Date32Builder).Append(arrow.Date32(18000 + rng.IntN(1000)))
		b.Field(8).(*array.TimestampBuilder).Append(arrow.Timestamp(1.6e15 + rng.Int64N(1e14)))
		b.Field(9).(*array.BooleanBuilder).Append(rng.IntN(10) == 0)
	}
	return b.NewRecord()
}

// copyTable writes a source to a file.
func copyTable(tb testing.TB, src *tableio.Memory, path string, opts *tableio.Options) {
	tb.Helper()
	w, err := tableio.Create(path, opts)
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Abort()
	r, err := src.Open(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		if err := w.Write(r.Record()); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := w.Seal(); err != nil {
		tb.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		tb.Fatal(err)
	}
}

var benchFiles = []struct {
	name string
	rows int
}{
	{"t.parquet", 3_000_000}, {"t.arrow", 3_000_000}, {"t.arrows", 3_000_000},
	{"t.csv", 1_000_000}, {"t.csv.gz", 300_000}, {"t.csv.zst", 300_000},
}

func BenchmarkWrite(b *testing.B) {
	for _, f := range benchFiles {
		b.Run(fmt.Sprintf("%s-%d", f.name, f.rows), func(b *testing.B) {
			src := visits(f.rows)
			path := filepath.Join(b.TempDir(), f.name)
			for b.Loop() {
				copyTable(b, src, path, nil)
			}
			report(b, path, f.rows)
		})
	}
}

func report(b *testing.B, path string, rows int) {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(info.Size())/1e6/seconds, "MB/s")
	b.ReportMetric(float64(rows)/1e6/seconds, "Mrows/s")
}

func BenchmarkRead(b *testing.B) {
	for _, f := range benchFiles {
		b.Run(fmt.Sprintf("%s-%d", f.name, f.rows), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), f.name)
			copyTable(b, visits(f.rows), path, nil)
			for b.Loop() {
				if err := readAll(path, nil); err != nil {
					b.Fatal(err)
				}
			}
			report(b, path, f.rows)
		})
	}
}
