package anonymize_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp/local"
)

const randomizedPolicy = `
version: 1
columns:
  smokes:
    role: sensitive
    local_dp:
      randomized_response: {epsilon: 1, categories: ["no", "yes", unknown], other: unknown}
  days:
    role: insensitive
    clamp: {max: 90}
    local_dp: {noise: {epsilon: 2, lower: 0, upper: 60, missing: 0}}
  age:    {role: quasi, hierarchy: {intervals: {widths: [10], min: 0, max: 120}}}
  ward:
    role: insensitive
    local_dp: {unary_encoding: {epsilon: 1, categories: [ICU, surgery, other], other: other}}
privacy:
  models: [{k_anonymity: {k: 3}}]
  recoding: global
`

// patients is a table of rows in batches, with nulls and a value outside the
// categories, as text or as a dictionary.
func patients(t *testing.T, rows, batch int, dictionary bool) arrow.Table {
	t.Helper()
	var smokes arrow.DataType = arrow.BinaryTypes.String
	if dictionary {
		smokes = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: smokes}
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "smokes", Type: smokes, Nullable: true},
		{Name: "days", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32},
		{Name: "ward", Type: arrow.BinaryTypes.String},
	}, nil)
	rng := rand.New(rand.NewPCG(4, 4))
	var records []arrow.Record
	for from := 0; from < rows; from += batch {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for range min(batch, rows-from) {
			answer := []string{"no", "no", "no", "yes", "canary", array.NullValueStr}[rng.IntN(6)]
			if err := b.Field(0).AppendValueFromString(answer); err != nil {
				t.Fatal(err)
			}
			if b.Field(1).(*array.Int32Builder).Append(int32(rng.IntN(80))); rng.IntN(10) == 0 {
				b.Field(1).AppendNull()
				b.Field(0).AppendNull()
				b.Field(2).(*array.Int32Builder).Append(20)
				b.Field(3).(*array.StringBuilder).Append("ICU")
			}
			b.Field(2).(*array.Int32Builder).Append(int32(20 + rng.IntN(40)))
			b.Field(3).(*array.StringBuilder).Append("ICU")
		}
		records = append(records, b.NewRecord())
		b.Release()
	}
	return array.NewTableFromRecords(schema, records)
}

func TestLocalDP(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 11)
	for _, dictionary := range []bool{false, true} {
		p, err := anonymize.New(anonymize.Config{Policy: readPolicy(t, randomizedPolicy)})
		if err != nil {
			t.Fatal(err)
		}
		table := patients(t, 20_000, 3000, dictionary)
		src := tableio.FromTable(table)
		dst := tableio.NewBuffer()
		report, err := p.Run(t.Context(), src, dst, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := dst.Table()
		if out.NumRows() != table.NumRows() {
			t.Errorf("%d rows of %d", out.NumRows(), table.NumRows())
		}
		column := func(name string) []arrow.Array {
			at := out.Schema().FieldIndices(name)
			return out.Column(at[0]).Data().Chunks()
		}
		method := local.RandomizedResponse{Epsilon: 1, Categories: []string{"no", "yes", "unknown"}}
		shares, err := method.Frequencies(1e-6, column("smokes")...)
		if err != nil {
			t.Fatal(err)
		}
		if no := shares[0].Share; no.Lower > 0.5 || no.Upper < 0.42 || no.Lower < 0.35 {
			t.Errorf("share of no: %+v, want about 0.45", no)
		}
		noise := local.Noise{Epsilon: 2, Lower: 0, Upper: 60}
		days, err := noise.Mean(1e-6, column("days")...)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(days.Value-34) > 3 {
			t.Errorf("mean of days: %+v, want about 34", days)
		}
		// From lists or text, as the file has it.
		wards := local.UnaryEncoding{Epsilon: 1, Categories: []string{"ICU", "surgery", "other"}}
		shares, err = wards.Frequencies(1e-6, column("ward")...)
		if err != nil {
			t.Fatal(err)
		}
		if icu := shares[0].Share; icu.Lower > 1 || icu.Value < 0.9 || icu.Value > 1.1 {
			t.Errorf("share of the ICU: %+v, want about 1", icu)
		}
		// Every number is noisy: hardly two are equal.
		seen := map[float64]bool{}
		for _, a := range column("days") {
			for _, x := range a.(*array.Float64).Float64Values() {
				seen[x] = true
			}
		}
		if len(seen) < 19_900 {
			t.Errorf("%d different numbers", len(seen))
		}
		var text strings.Builder
		err = errors.Join(report.WriteText(&text), report.WriteJSON(&text), report.WriteHTML(&text))
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Join(strings.Fields(strings.ReplaceAll(text.String(), "\u00a0", " ")), " ")
		for _, want := range []string{"randomized response among 3 categories, epsilon 1",
			"Laplace noise on numbers moved into 0 to 60, epsilon 2", "Randomized columns",
			"with ε = 4 in all",
			"unary encoding of 3 categories, epsilon 1", `"local_dp": { "method"`, "factor of at most e^2"} {
			if !strings.Contains(said, want) {
				t.Errorf("the report lacks %q", want)
			}
		}
		if strings.Contains(said, "canary") {
			t.Error("a value in the report")
		}
		for i, c := range report.Columns {
			if (c.LocalDP != nil) != (i != 2) {
				t.Errorf("column %s: %+v", c.Name, c.LocalDP)
			}
		}
		if strings.Contains(fmt.Sprint(report.Warnings), "smokes") {
			t.Errorf("a randomized column is warned of: %v", report.Warnings)
		}
	}
}

// A row that is in no category stops the run, and its value is not told.
func TestLocalDPRefusesOtherValues(t *testing.T) {
	policy := strings.Replace(randomizedPolicy, ", other: unknown", "", 1)
	p, err := anonymize.New(anonymize.Config{Policy: readPolicy(t, policy)})
	if err != nil {
		t.Fatal(err)
	}
	dst := tableio.NewBuffer()
	_, err = p.Run(t.Context(), tableio.FromTable(patients(t, 100, 10, false)), dst, nil)
	if !errors.Is(err, anonymize.ErrUnsatisfied) || !strings.Contains(err.Error(), `column "smokes"`) ||
		strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	// A column of another type is the input's mistake, found before a row is.
	text := strings.Replace(randomizedPolicy, "unary_encoding: {epsilon: 1, categories: "+
		"[ICU, surgery, other], other: other}", "noise: {epsilon: 1, lower: 0, upper: 1}", 1)
	if p, err = anonymize.New(anonymize.Config{Policy: readPolicy(t, text)}); err != nil {
		t.Fatal(err)
	}
	src := tableio.FromTable(patients(t, 100, 10, false))
	_, err = p.Run(t.Context(), src, tableio.NewBuffer(), nil)
	if err == nil || !strings.Contains(err.Error(), `column "ward": the column is utf8`) {
		t.Errorf("%v", err)
	}
}
