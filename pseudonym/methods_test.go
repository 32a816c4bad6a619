package pseudonym

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// textMethods are methods that take a string of 16 digits which is a card
// number, or a prefix of an address.
var textMethods = []Method{HMAC{}, HMAC{Binary}, CMAC{}, CMAC{UUID}, CMAC{Int63}, SIV{}, SIV{Bucket: 1},
	SIV{Format: Hex, Bucket: 100}, FF1{Shape: ShapeDigits}, FF1{Shape: ShapeCard}}

// cards are distinct card numbers.
func cards(n int) []string {
	list := make([]string, n)
	for i := range list {
		text := fmt.Sprintf("411111%09d", i*13)
		for c := byte('0'); c <= '9'; c++ {
			if luhnByTable(text + string(c)) {
				list[i] = text + string(c)
			}
		}
	}
	return list
}

// A batch of many rows allocates no more often than one of few.
func TestNoAllocationPerRow(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, m := range append(slices.Clone(textMethods), FF1{Shape: ShapeIBAN}, Email{KeepHost},
		Email{SuffixHost}, Email{TokenHost}) {
		p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		var counts [2]float64
		for i, rows := range []int{1000, 20_000} {
			bld := array.NewStringBuilder(memory.DefaultAllocator)
			for k, card := range cards(1000) {
				for range rows / 1000 {
					switch m := m.(type) {
					case Email:
						card = fmt.Sprintf("x@example%d.org", k%50)
					case FF1:
						if m.Shape == ShapeIBAN {
							card = "GB82 WEST 1234 5698 7654 32"
						}
					}
					bld.Append(card)
				}
			}
			rec := record(bld.NewArray())
			transform := func() {
				out, err := p.Transform(context.Background(), rec)
				if err != nil {
					t.Fatal(err)
				}
				out.Release()
			}
			transform()
			counts[i] = testing.AllocsPerRun(5, transform)
		}
		// A collection in between empties the pool, which is then filled anew.
		if counts[1] > counts[0]+900 {
			t.Errorf("%+v: %v allocations for 1,000 rows, %v for 20,000", m, counts[0], counts[1])
		}
	}
	runtime.GC()
}

// Tables of one domain join as before: equal values have equal tokens, and
// different values different ones.
func TestTokensJoin(t *testing.T) {
	values := cards(3000)
	for _, m := range append(slices.Clone(textMethods), HMAC{Int63}) {
		p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		left, right := columnTexts(t, p, values), columnTexts(t, p, reversed(values))
		slices.Reverse(right)
		if !slices.Equal(left, right) {
			t.Errorf("%+v: equal values have different tokens", m)
		}
		slices.Sort(left)
		if n := len(slices.Compact(left)); n != len(values) {
			t.Errorf("%+v: %d tokens for %d values", m, n, len(values))
		}
	}
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// columnTexts returns the tokens of texts, of whatever type, as Arrow prints
// them.
func columnTexts(t *testing.T, p *Pseudonymizer, values []string) []string {
	t.Helper()
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	bld.AppendValues(values, nil)
	rec := record(bld.NewArray())
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, len(values))
	for i := range list {
		list[i] = out.Column(0).ValueStr(i)
	}
	return list
}

// The tokens that one identifier has in two data sets, domains or entities, or
// by two methods, agree in as many bits as tokens of two identifiers do: half of
// them. The number is binomial; the test fails by chance less often than once
// in 10^8 times (six standard deviations), for 40 comparisons.
func TestTokensAreIndependent(t *testing.T) {
	values := cards(4000)
	fields := []Field{testField, {"ward-study", "patient", "2026-q1"},
		{"ward-study", "patient", "2026-q2"}, {"other", "patient", ""}, {"ward-study", "card", ""}}
	var columns [][]token
	for _, m := range []Method{HMAC{Binary}, CMAC{Binary}} {
		for _, f := range fields {
			p, err := New(testKeyring(t), Column{Name: "c0", Field: f, Method: m})
			if err != nil {
				t.Fatal(err)
			}
			columns = append(columns, tokens16(t, p, values))
		}
	}
	check := func(a, b []token) float64 {
		agree, n := 0, 0
		for i := range a {
			for k := 0; k < 16; k += 8 {
				x := binary.LittleEndian.Uint64(a[i][k:]) ^ binary.LittleEndian.Uint64(b[i][k:])
				agree, n = agree+64-bits.OnesCount64(x), n+64
			}
		}
		return (float64(agree) - float64(n)/2) / math.Sqrt(float64(n)/4)
	}
	for i := range columns {
		for j := range i {
			if z := check(columns[i], columns[j]); math.Abs(z) > 6 {
				t.Errorf("columns %d and %d: z = %.1f", i, j, z)
			}
		}
	}
	// The test can fail: tokens of which one byte is shared.
	other := slices.Clone(columns[1])
	for i := range other {
		other[i][3] = columns[0][i][3]
	}
	if z := check(columns[0], other); z < 6 {
		t.Errorf("a shared byte is not noticed: z = %.1f", z)
	}
}

func tokens16(t *testing.T, p *Pseudonymizer, values []string) []token {
	t.Helper()
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	bld.AppendValues(values, nil)
	rec := record(bld.NewArray())
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	a := out.Column(0).(*array.FixedSizeBinary)
	list := make([]token, a.Len())
	for i := range list {
		list[i] = token(a.Value(i))
	}
	return list
}

// Ten million identifiers have ten million tokens, even in their first 64 bits,
// where a good method has a collision once in 370,000 runs.
func TestTenMillionDistinct(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("ten million tokens")
	}
	const n, batch = 10_000_000, 1 << 16
	for _, m := range []Method{CMAC{Binary}, HMAC{Binary}} {
		p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		seen := make([]uint64, 0, n)
		for len(seen) < n {
			bld := array.NewInt64Builder(memory.DefaultAllocator)
			for i := range min(batch, n-len(seen)) {
				bld.Append(int64(len(seen) + i))
			}
			rec := record(bld.NewArray())
			out, err := p.Transform(context.Background(), rec)
			if err != nil {
				t.Fatal(err)
			}
			a := out.Column(0).(*array.FixedSizeBinary)
			for i := range a.Len() {
				seen = append(seen, binary.BigEndian.Uint64(a.Value(i)))
			}
			out.Release()
			rec.Release()
		}
		slices.Sort(seen)
		if got := len(slices.Compact(seen)); got != n {
			t.Errorf("%T: %d tokens for %d values", m, got, n)
		}
	}
}
