package propose_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
	"github.com/lethe-go/lethe/kanon/propose"
	"pgregory.net/rapid"
)

// of makes a record with one column from texts, "" for null.
func of(t testing.TB, dt arrow.DataType, texts []string) arrow.Record {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, dt)
	defer b.Release()
	for _, s := range texts {
		if s == "" {
			b.AppendNull()
		} else if err := b.AppendValueFromString(s); err != nil {
			t.Fatal(err)
		}
	}
	return array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "c", Type: dt, Nullable: true}}, nil),
		[]arrow.Array{b.NewArray()}, int64(len(texts)))
}

func one(t testing.TB, rec arrow.Record) propose.Proposal {
	t.Helper()
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	got, err := propose.Hierarchies(context.Background(), r, rec.ColumnName(0))
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0].Reasons) == 0 {
		t.Error("no reason")
	}
	return got[0]
}

func repeat(n int, f func(i int) string) (out []string) {
	for i := range n {
		out = append(out, f(i))
	}
	return out
}

func TestByHand(t *testing.T) {
	for name, c := range map[string]struct {
		dt    arrow.DataType
		texts []string
		want  kanon.Hierarchy
	}{
		"ages": {arrow.PrimitiveTypes.Int8, append(repeat(1000, func(i int) string {
			return strconv.Itoa(20 + i%50)
		}), "99"), kanon.Intervals{Widths: []float64{5, 10, 20}, Min: 20, Max: 79, Top: true}},
		"amounts": {arrow.PrimitiveTypes.Float64, repeat(1000, func(i int) string {
			return fmt.Sprint(float64(i%100) / 100)
		}), kanon.Intervals{Widths: []float64{.05, .1, .2, .4}, Min: 0, Max: 1.2}},
		"flags": {arrow.FixedWidthTypes.Boolean, repeat(30, func(i int) string {
			return fmt.Sprint(i%2 == 0)
		}), kanon.Order{Values: []string{"false", "true"}}},
		"visits": {arrow.FixedWidthTypes.Date32, repeat(300, func(i int) string {
			return fmt.Sprintf("20%02d-%02d-05", 18+i%6, 1+i%12)
		}), kanon.Dates{Periods: []string{"month", "quarter", "year"}}},
		"births": {arrow.FixedWidthTypes.Date32, repeat(300, func(i int) string {
			return fmt.Sprintf("19%02d-%02d-05", 20+i%70, 1+i%12)
		}), kanon.Dates{Periods: []string{"month", "year", "5-years", "decade"}}},
		"zips": {arrow.BinaryTypes.String, repeat(300, func(i int) string {
			return fmt.Sprintf("%05d", 53700+i%40)
		}), kanon.Prefix{Length: 5}},
		"icd": {arrow.BinaryTypes.String, repeat(300, func(i int) string {
			return []string{"I10", "E11.9", "J45.20"}[i%3]
		}), kanon.Prefix{Length: 6, Shorter: true}},
		"jobs": {arrow.BinaryTypes.String, append(repeat(200, func(i int) string {
			return []string{"nurse", "nurse", "nurse", "nurse", "nurse", "nurse", "nurse", "nurse",
				"nurse", "nurse", "nurse", "cook"}[i%12]
		}), "canary"), kanon.Frequent{Keep: [][]string{{"nurse", "cook"}, {"nurse"}}, Other: "other"}},
		"names": {arrow.BinaryTypes.String, repeat(300, func(i int) string { return fmt.Sprint("name ", i) }), nil},
		"ids":   {arrow.BinaryTypes.String, repeat(300, func(i int) string { return fmt.Sprint("P", 1000+i) }), nil},
		"numbers of people": {arrow.PrimitiveTypes.Int32, repeat(300, func(i int) string {
			return strconv.Itoa(100000 + 7*i)
		}), nil},
		"nothing":  {arrow.BinaryTypes.String, []string{"", ""}, nil},
		"rare two": {arrow.BinaryTypes.String, append(repeat(99, func(int) string { return "a" }), "canary"), nil},
		"no number": {arrow.PrimitiveTypes.Float64, append(repeat(99, func(i int) string { return fmt.Sprint(i) }), "NaN"),
			nil},
		"huge": {arrow.PrimitiveTypes.Int64, repeat(99, func(i int) string { return fmt.Sprint(math.MaxInt64 - i) }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := one(t, of(t, c.dt, c.texts))
			if diff := cmp.Diff(c.want, got.Hierarchy); diff != "" {
				t.Errorf("-want +got:\n%s\n%v", diff, got.Reasons)
			}
			if strings.Contains(fmt.Sprint(got), "canary") {
				t.Errorf("a rare value is shown: %v", got)
			}
		})
	}
}

