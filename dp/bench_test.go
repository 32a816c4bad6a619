package dp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// hospital makes three million visits of 900,000 patients in records of 64 Ki
// rows. Patients are int64 or text of 12 bytes, wards plain or in a dictionary.
func hospital(text, dictionary bool) (*arrow.Schema, []arrow.Record) {
	const rows, people, batch = 3_000_000, 900_000, 64 << 10
	rng := rand.New(rand.NewPCG(1, 1))
	patient := arrow.DataType(arrow.PrimitiveTypes.Int64)
	if text {
		patient = arrow.BinaryTypes.String
	}
	ward := arrow.DataType(arrow.BinaryTypes.String)
	if dictionary {
		ward = dict(arrow.PrimitiveTypes.Int8, ward)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "patient", Type: patient}, {Name: "ward",
		Type: ward},
		{Name: "days", Type: arrow.PrimitiveTypes.Float64}}, nil)
	var recs []arrow.Record
	for done := 0; done < rows; done += batch {
		b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		for range min(batch, rows-done) {
			p := rng.Uint64N(people)
			switch b := b.Field(0).(type) {
			case *array.Int64Builder:
				b.Append(int64(p * 0x9E3779B97F4A7C15 >> 1))
			case *array.StringBuilder:
				b.Append(fmt.Sprintf("P%011d", p))
			}
			w := fmt.Sprint("ward ", rng.IntN(12))
			switch b := b.Field(1).(type) {
			case *array.StringBuilder:
				b.Append(w)
			case *array.BinaryDictionaryBuilder:
				if err := b.AppendString(w); err != nil {
					panic(err)
				}
			}
			b.Field(2).(*array.Float64Builder).Append(rng.ExpFloat64() * 9)
		}
		recs = append(recs, b.NewRecord())
		b.Release()
	}
	return schema, recs
}

func BenchmarkScan(b *testing.B) {
	keys := make([]string, 12)
	for i := range keys {
		keys[i] = fmt.Sprint("ward ", i)
	}
	byWard := map[string][]string{"ward": keys}
	queries := []Query{
		Count{By: []string{"ward"}, Keys: byWard, Epsilon: 0.5},
		Mean{Column: "days", Upper: 60, By: []string{"ward"}, Keys: byWard, Epsilon: 0.5},
	}
	for _, bench := range []struct {
		name             string
		text, dictionary bool
		unit             Unit
	}{
		{"int64", false, true, Unit{Column: "patient", MaxRows: 4}},
		{"text", true, true, Unit{Column: "patient", MaxRows: 4}},
		{"text,plain", true, false, Unit{Column: "patient", MaxRows: 4}},
		{"text,two", true, true, Unit{Column: "patient", MaxRows: 2, MaxGroups: 1}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			schema, recs := hospital(bench.text, bench.dictionary)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for b.Loop() {
				s, err := New(Config{Total: Budget{Epsilon: 1}, Unit: bench.unit})
				if err != nil {
					b.Fatal(err)
				}
				scan, err := s.NewScan(schema, queries...)
				if err != nil {
					b.Fatal(err)
				}
				for _, rec := range recs {
					if err := scan.Add(rec); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.StartTimer()
				out, err := scan.Results(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				for _, r := range out {
					r.Release()
				}
			}
			b.ReportMetric(3*float64(b.N)/b.Elapsed().Seconds(), "Mrows/s")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-held")
			b.ReportMetric(float64(after.Sys-before.Sys)/1e6, "MB-taken")
		})
	}
}

// BenchmarkMerge merges two shards of half the table each.
func BenchmarkMerge(b *testing.B) {
	schema, recs := hospital(false, true)
	for b.Loop() {
		b.StopTimer()
		s, err := New(Config{Total: Budget{Epsilon: 1}, Unit: Unit{Column: "patient", MaxRows: 4}})
		if err != nil {
			b.Fatal(err)
		}
		scan, err := s.NewScan(schema, Count{Epsilon: 1})
		if err != nil {
			b.Fatal(err)
		}
		shard := scan.Shard()
		for i, rec := range recs {
			if err := []*Scan{scan, shard}[i%2].Add(rec); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if err := scan.Merge(shard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTenQueries answers ten queries over 10 million rows of a million people,
// five of them by the 1000 clinics that a Groups finds, in one pass by one
// goroutine but for what Results does.
func BenchmarkTenQueries(b *testing.B) {
	const rows, people, batch = 10_000_000, 1_000_000, 64 << 10
	rng := rand.New(rand.NewPCG(2, 2))
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.PrimitiveTypes.Int64},
		{Name: "clinic", Type: dict(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String)},
		{Name: "days", Type: arrow.PrimitiveTypes.Float64},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32},
	}, nil)
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprint("clinic ", i)
	}
	recs := make([]arrow.Record, 0, rows/batch+1)
	for done := 0; done < rows; done += batch {
		rb := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
		for range min(batch, rows-done) {
			p := rng.Uint64N(people)
			rb.Field(0).(*array.Int64Builder).Append(int64(p * 0x9E3779B97F4A7C15 >> 1))
			if err := rb.Field(1).(*array.BinaryDictionaryBuilder).AppendString(
				names[rng.IntN(30)*rng.IntN(34)]); err != nil {
				b.Fatal(err)
			}
			rb.Field(2).(*array.Float64Builder).Append(rng.ExpFloat64() * 9)
			rb.Field(3).(*array.Int32Builder).Append(int32(p % 90))
		}
		recs = append(recs, rb.NewRecord())
		rb.Release()
	}
	by := []string{"clinic"}
	days, age := Variable{Column: "days", Upper: 60}, Variable{Column: "age", Upper: 120}
	queries := []Query{
		Groups{By: by, Rule: TruncatedGeometric, Epsilon: 0.1, Delta: 1e-6},
		People{By: by, Epsilon: 0.1}, Count{By: by, Epsilon: 0.1},
		Mean{Column: "days", Upper: 60, By: by, Epsilon: 0.1},
		Variance{Column: "age", Upper: 120, By: by, Epsilon: 0.1},
		Quantiles{Column: "days", Upper: 60, Ranks: []float64{0.25, 0.5, 0.75}, By: by, Epsilon: 0.1},
		Sum{Column: "days", Upper: 60, Epsilon: 0.1},
		Correlation{X: days, Y: age, Epsilon: 0.1},
		Histogram{Column: "age", Edges: []float64{0, 20, 40, 60, 80, 100}, Epsilon: 0.1},
		Top{Column: "clinic", K: 10, Epsilon: 0.1},
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		s, err := New(Config{Total: Budget{Epsilon: 1, Delta: 1e-6},
			Unit: Unit{Column: "patient", MaxRows: 8, MaxGroups: 4}})
		if err != nil {
			b.Fatal(err)
		}
		scan, err := s.NewScan(schema, queries...)
		if err != nil {
			b.Fatal(err)
		}
		for _, rec := range recs {
			if err := scan.Add(rec); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.StartTimer()
		out, err := scan.Results(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range out {
			r.Release()
		}
	}
	b.ReportMetric(rows/1e6*float64(b.N)/b.Elapsed().Seconds(), "Mrows/s")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-held")
}
