package quality_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/quality"
	"pgregory.net/rapid"
)

func tree(t testing.TB, rows ...string) *kanon.Tree {
	t.Helper()
	h, err := kanon.ReadTree(strings.NewReader(strings.Join(rows, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func fromJSON(t testing.TB, rows string, fields ...arrow.Field) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func words(t testing.TB, values ...string) arrow.Record {
	t.Helper()
	rows := [][]string{{"job"}}
	for _, v := range values {
		rows = append(rows, []string{v})
	}
	return text(t, rows)
}

func measure(t testing.TB, original, released arrow.Record, cfg quality.Config) *quality.Report {
	t.Helper()
	got, err := quality.Measure(context.Background(), reader(t, original), reader(t, released), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var approx = cmpopts.EquateApprox(1e-13, 0)

// Four jobs in two sectors; the fourth row is suppressed.
//
//	row   value  label     share  level  covers
//	0     nurse  health    1/2    1      0..1
//	1     nurse  health    1/2    1      0..1
//	2     baker  baker     1/4    0      2
//	3     cook   *         1      2      0..3
func TestByHand(t *testing.T) {
	jobs := tree(t, "nurse;health;*", "doctor;health;*", "baker;food;*", "cook;food;*")
	cfg := quality.Config{Columns: []quality.Column{{Name: "job", Hierarchy: jobs}}}
	got := measure(t, words(t, "nurse", "nurse", "baker", "cook"), words(t, "health", "health", "baker", "*"), cfg)
	// Information: of 6 bits (2·1 + 2 + 2) the row of cook loses its 2: from level
	// 0 to 1, health had only nurses; the top at level 2, one cook of one row.
	entropy := 1.0
	granularity := 1 - ((.5+.5+.25+1)/4-.25)/.75
	// Distances: nurse 0 from 0..1: 1, of at most 3; twice; baker 0 of 2; cook 3
	// from 0..3: all of 3.
	squared := 1 - (1+1+0+9)/(9+9+4+9.)
	row := 1 - (1+1+0+3)/(3+3+2+3.)
	mean := (0 + 0 + 2 + 3) / 4.
	within := .25 + .25 + 0 + 2.25
	total := 2*(.5-mean)*(.5-mean) + (2-mean)*(2-mean) + (1.5-mean)*(1.5-mean)
	want := &quality.Report{
		Rows: 4, Released: 3, Suppressed: 1,
		Columns: []quality.ColumnReport{{
			Name: "job", Granularity: granularity, Intensity: 1 - (.5+.5+0+1)/4, Missing: .25,
			Entropy: entropy, SquaredError: squared,
		}},
		Granularity: granularity, GranularityGeometric: granularity, Intensity: .5, Missing: .25,
		Discernibility: quality.Score{Raw: 4 + 1 + 4, Value: 1 - (9-6.)/(16-6)},
		ClassSize:      quality.Score{Raw: 1.5, Value: 1 - (1.5-4./3)/(4-4./3)},
		Ambiguity:      quality.Score{Raw: 2 + 2 + 1 + 4, Value: 1 - 5/12.},
		Paired: &quality.Paired{
			Entropy: entropy, SquaredError: squared, RowError: row, SumOfSquares: max(0, 1-within/total),
		},
	}
	if diff := cmp.Diff(want, got, approx); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
	// Left out instead of starred, the row counts the same; without an ID no
	// rows are paired.
	dropped := measure(t, words(t, "nurse", "nurse", "baker", "cook"), words(t, "health", "health", "baker"), cfg)
	want.Paired = nil
	want.Columns[0].Entropy, want.Columns[0].SquaredError = 1, 1
	if diff := cmp.Diff(want, dropped, approx); diff != "" {
		t.Errorf("dropped: -want +got:\n%s", diff)
	}
}

// By ID, rows may be left out and moved.
func TestID(t *testing.T) {
	jobs := tree(t, "nurse;health;*", "doctor;health;*", "baker;food;*", "cook;food;*")
	cfg := quality.Config{Columns: []quality.Column{{Name: "job", Hierarchy: jobs}}, ID: "id"}
	original := text(t, [][]string{{"job", "id"}, {"nurse", "a"}, {"nurse", "b"}, {"baker", "c"}, {"cook", "d"}})
	starred := measure(t, original, text(t, [][]string{{"id", "job"},
		{"d", "*"}, {"c", "baker"}, {"a", "health"}, {"b", "health"}}), cfg)
	dropped := measure(t, original, text(t, [][]string{{"id", "job"},
		{"c", "baker"}, {"b", "health"}, {"a", "health"}}), cfg)
	if diff := cmp.Diff(starred, dropped, approx); diff != "" || dropped.Paired == nil {
		t.Errorf("-starred +dropped:\n%s", diff)
	}
	for want, rows := range map[string][][]string{
		"occurs twice":      {{"id", "job"}, {"a", "nurse"}, {"a", "nurse"}},
		"are of no row":     {{"id", "job"}, {"canary", "nurse"}},
		"in 1 of 4 rows":    {{"id", "job"}, {"a", "baker"}},
		"1 of 1 distinct":   {{"id", "job"}, {"a", "canary"}},
		`column "id": not `: {{"job"}, {"nurse"}},
	} {
		_, err := quality.Measure(context.Background(), reader(t, original), reader(t, text(t, rows)), cfg)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	jobs := tree(t, "nurse;health;*", "cook;food;*")
	column := func(h kanon.Hierarchy) quality.Config {
		return quality.Config{Columns: []quality.Column{{Name: "job", Hierarchy: h}}}
	}
	for _, c := range []struct {
		original, released arrow.Record
		cfg                quality.Config
		want               string
	}{
		{words(t), words(t), quality.Config{}, "no columns"},
		{words(t, "nurse"), words(t, "nurse", "nurse"), column(jobs), "2 rows, want at most the 1"},
		{words(t, "canary"), words(t, "nurse"), column(jobs), "not listed"},
		{words(t, "nurse"), words(t, "nurse"), column(nil), "want numbers"},
		{words(t, "nurse", "cook"), words(t, "food", "health"), column(jobs), "in 2 of 2 rows"},
		{words(t, "nurse"), fromJSON(t, `[{"job":3}]`, arrow.Field{Name: "job", Type: arrow.PrimitiveTypes.Int8}),
			column(jobs), "want text or string"},
		{words(t, "nurse"), words(t, "nurse"), column(kanon.Prefix{}), "levels"},
	} {
		_, err := quality.Measure(context.Background(), reader(t, c.original), reader(t, c.released), c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

// Numbers without a hierarchy are compared as they are.
func TestNumbers(t *testing.T) {
	field := arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int16, Nullable: true}
	real := arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true}
	got := measure(t, fromJSON(t, `[{"x":1},{"x":2},{"x":5},{"x":8}]`, field),
		fromJSON(t, `[{"x":1.5},{"x":1.5},{"x":6.5},{"x":6.5}]`, real),
		quality.Config{Columns: []quality.Column{{Name: "x"}}})
	within, total := .25+.25+2.25+2.25, 2*2.5*2.5+2*2.5*2.5
	if math.Abs(got.Paired.SumOfSquares-(1-within/total)) > 1e-14 || got.Missing != 0 ||
		math.Abs(got.Paired.SquaredError-(1-within/(49+36+16+49))) > 1e-14 || got.Granularity != 1 {
		t.Errorf("%+v %+v", got, got.Paired)
	}
	got = measure(t, fromJSON(t, `[{"x":1},{"x":9}]`, field), fromJSON(t, `[{"x":null},{"x":9}]`, real),
		quality.Config{Columns: []quality.Column{{Name: "x"}}})
	if got.Missing != .5 || got.Suppressed != 1 {
		t.Errorf("%+v", got)
	}
}

// For any table the table itself is perfect, and each level is worth no more
// than the one below it; batches do not matter.
func TestLevelsLose(t *testing.T) {
	type column struct {
		h  kanon.Hierarchy
		dt arrow.DataType
		of func(i int) string
	}
	columns := []column{
		{kanon.Intervals{Widths: []float64{2, 6}, Min: 0, Max: 20}, arrow.PrimitiveTypes.Int32,
			func(i int) string { return fmt.Sprint(i % 21) }},
		{kanon.Prefix{Length: 2}, arrow.BinaryTypes.String,
			func(i int) string { return fmt.Sprintf(`"%02d"`, i%21) }},
		{kanon.Dates{Periods: []string{"month", "year"}}, arrow.FixedWidthTypes.Date32,
			func(i int) string { return fmt.Sprintf(`"20%02d-%02d-11"`, i%3+20, i%7+1) }},
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := columns[rapid.IntRange(0, len(columns)-1).Draw(rt, "column")]
		var rows []string
		for range rapid.IntRange(0, 30).Draw(rt, "rows") {
			v := "null"
			if !rapid.Bool().Draw(rt, "null") || rapid.Bool().Draw(rt, "really") {
				v = c.of(rapid.IntRange(0, 100).Draw(rt, "value"))
			}
			rows = append(rows, `{"v":`+v+`}`)
		}
		original := fromJSON(t, "["+strings.Join(rows, ",")+"]", arrow.Field{Name: "v", Type: c.dt, Nullable: true})
		cfg := quality.Config{Columns: []quality.Column{{Name: "v", Hierarchy: c.h}}}
		last := measure(t, original, original, cfg)
		if last.Granularity != 1 || last.Intensity != 1 || last.Discernibility.Value != 1 ||
			last.Ambiguity.Value != 1 || last.Paired.Entropy != 1 || last.Paired.SumOfSquares != 1 {
			rt.Fatalf("the table itself: %+v %+v", last, last.Paired)
		}
		for level := 1; level <= c.h.Levels(); level++ {
			released := generalized(t, original, c.h, level)
			got := measure(t, original, released, cfg)
			n := original.NumRows()
			again, err := quality.Measure(context.Background(),
				reader(t, original.NewSlice(0, n/2), original.NewSlice(n/2, n)),
				reader(t, released.NewSlice(0, n/3), released.NewSlice(n/3, n)), cfg)
			if diff := cmp.Diff(got, again); diff != "" || err != nil {
				rt.Fatalf("batches matter: %v %s", err, diff)
			}
			const slack = 1e-9
			if got.Granularity > last.Granularity+slack || got.Intensity > last.Intensity+slack ||
				got.Ambiguity.Value > last.Ambiguity.Value+slack ||
				got.Paired.Entropy > last.Paired.Entropy+slack ||
				got.Paired.SquaredError > last.Paired.SquaredError+slack {
				rt.Fatalf("level %d gains: %+v %+v after %+v %+v", level, got, got.Paired, last, last.Paired)
			}
			last = got
		}
	})
}

// generalized is a column at a level, by way of the distinct values.
func generalized(t testing.TB, rec arrow.Record, h kanon.Hierarchy, level int) arrow.Record {
	t.Helper()
	a := rec.Column(0)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range a.Len() {
		switch {
		case a.IsNull(i) && level < h.Levels():
			b.AppendNull()
		case a.IsNull(i):
			b.Append(kanon.Top)
		default:
			one := array.NewSlice(a, int64(i), int64(i+1))
			labels, err := h.Generalize(one, level)
			if err != nil {
				t.Fatal(err)
			}
			b.Append(labels.(*array.String).Value(0))
		}
	}
	return array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "v", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil), []arrow.Array{b.NewArray()}, rec.NumRows())
}

func ExampleMeasure() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "zip", Type: arrow.BinaryTypes.String}}, nil)
	table := func(rows string) array.RecordReader {
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
		if err != nil {
			panic(err)
		}
		r, err := array.NewRecordReader(schema, []arrow.Record{rec})
		if err != nil {
			panic(err)
		}
		return r
	}
	got, err := quality.Measure(context.Background(),
		table(`[{"zip":"53711"},{"zip":"53712"},{"zip":"53703"}]`),
		table(`[{"zip":"5371*"},{"zip":"5371*"},{"zip":"*"}]`),
		quality.Config{Columns: []quality.Column{{Name: "zip", Hierarchy: kanon.Prefix{Length: 5}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("granularity %.2f, intensity %.2f, suppressed %d of %d\n",
		got.Granularity, got.Intensity, got.Suppressed, got.Rows)
	// Output: granularity 0.33, intensity 0.53, suppressed 1 of 3
}
