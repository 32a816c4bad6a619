package pseudonym

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func trues(n int) []bool {
	keep := make([]bool, n)
	for i := range keep {
		keep[i] = true
	}
	return keep
}

func sampler(tb testing.TB, f Field, fraction float64) *Sampler {
	tb.Helper()
	s, err := NewSampler(testKeyring(tb), f, fraction)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func ids(tb testing.TB, mem memory.Allocator, n int) arrow.Array {
	tb.Helper()
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"P-%06d"`, i)
	}
	return build(tb, mem, arrow.BinaryTypes.String, "["+strings.Join(list, ",")+"]")
}

func kept(tb testing.TB, s *Sampler, a arrow.Array) []bool {
	tb.Helper()
	keep := trues(a.Len())
	if err := s.Keep(a, keep); err != nil {
		tb.Fatal(err)
	}
	return keep
}

func count(keep []bool) (n int) {
	for _, k := range keep {
		if k {
			n++
		}
	}
	return n
}

// Python's hmac gives P-0001 the number 0xada7f4b83b49141: it is out at the
// fraction that equals this number over 2^64 rounded down, and in at the next.
func TestSampleByAnotherProgram(t *testing.T) {
	a := build(t, memory.DefaultAllocator, arrow.BinaryTypes.String, `["P-0001"]`)
	defer a.Release()
	const u = 0xada7f4b83b49141
	below := math.Ldexp(float64(u>>7), 7-64) // u has 60 bits, a float64 53
	for fraction, want := range map[float64]bool{
		below: false, math.Nextafter(below, 1): true, 0.5: true, 0.04: false, 1: true,
	} {
		if got := kept(t, sampler(t, testField, fraction), a)[0]; got != want {
			t.Errorf("fraction %v: kept is %t, want %t", fraction, got, want)
		}
	}
}

// lastBelow against exact rationals: last < fraction * 2^64 <= last + 1.
func TestThresholdIsExact(t *testing.T) {
	scale := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 64))
	for _, fraction := range []float64{1, math.Nextafter(1, 0), 0.5, 0.1, 1.0 / 3, 1e-3, 1e-9,
		0x1p-11, 0x1p-12, 0x1p-13, 0x1.fffffffffffffp-12, 0x1p-64, 0x1.8p-64, 0x1p-63, 1e-300,
		math.SmallestNonzeroFloat64} {
		bound := new(big.Rat).SetFloat64(fraction)
		bound.Mul(bound, scale)
		last := new(big.Rat).SetInt(new(big.Int).SetUint64(lastBelow(fraction)))
		next := new(big.Rat).Add(last, big.NewRat(1, 1))
		if last.Cmp(bound) >= 0 || bound.Cmp(next) > 0 {
			t.Errorf("fraction %v: last is %v of %v", fraction, last, bound)
		}
	}
}

// The number of people kept is binomial. For 100,000 people and a share of 0.3
// the standard deviation is 145; 5 of them are passed with a probability of
// 6e-7. The power test beneath shows that a share of 0.31 would be found.
func TestSampleHasItsSize(t *testing.T) {
	a := ids(t, memory.DefaultAllocator, 100_000)
	defer a.Release()
	off := func(fraction float64) float64 {
		return math.Abs(float64(count(kept(t, sampler(t, testField, fraction), a)))-30_000) / 145
	}
	if d := off(0.3); d > 5 {
		t.Errorf("%.1f standard deviations off", d)
	}
	if d := off(0.31); d < 5 {
		t.Errorf("a wrong share is only %.1f standard deviations off", d)
	}
	if n := count(kept(t, sampler(t, testField, 1), a)); n != 100_000 {
		t.Errorf("a fraction of 1 keeps %d", n)
	}
}

// The sample of a smaller fraction is part of a larger one; another data set
// has another sample; the tokens of those kept say nothing about it.
func TestSamplesNest(t *testing.T) {
	a := ids(t, memory.DefaultAllocator, 10_000)
	defer a.Release()
	small, large := kept(t, sampler(t, testField, 0.1), a), kept(t, sampler(t, testField, 0.4), a)
	for i := range small {
		if small[i] && !large[i] {
			t.Fatalf("row %d is in the smaller sample only", i)
		}
	}
	other := testField
	other.Dataset = "2026-q1"
	if slices.Equal(small, kept(t, sampler(t, other, 0.1), a)) {
		t.Error("another data set has the same sample")
	}
	agree := 0
	for i := range small {
		value := fmt.Appendf(nil, "P-%06d", i)
		if oracle(t, testRoot(), opHMAC, testField, value)[0] < 26 == small[i] {
			agree++
		}
	}
	// Independent events of 0.1 agree in 0.82 of 10,000 cases, with a standard
	// deviation of 0.0038.
	if agree > 8400 {
		t.Errorf("a threshold on tokens agrees with the sample in %d of 10,000 rows", agree)
	}
}

// One person, many tables: types, dictionaries, slices and rows that other
// rules have dropped do not matter.
func TestSampleIsOfPeople(t *testing.T) {
	mem := checked(t)
	var numbers []string
	for i := range 200 {
		numbers = append(numbers, fmt.Sprint(i%60))
	}
	json := "[" + strings.Join(numbers, ",") + "]"
	quoted := `["` + strings.Join(numbers, `","`) + `"]`
	s := sampler(t, testField, 0.5)
	a := build(t, mem, arrow.BinaryTypes.String, quoted)
	want := kept(t, s, a)
	if n := count(want); n < 20 || n > 180 {
		t.Fatalf("%d of 200 rows kept", n)
	}
	a.Release()
	for _, typ := range []arrow.DataType{arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64,
		&arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.PrimitiveTypes.Int64},
		&arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int64, ValueType: arrow.PrimitiveTypes.Int8}} {
		a := build(t, mem, typ, json)
		if got := kept(t, s, a); !slices.Equal(got, want) {
			t.Errorf("%s: another sample", typ)
		}
		keep := make([]bool, 200)
		keep[3], keep[150] = true, true
		if err := s.Keep(a, keep); err != nil {
			t.Fatal(err)
		}
		if keep[3] != want[3] || keep[150] != want[150] || count(keep) > 2 {
			t.Errorf("%s: rows that were dropped are back", typ)
		}
		a.Release()
	}
	d := dict(t, mem, arrow.PrimitiveTypes.Int8, `[2, 0, 1]`,
		arrow.PrimitiveTypes.Int16, `[5, 7, 5, null]`)
	if got := kept(t, s, d); !slices.Equal(got, []bool{want[5], want[5], want[7]}) {
		t.Errorf("equal entries: %v", got)
	}
	d.Release()
}

func TestSamplerRefuses(t *testing.T) {
	kr := testKeyring(t)
	for _, fraction := range []float64{0, -0.1, 1.0000001, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if s, err := NewSampler(kr, testField, fraction); err == nil || s != nil {
			t.Errorf("fraction %v is accepted", fraction)
		}
	}
	_, err := NewSampler(nil, Field{Entity: "e"}, 2)
	want := "pseudonym: 3 mistakes\n\tno keyring; open one with Open\n\tno domain\n" +
		"\tfraction is 2, want above 0 and at most 1"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	mem := checked(t)
	strs := arrow.BinaryTypes.String
	for _, test := range []struct {
		a    arrow.Array
		n    int
		s    *Sampler
		want string
	}{
		{build(t, mem, strs, `["a"]`), 1, &Sampler{}, "a zero Sampler; make one with NewSampler"},
		{build(t, mem, strs, `["a"]`), 2, nil, "1 rows, but room for 2"},
		{build(t, mem, arrow.PrimitiveTypes.Float64, `[1]`), 1, nil, "float64 is no identifier: " +
			"equal numbers differ in their bits; cast it to an integer or a string"},
		{build(t, mem, strs, `["a", null]`), 2, nil, "row 1: the person is null; drop such rows first"},
		{build(t, mem, arrow.Null, `[null]`), 1, nil, "row 0: the person is null; drop such rows first"},
		{dict(t, mem, arrow.PrimitiveTypes.Int8, `[0, null]`, strs, `["a"]`), 2, nil,
			"row 1: the person is null; drop such rows first"},
		{dict(t, mem, arrow.PrimitiveTypes.Int8, `[0, 1]`, strs, `["a", null]`), 2, nil,
			"row 1: the person is null; drop such rows first"},
	} {
		if test.s == nil {
			test.s = sampler(t, testField, 1)
		}
		keep := trues(test.n)
		err := test.s.Keep(test.a, keep)
		if err == nil || err.Error() != "pseudonym: sample: "+test.want {
			t.Errorf("%s: got %v, want %s", test.a.DataType(), err, test.want)
		}
		if count(keep) != 0 {
			t.Errorf("%s: rows are kept after an error", test.a.DataType())
		}
		test.a.Release()
	}
}
