package risk_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon/risk"
	"pgregory.net/rapid"
)

func separate(t testing.TB, cfg risk.SeparationConfig, recs ...arrow.Record) *risk.Separation {
	t.Helper()
	r, err := array.NewRecordReader(recs[0].Schema(), recs)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	got, err := risk.Separate(context.Background(), r, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Of the six pairs of four rows c0 tells three apart, c1 four and both five.
func TestSeparateByHand(t *testing.T) {
	rec, names := columnsOf([][]string{{"x", "1"}, {"x", "1"}, {"x", "2"}, {"y", "2"}}, 2)
	got := separate(t, risk.SeparationConfig{Columns: names}, rec)
	want := []string{"[c0] 0.5 0.500 0.25", "[c1] 0.5 0.667 0", "[c0 c1] 0.75 0.833 0.5"}
	for i, s := range got.Sets {
		line := fmt.Sprintf("%v %v %.3f %v", s.Columns, s.Distinction, s.Separation, s.Unique)
		if i >= len(want) || line != want[i] {
			t.Errorf("set %d: %s", i, line)
		}
	}
	if keys := got.Keys(1, 1); len(keys) != 0 {
		t.Errorf("keys %v of a table without one", keys)
	}
	if keys := got.Keys(.5, .6); len(keys) != 1 || keys[0].Columns[0] != "c1" {
		t.Errorf("keys %v", keys)
	}
	if s, ok := got.Set("c1", "c0"); !ok || s.Distinction != .75 {
		t.Error(s, ok)
	}
	if _, ok := got.Set("c2"); ok {
		t.Error("an unknown column")
	}
}

// All sets of columns of Adult: reference/arx/distinction_separation.csv.
func TestSeparateAdult(t *testing.T) {
	want := table(t, shared.Dir(t)+"/reference/arx/distinction_separation.csv", ';',
		func([]string) bool { return true })
	columns := strings.Split("sex,age,race,marital-status,education,native-country,workclass,occupation", ",")
	if testing.Short() {
		columns = columns[:4]
	}
	got := separate(t, risk.SeparationConfig{Columns: columns}, adultRecord(t))
	if want.NumRows() != 255 || len(got.Sets) != 1<<len(columns)-1 {
		t.Fatalf("%d sets, want %d", len(got.Sets), want.NumRows())
	}
	value := func(column, row int) float64 {
		v, err := strconv.ParseFloat(want.Column(column).ValueStr(row), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for row := range 255 {
		names := strings.FieldsFunc(want.Column(0).ValueStr(row), func(c rune) bool { return c == ',' || c == ' ' })
		set, ok := got.Set(names...)
		if !ok && testing.Short() {
			continue
		}
		if !ok {
			t.Fatal(names)
		}
		agreeOne(t, fmt.Sprint(names, " distinction"), set.Distinction, value(1, row), 1e-14)
		agreeOne(t, fmt.Sprint(names, " separation"), set.Separation, value(2, row), 1e-13)
	}
}

// Against the definition, on random tables.
func TestSeparateIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		columns := rapid.IntRange(1, 5).Draw(rt, "columns")
		n := rapid.IntRange(0, 30).Draw(rt, "rows")
		rows := make([][]string, n)
		for i := range rows {
			for range columns {
				rows[i] = append(rows[i], []string{"", "a", "b"}[rapid.IntRange(0, 2).Draw(rt, "v")])
			}
		}
		rec, names := columnsOf(rows, columns)
		most := rapid.IntRange(1, columns).Draw(rt, "most")
		got := separate(t, risk.SeparationConfig{Columns: names, MaxSize: most}, rec)
		keys := 0
		for _, s := range got.Sets {
			classes := map[string]float64{}
			for _, row := range rows {
				var key []string
				for _, name := range s.Columns {
					key = append(key, row[slices.Index(names, name)])
				}
				classes[strings.Join(key, ";")]++
			}
			pairs, unique := 0.0, 0.0
			for _, c := range classes {
				pairs += c * (c - 1)
				if c == 1 {
					unique++
				}
			}
			m := float64(n)
			if n > 1 && math.Abs(s.Separation-(1-pairs/(m*(m-1)))) > 1e-14 ||
				n > 0 && (s.Distinction != float64(len(classes))/m || s.Unique != unique/m) {
				rt.Fatalf("%q: %+v", rows, s)
			}
			if len(classes) == n && n > 0 {
				keys++
			}
		}
		// Each key found is one, minimal, and each key contains one found.
		found := got.Keys(1, 1)
		if (keys > 0) != (len(found) > 0) {
			rt.Fatalf("%d keys, found %v", keys, found)
		}
		for i, a := range found {
			for j, b := range found {
				if i != j && !slices.ContainsFunc(a.Columns, func(c string) bool {
					return !slices.Contains(b.Columns, c)
				}) {
					rt.Fatalf("%v in %v", a, b)
				}
			}
		}
	})
}

func TestSeparateRefuses(t *testing.T) {
	rec, _ := columnsOf([][]string{{"canary"}}, 1)
	for want, cfg := range map[string]risk.SeparationConfig{
		"no columns":              {},
		"MaxSize is 3":            {Columns: []string{"c0"}, MaxSize: 3},
		`column "gone"`:           {Columns: []string{"gone"}},
		`column "c0": named twic`: {Columns: []string{"c0", "c0"}},
		"30 columns have too":     {Columns: make([]string, 30)},
	} {
		_, err := risk.Separate(context.Background(), reader(t, rec), cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func ExampleSeparation_Keys() {
	rec, _ := columnsOf([][]string{{"ada", "1990", "f"}, {"bea", "1990", "f"}, {"ada", "1985", "f"}}, 3)
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := risk.Separate(context.Background(), r, risk.SeparationConfig{
		Columns: []string{"c0", "c1", "c2"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range s.Keys(1, 1) {
		fmt.Println("tells all rows apart:", key.Columns)
	}
	// Output: tells all rows apart: [c0 c1]
}

func BenchmarkSeparateAdult(b *testing.B) {
	rec := adultRecord(b)
	cfg := risk.SeparationConfig{
		Columns: strings.Split("sex,age,race,marital-status,education,native-country,workclass,occupation", ","),
	}
	for b.Loop() {
		separate(b, cfg, rec)
	}
}

// sdcMicro 5.8.1: sdcmicro_ldiversity_testdata.json.
func TestDiversityReference(t *testing.T) {
	var all map[string]any
	oracle(t, "sdcmicro_ldiversity_testdata.json", &all)
	rec := sdc(t, "testdata.csv")
	strs := func(v any) (out []string) {
		if s, ok := v.(string); ok {
			return []string{s}
		}
		for _, s := range v.([]any) {
			out = append(out, s.(string))
		}
		return out
	}
	for _, name := range []string{"A", "B", "C", "D"} {
		run := all[name].(map[string]any)
		columns := strs(run["columns"])
		for _, sensitive := range strs(run["sensitive"]) {
			t.Run(name+" "+sensitive, func(t *testing.T) {
				got, err := risk.Diversity(context.Background(), reader(t, rec), risk.DiversityConfig{
					Quasi: strs(run["keyVars"]), Sensitive: sensitive, C: run["c"].(float64),
				})
				if err != nil {
					t.Fatal(err)
				}
				at := slices.Index(columns, sensitive+"_Distinct_Ldiversity")
				var distinct, entropy, recursive []float64
				for _, row := range run["values"].([]any) {
					v := row.([]any)
					distinct = append(distinct, v[at].(float64))
					entropy = append(entropy, v[at+1].(float64))
					recursive = append(recursive, v[at+2].(float64))
				}
				agree(t, "distinct", floats(got.Distinct), distinct, 0)
				agree(t, "entropy", got.Entropy, entropy, 1e-13)
				agree(t, "recursive", floats(got.Recursive), recursive, 0)
			})
		}
	}
}

func floats(x []int64) (out []float64) {
	for _, v := range x {
		out = append(out, float64(v))
	}
	return out
}

// Counts 3, 2, 1: 3 < 1·(3+2+1) for l = 1, not below 1·(2+1) for l = 2; below
// 2·3 for l = 2 and not below 2·1 for l = 3.
func TestDiversityByHand(t *testing.T) {
	rec, _ := columnsOf([][]string{{"q", "a"}, {"q", "a"}, {"q", "a"}, {"q", "b"}, {"q", "b"}, {"q", ""}}, 2)
	for c, want := range map[float64]int64{.4: 1, 1: 1, 2: 2, 4: 3} {
		got, err := risk.Diversity(context.Background(), reader(t, rec), risk.DiversityConfig{
			Quasi: []string{"c0"}, Sensitive: "c1", C: c,
		})
		if err != nil || got.Recursive[0] != want || got.Distinct[5] != 3 ||
			math.Abs(got.Entropy[0]-math.Exp(math.Log(2)/2+math.Log(3)/3+math.Log(6)/6)) > 1e-14 {
			t.Errorf("c=%v: %+v %v", c, got, err)
		}
	}
	_, err := risk.Diversity(context.Background(), reader(t, rec), risk.DiversityConfig{Sensitive: "c1"})
	if err == nil || !strings.Contains(err.Error(), "c is 0") || !strings.Contains(err.Error(), "no quasi") {
		t.Error(err)
	}
}
