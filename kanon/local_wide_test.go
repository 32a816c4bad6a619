package kanon

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/take"
)

// Fifteen columns have too many vectors of levels to sweep: classes are split
// from the top, which the plan says, and lose less than Mondrian's.
func TestLocalNational(t *testing.T) {
	if testing.Short() {
		t.Skip("a table of 15 columns")
	}
	rec, quasi := national(t, 15)
	defer rec.Release()
	loss := map[Recoding]float64{}
	for _, recoding := range []Recoding{Local, Mondrian} {
		cfg := Config{Quasi: quasi, Models: []Model{KAnonymity{10}}, Recoding: recoding, Suppressed: Drop}
		a := mustNew(t, cfg)
		plan := mustSolve(t, a, mustCount(t, a, rec))
		s := plan.Summary()
		loss[recoding] = s.Loss
		if recoding == Local && s.Search != "split" {
			t.Errorf("search %q, want split", s.Search)
		}
		out := transform(t, plan, rec)
		checker, err := NewChecker(CheckConfig{Quasi: plan.Quasi(), Models: cfg.Models})
		if err != nil {
			t.Fatal(err)
		}
		if err := checker.Add(out); err != nil {
			t.Fatal(err)
		}
		if found, err := checker.Audit(); err != nil || !found.Holds || found.Rows != rec.NumRows() {
			t.Errorf("error %v, audit:\n%s", err, found)
		}
		out.Release()
	}
	if loss[Local] >= loss[Mondrian] {
		t.Errorf("splitting loses %v, and Mondrian %v", loss[Local], loss[Mondrian])
	}
	t.Logf("splitting loses %.4f, Mondrian %.4f", loss[Local], loss[Mondrian])
}

// BenchmarkLocalNational splits 15 columns.
func BenchmarkLocalNational(b *testing.B) {
	rec, quasi := national(b, 15)
	defer rec.Release()
	for _, recoding := range []Recoding{Local, Mondrian} {
		b.Run(string(recoding), func(b *testing.B) {
			a := mustNew(b, Config{Quasi: quasi, Models: []Model{KAnonymity{10}},
				Recoding: recoding, Suppressed: Drop})
			counts := mustCount(b, a, rec)
			start, plan := cpu(), (*Plan)(nil)
			for b.Loop() {
				plan = mustSolve(b, a, counts)
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu-ms/op")
			b.ReportMetric(plan.Summary().Loss, "loss")
		})
	}
}

// BenchmarkLocalMillions takes three million rows of Adult, of which each cell
// is drawn anew once in ten times, through local recoding.
func BenchmarkLocalMillions(b *testing.B) {
	if testing.Short() {
		b.Skip("three million rows")
	}
	rec := adultRecord(b, memory.NewGoAllocator())
	defer rec.Release()
	a := mustNew(b, localCases()[1].config(b))
	recs := resampled(b, rec, 100)
	before := heapMB()
	counts := mustCount(b, a, recs...)
	start, plan := cpu(), (*Plan)(nil)
	for b.Loop() {
		plan = mustSolve(b, a, counts)
	}
	b.ReportMetric((cpu()-start)/float64(b.N), "cpu-ms/op")
	b.ReportMetric(plan.Summary().Loss, "loss")
	b.ReportMetric(float64(plan.Summary().Classes), "classes")
	b.ReportMetric(float64(counts.tuples.Len()), "tuples")
	b.ReportMetric(heapMB()-before, "MB")
	runtime.KeepAlive(plan)
}

// resampled makes copies of a table of dictionaries and int32, in each of which
// one cell of ten is that of another row.
func resampled(tb testing.TB, rec arrow.Record, copies int) []arrow.Record {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	n := int(rec.NumRows())
	var out []arrow.Record
	for range copies {
		var columns []arrow.Array
		for _, col := range rec.Columns() {
			at := make([]int32, n)
			for i := range at {
				if at[i] = int32(i); r.IntN(10) == 0 {
					at[i] = int32(r.IntN(n))
				}
			}
			drawn, err := take.Rows(memory.NewGoAllocator(), col, at)
			if err != nil {
				tb.Fatal(err)
			}
			columns = append(columns, drawn)
		}
		out = append(out, array.NewRecord(rec.Schema(), columns, int64(n)))
	}
	return out
}
