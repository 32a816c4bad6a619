package kanon

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// solving reports the CPU of Solve, on average and at least.
func solving(b *testing.B, cfg Config, recs ...arrow.Record) {
	b.Helper()
	a, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	counts := mustCount(b, a, recs...)
	sum, least := 0.0, math.Inf(1)
	for b.Loop() {
		start := cpu()
		if _, err := a.Solve(context.Background(), counts); err != nil {
			b.Fatal(err)
		}
		spent := cpu() - start
		sum, least = sum+spent, min(least, spent)
	}
	b.ReportMetric(sum/float64(b.N), "cpu-ms/op")
	b.ReportMetric(least, "least-cpu-ms")
	b.ReportMetric(float64(counts.tuples.Len()), "tuples")
}

// BenchmarkSolveAdult100 is Adult a hundred times, 3,016,200 rows, each age up
// to two years off: the rows grow faster than what the search goes by.
func BenchmarkSolveAdult100(b *testing.B) {
	rec := adultRecord(b, memory.NewGoAllocator())
	defer rec.Release()
	r := rand.New(rand.NewPCG(1, 2))
	at := rec.Schema().FieldIndices("age")[0]
	ages := rec.Column(at).(*array.Int32)
	var recs []arrow.Record
	for range 100 {
		age := array.NewInt32Builder(memory.NewGoAllocator())
		for i := range ages.Len() {
			age.Append(min(90, max(17, ages.Value(i)+int32(r.IntN(5))-2)))
		}
		columns := slices.Clone(rec.Columns())
		columns[at] = age.NewArray()
		recs = append(recs, array.NewRecord(rec.Schema(), columns, rec.NumRows()))
	}
	for _, limit := range []float64{0, 0.05, 1} {
		b.Run(fmt.Sprintf("k500_s%v", limit), func(b *testing.B) {
			solving(b, adultCase{k: 500, limit: limit}.config(adultQuasi(b)), recs...)
		})
	}
}

// BenchmarkSolveDonors is a table of 63,441 rows, next to all of them distinct,
// and 45,000 vectors of levels.
func BenchmarkSolveDonors(b *testing.B) {
	rec, quasi := donors(63_441)
	for _, limit := range []float64{0, 0.05, 1} {
		b.Run(fmt.Sprintf("k5_s%v", limit), func(b *testing.B) {
			solving(b, adultCase{k: 5, limit: limit}.config(quasi), rec)
		})
	}
}

// donors are people who gave: where they live, who they are, how much and how
// often they gave, the last three long-tailed.
func donors(rows int) (arrow.Record, []Quasi) {
	r := rand.New(rand.NewPCG(3, 4))
	values := make([][]int32, 8)
	for range rows {
		state := min(49, int(r.ExpFloat64()*9))
		zip := state*2000 + int(r.ExpFloat64()*150)%2000
		gifts := 1 + int(r.ExpFloat64()*8)
		each := math.Exp(2 + 0.7*r.NormFloat64())
		for j, v := range []int{
			zip, min(98, max(1, int(62+17*r.NormFloat64()))), min(4, int(r.ExpFloat64()*1.2)), 1 + r.IntN(7),
			state, min(7999, int(float64(gifts)*each)), min(239, gifts), min(799, int(each*r.Float64())),
		} {
			values[j] = append(values[j], int32(v))
		}
	}
	intervals := func(most float64, widths ...float64) Hierarchy {
		return Intervals{Widths: widths, Max: most}
	}
	top := HierarchyFunc(1, func(domain arrow.Array, _ int) (arrow.Array, error) {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for range domain.Len() {
			b.Append("*")
		}
		return b.NewArray(), nil
	})
	quasi := []Quasi{
		{Column: "zip", Hierarchy: intervals(99_999, 10, 100, 1000, 10_000)},
		{Column: "age", Hierarchy: intervals(99, 5, 10, 20)},
		{Column: "gender", Hierarchy: top},
		{Column: "income", Hierarchy: intervals(8, 4)},
		{Column: "state", Hierarchy: top},
		{Column: "sum", Hierarchy: intervals(7999, 1000, 2000, 4000)},
		{Column: "gifts", Hierarchy: intervals(239, 20, 40, 80)},
		{Column: "least", Hierarchy: intervals(799, 100, 200, 400)},
	}
	var fields []arrow.Field
	var columns []arrow.Array
	for j, q := range quasi {
		b := array.NewInt32Builder(memory.NewGoAllocator())
		b.AppendValues(values[j], nil)
		fields = append(fields, arrow.Field{Name: q.Column, Type: arrow.PrimitiveTypes.Int32})
		columns = append(columns, b.NewArray())
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(rows)), quasi
}
