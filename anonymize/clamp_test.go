package anonymize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestClampByHand(t *testing.T) {
	money := &arrow.Decimal128Type{Precision: 6, Scale: 2}
	for _, c := range []struct {
		clamp    Clamp
		typ      arrow.DataType
		in, want []string
	}{
		{Clamp{Min: ptr(18), Max: ptr(89)}, arrow.PrimitiveTypes.Int16,
			[]string{"17", "18", "50", "89", "90", "-5", null, "32767"},
			[]string{"18", "18", "50", "89", "89", "18", null, "89"}},
		{Clamp{Max: ptr(89)}, arrow.PrimitiveTypes.Uint8,
			[]string{"0", "89", "90"}, []string{"0", "89", "89"}},
		{Clamp{Min: ptr(-1 << 63)}, arrow.PrimitiveTypes.Int64,
			[]string{"-9223372036854775808"}, []string{"-9223372036854775808"}},
		{Clamp{Min: ptr(-0.5), Max: ptr(0.5)}, arrow.PrimitiveTypes.Float64,
			[]string{"-Inf", "+Inf", "NaN", "0.25", "-0.75"},
			[]string{"-0.5", "0.5", "NaN", "0.25", "-0.5"}},
		{Clamp{Max: ptr(9.99)}, money, []string{"10", "9.98", "-3"}, []string{"9.99", "9.98", "-3"}},
		{Clamp{Max: ptr(89), Above: "90+"}, arrow.PrimitiveTypes.Int8,
			[]string{"34", "89", "90", "127", null, "-3"}, []string{"34", "89", "90+", "90+", null, "-3"}},
		{Clamp{Min: ptr(18), Max: ptr(89), Above: "90+"}, arrow.PrimitiveTypes.Uint64,
			[]string{"3", "18446744073709551615"}, []string{"18", "90+"}},
		{Clamp{Min: ptr(18), Max: ptr(89), Below: "child"}, arrow.PrimitiveTypes.Float32,
			[]string{"17.5", "18.1", "89.5", "NaN"}, []string{"child", "18.1", "89", "NaN"}},
		{Clamp{Min: ptr(-2), Below: "low"}, arrow.PrimitiveTypes.Float64,
			[]string{"-0", "1e21", "1e-7", "123456789", "0.1"},
			[]string{"0", "1e+21", "1e-07", "123456789", "0.1"}},
		{Clamp{Max: ptr(100), Above: "much"}, money,
			[]string{"0.05", "-0.05", "100", "100.01", "-12.5"},
			[]string{"0.05", "-0.05", "100.00", "much", "-12.50"}},
		{Clamp{Max: ptr(0), Min: ptr(0), Above: "+", Below: "-"}, arrow.PrimitiveTypes.Int32,
			[]string{"7", "0", "-7"}, []string{"+", "0", "-"}},
	} {
		t.Run(fmt.Sprint(c.clamp.describe(), c.typ), func(t *testing.T) {
			if diff := cmp.Diff(c.want, coarsened(t, c.clamp, c.typ, c.in...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestClampMergesLabels wants one entry for all values that share a label.
func TestClampMergesLabels(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	plain := column(t, mem, arrow.PrimitiveTypes.Int32, "95", "34", "101", "99")
	defer plain.Release()
	in := encoded(t, mem, plain, "100")
	defer in.Release()
	out, err := Clamp{Max: ptr(89), Above: "90+"}.apply(mem, in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	entries := rows(out.(*array.Dictionary).Dictionary())
	if diff := cmp.Diff([]string{"90+", "34"}, entries); diff != "" {
		t.Error(diff)
	}
}

func TestClampAgainstOracle(t *testing.T) {
	mem := memory.DefaultAllocator
	rapid.Check(t, func(t *rapid.T) {
		bounds := rapid.SliceOfN(rapid.Int32Range(-1000, 1000), 2, 2).Draw(t, "bounds")
		slices.Sort(bounds)
		values := rapid.SliceOf(rapid.Int32Range(-2000, 2000)).Draw(t, "values")
		c := Clamp{Min: ptr(float64(bounds[0])), Max: ptr(float64(bounds[1]))}
		labels := rapid.Bool().Draw(t, "labels")
		if labels {
			c.Above = "above"
		}
		b := array.NewInt32Builder(mem)
		b.AppendValues(values, nil)
		out, err := c.apply(mem, b.NewArray())
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			want := strconv.Itoa(int(min(max(v, bounds[0]), bounds[1])))
			if labels && v > bounds[1] {
				want = "above"
			}
			if out.ValueStr(i) != want {
				t.Fatalf("%v of %d: got %s, want %s", c.describe(), v, out.ValueStr(i), want)
			}
		}
	})
}

func TestClampValidate(t *testing.T) {
	for _, c := range []struct {
		clamp Clamp
		want  []string
	}{
		{Clamp{}, []string{"clamp: no bound; want min, max or both"}},
		{Clamp{Min: ptr(3), Max: ptr(2)}, []string{"clamp: min is 3, want at most max, which is 2"}},
		{Clamp{Min: ptr(math.NaN()), Max: ptr(math.Inf(1))},
			[]string{"clamp: min is NaN, want a number", "clamp: max is +Inf, want a number"}},
		{Clamp{Below: "x", Above: "y"}, []string{"clamp: no bound; want min, max or both",
			"clamp: below is a label for numbers below min; want min",
			"clamp: above is a label for numbers above max; want max"}},
		{Clamp{Max: ptr(89), Above: "50"}, []string{
			`clamp: above is "50", which is a number that is not above max; want another label`}},
		{Clamp{Min: ptr(3), Below: "3.0"}, []string{
			`clamp: below is "3.0", which is a number that is not below min; want another label`}},
		{Clamp{Max: ptr(89), Above: "NaN"}, []string{
			`clamp: above is "NaN", which is a number that is not above max; want another label`}},
		{Clamp{Max: ptr(89), Above: "90"}, nil},
	} {
		if diff := cmp.Diff(c.want, mistakes(c.clamp.validate())); diff != "" {
			t.Error(diff)
		}
		if c.want != nil {
			refusal(t, c.clamp, arrow.PrimitiveTypes.Int64)
		}
	}
}

func TestClampRefused(t *testing.T) {
	for _, c := range []struct {
		clamp Clamp
		typ   arrow.DataType
		want  string
	}{
		{Clamp{Max: ptr(89.5)}, arrow.PrimitiveTypes.Int8,
			"clamp: max is 89.5, which int8 cannot hold exactly"},
		{Clamp{Max: ptr(128)}, arrow.PrimitiveTypes.Int8, "clamp: max is 128, beyond what int8 holds"},
		{Clamp{Min: ptr(-1)}, arrow.PrimitiveTypes.Uint32, "clamp: min is -1, beyond what uint32 holds"},
		{Clamp{Max: ptr(1e39)}, arrow.PrimitiveTypes.Float32,
			"clamp: max is 1e+39, beyond what float32 holds"},
		{Clamp{Max: ptr(0.001)}, &arrow.Decimal128Type{Precision: 4, Scale: 2},
			"clamp: max is 0.001, which decimal(4, 2) cannot hold exactly"},
		{Clamp{Max: ptr(100)}, &arrow.Decimal128Type{Precision: 4, Scale: 2},
			"clamp: max is 100, beyond what decimal(4, 2) holds"},
		{Clamp{Min: ptr(-100)}, &arrow.Decimal128Type{Precision: 4, Scale: 2},
			"clamp: min is -100, beyond what decimal(4, 2) holds"},
		{Clamp{Max: ptr(1)}, arrow.BinaryTypes.String,
			"clamp: the column is utf8; want integers, floats or decimal128"},
	} {
		if diff := cmp.Diff(c.want, refusal(t, c.clamp, c.typ)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestClampDescribes(t *testing.T) {
	got := Clamp{Min: ptr(18), Max: ptr(89), Above: "90+"}.describe()
	if want := `values below 18 set to it, values above 89 written as "90+"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestDecimalText compares with the integer and a point put in by hand.
func TestDecimalText(t *testing.T) {
	for _, c := range []struct {
		n     int64
		scale int32
		want  string
	}{
		{0, 2, "0.00"}, {5, 3, "0.005"}, {-1234, 2, "-12.34"}, {12, 0, "12"}, {-12, -3, "-12000"},
		{0, -3, "0"}, {math.MaxInt64, 18, "9.223372036854775807"},
	} {
		if got := string(appendDecimal(nil, decimal128.FromI64(c.n), c.scale)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func BenchmarkClamp(b *testing.B) {
	value := func(rng *rand.Rand) string { return strconv.Itoa(rng.IntN(100)) }
	for name, c := range map[string]Clamp{
		"number": {Min: ptr(18), Max: ptr(89)}, "label": {Max: ptr(89), Above: "90+"},
	} {
		b.Run(name, func(b *testing.B) { benchmark(b, c, arrow.PrimitiveTypes.Int64, value) })
	}
}
