package kanon

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// cells reads a column of a record by its name.
func cellsOf(t *testing.T, rec arrow.Record, name string) string {
	t.Helper()
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 {
		t.Fatalf("column %q is there %d times", name, len(at))
	}
	var cells []string
	for i := range int(rec.NumRows()) {
		cells = append(cells, rec.Column(at[0]).ValueStr(i))
	}
	return strings.Join(cells, " ")
}

// Ages by hand, in every way they come out: two of 10-19, two of 20-29 that are
// 25, and two without one.
func TestNumericByHand(t *testing.T) {
	people := []person{{id: "a", age: 11}, {id: "b", age: 16}, {id: "c", age: 25}, {id: "d", age: 25},
		{id: "e", age: -1}, {id: "f", age: -1}}
	for i := range people {
		people[i].zip = "100"
	}
	for _, c := range []struct {
		recoding Recoding
		numeric  Numeric
		free     bool
		want     []string
	}{
		{Local, NumericMidpoint, false, []string{"14.5 14.5 25 25 (null) (null)"}},
		{Local, NumericMean, false, []string{"13.5 13.5 25 25 (null) (null)"}},
		{Local, NumericBounds, false, []string{"10 10 25 25 (null) (null)", "19 19 25 25 (null) (null)"}},
		{Local, NumericMidpoint, true, []string{"14.5 14.5 25 25 (null) (null)"}},
		{Local, NumericBounds, true, []string{"10 10 25 25 (null) (null)", "19 19 25 25 (null) (null)"}},
		{Mondrian, NumericMean, false, []string{"13.5 13.5 25 25 (null) (null)"}},
		{Global, NumericMidpoint, false, []string{"14.5 14.5 24.5 24.5 (null) (null)"}},
		{Global, NumericMean, false, []string{"13.5 13.5 25 25 (null) (null)"}},
		{Global, NumericBounds, false, []string{"10 10 20 20 (null) (null)", "19 19 29 29 (null) (null)"}},
	} {
		t.Run(fmt.Sprint(c.recoding, " ", c.numeric, " ", c.free), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			rec := encoding{dict: true}.record(t, mem, people)
			defer rec.Release()
			cfg := localConfig()
			cfg.Recoding, cfg.Numeric, cfg.MaxSuppression = c.recoding, c.numeric, 0
			cfg.Quasi[1].Hierarchy = Intervals{Widths: []float64{10}, Max: 99, Free: c.free}
			a := mustNew(t, cfg)
			plan := mustSolve(t, a, mustCount(t, a, rec))
			out := transform(t, plan, rec)
			defer out.Release()
			names := []string{"age"}
			if c.numeric == NumericBounds {
				names = []string{"age_lower", "age_upper"}
			}
			if got := plan.Quasi(); !slices.Equal(got, append([]string{"zip"}, names...)) {
				t.Errorf("quasi-identifiers %q", got)
			}
			for i, name := range names {
				if got := cellsOf(t, out, name); got != c.want[i] {
					t.Errorf("%s: %s, want %s", name, got, c.want[i])
				}
			}
		})
	}
}

// With global recoding a class has the mean of its rows, whatever rows of the
// same label are elsewhere, or suppressed; at the top there is none.
func TestGlobalMeansByHand(t *testing.T) {
	people := []person{{id: "a", zip: "100", age: 11}, {id: "b", zip: "100", age: 14},
		{id: "c", zip: "100", age: 14}, {id: "d", zip: "200", age: 12}, {id: "e", zip: "200", age: 18},
		{id: "f", zip: "200", age: 25}}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := encoding{}.record(t, mem, people)
	defer rec.Release()
	cfg := smallConfig()
	cfg.Models, cfg.MaxSuppression = []Model{KAnonymity{2}}, 0.2
	cfg.Numeric = NumericMean
	cfg.Quasi = []Quasi{{Column: "zip", Hierarchy: Prefix{Length: 3}, MaxLevel: 1},
		{Column: "age", Hierarchy: Intervals{Widths: []float64{10}, Max: 99}}}
	for _, c := range []struct {
		level int
		want  string
	}{{1, "13 13 13 15 15"}, {2, "(null) (null) (null) (null) (null) (null)"}} {
		cfg.Quasi[1].MinLevel, cfg.Quasi[1].MaxLevel = c.level, c.level
		a := mustNew(t, cfg)
		plan := mustSolve(t, a, mustCount(t, a, rec))
		out := transform(t, plan, rec)
		if got := cellsOf(t, out, "age"); got != c.want {
			t.Errorf("level %d: %s, want %s", c.level, got, c.want)
		}
		read := new(Plan)
		if err := json.Unmarshal([]byte(planBytes(t, plan)), read); err != nil {
			t.Error(err)
		}
		out.Release()
	}
}

