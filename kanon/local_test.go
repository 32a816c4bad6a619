package kanon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/shared"
)

func localConfig() Config {
	cfg := smallConfig()
	cfg.Recoding = Local
	return cfg
}

// The six people of TestPlanByHand: those of 22 with each other, those of 20*
// with each other, and a, who is 21, with the nearer ones. Their own zips stay
// where a class has one.
func TestLocalByHand(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	people := slices.Clone(six)
	people[2].zip = "101" // as b, with whom c agrees in everything then
	people = append(people, person{id: "g", age: 21, zip: "102", note: "n7"})
	rec := encoding{}.record(t, mem, people)
	defer rec.Release()
	a := mustNew(t, localConfig())
	plan := mustSolve(t, a, mustCount(t, a, rec))
	out := transform(t, plan, rec)
	defer out.Release()
	want := []string{
		"a 21 n1 10* false 0", "b 22 n2 101 false 0", "c 22 n3 101 false 0",
		"d from 40 n4 20* false 0", "e from 40 n5 20* false 0", "f from 40 n6 20* false 0",
		"g 21 n7 10* false 0",
	}
	if got := rowsOf(out); !slices.Equal(got, want) {
		t.Fatalf("rows %q", got)
	}
	// Five zips (two of 20*) and five ages (three from 40): the zips of a and g
	// cover 3/5 and those of 20* 2/5, the ages from 40 cover 3/5.
	zip, age := (2*3./5+2*1./5+3*2./5)/7, (4*1./5+3*3./5)/7
	s := plan.Summary()
	if math.Abs(s.Loss-(zip+age-2./5)/(2-2./5)) > 1e-6 || s.Classes != 3 || s.Suppressed != 0 ||
		s.Search != "sweep" || !slices.Equal(s.Levels, []int{1, 1}) {
		t.Fatalf("summary %+v", s)
	}
	if math.Abs(s.Columns[0].Loss-(zip-.2)/.8) > 1e-6 || s.Columns[0].Labels != 3 ||
		!slices.Equal(s.Columns[0].After, []float64{3. / 7, 2. / 7, 2. / 7}) {
		t.Fatalf("summary %+v", s.Columns[0])
	}
}

// A column that no class generalizes keeps its type, and a tuple that was never
// counted is suppressed.
func TestLocalKeepsWhatItCan(t *testing.T) {
	mem := memory.NewGoAllocator()
	people := []person{{id: "a", age: 30, zip: "100"}, {id: "b", age: 30, zip: "101"},
		{id: "c", age: 71, zip: "200"}, {id: "d", age: 71, zip: "201"}}
	rec := encoding{}.record(t, mem, people)
	defer rec.Release()
	a := mustNew(t, localConfig())
	plan := mustSolve(t, a, mustCount(t, a, rec))
	out := transform(t, plan, rec)
	defer out.Release()
	at := out.Schema().FieldIndices("age")[0]
	if dt := out.Schema().Field(at).Type; dt.ID() != arrow.INT16 {
		t.Fatalf("age is %s, and no class generalizes it", dt)
	}
	other := encoding{}.record(t, mem, append(people[:2:2], person{id: "x", age: 31, zip: "900"}))
	defer other.Release()
	if _, err := plan.Transform(context.Background(), other); err == nil ||
		!strings.Contains(err.Error(), `column "zip"`) {
		t.Fatalf("error %v", err)
	}
}

func TestLocalConfigIsChecked(t *testing.T) {
	cfg := smallConfig()
	cfg.Local = LocalSearch{Iterations: 7}
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), `for recoding "local"`) {
		t.Errorf("error %v", err)
	}
	cfg = localConfig()
	cfg.Local.Iterations = -1
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "iterations") {
		t.Errorf("error %v", err)
	}
	cfg.Recoding = "locale"
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), `"global", "local" or`) {
		t.Errorf("error %v", err)
	}
}

