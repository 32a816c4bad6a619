package kanon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Six people, worked by hand. For k=2 and at most one row in ten suppressed,
// which is none: zip at level 1 (10*, 20*) with age at level 1 leaves the
// classes (10*, from 20) of 3 and (20*, from 40) of 3.
var six = []person{
	{id: "a", age: 21, zip: "100", note: "n1"}, {id: "b", age: 22, zip: "101", note: "n2"},
	{id: "c", age: 22, zip: "102", note: "n3"}, {id: "d", age: 41, zip: "200", note: "n4"},
	{id: "e", age: 43, zip: "201", note: "n5"}, {id: "f", age: 45, zip: "201", note: "n6"},
}

func rowsOf(rec arrow.Record) []string {
	rows := make([]string, rec.NumRows())
	for i := range rows {
		var cells []string
		for _, c := range rec.Columns() {
			cells = append(cells, c.ValueStr(i))
		}
		rows[i] = strings.Join(cells, " ")
	}
	return rows
}

func smallConfig() Config {
	cfg := peopleConfig()
	cfg.Quasi = cfg.Quasi[:2]
	return cfg
}

func TestPlanByHand(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := encoding{}.record(t, mem, six)
	defer rec.Release()
	a := mustNew(t, smallConfig())
	plan := mustSolve(t, a, mustCount(t, a, rec))
	s := plan.Summary()
	// Without shares of a whole domain, those of the values that occur: 5 zips
	// and 5 ages. At level 1 a zip label covers 3/5 or 2/5, as does an age:
	// both L_j are 3*3/5 + 3*2/5 = 3; x_j = (3-6/5)/(6-6/5) = 0.375.
	if want := []int{1, 1}; !slices.Equal(s.Levels, want) || s.Suppressed != 0 || s.Classes != 2 ||
		s.Rows != 6 || s.Search != "optimal" {
		t.Fatalf("summary %+v", s)
	}
	ageLoss := (3*2./5 + 3*3./5 - 6./5) / (6 - 6./5)
	if math.Abs(s.Columns[1].Loss-ageLoss) > 1e-9 || math.Abs(s.Loss-0.375) > 1e-9 {
		t.Fatalf("loss %v, age %v, want %v", s.Loss, s.Columns[1].Loss, ageLoss)
	}
	if want := []SizeCount{{1, 6}}; !reflect.DeepEqual(s.Before, want) {
		t.Fatalf("before %v, want %v", s.Before, want)
	}
	if age := s.Columns[1]; !age.Ordered || !slices.Equal(age.After, []float64{.5, .5}) ||
		len(age.Before) != 5 || age.Before[1] != 2./6 {
		t.Fatalf("age %+v", age)
	}
	out := transform(t, plan, rec)
	defer out.Release()
	want := []string{
		"a from 20 n1 10* false 0", "b from 20 n2 10* false 0", "c from 20 n3 10* false 0",
		"d from 40 n4 20* false 0", "e from 40 n5 20* false 0", "f from 40 n6 20* false 0",
	}
	if got := rowsOf(out); !slices.Equal(got, want) {
		t.Fatalf("rows %q", got)
	}
	if out.Schema().HasMetadata() {
		t.Fatal("the metadata of the table is passed on")
	}
}

// Two rows are alone at every level of age but the top. One is dropped, or
// both are starred: one alone would be no class.
func TestSuppressedRows(t *testing.T) {
	people := append([]person{{id: "x", age: 81, zip: "100", note: "nx"},
		{id: "y", age: 500, zip: "201", note: "ny"}}, six...)
	rec := encoding{dict: true}.record(t, memory.NewGoAllocator(), people)
	defer rec.Release()
	cfg := smallConfig()
	cfg.MaxSuppression = 0.25
	a := mustNew(t, cfg)
	dropped := transform(t, mustSolve(t, a, mustCount(t, a, rec)), rec)
	defer dropped.Release()
	if dropped.NumRows() != 6 {
		t.Fatalf("rows %q", rowsOf(dropped))
	}
	for _, c := range dropped.Columns() { // nothing of them is left in a dictionary
		if s := fmt.Sprint(c); strings.Contains(s, "nx") || strings.Contains(s, "ny") ||
			strings.Contains(s, "80") {
			t.Fatalf("a suppressed value is left: %s", s)
		}
	}
	cfg.Suppressed = Star
	a = mustNew(t, cfg)
	starred := transform(t, mustSolve(t, a, mustCount(t, a, rec)), rec)
	defer starred.Release()
	want := []string{"x * nx * false 0", "y * ny * false 0", "a from 20 n1 10* false 0"}
	if got := rowsOf(starred); !slices.Equal(got[:3], want) || len(got) != 8 {
		t.Fatalf("rows %q", got)
	}
	cfg.MaxSuppression = 0.125
	a = mustNew(t, cfg)
	p := mustSolve(t, a, mustCount(t, a, rec))
	if s := p.Summary(); s.Suppressed == 1 {
		t.Fatalf("one starred row is a class of its own: %+v", s)
	}
}

