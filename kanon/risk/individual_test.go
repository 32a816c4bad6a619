package risk_test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/risk"
)

var mem = memory.NewGoAllocator()

func individual(t testing.TB, rec arrow.Record, cfg risk.SampleConfig) *risk.IndividualRisk {
	t.Helper()
	got, err := risk.Individual(context.Background(), reader(t, rec), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

type measured struct {
	KeyVars    []string
	Weight     string
	Fk         []float64 `json:"Fk"`
	Frequency  []int64   `json:"fk"`
	Approx     []float64 `json:"rk_approx"`
	Weighted   global    `json:"measure_risk_weighted"`
	Unweighted global    `json:"measure_risk_unweighted"`
}

type global struct {
	ER         float64  `json:"global_risk_ER"`
	Risk       float64  `json:"global_risk"`
	Threshold  *float64 `json:"global_threshold"`
	HierER     float64  `json:"hier_risk_ER"`
	HierGlobal float64  `json:"hier_risk"`
}

// Values of sdcMicro 5.8.1, and the exact series where it approximates
// (indivrisk_exact_series.json): reference/sdc.
func TestIndividualReference(t *testing.T) {
	var exact map[string]any
	oracle(t, "indivrisk_exact_series.json", &exact)
	for _, c := range []struct{ data, file, household string }{
		{"francdat", "francdat", ""}, {"testdata", "testdata", "ori_hid"},
		{"testdata_5keys", "testdata", "ori_hid"}, {"testdata2", "testdata2", ""},
		{"free1", "free1", ""},
	} {
		t.Run(c.data, func(t *testing.T) {
			var want measured
			if c.data == "francdat" {
				var all struct{ Base measured }
				oracle(t, "sdcmicro_risk_francdat.json", &all)
				want = all.Base
				var global struct {
					W global `json:"measure_risk_weighted"`
					U global `json:"measure_risk_unweighted"`
				}
				oracle(t, "sdcmicro_risk_francdat.json", &global)
				if want.Weighted.ER == 0 {
					want.Weighted, want.Unweighted = global.W, global.U
				}
			} else {
				oracle(t, "sdcmicro_risk_"+c.data+".json", &want)
			}
			cfg := risk.SampleConfig{Quasi: want.KeyVars, Weight: want.Weight, Household: c.household}
			rec := sdc(t, c.file+".csv", want.Weight)
			got := individual(t, rec, cfg)
			agree(t, "frequency", got.Frequency, want.Frequency, 0)
			agree(t, "population", got.Population, want.Fk, 1e-12)
			agree(t, "risk, approximated", got.Risk, want.Approx, .0045)
			agreeOne(t, "expected", got.Expected, want.Weighted.ER, .0045)
			agreeOne(t, "global", got.Global, want.Weighted.Risk, .0045)
			if series, ok := exact[c.data].(map[string]any); ok {
				var risks []float64
				for _, v := range series["rk_exact"].([]any) {
					risks = append(risks, v.(float64))
				}
				agree(t, "risk", got.Risk, risks, 1e-10) // as far as the series is summed there
				agreeOne(t, "expected", got.Expected, series["sum_exact"].(float64), 1e-12)
			}
			if c.household != "" {
				agreeOne(t, "household", got.ExpectedHousehold, want.Weighted.HierER, .0045)
				agreeOne(t, "household", got.GlobalHousehold, want.Weighted.HierGlobal, .0045)
			}
			threshold(t, got, want.Weighted, .0045)
			cfg.Weight, cfg.Fraction = "", 1
			all := individual(t, rec, cfg)
			for i, f := range all.Frequency {
				if math.Abs(all.Risk[i]-1/float64(f)) > 1e-15 {
					t.Fatalf("row %d: risk %v in a population class of %d", i, all.Risk[i], f)
				}
			}
			agreeOne(t, "unweighted", all.Expected, want.Unweighted.ER, 1e-12)
			threshold(t, all, want.Unweighted, 1e-12)
		})
	}
}

func threshold(t *testing.T, got *risk.IndividualRisk, want global, tolerance float64) {
	t.Helper()
	limit, above, err := got.Threshold(0.01)
	if err != nil {
		t.Fatal(err)
	}
	if want.Threshold == nil {
		if limit != 1 || above != 0 {
			t.Errorf("threshold %v with %d above", limit, above)
		}
		return
	}
	if math.Abs(limit-*want.Threshold) > tolerance**want.Threshold {
		t.Errorf("threshold %v, want %v", limit, *want.Threshold)
	}
	protected := 0.0 // brought down to the threshold
	for _, r := range got.Risk {
		protected += min(r, limit)
	}
	if n := float64(len(got.Risk)); limit > 0 && protected >= 0.01*n {
		t.Errorf("global risk stays %v", protected/n)
	}
}

// The series of the definition, summed in 300 bits of precision.
func definition(f int64, p float64) float64 {
	const bits = 300
	num := func(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }
	pf := num(1)
	for range f {
		pf.Mul(pf, num(p))
	}
	q := num(1)
	q.Sub(q, num(p))
	term, sum := pf, num(0) // C(h−1,f−1)·p^f·q^(h−f)
	for h := f; ; h++ {
		sum.Add(sum, new(big.Float).SetPrec(bits).Quo(term, num(float64(h))))
		term.Mul(term, q)
		term.Quo(term.Mul(term, num(float64(h))), num(float64(h-f+1)))
		if past := float64(h) > 2*float64(f)/p; past && new(big.Float).Quo(term, sum).Cmp(num(1e-20)) < 0 {
			v, _ := sum.Float64()
			return v
		}
	}
}

// Both ways of summing meet the definition, on either side of where they meet.
func TestIndividualSeries(t *testing.T) {
	for _, f := range []int64{1, 2, 3, 10, 23, 24, 25, 60, 200} {
		for _, p := range []float64{.02, .2, .49, .5, .51, .9, .999} {
			if float64(f)/p > 3000 {
				continue // the definition takes long
			}
			b := array.NewFloat64Builder(mem)
			keys := array.NewInt64Builder(mem)
			for range f {
				b.Append(1 / p)
				keys.Append(7)
			}
			rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
				{Name: "k", Type: arrow.PrimitiveTypes.Int64}, {Name: "w", Type: arrow.PrimitiveTypes.Float64},
			}, nil), []arrow.Array{keys.NewArray(), b.NewArray()}, f)
			got := individual(t, rec, risk.SampleConfig{Quasi: []string{"k"}, Weight: "w"})
			agreeOne(t, fmt.Sprintf("f=%d p=%v", f, p), got.Risk[0], definition(f, float64(f)/got.Population[0]), 2e-13)
		}
	}
}