// Where no class can have both ends of a bounded column, rows are suppressed,
// or it is said that it cannot be.
func TestLocalWithinMaxLevel(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), append(six, person{id: "x", age: 81, zip: "900"}))
	defer rec.Release()
	cfg := localConfig()
	cfg.Quasi[0].MaxLevel = 1
	a := mustNew(t, cfg)
	_, err := a.Solve(context.Background(), mustCount(t, a, rec))
	if !errors.Is(err, ErrInfeasible) || !strings.Contains(err.Error(), "0.1429") {
		t.Fatalf("error %v", err)
	}
	for _, suppressed := range []Suppressed{Drop, Star} {
		cfg.MaxSuppression, cfg.Suppressed = 0.6, suppressed
		a = mustNew(t, cfg)
		s := mustSolve(t, a, mustCount(t, a, rec)).Summary()
		if s.Suppressed < 1 || suppressed == Drop && s.Suppressed > 1 {
			t.Fatalf("summary %+v", s)
		}
	}
}

// A local plan that was edited is refused.
func TestLocalPlanIsValidated(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), six)
	defer rec.Release()
	a := mustNew(t, localConfig())
	text := planBytes(t, mustSolve(t, a, mustCount(t, a, rec)))
	if err := json.Unmarshal([]byte(text), new(Plan)); err != nil {
		t.Fatal(err)
	}
	for _, edit := range [][2]string{
		{`"recoding":"local"`, `"recoding":"global"`}, {`"recoding":"local"`, `"recoding":"mondrian"`},
		{`"method":"sweep"`, `"method":"swept"`}, {`"iterations":0`, `"iterations":-1`},
		{`"class":[`, `"class":[0,`}, {`"class":[`, `"class":[9,`},
		{`"tuples":[[0,`, `"tuples":[[5,`}, {`"tuples":[[0,`, `"tuples":[[77,`},
		{`"labels":["10*",`, `"labels":["1**","10*",`}, {`"kept":[[0,`, `"kept":[[7,`},
		{`"search":"sweep"`, `"search":"optimal"`}, {`"tuples":[[`, `"tuples":[[],[`},
	} {
		edited := strings.Replace(text, edit[0], edit[1], 1)
		if edited == text {
			t.Fatalf("%s is not in %s", edit[0], text)
		}
		if err := json.Unmarshal([]byte(edited), new(Plan)); err == nil {
			t.Errorf("%s for %s is accepted", edit[1], edit[0])
		}
	}
}

