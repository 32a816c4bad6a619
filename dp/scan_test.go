package dp

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Worked by hand: Anna 3 and 70 days in the ICU, Ben 5 in surgery and one row
// without days, Cem in a ward that is not asked for.
var byHand = []row{
	{person: "Anna", ward: "ICU", days: 3},
	{person: "Anna", ward: "ICU", days: 70},
	{person: "Ben", ward: "Surgery", days: 5},
	{person: "Ben", ward: "Surgery", null: true},
	{person: "Cem", ward: "Elsewhere", days: 9},
}

func TestByHand(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 4},
		countBy(exactly), meanBy(exactly), Count{Epsilon: exactly},
		Mean{Column: "days", Lower: 0, Upper: 60, Epsilon: 1e12})
	add(t, scan, byHand...)
	recs := results(t, scan)
	if got := ints(t, recs[0], "count"); !slices.Equal(got, []int64{2, 2, 0}) {
		t.Errorf("count by ward: %v", got)
	}
	if got := texts(t, recs[0], "ward"); !slices.Equal(got, wards["ward"]) {
		t.Errorf("wards %q", got)
	}
	// 70 counts as 60. The empty ward gives the middle of the bounds. The noise
	// of the sum has a scale of 2·4·30/1000 = 0.24 days.
	for i, want := range []float64{31.5, 5, 30} {
		if got := floats(t, recs[1], "mean")[i]; math.Abs(got-want) > 5 {
			t.Errorf("mean of ward %d: %v, want about %v", i, got, want)
		}
	}
	if got := ints(t, recs[1], "count"); !slices.Equal(got, []int64{2, 1, 0}) {
		t.Errorf("rows averaged by ward: %v", got)
	}
	if got := ints(t, recs[2], "count"); got[0] != 5 || recs[2].NumCols() != 4 {
		t.Errorf("count: %v", recs[2])
	}
	if got := floats(t, recs[3], "mean")[0]; math.Abs(got-(3+60+5+9)/4.0) > 1e-6 {
		t.Errorf("mean: %v", got)
	}
}

func TestResultForm(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 2}, countBy(0.5), meanBy(1))
	recs := results(t, scan)
	names := func(r arrow.Record) (out []string) {
		for _, f := range r.Schema().Fields() {
			if f.Nullable {
				t.Errorf("%s may be null", f.Name)
			}
			out = append(out, f.Name)
		}
		return out
	}
	if got := names(recs[0]); !slices.Equal(got,
		[]string{"ward", "count", "noise_scale", "lower", "upper"}) {
		t.Errorf("count has %v", got)
	}
	if got := names(recs[1]); !slices.Equal(got,
		[]string{"ward", "mean", "count", "noise_scale", "lower", "upper"}) {
		t.Errorf("mean has %v", got)
	}
	// 2 rows at ε = 0.5. For the mean two numbers of 2 rows of 60 days at ε = 1,
	// whose errors have the weights 1-f and f by the count, where f is how far the
	// mean is from the lower bound. The mean of |aX+bY| for two of Laplace noise of
	// scale 1 is (a²+ab+b²)/(a+b).
	if got := floats(t, recs[0], "noise_scale"); got[0] != 4 {
		t.Errorf("noise of the count: %v, want 4", got)
	}
	for i, n := range ints(t, recs[1], "count") {
		f := floats(t, recs[1], "mean")[i] / 60
		want := 2 * 60 * (f*f + f*(1-f) + (1-f)*(1-f)) / float64(max(1, n))
		if got := floats(t, recs[1], "noise_scale")[i]; math.Abs(got/want-1) > 1e-6 {
			t.Errorf("noise of the mean: %v, want %v", got, want)
		}
		if m := floats(t, recs[1], "mean")[i]; m < 0 || m > 60 {
			t.Errorf("mean %v is outside the bounds", m)
		}
	}
}