// Every proposal is a hierarchy of the column, shows no value of few rows, and
// does not depend on the order of rows.
func TestProposalsHold(t *testing.T) {
	kinds := []struct {
		dt arrow.DataType
		of func(i int) string
	}{
		{arrow.PrimitiveTypes.Int16, func(i int) string { return strconv.Itoa(i*i - 300) }},
		{arrow.PrimitiveTypes.Float32, func(i int) string { return fmt.Sprint(float32(i*i) / 7) }},
		{arrow.PrimitiveTypes.Float64, func(i int) string { return fmt.Sprint(math.Exp(float64(i)) * 1e-3) }},
		{&arrow.Decimal128Type{Precision: 12, Scale: 2}, func(i int) string { return fmt.Sprintf("%d.25", i*7) }},
		{arrow.FixedWidthTypes.Date32, func(i int) string { return fmt.Sprintf("%d-01-17", 1950+i*2) }},
		{&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"},
			func(i int) string { return fmt.Sprintf("2024-02-%02d 23:30:00Z", 1+i%28) }},
		{arrow.BinaryTypes.String, func(i int) string { return fmt.Sprintf("A%03d", i) }},
		{arrow.BinaryTypes.String, func(i int) string { return strings.Repeat("x", i+1) }},
	}
	rapid.Check(t, func(rt *rapid.T) {
		kind := kinds[rapid.IntRange(0, len(kinds)-1).Draw(rt, "kind")]
		var texts []string
		counts := map[string]int{}
		for range rapid.IntRange(1, 60).Draw(rt, "values") {
			n := rapid.IntRange(1, 25).Draw(rt, "rows")
			v := kind.of(rapid.IntRange(0, 40).Draw(rt, "value"))
			counts[v] += n
			texts = append(texts, slices.Repeat([]string{v}, n)...)
		}
		got := one(t, of(t, kind.dt, texts))
		slices.Reverse(texts)
		again := one(t, of(t, kind.dt, texts))
		if diff := cmp.Diff(got, again); diff != "" {
			rt.Fatalf("the order of rows matters: %s", diff)
		}
		if f, ok := got.Hierarchy.(kanon.Frequent); ok {
			for _, v := range slices.Concat(f.Keep...) {
				if counts[v] < 10 {
					rt.Fatalf("a value of %d rows is kept", counts[v])
				}
			}
		}
		if got.Hierarchy == nil {
			return
		}
		var distinct []string
		for v := range counts {
			distinct = append(distinct, v)
		}
		slices.Sort(distinct)
		kanontest.TestHierarchy(fails{rt}, got.Hierarchy, of(t, kind.dt, distinct).Column(0))
	})
}

type fails struct{ t *rapid.T }

func (f fails) Helper()           {}
func (f fails) Error(args ...any) { f.t.Fatal(args...) }

// Each column of Adult gets a hierarchy that kanon accepts.
func TestAdult(t *testing.T) {
	f, err := os.Open(filepath.Join(shared.Dir(t), "data", "adult.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for j, name := range rows[0] {
		var texts []string
		for _, row := range rows[1:] {
			texts = append(texts, row[j])
		}
		dt := arrow.DataType(arrow.BinaryTypes.String)
		if name == "age" {
			dt = arrow.PrimitiveTypes.Int8
		}
		got := one(t, of(t, dt, texts))
		if got.Hierarchy == nil || got.Distinct == 0 {
			t.Errorf("%s: %v", name, got)
			continue
		}
		_, err := kanon.New(kanon.Config{
			Quasi:    []kanon.Quasi{{Column: name, Hierarchy: got.Hierarchy}},
			Models:   []kanon.Model{kanon.KAnonymity{K: 2}},
			Recoding: kanon.Global, Suppressed: kanon.Drop,
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	rec := of(t, arrow.PrimitiveTypes.Int8, []string{"1"})
	r, _ := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	if _, err := propose.Hierarchies(context.Background(), r); err == nil {
		t.Error("no columns are accepted")
	}
	_, err := propose.Hierarchies(context.Background(), r, "gone")
	if err == nil || !strings.Contains(err.Error(), `kanon/propose: column "gone"`) {
		t.Error(err)
	}
}

func ExampleHierarchies() {
	b := array.NewInt8Builder(memory.DefaultAllocator)
	for i := range 400 {
		b.Append(int8(20 + i%40))
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "age", Type: arrow.PrimitiveTypes.Int8}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{b.NewArray()}, 400)
	r, err := array.NewRecordReader(schema, []arrow.Record{rec})
	if err != nil {
		fmt.Println(err)
		return
	}
	proposals, err := propose.Hierarchies(context.Background(), r, "age")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%T %+v\n", proposals[0].Hierarchy, proposals[0].Hierarchy)
	// Output: kanon.Intervals {Widths:[2 4 8 16] Min:16 Max:63 Bottom:false Top:false Free:false}
}