// Free intervals by hand: the shortest that holds a class, on the marks of the
// first width; a class of one age keeps it.
func TestFreeIntervalsByHand(t *testing.T) {
	people := []person{{id: "a", age: 21}, {id: "b", age: 33}, {id: "c", age: 50}, {id: "d", age: 50},
		{id: "e", age: 61}, {id: "f", age: 70}, {id: "g", age: -1}, {id: "h", age: -1}}
	for i := range people {
		people[i].zip = "100"
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := encoding{dict: true}.record(t, mem, people)
	defer rec.Release()
	cfg := localConfig()
	cfg.Quasi[1].Hierarchy = Intervals{Widths: []float64{1, 50}, Min: 0, Max: 99, Free: true}
	for _, c := range []struct {
		level int
		width float64
		want  string
	}{
		{0, 1, "21-33 21-33 50 50 61-70 61-70 (null) (null)"},
		{0, 5, "20-34 20-34 50 50 60-74 60-74 (null) (null)"},
		{1, 5, "20-34 20-34 50-54 50-54 60-74 60-74 (null) (null)"},
	} {
		cfg.Quasi[1].MinLevel = c.level
		cfg.Quasi[1].Hierarchy = Intervals{Widths: []float64{c.width, 50}, Min: 0, Max: 99, Free: true}
		a := mustNew(t, cfg)
		out := transform(t, mustSolve(t, a, mustCount(t, a, rec)), rec)
		var got []string
		for i := range int(out.NumRows()) {
			got = append(got, out.Column(out.Schema().FieldIndices("age")[0]).ValueStr(i))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("level %d, width %v: %q, want %s", c.level, c.width, got, c.want)
		}
		out.Release()
	}
}

func TestFreeIntervalsAreChecked(t *testing.T) {
	free := Intervals{Widths: []float64{5, 10}, Min: 0, Max: 99, Free: true}
	for _, c := range []struct {
		recoding  Recoding
		low, high int
		want      string
	}{
		{Global, 0, 0, `free intervals are for recoding "local"`}, {Local, 0, 2, "no maximal level"},
		{Local, 3, 0, "minimal level below the top"},
	} {
		cfg := localConfig()
		cfg.Recoding = c.recoding
		cfg.Quasi[1] = Quasi{Column: "age", Hierarchy: free, MinLevel: c.low, MaxLevel: c.high}
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

// What an interval is called, with open ends and without.
func TestFreeLabels(t *testing.T) {
	mem := memory.NewGoAllocator()
	of := func(dt arrow.DataType, values ...string) arrow.Array {
		b := array.NewBuilder(mem, dt)
		defer b.Release()
		for _, v := range values {
			if err := b.AppendValueFromString(v); err != nil {
				t.Fatal(err)
			}
		}
		return b.NewArray()
	}
	intervals := Intervals{Widths: []float64{5}, Min: 10, Max: 28, Bottom: true, Top: true, Free: true}
	for _, c := range []struct {
		hierarchy liner
		domain    arrow.Array
		want      map[[2]int]string
	}{
		{intervals, of(arrow.PrimitiveTypes.Int64, "3", "10", "17", "28", "99"), map[[2]int]string{
			{0, 0}: "<10", {0, 2}: "<20", {0, 3}: "<29", {0, 4}: "*", {1, 1}: "10-14", {1, 2}: "10-19",
			{2, 3}: "15-28", {2, 4}: ">14", {4, 4}: ">28"}},
		{intervals, of(arrow.PrimitiveTypes.Float64, "3", "10.5", "17", "28", "99"), map[[2]int]string{
			{0, 2}: "<20", {1, 1}: "[10,15)", {1, 3}: "[10,28]", {2, 4}: ">=15", {4, 4}: ">28"}},
		{Dates{Periods: []string{"month", "year"}, Free: true}, of(arrow.FixedWidthTypes.Date32,
			"2019-01-30", "2019-02-01", "2019-02-27", "2020-01-05"), map[[2]int]string{
			{0, 0}: "2019-01", {1, 2}: "2019-02", {0, 1}: "2019-01/2019-02", {1, 3}: "2019-02/2020-01"}},
	} {
		l, err := c.hierarchy.line(c.domain, 1)
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range c.want {
			if got := l.label(at[0], at[1]); got != want {
				t.Errorf("%T from value %d to %d: %q, want %q", c.hierarchy, at[0], at[1], got, want)
			}
		}
	}
}

// granularity is 1 minus the granularity of a table by the definition of the
// reference: labels are looked up in the files of the hierarchies.
func granularity(tb testing.TB, out arrow.Table, columns []string) float64 {
	tb.Helper()
	loss, most := 0.0, 0.0
	for _, name := range columns {
		rows := readCSV(tb, filepath.Join(shared.Dir(tb), "data",
			"adult_hierarchy_"+name+".csv"), ';')
		share := map[string]float64{}
		for level := range rows[0] {
			leaves := map[string]float64{}
			for _, row := range rows {
				leaves[row[level]]++
			}
			for label, n := range leaves {
				share[label] = n / float64(len(rows))
			}
		}
		least := 1 / float64(len(rows))
		sum := 0.0
		for _, chunk := range out.Column(out.Schema().FieldIndices(name)[0]).Data().Chunks() {
			for i := range chunk.Len() {
				label := chunk.ValueStr(i)
				s, ok := share[label]
				if !ok { // a free interval
					var lo, hi int
					if n, err := fmt.Sscanf(label, "%d-%d", &lo, &hi); n != 2 || lo >= hi {
						tb.Fatalf("column %q: a label is in no hierarchy: %v", name, err)
					}
					s = float64(hi-lo+1) * least
				}
				sum += s
			}
		}
		loss += sum/float64(out.NumRows()) - least
		most += 1 - least
	}
	return loss / most
}

type localCase struct {
	name    string
	columns int // of adultColumns
	models  []Model
	local   LocalSearch
	most    float64 // loss
	free    bool    // intervals of age
}

func localCases() []localCase {
	k := func(k int) []Model { return []Model{KAnonymity{k}} }
	return []localCase{
		{name: "k=2", columns: 8, models: k(2), most: 0.0205},
		{name: "k=5", columns: 8, models: k(5), most: 0.0520},
		{name: "k=10", columns: 8, models: k(10), most: 0.0775},
		{name: "k=100", columns: 8, models: k(100), most: 0.201},
		{name: "distinct=3", columns: 7, most: 0.0305,
			models: append(k(5), LDiversity{Column: "occupation", L: 3, Kind: Distinct})},
		{name: "closeness=0.2", columns: 7, most: 0.40,
			models: append(k(5), TCloseness{Column: "occupation", T: 0.2, Distance: Equal})},
		{name: "k=5,thorough", columns: 8, models: k(5), most: 0.0512,
			local: LocalSearch{Iterations: 400_000, Seed: 1}},
		{name: "k=5,free", columns: 8, models: k(5), most: 0.0450, free: true},
		{name: "k=5,free,thorough", columns: 8, models: k(5), most: 0.042, free: true,
			local: LocalSearch{Iterations: 400_000, Seed: 1}},
	}
}

func (c localCase) config(tb testing.TB) Config {
	quasi := adultQuasi(tb)[:c.columns]
	if c.free {
		quasi[1].Hierarchy = Intervals{Widths: []float64{1, 5, 10, 20}, Min: 1, Max: 100, Free: true}
	}
	return Config{Quasi: quasi, Models: c.models, Recoding: Local, Local: c.local, Suppressed: Drop}
}

// Local recoding of Adult loses what it says and no more than it ever did; the
// reference loses 0.0504, 0.0778, 0.1020 and 0.2252 with k of 2, 5, 10 and 100.
func TestLocalAdult(t *testing.T) {
	rec := adultRecord(t, memory.NewGoAllocator())
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	for _, c := range localCases() {
		if c.local.Iterations > 0 && os.Getenv("LETHE_LONG") == "" ||
			testing.Short() && c.name != "distinct=3" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			cfg := c.config(t)
			plan, err := fit(context.Background(), cfg, table)
			if err != nil {
				t.Fatal(err)
			}
			out, err := plan.table(context.Background(), table)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Release()
			found, err := audit(context.Background(), cfg, plan.Quasi(), out, table, nil)
			if err != nil || !found.Holds {
				t.Fatalf("error %v, audit:\n%s", err, found)
			}
			got := granularity(t, out, adultColumns[:c.columns])
			if s := plan.Summary(); math.Abs(s.Loss-got) > 1e-5 || s.Suppressed > 0 {
				t.Errorf("the plan says that %v are lost, and it is %v", s.Loss, got)
			}
			if got > c.most || found.Rows != rec.NumRows() {
				t.Errorf("loss %.5f, want at most %v", got, c.most)
			}
		})
	}
}

// BenchmarkLocalAdult reports what is lost beside the time it takes.
func BenchmarkLocalAdult(b *testing.B) {
	rec := adultRecord(b, memory.NewGoAllocator())
	defer rec.Release()
	for _, c := range localCases() {
		b.Run(c.name, func(b *testing.B) {
			a := mustNew(b, c.config(b))
			counts := mustCount(b, a, rec)
			start, plan := cpu(), (*Plan)(nil)
			for b.Loop() {
				plan = mustSolve(b, a, counts)
			}
			b.ReportMetric((cpu()-start)/float64(b.N), "cpu-ms/op")
			b.ReportMetric(plan.Summary().Loss, "loss")
			b.ReportMetric(float64(plan.Summary().Classes), "classes")
		})
	}
}