func TestNoRows(t *testing.T) {
	for _, batches := range []int{0, 1, 3} {
		scan := newScan(t, Unit{Column: "patient", MaxRows: 2, MaxGroups: 1},
			countBy(exactly), meanBy(exactly))
		for range batches {
			add(t, scan)
		}
		recs := results(t, scan)
		if got := ints(t, recs[0], "count"); !slices.Equal(got, []int64{0, 0, 0}) {
			t.Errorf("%d empty batches: count %v", batches, got)
		}
		if lo, up := floats(t, recs[1], "lower"), floats(t, recs[1], "upper"); lo[0] != 0 ||
			up[0] != 60 {
			t.Errorf("interval of no rows: %v to %v", lo, up)
		}
	}
}

func TestOneRow(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 1}, countBy(exactly), meanBy(1e12))
	add(t, scan, row{person: "Anna", ward: "Children", days: 7})
	recs := results(t, scan)
	if got := ints(t, recs[0], "count"); !slices.Equal(got, []int64{0, 0, 1}) {
		t.Errorf("count %v", got)
	}
	if got := floats(t, recs[1], "mean")[2]; math.Abs(got-7) > 1e-6 {
		t.Errorf("mean %v", got)
	}
}

func TestInfinitiesClampAndNaNIsIgnored(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 1},
		Mean{Column: "days", Lower: -10, Upper: 30, Epsilon: 1e12})
	add(t, scan,
		row{person: "a", days: math.Inf(1)}, row{person: "b", days: math.Inf(-1)},
		row{person: "c", days: math.NaN()}, row{person: "d", days: 1e300},
		row{person: "e", days: -math.MaxFloat64}, row{person: "f", null: true})
	recs := results(t, scan)
	if m, n := floats(t, recs[0], "mean")[0], ints(t, recs[0], "count")[0]; math.Abs(m-10) > 1e-6 ||
		n != 4 {
		t.Errorf("mean %v of %d rows, want 10 of 4", m, n)
	}
}

func TestResultsOnce(t *testing.T) {
	scan := newScan(t, Unit{Column: "patient", MaxRows: 2}, countBy(1))
	shard := scan.Shard()
	add(t, scan, byHand...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := scan.Results(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("results of a cancelled context: %v", err)
	}
	results(t, scan)
	if _, err := scan.Results(context.Background()); err == nil {
		t.Error("results are given twice")
	}
	rec := visits(memory.NewGoAllocator(), byHand)
	defer rec.Release()
	if err := scan.Add(rec); err == nil {
		t.Error("a finished scan takes rows")
	}
	if err := scan.Merge(shard); err == nil {
		t.Error("a finished scan takes a shard")
	}
	if _, err := shard.Results(context.Background()); err == nil {
		t.Error("a shard has results")
	}
}

func TestMergeRefuses(t *testing.T) {
	s := session(t, Unit{Column: "patient", MaxRows: 2})
	a, _ := s.NewScan(visitSchema, countBy(1))
	b, _ := s.NewScan(visitSchema, countBy(1))
	shard := a.Shard()
	for name, err := range map[string]error{
		"itself":                  a.Merge(a),
		"a scan of another call":  a.Merge(b),
		"a shard of another call": b.Merge(shard),
		"the scan into its shard": shard.Merge(a),
	} {
		if err == nil {
			t.Errorf("merge takes %s", name)
		}
	}
	if err := a.Merge(shard); err != nil {
		t.Fatal(err)
	}
	if err := a.Merge(shard); err == nil {
		t.Error("a shard is merged twice")
	}
}

func TestRun(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := visits(mem, byHand)
	defer rec.Release()
	r, err := array.NewRecordReader(visitSchema, []arrow.Record{rec, rec})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	s := session(t, Unit{Column: "patient", MaxRows: 10})
	recs, err := s.Run(context.Background(), r, countBy(exactly))
	if err != nil {
		t.Fatal(err)
	}
	defer recs[0].Release()
	if got := ints(t, recs[0], "count"); !slices.Equal(got, []int64{4, 4, 0}) {
		t.Errorf("count %v", got)
	}
	if got := s.Spent(); got != (Budget{Epsilon: exactly}) {
		t.Errorf("spent %v", got)
	}
}
