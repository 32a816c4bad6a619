package mechanism

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The sensitivity that is paid for holds for every two numbers: the integers for
// numbers at most Δ apart are at most floor(Δ/step) + 1 apart, exactly.
func TestGridPaysForRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sensitivity := math.Ldexp(rapid.Float64Range(1, 2).Draw(t, "sensitivity"),
			rapid.IntRange(-300, 300).Draw(t, "exponent"))
		wide := rapid.Float64Range(0.1, 1e5).Draw(t, "width")
		lower := -sensitivity * wide * rapid.Float64Range(-1, 1).Draw(t, "lower")
		upper := lower + sensitivity*wide
		if !(lower < upper) {
			t.Skip("no bounds")
		}
		g, err := newGrid(sensitivity, lower, upper, sensitivity)
		if err != nil {
			t.Fatal(err)
		}
		x := lower + (upper-lower)*rapid.Float64Range(-0.1, 1.1).Draw(t, "x")
		y := x + sensitivity*rapid.Float64Range(-1, 1).Draw(t, "apart")
		apart := new(big.Rat).SetFloat64(x)
		apart.Sub(apart, new(big.Rat).SetFloat64(y))
		if apart.Abs(apart).Cmp(new(big.Rat).SetFloat64(sensitivity)) > 0 {
			t.Skip("rounded apart")
		}
		most := int64(math.Floor(g.inSteps(sensitivity))) + 1
		if d := g.steps(x) - g.steps(y); d > most || d < -most {
			t.Fatalf("%v and %v are %d steps apart, want at most %d", x, y, d, most)
		}
		if back := g.value(g.steps(x)); x >= lower && x <= upper && math.Abs(back-x) > g.step*0.500001 {
			t.Fatalf("%v is %v on a grid of %v", x, back, g.step)
		}
	})
}

func TestGridOfWhatIsNoNumber(t *testing.T) {
	g, err := newGrid(1, -3, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[float64]float64{
		math.Inf(1): 5, math.Inf(-1): -3, 1e300: 5, -4: -3, 5e-324: 0, math.Copysign(0, -1): 0,
	} {
		if got := g.value(g.steps(x)); got != want {
			t.Errorf("%v becomes %v, want %v", x, got, want)
		}
	}
	if got := g.value(g.steps(math.NaN())); got != -3 {
		t.Errorf("NaN becomes %v, want the lower bound", got)
	}
}