// Three visits of one person and one of another: two people, not four.
func TestUnitCountsPeople(t *testing.T) {
	people := []person{{id: "a", age: 20, zip: "100"}, {id: "a", age: 20, zip: "100"},
		{id: "a", age: 20, zip: "100"}, {id: "b", age: 30, zip: "100"}}
	rec := encoding{}.record(t, memory.NewGoAllocator(), people)
	defer rec.Release()
	cfg := smallConfig()
	cfg.MaxSuppression = 0
	cfg.Unit = "id"
	a := mustNew(t, cfg)
	s := mustSolve(t, a, mustCount(t, a, rec)).Summary()
	if !slices.Equal(s.Levels, []int{0, 2}) || s.Classes != 1 {
		t.Fatalf("summary %+v", s)
	}
	if !reflect.DeepEqual(s.Before, []SizeCount{{1, 2}}) ||
		!reflect.DeepEqual(s.BeforeRows, []SizeCount{{1, 1}, {3, 1}}) {
		t.Fatalf("before %v and %v", s.Before, s.BeforeRows)
	}
	cfg.Models = []Model{KAnonymity{3}}
	a = mustNew(t, cfg)
	_, err := a.Solve(context.Background(), mustCount(t, a, rec))
	if !errors.Is(err, ErrInfeasible) || !strings.Contains(err.Error(), "fewer than 3 people") {
		t.Fatalf("error %v", err)
	}
}

func TestInfeasibleSaysWhy(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), six)
	defer rec.Release()
	cfg := smallConfig()
	cfg.Quasi[0].MaxLevel, cfg.Quasi[1].MaxLevel = 1, 1
	cfg.Models = []Model{KAnonymity{4}}
	a := mustNew(t, cfg)
	_, err := a.Solve(context.Background(), mustCount(t, a, rec))
	const want = "kanon: no generalization satisfies the models: the whole table has fewer than 4 rows"
	if !errors.Is(err, ErrInfeasible) || err.Error() == want {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "4-anonymity fails for 2 classes at the top level") {
		t.Fatalf("error %v", err)
	}
	more := encoding{}.record(t, memory.NewGoAllocator(), append(six, six[0], six[1]))
	defer more.Release()
	_, err = a.Solve(context.Background(), mustCount(t, a, more))
	const one = "kanon: no generalization satisfies the models: 4-anonymity fails for 1 class " +
		"at the top level; raise max_suppression to 0.375 or more, raise max_level or drop a column"
	if err == nil || err.Error() != one {
		t.Fatalf("error %v, want %s", err, one)
	}
}

func TestEmptyTable(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), nil)
	defer rec.Release()
	for _, suppressed := range []Suppressed{Drop, Star} {
		cfg := peopleConfig()
		cfg.Suppressed = suppressed
		cfg.Quasi[1].MinLevel = 1
		a := mustNew(t, cfg)
		plan := mustSolve(t, a, mustCount(t, a, rec))
		if s := plan.Summary(); !slices.Equal(s.Levels, []int{0, 1, 0, 0}) || s.Loss != 0 {
			t.Fatalf("summary %+v", s)
		}
		out := transform(t, plan, rec)
		if out.NumRows() != 0 {
			t.Fatal("rows out of nothing")
		}
		out.Release()
		table := array.NewTableFromRecords(rec.Schema(), nil)
		res, audit, err := Apply(context.Background(), cfg, table)
		if err != nil || !audit.Holds || res.NumRows() != 0 {
			t.Fatalf("Apply: %v, %v", audit, err)
		}
		res.Release()
		table.Release()
	}
}

