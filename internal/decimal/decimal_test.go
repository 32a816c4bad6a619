package decimal

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestOf(t *testing.T) {
	for x, want := range map[float64]*big.Rat{
		0.1: big.NewRat(1, 10), -2.5: big.NewRat(-5, 2), 1e-6: big.NewRat(1, 1_000_000), 0: new(big.Rat),
	} {
		if got := Of(x); got.Cmp(want) != 0 {
			t.Errorf("%v is %v, want %v", x, got, want)
		}
	}
}

// What is shown is on the side it promises, and the decimal itself where there
// is one.
func TestSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "x")
		if AtMost(Of(x)) != x || AtLeast(Of(x)) != x {
			t.Fatalf("%v becomes %v and %v", x, AtMost(Of(x)), AtLeast(Of(x)))
		}
		r := new(big.Rat).Quo(Of(x), big.NewRat(rapid.Int64Range(1, 1<<40).Draw(t, "by"), 1))
		low, high := AtMost(r), AtLeast(r)
		if Of(low).Cmp(r) > 0 || Of(high).Cmp(r) < 0 || high > math.Nextafter(low, math.Inf(1)) {
			t.Fatalf("%v is between %v and %v", r, low, high)
		}
	})
}

func TestOutOfRange(t *testing.T) {
	huge := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 2000))
	if AtMost(huge) != math.MaxFloat64 || !math.IsInf(AtLeast(huge), 1) {
		t.Errorf("got %v and %v", AtMost(huge), AtLeast(huge))
	}
	huge.Neg(huge)
	if !math.IsInf(AtMost(huge), -1) || AtLeast(huge) != -math.MaxFloat64 {
		t.Errorf("got %v and %v", AtMost(huge), AtLeast(huge))
	}
}
