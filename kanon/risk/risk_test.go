package risk_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/risk"
)

var approx = cmpopts.EquateApprox(1e-14, 0)

// Ten records: two alone, a class of three and a class of five.
func TestMeasureByHand(t *testing.T) {
	got, err := risk.Measure([]kanon.SizeCount{
		{Size: 1, Classes: 2}, {Size: 3, Classes: 1}, {Size: 5, Classes: 1},
	}, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	want := risk.Risk{
		Records: 10, Classes: 4,
		ProsecutorHighest: 1, ProsecutorLowest: .2, ProsecutorAverage: .4,
		JournalistHighest: 1, JournalistAverage: .4, Marketer: .4,
		AtRisk: .5, Threshold: .2, // a fifth is not above 0.2
		Unique: .2,
	}
	if diff := cmp.Diff(want, got, approx); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	at, err := risk.Measure([]kanon.SizeCount{{Size: 5, Classes: 1}, {Size: 3, Classes: 1}}, 0.19)
	if err != nil || at.AtRisk != 1 || at.ProsecutorLowest != .2 {
		t.Errorf("%+v %v", at, err)
	}
}

// The same ten records, where the two alone are two and four in a population
// of 31, the three are ten and the five are fifteen.
func TestMeasureSampleByHand(t *testing.T) {
	got, err := risk.MeasureSample([]risk.SampleCount{
		{Size: 1, Population: 2, Classes: 1}, {Size: 1, Population: 4, Classes: 1},
		{Size: 3, Population: 10, Classes: 1}, {Size: 5, Population: 15, Classes: 1},
	}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	marketer := (1./2 + 1./4 + 3./10 + 5./15) / 10 // 0.1383
	want := risk.Risk{
		Records: 10, Classes: 4,
		ProsecutorHighest: 1, ProsecutorLowest: .2, ProsecutorAverage: .4,
		JournalistHighest: .5, JournalistAverage: marketer, Marketer: marketer, // above 4/31
		AtRisk: .2, Threshold: .5, Unique: .2,
	}
	if diff := cmp.Diff(want, got, approx); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// Over the population where that is more: 2/102 against (1/2 + 1)/101.
	got, err = risk.MeasureSample([]risk.SampleCount{
		{Size: 1, Population: 2, Classes: 1}, {Size: 100, Population: 100, Classes: 1},
	}, 1)
	if want := 2. / 102; err != nil || math.Abs(got.JournalistAverage-want) > 1e-15 {
		t.Errorf("%v %v, want %v", got.JournalistAverage, err, want)
	}
}

func TestMeasureEmpty(t *testing.T) {
	got, err := risk.Measure(nil, 0.2)
	if diff := cmp.Diff(risk.Risk{Threshold: 0.2}, got); diff != "" || err != nil {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
}

func TestMeasureRefusals(t *testing.T) {
	good := []risk.SampleCount{{Size: 2, Population: 3, Classes: 1}}
	for _, threshold := range []float64{0, -1, 1.01, math.NaN(), math.Inf(1)} {
		_, err := risk.MeasureSample(good, threshold)
		if err == nil || !strings.Contains(err.Error(), "kanon/risk: threshold is") {
			t.Errorf("threshold %v: %v", threshold, err)
		}
		if _, err := risk.Table(context.Background(), nil, nil, "", threshold); err == nil {
			t.Errorf("table, threshold %v: no error", threshold)
		}
	}
	for _, c := range []risk.SampleCount{
		{}, {Size: 0, Population: 3, Classes: 1}, {Size: 2, Population: 3, Classes: 0},
		{Size: 2, Population: 1, Classes: 1}, {Size: -2, Population: 3, Classes: 1},
		{Size: 1, Population: 1 << 30, Classes: 1 << 40},
	} {
		_, err := risk.MeasureSample(append(good, c), 0.2)
		if err == nil || !strings.Contains(err.Error(), "entry 1") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func table(t testing.TB, path string, comma rune, keep func(row []string) bool) arrow.Record {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var fields []arrow.Field
	for _, name := range rows[0] {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows[1:] {
		if keep(row) {
			for j, v := range row {
				b.Field(j).(*array.StringBuilder).Append(v)
			}
		}
	}
	return b.NewRecord()
}

func measure(t testing.TB, rec arrow.Record, quasi []string) risk.Risk {
	t.Helper()
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	got, err := risk.Table(context.Background(), r, quasi, "", 0.2)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantFigure(t *testing.T, name, want string, got float64) {
	t.Helper()
	w, err := strconv.ParseFloat(want, 64)
	if err != nil {
		t.Fatal(name, err)
	}
	if math.Abs(w-got) > 1e-14 {
		t.Errorf("%s: %v, want %v", name, got, w)
	}
}

// Adult as it is, by five sets of columns: reference/arx/risk_reference.csv.
func TestTableAdult(t *testing.T) {
	dir := shared.Dir(t)
	all := func([]string) bool { return true }
	adult := table(t, filepath.Join(dir, "data", "adult.csv"), ';', all)
	reference := table(t, filepath.Join(dir, "reference", "arx", "risk_reference.csv"), ';', all)
	column := func(name string) *array.String {
		return reference.Column(reference.Schema().FieldIndices(name)[0]).(*array.String)
	}
	if reference.NumRows() < 30 {
		t.Fatal("few references")
	}
	for i := range int(reference.NumRows()) {
		quasi := column("qis").Value(i)
		t.Run(quasi, func(t *testing.T) {
			got := measure(t, adult, strings.Split(quasi, ","))
			wantFigure(t, "records", column("numRecords").Value(i), float64(got.Records))
			wantFigure(t, "classes", column("numClasses").Value(i), float64(got.Classes))
			wantFigure(t, "uniques", column("uniques").Value(i), math.Round(got.Unique*30162))
			wantFigure(t, "highest", column("prosecutorHighest").Value(i), got.ProsecutorHighest)
			wantFigure(t, "at risk", column("prosecutorAtRisk0.2").Value(i), got.AtRisk)
			wantFigure(t, "marketer", column("marketer").Value(i), got.Marketer)
		})
	}
}

// Outputs of another anonymizer without their suppressed rows, which are "*"
// in every quasi-identifier: reference/arx/results.csv.
func TestTableOutputs(t *testing.T) {
	dir := filepath.Join(shared.Dir(t), "reference", "arx")
	results := table(t, filepath.Join(dir, "results.csv"), ',',
		func([]string) bool { return true })
	column := func(name string) *array.String {
		return results.Column(results.Schema().FieldIndices(name)[0]).(*array.String)
	}
	files := map[string]string{
		"adult_k5_s0": "adult_k5_s0", "adult_k5_s0.05": "adult_k5_s0.05",
		"adult_k5_s1.0": "adult_k5_s1.0", "adult_k5_local_gs0": "adult_k5_local",
		"occ_tequal0.2_s0.05": "adult_k5_tclose_equal0.2_s0.05",
		"occ_thier0.2_s0.05":  "adult_k5_tclose_hier0.2_s0.05",
	}
	for i := range int(results.NumRows()) {
		file, ok := files[column("id").Value(i)]
		if !ok {
			continue
		}
		delete(files, column("id").Value(i))
		t.Run(file, func(t *testing.T) {
			quasi := strings.Split(column("qis").Value(i), ",")
			// The quasi-identifiers are the first columns but for occupation.
			output := table(t, filepath.Join(dir, "output", file+".csv"), ';', func(row []string) bool {
				for _, v := range row[:7] {
					if v != kanon.Top {
						return true
					}
				}
				return len(quasi) == 8 && row[7] != kanon.Top
			})
			got := measure(t, output, quasi)
			for name, value := range map[string]float64{
				"classes":                float64(got.Classes),
				"prosecutor_highest":     got.ProsecutorHighest,
				"prosecutor_at_risk_0.2": got.AtRisk,
				"prosecutor_success":     got.ProsecutorAverage,
				"journalist_highest":     got.JournalistHighest,
				"journalist_success":     got.JournalistAverage,
				"marketer_success":       got.Marketer,
				"sample_unique":          got.Unique,
			} {
				wantFigure(t, name, column(name).Value(i), value)
			}
		})
	}
	if len(files) > 0 {
		t.Errorf("no results of %v", files)
	}
}

// By people, a class of rows of one person is a class of one.
func TestTableUnit(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.PrimitiveTypes.Int8}, {Name: "who", Type: arrow.BinaryTypes.String},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"age": 30, "who": "a"}, {"age": 30, "who": "a"},
		{"age": 40, "who": "b"}, {"age": 40, "who": "c"}, {"age": 40, "who": "c"}]`))
	if err != nil {
		t.Fatal(err)
	}
	open := func() array.RecordReader {
		r, err := array.NewRecordReader(schema, []arrow.Record{rec})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got, err := risk.Table(context.Background(), open(), []string{"age"}, "who", 0.5)
	if err != nil || got.Records != 3 || got.ProsecutorHighest != 1 || got.Unique != 1./3 {
		t.Errorf("%+v %v", got, err)
	}
	_, err = risk.Table(context.Background(), open(), []string{"agee"}, "", 0.5)
	if err == nil || !strings.Contains(err.Error(), `"agee"`) {
		t.Error(err)
	}
}

func ExampleMeasure() {
	// Two records alone in their class, 96 classes of five.
	r, err := risk.Measure([]kanon.SizeCount{
		{Size: 1, Classes: 2}, {Size: 5, Classes: 96},
	}, 0.2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("highest %.2f, average %.3f, at risk %.3f\n",
		r.ProsecutorHighest, r.ProsecutorAverage, r.AtRisk)
	// Output: highest 1.00, average 0.203, at risk 0.004
}