// A row that was not counted is refused: without its value, and as suppressed
// if only the combination is new.
func TestTransformFailsClosed(t *testing.T) {
	mem := memory.NewGoAllocator()
	rec := encoding{}.record(t, mem, six)
	defer rec.Release()
	a := mustNew(t, smallConfig())
	plan := mustSolve(t, a, mustCount(t, a, rec))
	for _, p := range []person{
		{id: "g", age: 21, zip: "7canary7"}, {id: "g", age: 10777, zip: "100"},
		{id: "g", age: -1, zip: "100"},
	} {
		other := encoding{}.record(t, mem, []person{six[0], p})
		_, err := plan.Transform(context.Background(), other)
		if err == nil || !strings.Contains(err.Error(), "column") ||
			strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "777") {
			t.Fatalf("error %v", err)
		}
		other.Release()
	}
	mixed := encoding{}.record(t, mem, []person{{id: "g", age: 21, zip: "200"}})
	defer mixed.Release()
	out := transform(t, plan, mixed)
	defer out.Release()
	if out.NumRows() != 0 {
		t.Fatalf("a combination that was never counted is kept: %q", rowsOf(out))
	}
	if _, err := new(Plan).Transform(context.Background(), rec); err == nil {
		t.Fatal("the zero plan transforms")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := plan.Transform(ctx, rec); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if _, err := a.Solve(ctx, mustCount(t, a, rec)); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

func TestSchemaRefusals(t *testing.T) {
	rec := encoding{}.record(t, memory.NewGoAllocator(), six)
	defer rec.Release()
	a := mustNew(t, smallConfig())
	plan := mustSolve(t, a, mustCount(t, a, rec))
	f := func(name string, dt arrow.DataType) arrow.Field { return arrow.Field{Name: name, Type: dt} }
	zip, age := f("zip", arrow.BinaryTypes.String), f("age", arrow.PrimitiveTypes.Int8)
	for want, fields := range map[string][]arrow.Field{
		`column "age" is not in the table`:          {zip},
		`column "zip" is in the table 2 times`:      {zip, zip, age},
		`column "age": values are of type unsigned`: {zip, f("age", arrow.PrimitiveTypes.Uint8)},
		`column "more": rows of type list`:          {zip, age, f("more", arrow.ListOf(age.Type))},
	} {
		if _, err := plan.Schema(arrow.NewSchema(fields, nil)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// What is equal as counted is equal in its bits in the output.
func TestFloatsAtLevel0(t *testing.T) {
	b := array.NewFloat64Builder(memory.NewGoAllocator())
	defer b.Release()
	odd := math.Float64frombits(math.Float64bits(math.NaN()) ^ 3)
	b.AppendValues([]float64{0, math.Copysign(0, -1), math.NaN(), odd, 1, 1, 0, 0},
		[]bool{true, true, true, true, true, true, false, false})
	plain := b.NewArray()
	defer plain.Release()
	index := array.NewInt8Builder(memory.NewGoAllocator())
	index.AppendValues([]int8{0, 1, 2, 3, 4, 5, 6, 7}, nil)
	ix := index.NewArray()
	dt := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Float64,
	}
	for _, col := range []arrow.Array{plain, array.NewDictionaryArray(dt, ix, plain)} {
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: col.DataType(), Nullable: true}}, nil)
		rec := array.NewRecord(schema, []arrow.Array{col}, 8)
		a := mustNew(t, Config{
			Quasi: []Quasi{{Column: "x", Hierarchy: oneLevel()}}, Models: []Model{KAnonymity{2}},
			Recoding: Global, Suppressed: Drop,
		})
		plan := mustSolve(t, a, mustCount(t, a, rec))
		if s := plan.Summary(); s.Classes != 4 || s.Levels[0] != 0 {
			t.Fatalf("summary %+v", s)
		}
		out := transform(t, plan, rec).Column(0)
		bits := func(i int) uint64 {
			if d, ok := out.(*array.Dictionary); ok {
				if d.Dictionary().Len() != 3 {
					t.Fatalf("dictionary %v", d.Dictionary())
				}
				return math.Float64bits(d.Dictionary().(*array.Float64).Value(d.GetValueIndex(i)))
			}
			return math.Float64bits(out.(*array.Float64).Value(i))
		}
		if bits(0) != bits(1) || bits(2) != bits(3) || !out.IsNull(6) {
			t.Fatalf("bits %x %x %x %x", bits(0), bits(1), bits(2), bits(3))
		}
	}
}

