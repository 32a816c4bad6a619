package kanon_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
	"pgregory.net/rapid"
)

// fromJSON builds an array of a type from a JSON list.
func fromJSON(t testing.TB, typ arrow.DataType, json string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(json))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ints(values ...int64) arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewArray()
}

func doubles(values ...float64) arrow.Array {
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewArray()
}

func singles(values ...float32) arrow.Array {
	b := array.NewFloat32Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewArray()
}

func decimals(scale int32, values ...string) arrow.Array {
	b := array.NewDecimal128Builder(memory.DefaultAllocator,
		&arrow.Decimal128Type{Precision: 38, Scale: scale})
	for _, v := range values {
		n, err := decimal128.FromString(v, 38, scale)
		if err != nil {
			panic(err)
		}
		b.Append(n)
	}
	return b.NewArray()
}

func wantShares(t *testing.T, h kanon.Sharer, domain arrow.Array, level int, want ...float64) {
	t.Helper()
	got, err := h.Shares(domain, level)
	if err != nil {
		t.Fatalf("level %d: %v", level, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shares of level %d: -want +got:\n%s", level, diff)
	}
}

func TestIntervalsOfIntegers(t *testing.T) {
	h := kanon.Intervals{Widths: []float64{5, 10, 40}, Min: 10, Max: 92}
	domain := ints(10, 14, 15, 89, 90, 92)
	kanontest.TestHierarchy(t, h, domain)
	wantLabels(t, h, domain, 1, "10-14", "10-14", "15-19", "85-89", "90-92", "90-92")
	wantLabels(t, h, domain, 2, "10-19", "10-19", "10-19", "80-89", "90-92", "90-92")
	wantLabels(t, h, domain, 3, "10-49", "10-49", "10-49", "50-89", "90-92", "90-92")
	wantLabels(t, h, domain, 4, "*", "*", "*", "*", "*", "*")
	wantShares(t, h, domain, 0, 1./83, 1./83, 1./83, 1./83, 1./83, 1./83)
	wantShares(t, h, domain, 1, 5./83, 5./83, 5./83, 5./83, 3./83, 3./83)
	wantShares(t, h, domain, 3, 40./83, 40./83, 40./83, 40./83, 3./83, 3./83)
	wantShares(t, h, domain, 4, 1, 1, 1, 1, 1, 1)

	single := kanon.Intervals{Widths: []float64{1, 2}, Min: 0, Max: 4}
	wantLabels(t, single, ints(0, 3, 4), 1, "0", "3", "4")
	wantLabels(t, single, ints(0, 3, 4), 2, "0-1", "2-3", "4")

	negative := kanon.Intervals{Widths: []float64{5}, Min: -10, Max: 5}
	wantLabels(t, negative, ints(-10, -6, -5, -1, 0, 5), 1,
		"[-10,-6]", "[-10,-6]", "[-5,-1]", "[-5,-1]", "[0,4]", "5")
}

func TestIntervalsOpen(t *testing.T) {
	h := kanon.Intervals{Widths: []float64{10, 20}, Min: 20, Max: 89, Bottom: true, Top: true}
	domain := ints(math.MinInt64, 19, 20, 89, 90, math.MaxInt64)
	kanontest.TestHierarchy(t, h, domain)
	wantLabels(t, h, domain, 1, "<20", "<20", "20-29", "80-89", ">89", ">89")
	wantLabels(t, h, domain, 2, "<20", "<20", "20-39", "80-89", ">89", ">89")
	// 70 integers, and 20 for each of the open intervals.
	wantShares(t, h, domain, 0, 1./110, 1./110, 1./110, 1./110, 1./110, 1./110)
	wantShares(t, h, domain, 1, 20./110, 20./110, 10./110, 10./110, 20./110, 20./110)

	infinite := doubles(math.Inf(-1), 89.5, math.Inf(1))
	kanontest.TestHierarchy(t, h, infinite)
	wantLabels(t, h, infinite, 1, "<20", ">89", ">89")
	_, err := h.Generalize(doubles(math.NaN(), 30), 1)
	wantError(t, err, "intervals: 1 of 2 distinct values are not a number")

	h.Top = false
	_, err = h.Generalize(domain, 1)
	wantError(t, err, "2 of 6 distinct values lie outside of 20 to 89")
}

func TestIntervalsOfFloats(t *testing.T) {
	h := kanon.Intervals{Widths: []float64{0.1, 0.2}, Min: 0, Max: 0.7}
	// 0.1 times 3 is above 0.3 as a float64, and 0.3 over 0.1 below 3. The
	// interval is nevertheless the one whose label says so.
	domain := doubles(0, 0.3, math.Nextafter(0.3, 0), 0.6, 0.7, math.Copysign(0, -1))
	kanontest.TestHierarchy(t, h, domain)
	wantLabels(t, h, domain, 1,
		"[0,0.1)", "[0.3,0.4)", "[0.2,0.3)", "[0.6,0.7]", "[0.6,0.7]", "[0,0.1)")
	wantLabels(t, h, domain, 2,
		"[0,0.2)", "[0.2,0.4)", "[0.2,0.4)", "[0.6,0.7]", "[0.6,0.7]", "[0,0.2)")
	wantShares(t, h, domain, 1, 1./7, 1./7, 1./7, 1./7, 1./7, 1./7)
	wantShares(t, h, domain, 2, 2./7, 2./7, 2./7, 1./7, 1./7, 2./7)
	// Six values: a value counts as a sixth of the range, if its shortest
	// interval were not shorter.
	wantShares(t, h, domain, 0, 1./7, 1./7, 1./7, 1./7, 1./7, 1./7)
	many := doubles(0, .05, .1, .15, .2, .25, .3, .35)
	wantShares(t, h, many, 0, .125, .125, .125, .125, .125, .125, .125, .125)

	// A float32 is compared with the float32 nearest to the end.
	narrow := singles(0.3, 0.6, 0.7, math.Nextafter32(0.3, 0))
	kanontest.TestHierarchy(t, h, narrow)
	wantLabels(t, h, narrow, 1, "[0.3,0.4)", "[0.6,0.7]", "[0.6,0.7]", "[0.2,0.3)")

	unit := kanon.Intervals{Widths: []float64{0.1}, Min: 0, Max: 1}
	wantLabels(t, unit, singles(0.7, 0.9), 1, "[0.7,0.8)", "[0.9,1]") // both below as float64

	// Intervals shorter than the precision of the column.
	fine := kanon.Intervals{Widths: []float64{0.1}, Min: 1e9, Max: 1e9 + 1e3}
	kanontest.TestHierarchy(t, fine, singles(1e9, 1e9+64, 1e9+960))

	exact := decimals(2, "0.29", "0.30", "0.70")
	kanontest.TestHierarchy(t, h, exact)
	wantLabels(t, h, exact, 1, "[0.2,0.3)", "[0.3,0.4)", "[0.6,0.7]")
	long := decimals(30, "0.299999999999999999", "0.3")
	wantLabels(t, h, long, 2, "[0.2,0.4)", "[0.2,0.4)")

	whole := kanon.Intervals{Widths: []float64{5}, Min: 0, Max: 100, Top: true}
	wantLabels(t, whole, decimals(0, "4", "5", "99999999999999999999"), 1, "0-4", "5-9", ">100")
}

// Every type of integer, plain or dictionary, sliced, gives the same labels.
func TestIntervalsTypes(t *testing.T) {
	h := kanon.Intervals{Widths: []float64{5}, Min: 0, Max: 100}
	for _, typ := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
		&arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int16},
	} {
		a := fromJSON(t, typ, `[99, 7, 100]`)
		kanontest.TestHierarchy(t, h, a)
		wantLabels(t, h, a, 1, "95-99", "5-9", "100")
		wantLabels(t, h, array.NewSlice(a, 1, 2), 1, "5-9")
	}
	huge := fromJSON(t, arrow.PrimitiveTypes.Uint64, `["18446744073709551615"]`)
	_, err := h.Generalize(huge, 1)
	wantError(t, err, "1 of 1 distinct values lie outside")
	dictionary := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Float64,
	}
	wantLabels(t, h, fromJSON(t, dictionary, `[4.5, 5]`), 1, "[0,5)", "[5,10)")
	for _, bad := range []arrow.Array{
		texts("7"), fromJSON(t, arrow.FixedWidthTypes.Boolean, `[true]`),
		fromJSON(t, arrow.FixedWidthTypes.Date32, `["2019-03-07"]`),
	} {
		_, err := h.Generalize(bad, 1)
		wantError(t, err, "intervals: the column is "+bad.DataType().String()+", want numbers")
	}
	_, err = h.Generalize(fromJSON(t, arrow.PrimitiveTypes.Int64, `[1, null]`), 1)
	wantError(t, err, "1 nulls in the domain")
	_, err = kanon.Intervals{Widths: []float64{0.5}, Min: 0, Max: 10}.Generalize(ints(3), 1)
	wantError(t, err, "over a column of int64 want to be whole numbers")
}

func TestIntervalsRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		h    kanon.Intervals
		want []string
	}{
		"zero": {kanon.Intervals{}, []string{"no widths", "min is 0 and max is 0"}},
		"empty": {kanon.Intervals{Widths: []float64{1}, Min: 3, Max: 3},
			[]string{"want min below max"}},
		"width 0": {kanon.Intervals{Widths: []float64{0}, Max: 3},
			[]string{"width 0, want above 0"}},
		"negative": {kanon.Intervals{Widths: []float64{-5}, Max: 3},
			[]string{"width -5, want above 0"}},
		"no nest": {kanon.Intervals{Widths: []float64{5, 12}, Max: 99},
			[]string{"width 12 after 5"}},
		"same": {kanon.Intervals{Widths: []float64{5, 5}, Max: 99}, []string{"width 5 after 5"}},
		"falling": {kanon.Intervals{Widths: []float64{10, 5}, Max: 99},
			[]string{"width 5 after 10"}},
		"thirds":   {kanon.Intervals{Widths: []float64{1. / 3}, Max: 9}, []string{"15 digits"}},
		"too wide": {kanon.Intervals{Widths: []float64{1e-5}, Max: 1e12}, []string{"15 digits"}},
		"tiny":     {kanon.Intervals{Widths: []float64{1e-300}, Max: 1}, []string{"15 digits"}},
		"nan": {kanon.Intervals{Widths: []float64{math.NaN()}, Max: 1},
			[]string{"NaN is not a number"}},
		"unbounded": {kanon.Intervals{Widths: []float64{1}, Max: math.Inf(1)},
			[]string{"+Inf is not"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.h.Generalize(ints(1), 1)
			wantError(t, err, append(c.want, "intervals: ")...)
			_, err = c.h.Shares(ints(1), 1)
			wantError(t, err, c.want...)
		})
	}
	h := kanon.Intervals{Widths: []float64{5}, Max: 9}
	for _, level := range []int{-1, 0, 3} {
		_, err := h.Generalize(ints(1), level)
		wantError(t, err, "intervals: level", "want 1 to 2")
	}
	_, err := h.Shares(ints(1), 3)
	wantError(t, err, "want 0 to 2")
	_, err = h.Generalize(ints(987654321), 1)
	if wantError(t, err, "1 of 1"); strings.Contains(err.Error(), "987654321") {
		t.Error("the error shows a value")
	}
}

