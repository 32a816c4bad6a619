package number

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestValues(t *testing.T) {
	mem := memory.NewGoAllocator()
	for _, c := range []struct {
		dt   arrow.DataType
		in   string
		want []float64
	}{
		{arrow.PrimitiveTypes.Int8, `[-3,null]`, []float64{-3, math.NaN()}},
		{arrow.PrimitiveTypes.Uint64, `[7]`, []float64{7}},
		{arrow.PrimitiveTypes.Float32, `[0.5]`, []float64{.5}},
		{arrow.FixedWidthTypes.Float16, `[0.5]`, []float64{.5}},
		{&arrow.Decimal128Type{Precision: 9, Scale: 2}, `["1.25",null]`, []float64{1.25, math.NaN()}},
	} {
		a, _, err := array.FromJSON(mem, c.dt, strings.NewReader(c.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Values(a)
		if err != nil || !Is(c.dt) {
			t.Fatal(c.dt, err)
		}
		for i, w := range c.want {
			if got[i] != w && !(math.IsNaN(w) && math.IsNaN(got[i])) {
				t.Errorf("%s: %v", c.dt, got)
			}
		}
	}
	b := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64,
	}).(*array.Int64DictionaryBuilder)
	_ = b.Append(5)
	b.AppendNull()
	got, err := Values(b.NewArray())
	if err != nil || got[0] != 5 || !math.IsNaN(got[1]) {
		t.Error(got, err)
	}
}

// Every float16 below 2^-14 is a multiple of 2^-24, and those above are what
// Arrow says.
func TestHalf(t *testing.T) {
	for bits := range 1 << 16 {
		h := float16.FromBits(uint16(bits))
		got, sign := Half(h), 1.0
		if bits>>15 != 0 {
			sign = -1
		}
		switch exponent, fraction := bits>>10&0x1f, float64(bits&0x3ff); {
		case exponent == 0x1f && fraction > 0:
			if !math.IsNaN(got) {
				t.Fatalf("%#x: %v", bits, got)
			}
		case exponent == 0x1f:
			if got != sign*math.Inf(1) {
				t.Fatalf("%#x: %v", bits, got)
			}
		case exponent == 0:
			if got != sign*fraction*0x1p-24 {
				t.Fatalf("%#x: %v", bits, got)
			}
		case got != sign*math.Ldexp(1+fraction/1024, exponent-15):
			t.Fatalf("%#x: %v", bits, got)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, test := range []struct {
		d     decimal128.Num
		scale int32
		want  float64
	}{
		{decimal128.FromI64(0), 0, 0}, {decimal128.FromI64(-5), 0, -5}, {decimal128.FromI64(1234),
			2, 12.34},
		{decimal128.FromI64(-1234), 2, -12.34}, {decimal128.FromI64(12), -2, 1200},
		{decimal128.New(1, 0), 0, 1 << 64}, {decimal128.New(-1, 0), 0, -(1 << 64)},
		{decimal128.New(math.MinInt64, 0), 0, -math.Ldexp(1, 127)},
		{decimal128.FromI64(7), 1000, 0}, {decimal128.FromI64(7), -1000, math.Inf(1)},
		{decimal128.FromI64(-7), math.MinInt32, math.Inf(-1)}, {decimal128.FromI64(7), math.MaxInt32, 0},
		{decimal128.FromI64(1<<53 + 1), 1, 900719925474099.3}, {decimal128.FromI64(3), 23, 3e-23},
	} {
		if got := Decimal(test.d, test.scale); got != test.want {
			t.Errorf("%v at scale %d: %v, want %v", test.d, test.scale, got, test.want)
		}
	}
}
