package dp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// row is a visit of the tables that the tests use.
type row struct {
	person string
	ward   string
	days   float64
	null   bool // days is
}

var visitSchema = arrow.NewSchema([]arrow.Field{
	{Name: "patient", Type: arrow.BinaryTypes.String},
	{Name: "ward", Type: arrow.BinaryTypes.String},
	{Name: "days", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
}, nil)

func visits(mem memory.Allocator, rows []row) arrow.Record {
	b := array.NewRecordBuilder(mem, visitSchema)
	defer b.Release()
	for _, r := range rows {
		b.Field(0).(*array.StringBuilder).Append(r.person)
		b.Field(1).(*array.StringBuilder).Append(r.ward)
		if r.null {
			b.Field(2).(*array.Float64Builder).AppendNull()
		} else {
			b.Field(2).(*array.Float64Builder).Append(r.days)
		}
	}
	return b.NewRecord()
}

var wards = map[string][]string{"ward": {"ICU", "Surgery", "Children"}}

// exactly is an epsilon at which noise of a few rows is zero but with a
// probability below 1e-40.
const exactly = 1e3

func countBy(epsilon float64) Count {
	return Count{By: []string{"ward"}, Keys: wards, Epsilon: epsilon}
}

func meanBy(epsilon float64) Mean {
	return Mean{Column: "days", Lower: 0, Upper: 60, By: []string{"ward"}, Keys: wards,
		Epsilon: epsilon}
}

func session(t testing.TB, unit Unit) *Session {
	t.Helper()
	s, err := New(Config{Total: Budget{Epsilon: 1e15}, Unit: unit})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newScan(t testing.TB, unit Unit, queries ...Query) *Scan {
	t.Helper()
	scan, err := session(t, unit).NewScan(visitSchema, queries...)
	if err != nil {
		t.Fatal(err)
	}
	return scan
}

func add(t testing.TB, s *Scan, rows ...row) {
	t.Helper()
	mem := memory.NewGoAllocator()
	rec := visits(mem, rows)
	defer rec.Release()
	if err := s.Add(rec); err != nil {
		t.Fatal(err)
	}
}

func results(t testing.TB, s *Scan) []arrow.Record {
	t.Helper()
	recs, err := s.Results(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, r := range recs {
			r.Release()
		}
	})
	return recs
}

func ints(t testing.TB, r arrow.Record, name string) []int64 {
	t.Helper()
	at := r.Schema().FieldIndices(name)
	if len(at) != 1 {
		t.Fatalf("no column %q in %v", name, r.Schema())
	}
	return r.Column(at[0]).(*array.Int64).Int64Values()
}

func floats(t testing.TB, r arrow.Record, name string) []float64 {
	t.Helper()
	at := r.Schema().FieldIndices(name)
	if len(at) != 1 {
		t.Fatalf("no column %q in %v", name, r.Schema())
	}
	return r.Column(at[0]).(*array.Float64).Float64Values()
}

func texts(t testing.TB, r arrow.Record, name string) []string {
	t.Helper()
	a := r.Column(r.Schema().FieldIndices(name)[0]).(*array.String)
	out := make([]string, a.Len())
	for i := range out {
		out[i] = a.Value(i)
	}
	return out
}

// randomRows makes rows of people with 1 to 9 rows, some in wards that are not
// asked for and some without days.
func randomRows(rng *rand.Rand, people int) []row {
	names := []string{"ICU", "Surgery", "Children", "Elsewhere"}
	var rows []row
	for p := range people {
		for range 1 + rng.IntN(9) {
			rows = append(rows, row{
				person: fmt.Sprint("p", p), ward: names[rng.IntN(len(names))],
				days: float64(rng.IntN(80)), null: rng.IntN(10) == 0,
			})
		}
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}