// Whatever the parameters, a value lies in the interval that its label names,
// and the levels are a hierarchy.
func TestIntervalsHoldTheirValues(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.SampledFrom([]float64{1, 0.1, 0.25, 0.001}).Draw(rt, "unit")
		lo := rapid.IntRange(-1000, 1000).Draw(rt, "lo")
		length := rapid.IntRange(1, 2000).Draw(rt, "length")
		first := rapid.IntRange(1, 50).Draw(rt, "first")
		times := rapid.IntRange(2, 5).Draw(rt, "times")
		dec := func(n int) float64 { // n units, rounded once
			return float64(n) / (1 / unit)
		}
		h := kanon.Intervals{
			Widths: []float64{dec(first), dec(first * times)}, Min: dec(lo), Max: dec(lo + length),
		}
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		seen := map[float64]bool{}
		for range 20 {
			v := dec(lo + rapid.IntRange(0, length).Draw(rt, "value"))
			next := []float64{v, math.Nextafter(v, h.Min), math.Nextafter(v, h.Max)}
			v = rapid.SampledFrom(next).Draw(rt, "next")
			if !seen[v] {
				b.Append(v)
			}
			seen[v] = true
		}
		domain := b.NewFloat64Array()
		for level := 1; level <= 2; level++ {
			labels, err := h.Generalize(domain, level)
			if err != nil {
				rt.Fatal(err)
			}
			for i, v := range domain.Float64Values() {
				label := labels.(*array.String).Value(i)
				var from, to float64
				if _, err := fmt.Sscanf(strings.NewReplacer("[", "", ",", " ", ")", "", "]", "").
					Replace(label), "%g %g", &from, &to); err != nil {
					rt.Fatal(label, err)
				}
				if v < from || v > to || v == to && label[len(label)-1] == ')' {
					rt.Fatalf("%v in %s", v, label)
				}
			}
		}
		kanontest.TestHierarchy(rt, h, domain)
	})
}

func ExampleIntervals() {
	ages := kanon.Intervals{Widths: []float64{5, 10, 20}, Min: 0, Max: 89, Top: true}
	for level := 1; level <= ages.Levels(); level++ {
		labels, err := ages.Generalize(ints(34, 47, 93), level)
		fmt.Println(labels, err)
	}
	// Output:
	// ["30-34" "45-49" ">89"] <nil>
	// ["30-39" "40-49" ">89"] <nil>
	// ["20-39" "40-59" ">89"] <nil>
	// ["*" "*" "*"] <nil>
}

func BenchmarkIntervals(b *testing.B) {
	values := make([]float64, 1_000_000)
	for i := range values {
		values[i] = float64(i) / 10
	}
	h := kanon.Intervals{Widths: []float64{0.5, 5}, Min: 0, Max: 100_000}
	domain := doubles(values...)
	for b.Loop() {
		labels, err := h.Generalize(domain, 1)
		if err != nil {
			b.Fatal(err)
		}
		labels.Release()
	}
}
