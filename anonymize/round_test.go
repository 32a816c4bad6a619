package anonymize

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRoundByHand(t *testing.T) {
	for _, c := range []struct {
		to       float64
		typ      arrow.DataType
		in, want []string
	}{
		{10, arrow.PrimitiveTypes.Int32, // ties go to the even multiple
			[]string{"0", "4", "5", "6", "15", "25", "-5", "-15", null, "-26"},
			[]string{"0", "0", "0", "10", "20", "20", "0", "-20", null, "-30"}},
		{10, arrow.PrimitiveTypes.Int8, // 130 and -130 do not fit
			[]string{"127", "-128", "124"}, []string{"120", "-120", "120"}},
		{100, arrow.PrimitiveTypes.Uint8,
			[]string{"255", "49", "51", "150"}, []string{"200", "0", "100", "200"}},
		{3, arrow.PrimitiveTypes.Uint64,
			[]string{"18446744073709551615", "18446744073709551614"},
			[]string{"18446744073709551615", "18446744073709551615"}},
		{10, arrow.PrimitiveTypes.Uint64,
			[]string{"18446744073709551615"}, []string{"18446744073709551610"}},
		{10, arrow.PrimitiveTypes.Int64,
			[]string{"9223372036854775807", "-9223372036854775808"},
			[]string{"9223372036854775800", "-9223372036854775800"}},
		{0.1, arrow.PrimitiveTypes.Float64, // 3 × 0.1 is not the float 0.3
			[]string{"0.31", "-0.04", "NaN", "+Inf", "1e300", "2.5e-320"},
			[]string{"0.3", "0", "NaN", "+Inf", "1e+300", "0"}},
		{1e308, arrow.PrimitiveTypes.Float64,
			[]string{"1.7e308", "-1.7e308", "4e307"}, []string{"1e+308", "-1e+308", "0"}},
		{0.25, arrow.PrimitiveTypes.Float32,
			[]string{"0.3", "0.125", "0.375", "3.4e38"}, []string{"0.25", "0", "0.5", "3.4e+38"}},
		{2e38, arrow.PrimitiveTypes.Float32, []string{"3.2e38"}, []string{"2e+38"}},
		{0.05, &arrow.Decimal128Type{Precision: 5, Scale: 2},
			[]string{"1.02", "1.03", "-1.03", "999.99", "-999.99", "0.02"},
			[]string{"1", "1.05", "-1.05", "999.95", "-999.95", "0"}},
		{2e19, &arrow.Decimal128Type{Precision: 38, Scale: 0},
			[]string{"29999999999999999999", "30000000000000000000", "50000000000000000000"},
			[]string{"20000000000000000000", "40000000000000000000", "40000000000000000000"}},
	} {
		t.Run(fmt.Sprint(c.to, c.typ), func(t *testing.T) {
			got := coarsened(t, Round{To: c.to}, c.typ, c.in...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			again := coarsened(t, Round{To: c.to}, c.typ, got...)
			if diff := cmp.Diff(c.want, again); diff != "" {
				t.Errorf("rounding twice changes more: %s", diff)
			}
		})
	}
}

// TestRoundDropsTheSign: -0 would tell that a negative number was rounded.
func TestRoundDropsTheSign(t *testing.T) {
	mem := memory.DefaultAllocator
	for _, typ := range []arrow.DataType{arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64} {
		out, err := Round{To: 10}.apply(mem, column(t, mem, typ, "-1", "-0"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if s := out.ValueStr(i); s != "0" {
				t.Errorf("%s: got %s", typ, s)
			}
		}
	}
}

// oracle is the nearest multiple by exact arithmetic, ties to even.
func oracle(v, to *big.Rat) *big.Rat {
	quo := new(big.Rat).Quo(v, to)
	twice := new(big.Int).Add(new(big.Int).Mul(quo.Num(), big.NewInt(2)), quo.Denom())
	k := new(big.Int)
	rest := new(big.Int)
	k.DivMod(twice, new(big.Int).Mul(quo.Denom(), big.NewInt(2)), rest)
	if rest.Sign() == 0 && k.Bit(0) == 1 { // a tie, taken up
		k.Sub(k, big.NewInt(1))
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(k), to)
}

func TestRoundIntegersAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := rapid.Int64Range(1, math.MaxInt64).Draw(t, "to")
		to = int64(math.Min(float64(to), 1<<62)) // a float holds it
		v := rapid.Int64().Draw(t, "v")
		got := nearest(v, to, math.MinInt64, math.MaxInt64)
		want := oracle(new(big.Rat).SetInt64(v), new(big.Rat).SetInt64(to))
		if !want.Num().IsInt64() { // outside: one multiple further in
			step := new(big.Rat).SetInt64(to)
			if want.Sign() > 0 {
				step.Neg(step)
			}
			want.Add(want, step)
		}
		if !want.Num().IsInt64() || got != want.Num().Int64() {
			t.Fatalf("%d to %d: got %d, want %s", v, to, got, want.RatString())
		}
	})
}

func TestRoundDecimalsAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.Int32Range(1, 38).Draw(t, "precision")
		limit := largest(precision)
		draw := func(name string) *big.Int {
			n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, name))
			n.Mul(n, new(big.Int).SetUint64(rapid.Uint64().Draw(t, name)))
			n.Rsh(n, uint(rapid.IntRange(0, 127).Draw(t, name+" shift")))
			return n.Rem(n, new(big.Int).Add(limit, big.NewInt(1)))
		}
		v, to := draw("v"), draw("to")
		if to.Sign() == 0 {
			to.SetInt64(1)
		}
		if rapid.Bool().Draw(t, "negative") {
			v.Neg(v)
		}
		got := decimalGrid(to, precision)(decimal128.FromBigInt(v)).BigInt()
		want := new(big.Int).Set(oracle(new(big.Rat).SetInt(v), new(big.Rat).SetInt(to)).Num())
		if want.CmpAbs(limit) > 0 {
			if want.Sign() > 0 {
				want.Sub(want, to)
			} else {
				want.Add(want, to)
			}
		}
		if got.Cmp(want) != 0 {
			t.Fatalf("%s to %s at precision %d: got %s, want %s", v, to, precision, got, want)
		}
	})
}

// TestRoundFloatsAgainstOracle wants the float nearest to the exact multiple.
// Where the quotient is within an ulp of a tie, either neighbour will do.
func TestRoundFloatsAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.Int64Range(1, 9999).Draw(t, "digits")
		text := fmt.Sprintf("%de%d", digits, rapid.IntRange(-12, 6).Draw(t, "exp"))
		to, _ := strconv.ParseFloat(text, 64)
		exact, _ := new(big.Rat).SetString(text)
		v := rapid.Float64Range(-1e9, 1e9).Draw(t, "v")
		got := floatGrid(to, math.MaxFloat64)(v)
		quo := v / to
		if math.Abs(quo) >= 1<<52 {
			return
		}
		want, _ := oracle(new(big.Rat).SetFloat64(v), exact).Float64()
		if got == want {
			return
		}
		if tie := math.Abs(math.Abs(quo-math.Trunc(quo)) - 0.5); tie > 1e-15*math.Abs(quo)+1e-15 &&
			math.Abs(got-want) > 2e-16*math.Abs(want) {
			t.Fatalf("%v to %s: got %v, want %v", v, text, got, want)
		}
	})
}

func TestRoundRefused(t *testing.T) {
	for _, to := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		errs := Round{To: to}.validate()
		if len(errs) != 1 {
			t.Errorf("to %v: %v", to, errs)
		}
		refusal(t, Round{To: to}, arrow.PrimitiveTypes.Int64)
	}
	for _, c := range []struct {
		to   float64
		typ  arrow.DataType
		want string
	}{
		{0.5, arrow.PrimitiveTypes.Int32,
			"round: to is 0.5 and the column is int32; want a whole number"},
		{128, arrow.PrimitiveTypes.Int8, "round: to is 128, more than int8 holds"},
		{1 << 63, arrow.PrimitiveTypes.Int64, "round: to is 9223372036854776000, more than int64 holds"},
		{0.005, &arrow.Decimal128Type{Precision: 5, Scale: 2},
			"round: to is 0.005, which decimal(5, 2) cannot hold exactly"},
		{1000, &arrow.Decimal128Type{Precision: 5, Scale: 2},
			"round: to is 1000, more than decimal(5, 2) holds"},
		{10, arrow.BinaryTypes.String,
			"round: the column is utf8; want integers, floats or decimal128"},
	} {
		if diff := cmp.Diff(c.want, refusal(t, Round{To: c.to}, c.typ)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRoundEmpty(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, typ := range []arrow.DataType{arrow.PrimitiveTypes.Float64,
		&arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.PrimitiveTypes.Int8}} {
		in := array.MakeArrayOfNull(mem, typ, 0)
		out, err := Round{To: 10}.apply(mem, in)
		if err != nil || out.Len() != 0 {
			t.Error(typ, err)
		}
		in.Release()
		out.Release()
	}
}

func BenchmarkRound(b *testing.B) {
	value := func(rng *rand.Rand) string { return strconv.Itoa(rng.IntN(100000)) }
	for _, typ := range []arrow.DataType{arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64,
		&arrow.Decimal128Type{Precision: 12, Scale: 2}} {
		b.Run(typ.Name(), func(b *testing.B) { benchmark(b, Round{To: 10}, typ, value) })
	}
}