// A large class stays finite and close to 1 over its population.
func TestIndividualLargeClass(t *testing.T) {
	n := int64(1_000_000)
	if testing.Short() {
		n = 50_000
	}
	b := array.NewInt8Builder(mem)
	b.AppendValues(make([]int8, n), nil)
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "k", Type: arrow.PrimitiveTypes.Int8},
	}, nil), []arrow.Array{b.NewArray()}, n)
	for _, fraction := range []float64{1e-6, .01, .5, 1} {
		got := individual(t, rec, risk.SampleConfig{Quasi: []string{"k"}, Fraction: fraction})
		agreeOne(t, fmt.Sprint(fraction), got.Risk[0], fraction/float64(n), 2/float64(n))
	}
}

func people(t testing.TB, rows string) arrow.Record {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "k", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "w", Type: arrow.PrimitiveTypes.Float32, Nullable: true},
		{Name: "h", Type: arrow.PrimitiveTypes.Int16, Nullable: true},
	}, nil)
	rec, _, err := array.RecordFromJSON(mem, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestIndividualRefuses(t *testing.T) {
	good := risk.SampleConfig{Quasi: []string{"k"}, Weight: "w"}
	for _, c := range []struct {
		rows string
		cfg  risk.SampleConfig
		want string
	}{
		{`[]`, risk.SampleConfig{}, "no quasi-identifier"},
		{`[]`, risk.SampleConfig{}, "neither weight nor fraction"},
		{`[]`, risk.SampleConfig{Quasi: []string{"k"}, Weight: "w", Fraction: 1}, "want one of them"},
		{`[]`, risk.SampleConfig{Quasi: []string{"k"}, Fraction: 1.5}, "fraction is 1.5"},
		{`[]`, risk.SampleConfig{Quasi: []string{"k"}, Fraction: math.NaN()}, "fraction is NaN"},
		{`[]`, risk.SampleConfig{Quasi: []string{"gone"}, Weight: "k"}, `column "gone"`},
		{`[]`, risk.SampleConfig{Quasi: []string{"gone"}, Weight: "k"}, `column "k": type utf8, want numbers`},
		{`[{"k":"canary","w":null}]`, good, "1 of 1 weights"},
		{`[{"k":"canary","w":0}]`, good, "1 of 1 weights"},
		{`[{"k":"canary","w":0.5}]`, good, "1 of 1 classes"},
		{`[{"k":"canary","w":3,"h":null}]`,
			risk.SampleConfig{Quasi: []string{"k"}, Weight: "w", Household: "h"}, "household is null"},
	} {
		_, err := risk.Individual(context.Background(), reader(t, people(t, c.rows)), c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	if _, _, err := new(risk.IndividualRisk).Threshold(0); err == nil {
		t.Error("a limit of 0 is accepted")
	}
	got := individual(t, people(t, `[]`), good)
	if limit, above, err := got.Threshold(.01); got.Expected != 0 || limit != 1 || above != 0 || err != nil {
		t.Error(got, limit, above, err)
	}
}

// Neither batches nor the order of rows matter.
func TestIndividualBatches(t *testing.T) {
	rec := sdc(t, "testdata.csv", "sampling_weight")
	cfg := risk.SampleConfig{
		Quasi: []string{"urbrur", "water", "relat"}, Weight: "sampling_weight", Household: "ori_hid",
	}
	want := individual(t, rec, cfg)
	var parts []arrow.Record
	for lo := int64(0); lo < rec.NumRows(); lo += 997 {
		parts = append(parts, rec.NewSlice(lo, min(lo+997, rec.NumRows())))
	}
	got, err := risk.Individual(context.Background(), reader(t, parts...), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Risk, want.Risk) || !slices.Equal(got.Household, want.Household) {
		t.Error("batches matter")
	}
}

// With nulls taken for any value: sdcmicro_risk_francdat.json, by the weight of
// the matches that rest on another row's null.
func TestNullsMatchReference(t *testing.T) {
	var want map[string]any
	oracle(t, "sdcmicro_risk_francdat.json", &want)
	text := sdc(t, "francdat_na.csv")
	keys := []string{"Key1", "Key2", "Key3", "Key4"}
	var fields []arrow.Field
	var columns []arrow.Array
	for _, key := range keys {
		a := text.Column(text.Schema().FieldIndices(key)[0]).(*array.String)
		b := array.NewStringBuilder(mem)
		for i := range a.Len() {
			if a.Value(i) == "" {
				b.AppendNull()
			} else {
				b.Append(a.Value(i))
			}
		}
		fields = append(fields, arrow.Field{Name: key, Type: arrow.BinaryTypes.String, Nullable: true})
		columns = append(columns, b.NewArray())
	}
	rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, text.NumRows())
	for _, alpha := range []float64{1, .5, .1, 0} {
		name := fmt.Sprintf("na_alpha_%v", alpha)
		var fk []float64
		for _, v := range want[name].(map[string]any)["fk"].([]any) {
			fk = append(fk, v.(float64))
		}
		got, err := risk.NullsMatch(context.Background(), reader(t, rec), keys, alpha)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, name, got, fk, 1e-12)
	}
	for _, alpha := range []float64{-1, 2, math.NaN()} {
		if _, err := risk.NullsMatch(context.Background(), reader(t, rec), keys, alpha); err == nil {
			t.Errorf("alpha %v is accepted", alpha)
		}
	}
}

func TestTableSample(t *testing.T) {
	sample := people(t, `[{"k":"a"},{"k":"a"},{"k":"b"},{"k":null}]`)
	// b and null are two in the population, a is four; c is not in the sample.
	schema := arrow.NewSchema([]arrow.Field{{Name: "k", Type: &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String,
	}, Nullable: true}}, nil)
	all, _, err := array.RecordFromJSON(mem, schema, strings.NewReader(
		`[{"k":"c"},{"k":"a"},{"k":"b"},{"k":null},{"k":"a"},{"k":"a"},{"k":"b"},{"k":null},{"k":"a"}]`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := risk.TableSample(context.Background(), reader(t, sample), reader(t, all), []string{"k"}, .5)
	if err != nil {
		t.Fatal(err)
	}
	want, err := risk.MeasureSample([]risk.SampleCount{
		{Size: 1, Population: 2, Classes: 2}, {Size: 2, Population: 4, Classes: 1},
	}, .5)
	if err != nil || got != want {
		t.Errorf("%+v, want %+v (%v)", got, want, err)
	}
	_, err = risk.TableSample(context.Background(), reader(t, all), reader(t, sample), []string{"k"}, .5)
	if err == nil || !strings.Contains(err.Error(), "4 classes have more") {
		t.Error(err)
	}
}

func TestPopulationUniqueness(t *testing.T) {
	sizes := []kanon.SizeCount{{Size: 2, Classes: 20}, {Size: 1, Classes: 50}, {Size: 7, Classes: 3}}
	got, err := risk.PopulationUniqueness(sizes, 10_000)
	if err != nil || got.Records != 111 || got.Rule != "pitman" || got.Dankar != got.Pitman ||
		got.Pitman.Share != got.Pitman.Uniques/10_000 || got.Zayatz.Uniques <= 0 {
		t.Errorf("%+v %v", got, err)
	}
	got, err = risk.PopulationUniqueness([]kanon.SizeCount{{Size: 1, Classes: 5}}, 1000)
	if err != nil || got.Pitman.Missing == "" || got.Rule != "zayatz" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := risk.PopulationUniqueness(sizes, 10); err == nil {
		t.Error("a population below the sample is accepted")
	}
}

func ExampleIndividual() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.PrimitiveTypes.Int8}, {Name: "weight", Type: arrow.PrimitiveTypes.Int16},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(
		`[{"age": 30, "weight": 100}, {"age": 30, "weight": 100}, {"age": 99, "weight": 10}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := array.NewRecordReader(schema, []arrow.Record{rec})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := risk.Individual(context.Background(), r, risk.SampleConfig{
		Quasi: []string{"age"}, Weight: "weight",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f, expected to be found: %.2f\n", got.Risk, got.Expected)
	// Output: [0.0096 0.0096 0.2558], expected to be found: 0.28
}