// Floats, decimals, dates and timestamps come out as the types that Numeric says, with
// open intervals and the top.
func TestNumericTypes(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	fields := []arrow.Field{
		{Name: "float", Type: arrow.PrimitiveTypes.Float32},
		{Name: "decimal", Type: &arrow.Decimal128Type{Precision: 9, Scale: 2}},
		{Name: "date", Type: arrow.FixedWidthTypes.Date32},
		{Name: "stamp", Type: &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Asia/Tokyo"}},
		{Name: "open", Type: arrow.PrimitiveTypes.Uint8},
	}
	b := array.NewRecordBuilder(mem, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range []string{
		"1 1.25 2019-02-03 2019-02-28T20:00:00Z 5", "2 2.50 2019-02-09 2019-03-30T20:00:00Z 6",
		"1 1.25 2019-02-03 2019-02-28T20:00:00Z 5", "2 2.50 2019-02-09 2019-03-30T20:00:00Z 6",
	} {
		for i, cell := range strings.Fields(row) {
			if err := b.Field(i).AppendValueFromString(cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	cfg := Config{
		Quasi: []Quasi{
			{Column: "float", Hierarchy: Intervals{Widths: []float64{4}, Max: 8}, MinLevel: 1, MaxLevel: 1},
			{Column: "decimal", Hierarchy: Intervals{Widths: []float64{2.5}, Max: 5}, MinLevel: 1, MaxLevel: 1},
			{Column: "date", Hierarchy: Dates{Periods: []string{"month"}}, MinLevel: 1, MaxLevel: 1},
			{Column: "stamp", Hierarchy: Dates{Periods: []string{"quarter"}}, MinLevel: 1, MaxLevel: 1},
			{Column: "open", Hierarchy: Intervals{Widths: []float64{4}, Min: 8, Max: 20, Bottom: true},
				MinLevel: 1, MaxLevel: 1},
		},
		Models: []Model{KAnonymity{2}}, Recoding: Local, Suppressed: Drop,
	}
	for _, c := range []struct {
		numeric Numeric
		want    map[string]string
	}{
		{NumericMidpoint, map[string]string{"float": "2 2", "decimal": "1.25 3.75",
			"date": "2019-02-14 2019-02-14", "stamp": "2019-02-14 2019-02-14", "open": "7 7"}},
		{NumericMean, map[string]string{"float": "1 2", "decimal": "1.25 2.5",
			"date": "2019-02-03 2019-02-09", "stamp": "2019-03-01 2019-03-31", "open": "5 6"}},
		{NumericBounds, map[string]string{"float_lower": "0 0", "float_upper": "4 4",
			"decimal_lower": "0 2.5", "decimal_upper": "2.5 5", "date_lower": "2019-02-01 2019-02-01",
			"date_upper": "2019-02-28 2019-02-28", "stamp_lower": "2019-01-01 2019-01-01",
			"stamp_upper": "2019-03-31 2019-03-31", "open_lower": "(null) (null)", "open_upper": "7 7"}},
	} {
		cfg.Numeric = c.numeric
		a := mustNew(t, cfg)
		plan := mustSolve(t, a, mustCount(t, a, rec))
		out := transform(t, plan, rec)
		if int(out.NumCols()) != len(c.want) {
			t.Errorf("schema %s", out.Schema())
		}
		for name, want := range c.want {
			if got := cellsOf(t, out, name); got != want+" "+want {
				t.Errorf("%s %s: %s, want %s twice", c.numeric, name, got, want)
			}
		}
		out.Release()
		read := new(Plan)
		if err := json.Unmarshal([]byte(planBytes(t, plan)), read); err != nil {
			t.Error(err)
		}
	}
}

func TestNumericIsChecked(t *testing.T) {
	mem := memory.NewGoAllocator()
	rec := encoding{}.record(t, mem, six)
	defer rec.Release()
	cfg := smallConfig()
	cfg.Numeric = "means"
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), `numeric is "means"`) {
		t.Errorf("error %v", err)
	}
	cfg.Numeric = NumericBounds
	a := mustNew(t, cfg)
	plan := mustSolve(t, a, mustCount(t, a, rec))
	fields := append(slices.Clone(rec.Schema().Fields()), arrow.Field{
		Name: "age_lower", Type: arrow.PrimitiveTypes.Int8})
	if _, err := plan.Schema(arrow.NewSchema(fields, nil)); err == nil ||
		!strings.Contains(err.Error(), `"age_lower": the table would have two`) {
		t.Errorf("error %v", err)
	}
	text := planBytes(t, plan)
	for _, edit := range [][2]string{
		{`"numeric":"bounds"`, `"numeric":"labels"`}, {`"numeric":"bounds"`, `"numeric":"midpoint"`},
		{`"numbers":[[`, `"numbers":[[1,`}, {`"numbers":[[`, `"numbers":[[],[`},
		{`"numbers":[[2`, `"numbers":[[0.5`}, {`"numeric":"bounds",`, ``},
	} {
		edited := strings.Replace(text, edit[0], edit[1], 1)
		if edited == text {
			t.Fatalf("%s is not in %s", edit[0], text)
		}
		if err := json.Unmarshal([]byte(edited), new(Plan)); err == nil {
			t.Errorf("%s for %s is accepted", edit[1], edit[0])
		}
	}
	far := array.NewInt64Builder(mem)
	defer far.Release()
	far.AppendValues([]int64{1<<53 + 1, 1<<53 + 1}, nil)
	column := far.NewArray()
	defer column.Release()
	big := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "n", Type: far.Type()}}, nil),
		[]arrow.Array{column}, 2)
	defer big.Release()
	cfg.Quasi = []Quasi{{Column: "n", Hierarchy: oneLevel()}}
	a = mustNew(t, cfg)
	if _, err := a.Solve(t.Context(), mustCount(t, a, big)); err == nil ||
		!strings.Contains(err.Error(), "2^53 and beyond") || strings.Contains(err.Error(), "9007") {
		t.Errorf("error %v", err)
	}
}

// The days of a period are those that have its label.
func TestPeriodOf(t *testing.T) {
	for _, p := range periods() {
		for day := time.Date(1998, 12, 20, 0, 0, 0, 0, time.UTC); day.Year() < 2002; day = day.AddDate(0, 0, 1) {
			first, next := periodOf(p.name, day)
			if p.label(first) != p.label(day) || p.label(next) == p.label(day) ||
				p.label(first.AddDate(0, 0, -1)) == p.label(day) || p.label(next.AddDate(0, 0, -1)) != p.label(day) {
				t.Fatalf("%s of %s: from %s to %s", p.name, day, first, next)
			}
		}
	}
}