// Every flat type can be a quasi-identifier at level 0, dropped and starred.
func TestStarredLevel0(t *testing.T) {
	for _, c := range []struct {
		dt       arrow.DataType
		in, want string
	}{
		{arrow.PrimitiveTypes.Int32, `[1,1,2,3]`, `[1 1 (null) (null)]`},
		{arrow.BinaryTypes.String, `["a","a","b","c"]`, `["a" "a" "*" "*"]`},
		{arrow.BinaryTypes.LargeString, `["a","a","b","c"]`, `["a" "a" "*" "*"]`},
		{arrow.FixedWidthTypes.Date32, `["2024-01-01","2024-01-01","2024-01-02",null]`,
			`[19723 19723 (null) (null)]`},
		{arrow.FixedWidthTypes.Boolean, `[true,true,false,null]`, `[true true (null) (null)]`},
		{&arrow.Decimal128Type{Precision: 5, Scale: 1}, `["1.5","1.5","2.5","3.5"]`, ``},
		{&arrow.FixedSizeBinaryType{ByteWidth: 1}, `["YQ==","YQ==","Yg==","Yw=="]`, ``},
	} {
		for _, dict := range []bool{false, true} {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			col, _, err := array.FromJSON(mem, c.dt, strings.NewReader(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if dict {
				b := array.NewInt8Builder(mem)
				b.AppendValues([]int8{0, 1, 2, 3}, nil)
				ix := b.NewArray()
				b.Release()
				d := array.NewDictionaryArray(&arrow.DictionaryType{
					IndexType: arrow.PrimitiveTypes.Int8, ValueType: c.dt}, ix, col)
				ix.Release()
				col.Release()
				col = d
			}
			checkStarred(t, col, c.want)
			col.Release()
			mem.AssertSize(t, 0)
		}
	}
}

func checkStarred(t *testing.T, col arrow.Array, want string) {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: col.DataType()}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{col}, 4)
	defer rec.Release()
	a := mustNew(t, Config{
		Quasi:  []Quasi{{Column: "x", Hierarchy: oneLevel()}},
		Models: []Model{KAnonymity{2}}, MaxSuppression: 0.5, Recoding: Global, Suppressed: Star,
	})
	plan := mustSolve(t, a, mustCount(t, a, rec))
	if s := plan.Summary(); s.Levels[0] != 0 || s.Suppressed != 2 {
		t.Fatalf("%s: summary %+v", col.DataType(), s)
	}
	out := transform(t, plan, rec)
	defer out.Release()
	var got []string
	for i := range 4 {
		got = append(got, out.Column(0).ValueStr(i))
	}
	if got[0] != got[1] || got[2] != got[3] || got[0] == got[2] {
		t.Fatalf("%s: rows %q", col.DataType(), got)
	}
	if _, dict := col.(*array.Dictionary); !dict && want != "" && fmt.Sprint(out.Column(0)) != want {
		t.Fatalf("%s: %s, want %s", col.DataType(), out.Column(0), want)
	}
}

func TestTransformIsSafeForConcurrentUse(t *testing.T) {
	rec := encoding{dict: true}.record(t, memory.NewGoAllocator(), six)
	defer rec.Release()
	a := mustNew(t, smallConfig())
	plan := mustSolve(t, a, mustCount(t, a, rec))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				out, err := plan.Transform(context.Background(), rec)
				if err != nil {
					t.Error(err)
					return
				}
				out.Release()
			}
		})
	}
	wg.Wait()
}
