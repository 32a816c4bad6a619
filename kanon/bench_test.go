package kanon

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// cpu is the processor time of the process, in milliseconds.
func cpu() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

func BenchmarkSolveAdult(b *testing.B) {
	rec := adultRecord(b, memory.NewGoAllocator())
	defer rec.Release()
	quasi := adultQuasi(b)
	for _, c := range adultCases(b) {
		b.Run(c.id, func(b *testing.B) {
			solving(b, c.config(quasi), rec)
		})
	}
}

// visits is a table of rows over six columns with about a million distinct
// tuples in three million rows, of nine hundred thousand people.
func visits(tb testing.TB, rows, batch int) []arrow.Record {
	tb.Helper()
	mem := memory.NewGoAllocator()
	dict := func(n int) arrow.Array {
		b := array.NewStringBuilder(mem)
		defer b.Release()
		for i := range n {
			b.Append(fmt.Sprintf("value %03d", i))
		}
		return b.NewArray()
	}
	sizes := []int{2, 100, 6, 40, 16, 200}
	names := []string{"sex", "age", "race", "ward", "code", "zip"}
	var fields []arrow.Field
	dicts := make([]arrow.Array, len(sizes))
	for i, n := range sizes {
		dicts[i] = dict(n)
		fields = append(fields, arrow.Field{Name: names[i], Type: &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String,
		}})
	}
	fields = append(fields, arrow.Field{Name: "person", Type: arrow.PrimitiveTypes.Int64})
	schema := arrow.NewSchema(fields, nil)
	r := rand.New(rand.NewPCG(1, 2))
	type traits [6]int32
	people := make([]traits, rows*3/10)
	for i := range people {
		for j, n := range sizes { // skewed towards 0
			people[i][j] = int32(r.ExpFloat64()*float64(n)/6) % int32(n)
		}
	}
	var recs []arrow.Record
	for lo := 0; lo < rows; lo += batch {
		n := min(batch, rows-lo)
		index := make([][]int32, len(sizes))
		person := make([]int64, n)
		for k := range n {
			id := r.IntN(len(people))
			person[k] = int64(id) * 7919
			t := people[id]
			t[3] = int32(r.ExpFloat64()*5) % 40 // differs from visit to visit
			for j := range sizes {
				index[j] = append(index[j], t[j])
			}
		}
		var cols []arrow.Array
		for j := range sizes {
			b := array.NewInt32Builder(mem)
			b.AppendValues(index[j], nil)
			ix := b.NewArray()
			dt := fields[j].Type.(*arrow.DictionaryType)
			cols = append(cols, array.NewDictionaryArray(dt, ix, dicts[j]))
		}
		b := array.NewInt64Builder(mem)
		b.AppendValues(person, nil)
		cols = append(cols, b.NewArray())
		recs = append(recs, array.NewRecord(schema, cols, int64(n)))
	}
	return recs
}

// thirds is a hierarchy that divides by three the number of values at every level.
func thirds(n int) Hierarchy {
	levels := 1
	for m := 1; m < n; m *= 3 {
		levels++
	}
	return HierarchyFunc(levels, func(domain arrow.Array, level int) (arrow.Array, error) {
		width := 1
		for range level {
			width *= 3
		}
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for i := range domain.Len() {
			v, err := strconv.Atoi(domain.(*array.String).Value(i)[len("value "):])
			if err != nil {
				return nil, err
			}
			b.Append(fmt.Sprintf("from %d", v/width*width))
		}
		return b.NewArray(), nil
	})
}

func visitsConfig(unit string) Config {
	cfg := Config{
		Models: []Model{KAnonymity{5}}, MaxSuppression: 0.05, Unit: unit,
		Recoding: Global, Suppressed: Drop,
	}
	for i, name := range []string{"sex", "age", "race", "ward", "code", "zip"} {
		n := []int{2, 100, 6, 40, 16, 200}[i]
		cfg.Quasi = append(cfg.Quasi, Quasi{Column: name, Hierarchy: thirds(n)})
	}
	return cfg
}

func heapMB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// BenchmarkVisits takes three million rows through every step.
func BenchmarkVisits(b *testing.B) {
	recs := visits(b, 3_000_000, 1<<16)
	for _, unit := range []string{"", "person"} {
		a, err := New(visitsConfig(unit))
		if err != nil {
			b.Fatal(err)
		}
		counts := mustCount(b, a, recs...)
		plan := mustSolve(b, a, counts)
		b.Run("count/unit="+unit, func(b *testing.B) {
			before := heapMB()
			for b.Loop() {
				if counts, err = a.NewCounts(recs[0].Schema()); err != nil {
					b.Fatal(err)
				}
				for _, rec := range recs {
					if err := counts.Add(rec); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			b.ReportMetric(heapMB()-before, "MB")
			b.ReportMetric(float64(counts.tuples.Len()), "tuples")
		})
		b.Run("solve/unit="+unit, func(b *testing.B) {
			start := cpu()
			for b.Loop() {
				if plan, err = a.Solve(context.Background(), counts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(plan.Summary().Classes), "classes")
		})
		b.Run("transform/unit="+unit, func(b *testing.B) {
			for b.Loop() {
				for _, rec := range recs {
					out, err := plan.Transform(context.Background(), rec)
					if err != nil {
						b.Fatal(err)
					}
					out.Release()
				}
			}
			b.ReportMetric(3e6*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

// BenchmarkAdd counts the rows of Adult, eight columns of dictionaries, in
// batches of 65,536.
func BenchmarkAdd(b *testing.B) {
	rec := adultRecord(b, memory.NewGoAllocator())
	defer rec.Release()
	a, err := New(adultCases(b)[0].config(adultQuasi(b)))
	if err != nil {
		b.Fatal(err)
	}
	counts, err := a.NewCounts(rec.Schema())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := counts.Add(rec); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rec.NumRows())*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
