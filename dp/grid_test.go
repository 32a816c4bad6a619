package dp

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The integers stay within what the noise was made for, for any bounds and any
// value, and come back as the value to within half a step.
func TestGridBoundsEveryValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		build := centered
		if rapid.Bool().Draw(t, "from zero") {
			build = fromZero
		}
		g, err := build(min(a, b), max(a, b))
		if err != nil {
			if !(a == b || math.Abs(a-b) < 1e-270 || max(math.Abs(a), math.Abs(b)) > 1e270) {
				t.Fatalf("[%v, %v] is refused: %v", a, b, err)
			}
			return
		}
		if g.most() > 1<<gridBits || g.most() < 1<<(gridBits-1) || g.width() > 2<<gridBits {
			t.Fatalf("[%v, %v]: most is %d", a, b, g.most())
		}
		if f, _ := math.Frexp(g.perUnit); f != 0.5 {
			t.Fatalf("a step of %v is no power of two", 1/g.perUnit)
		}
		x := rapid.OneOf(rapid.Float64(), rapid.Float64Range(min(a, b), max(a, b)),
			rapid.SampledFrom([]float64{a, b, 0, math.Inf(1), math.Inf(-1), math.MaxFloat64,
				math.SmallestNonzeroFloat64, math.Nextafter(a, b), math.Nextafter(b, a)})).Draw(t,
			"x")
		n := g.steps(x)
		if n > g.high || n < g.low {
			t.Fatalf("[%v, %v]: %v has %d steps, want %d to %d", a, b, x, n, g.low, g.high)
		}
		clamped := max(g.lower, min(x, g.upper))
		room := 0.5/g.perUnit + 4*math.Abs(clamped)*0x1p-52 + 4*math.Abs(g.origin)*0x1p-52
		if back := g.origin + float64(n)/g.perUnit; math.Abs(back-clamped) > room {
			t.Fatalf("[%v, %v]: %v became %v", a, b, clamped, back)
		}
	})
}

func TestGridSkipsNaN(t *testing.T) {
	g, err := centered(0, 60)
	if err != nil {
		t.Fatal(err)
	}
	if g.steps(math.NaN()) != skip {
		t.Error("not a number has steps")
	}
	if g.low <= skip {
		t.Error("skip is a number of steps")
	}
}

// Neighbours in the order of their rows (Casacuberta et al. 2022): summed in
// floating point, the same rows in another order differ by more than any one
// of them could have changed the sum; on the grid they never do.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	values := make([]float64, 10_000)
	for i := range values {
		values[i] = rng.Float64()
	}
	values[0], values[1] = 1e16, -1e16 // a missing clamp, for the naive sum
	g, err := centered(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	sums := func() (naive float64, exact int64) {
		for _, v := range values {
			naive += v
			exact += int64(g.steps(v))
		}
		return naive, exact
	}
	naive, exact := sums()
	moved := 0.0
	for range 20 {
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		n, e := sums()
		moved = max(moved, math.Abs(n-naive))
		if e != exact {
			t.Fatalf("the sum on the grid moved from %d to %d", exact, e)
		}
	}
	if moved <= 1 {
		t.Errorf("the attack does not succeed on the naive sum: it moved by %v", moved)
	}
}

// Low-order bits (Mironov 2012): with floating-point noise, which numbers can
// come out depends on what was hidden. Of the naive mechanism's outputs for 0
// many cannot come out for 1/3; ours are integers for both.
func TestLowOrderBitsTellNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	const n = 10_000
	reachable := func(x, y float64) bool { // y as x plus a noise of 53 bits
		noise := y - x
		return x+noise == y && math.Remainder(noise, 0x1p-50) == 0
	}
	told := 0
	for range n {
		noise := math.RoundToEven(rng.ExpFloat64()*0x1p50) * 0x1p-50
		if y := noise; reachable(0, y) && !reachable(1.0/3, y) {
			told++
		}
	}
	if told < n/2 {
		t.Errorf("the attack tells the naive mechanism's inputs apart in %d of %d cases", told, n)
	}
	scan := newScan(t, Unit{Column: "patient", MaxRows: 1},
		Mean{Column: "days", Upper: 1, Epsilon: 0.01})
	q := &scan.plan.questions[0]
	noise, _, err := q.noises(scan.plan.unit, q.probe())
	if err != nil {
		t.Fatal(err)
	}
	// Every integer near the hidden sum is about as likely as for a neighbour:
	// parity, the lowest bit, is a fair coin whatever the sum.
	for _, sum := range []int64{0, 1, 357_913_941} {
		odd := 0
		for range n {
			noisy := tally{cells: [][]int64{{sum}, {1 << 20}}}
			q.kind.perturb(nil, q, &noisy, noise, scan.source)
			odd += int(noisy.cells[0][0] & 1)
		}
		if math.Abs(float64(odd)-n/2) > 5.4*math.Sqrt(n)/2 {
			t.Errorf("sum %d: %d of %d noisy sums are odd", sum, odd, n)
		}
	}
}
