package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/cryptotest"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lethe-go/lethe/internal/entropy"
)

// alarm is the probability that one test fails a right sampler. The stream is
// fixed, so that a build that passed once always passes.
const alarm = 1e-7

var scales = []*big.Rat{
	big.NewRat(1, 10), big.NewRat(1, 3), big.NewRat(3, 4), big.NewRat(1, 1), big.NewRat(7, 3),
	big.NewRat(8, 1), big.NewRat(1000, 37), big.NewRat(12_345, 1), big.NewRat(1_000_003, 7),
	new(big.Rat).SetFrac64(1<<52, 1<<12-1),
}

// cells is a partition of the integers into intervals: cell i holds the x with
// from[i] <= x < from[i+1], the first and the last are unbounded.
type cells struct {
	from []int64
	p    []float64
}

// laplaceCells makes cells of probability 1/60 around zero that halve towards
// the tails, down to 20 hits expected in n draws. Zero is alone where it is that
// likely. The probabilities are the closed form P(X >= x) = q^x/(1+q) for
// x >= 1, and by symmetry below.
func laplaceCells(t float64, n int) cells {
	q := math.Exp(-1 / t)
	tail := func(x int64) float64 { return math.Exp(-float64(x)/t) / (1 + q) }
	least := 20 / float64(n)
	bounds := []int64{1} // the positive cells are [bounds[i], bounds[i+1])
	for {
		x := bounds[len(bounds)-1]
		// The next bound is the least y with tail(x) - tail(y) >= want.
		want := max(least, min(1.0/60, tail(x)/2))
		y := x + 1
		if rest := tail(x) - want; rest > 0 {
			y = max(y, int64(math.Ceil(-t*math.Log(rest*(1+q)))))
		}
		if tail(y) < least {
			break
		}
		bounds = append(bounds, y)
	}
	mass := make([]float64, len(bounds))
	for i, x := range bounds {
		mass[i] = tail(x)
		if i+1 < len(bounds) {
			mass[i] -= tail(bounds[i+1])
		}
	}
	var c cells
	for i := len(bounds) - 1; i >= 0; i-- {
		c.from = append(c.from, 1-bounds[i])
		c.p = append(c.p, mass[i])
	}
	zero := (1 - q) / (1 + q)
	if zero >= least {
		c.p = append(c.p, zero)
		c.from = append(c.from, bounds...)
	} else { // zero goes with the first positive values
		c.from = append(c.from, bounds[1:]...)
		mass[0] += zero
	}
	c.p = append(c.p, mass...)
	return c
}

// pValue draws n values and returns the chi-square p-value.
func (c cells) pValue(n int, draw func() int64) float64 {
	counts := make([]int, len(c.p))
	for range n {
		x := draw()
		lo, hi := 0, len(c.from)
		for lo < hi {
			if mid := (lo + hi) / 2; c.from[mid] <= x {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		counts[lo]++
	}
	stat := 0.0
	for i, k := range counts {
		e := c.p[i] * float64(n)
		stat += (float64(k) - e) * (float64(k) - e) / e
	}
	return distuv.ChiSquared{K: float64(len(c.p) - 1)}.Survival(stat)
}

func TestCellsAreAPartition(t *testing.T) {
	for _, scale := range scales {
		s, _ := scale.Float64()
		c := laplaceCells(s, draws)
		sum := 0.0
		for i, p := range c.p {
			sum += p
			if p*draws < 20 {
				t.Errorf("scale %v: cell %d is expected %g times", scale, i, p*draws)
			}
		}
		if math.Abs(sum-1) > 1e-9 || len(c.from) != len(c.p)-1 {
			t.Errorf("scale %v: %d cells, %d bounds, sum %g", scale, len(c.p), len(c.from), sum)
		}
	}
}

func TestLaplaceChiSquare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 21)
	src := entropy.New()
	for _, scale := range some(scales) {
		l, err := NewLaplace(scale)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := scale.Float64()
		c := laplaceCells(s, draws)
		p := c.pValue(draws, func() int64 { return l.Sample(src) })
		if p < alarm {
			t.Errorf("scale %v: p = %g over %d cells", scale, p, len(c.p))
		}
		t.Logf("scale %v: p = %.3g over %d cells", scale, p, len(c.p))
	}
}

// wrong is a sampler of the same distribution with faults to choose from, in
// floating point and a generator of tests.
type wrong struct {
	rng        *rand.Rand
	scale      float64
	doubleZero bool  // negative zero not drawn again
	signBias   bool  // 51 of 100 positive
	limit      int64 // larger magnitudes are cut to it
	modulo     int64 // magnitude's low part is a 16-bit word modulo this
}

func (w wrong) sample() int64 {
	for {
		y := int64(w.rng.ExpFloat64() * w.scale) // floor of an exponential is geometric
		if w.modulo > 0 {
			y += int64(w.rng.Uint64()&0xffff)%w.modulo - y%w.modulo
		}
		if w.limit > 0 {
			y = min(y, w.limit)
		}
		negative := w.rng.Uint64()&1 == 1
		if w.signBias {
			negative = w.rng.Float64() < 0.49
		}
		if !negative {
			return y
		}
		if y != 0 || w.doubleZero {
			return -y
		}
	}
}

func TestLaplaceChiSquarePower(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	for _, scale := range scales[2:] { // below, hardly a value is not zero
		s, _ := scale.Float64()
		for name, test := range map[string]struct {
			w         wrong
			want      bool // the fault is to be seen
			fromScale float64
			toScale   float64
		}{
			"none":           {wrong{scale: s}, false, 0, 1e18},
			"variance ×1.02": {wrong{scale: s * math.Sqrt(1.02)}, true, 0, 1e18},
			"doubled zero":   {wrong{scale: s, doubleZero: true}, true, 0, 1000},
			"sign":           {wrong{scale: s, signBias: true}, true, 0, 1e18},
			"truncation":     {wrong{scale: s, limit: int64(4*s) + 1}, true, 0, 1e18},
			"modulo":         {wrong{scale: s, modulo: 40_000}, true, 10_000, 15_000},
		} {
			if s < test.fromScale || s > test.toScale {
				continue
			}
			test.w.rng = rand.New(rand.NewPCG(1, 2))
			p := laplaceCells(s, draws).pValue(draws, test.w.sample)
			if (p < alarm) != test.want {
				t.Errorf("scale %v, %s: p = %g", scale, name, p)
			}
		}
	}
}

// The fault that matters for privacy at small scales: P(0) doubled must be seen
// there too, as must a scale a tenth off.
func TestLaplaceChiSquarePowerSmall(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, scale := range scales[:2] {
		s, _ := scale.Float64()
		c := laplaceCells(s, draws)
		if p := c.pValue(draws, wrong{rng: rng, scale: s * 1.1}.sample); p > alarm {
			t.Errorf("scale %v: one tenth more passes with p = %g", scale, p)
		}
		if p := c.pValue(draws, wrong{rng: rng, scale: s, doubleZero: true}.sample); p > alarm {
			t.Errorf("scale %v: a doubled zero passes with p = %g", scale, p)
		}
	}
}

// The moments, at the bound of Google's library: 4.41717 standard errors, a
// false alarm of 1e-5 each way. Var X = 2q/(1-q)².
func TestLaplaceMoments(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 22)
	src := entropy.New()
	const n = 125_000
	for _, scale := range []*big.Rat{big.NewRat(8, 1), big.NewRat(1_000_003, 7), big.NewRat(1<<40,
		3)} {
		l, _ := NewLaplace(scale)
		s, _ := scale.Float64()
		q := math.Exp(-1 / s)
		variance := 2 * q / (math.Expm1(-1/s) * math.Expm1(-1/s))
		sum, squares := 0.0, 0.0
		for range n {
			x := float64(l.Sample(src))
			sum += x
			squares += x * x
		}
		if z := math.Abs(sum/n) / math.Sqrt(variance/n); z > 4.41717 {
			t.Errorf("scale %v: mean off by %.2f standard errors", scale, z)
		}
		sd := math.Sqrt(5.0/n) * variance
		if z := math.Abs(squares/n-variance) / sd; z > 4.41717 {
			t.Errorf("scale %v: variance off by %.2f standard errors", scale, z)
		}
	}
}

func TestNewLaplace(t *testing.T) {
	huge := new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), 200), big.NewInt(3))
	for _, scale := range []*big.Rat{new(big.Rat), big.NewRat(-1, 2), huge, big.NewRat(MaxScale+1,
		1)} {
		if _, err := NewLaplace(scale); err == nil {
			t.Errorf("scale %v is taken", scale)
		}
	}
	tiny := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 200))
	odd, _ := new(big.Rat).SetString("3.0000000000000000000000000000000000000001")
	large, _ := new(big.Rat).SetString("72057594037927935.99999999999999999999999")
	for _, scale := range []*big.Rat{
		big.NewRat(1, 3), big.NewRat(MaxScale, 1), tiny, odd, large, big.NewRat(1<<62-1, 1<<61),
		big.NewRat(1<<61+1, 1<<62-1),
	} {
		l, err := NewLaplace(scale)
		if err != nil {
			t.Errorf("scale %v: %v", scale, err)
			continue
		}
		got := l.Scale()
		if got.Cmp(scale) < 0 {
			t.Errorf("scale %v became smaller: %v", scale, got)
		}
		more := new(big.Rat).Sub(got, scale)
		bound := new(big.Rat).SetFrac64(1, 1<<57)
		if scale.Cmp(big.NewRat(1, 1)) > 0 {
			bound.Mul(bound, scale)
		}
		if more.Cmp(bound) > 0 {
			t.Errorf("scale %v grew by %v", scale, more)
		}
	}
}

func TestQuotient(t *testing.T) {
	for _, test := range []struct {
		num, den, u, v uint64
		want           int64
	}{
		{1, 3, 0, 0, 0}, {1, 3, 0, 23, 0}, {1, 3, 0, 24, 1}, {7, 3, 6, 0, 0}, {7, 3, 6, 6, 2},
		{8, 1, 5, 2, 2}, {1 << 58, 1, 0, 8, 1 << 58}, {1 << 58, 1, 0, 1 << 7, 1 << 62},
		{1 << 58, 1, 0, 1 << 8, math.MaxInt64}, {1 << 58, 1, 0, 1 << 40, math.MaxInt64},
		{1 << 58, 1 << 6, 63, 1 << 14, math.MaxInt64}, {1 << 58, 1 << 10, 1023, 1 << 17, 1 << 62},
		{1 << 58, 1<<58 - 1, 0, 1 << 61, 1<<58 + 1},
	} {
		l := Laplace{num: test.num, den: test.den}
		if got := l.quotient(test.u, test.v); got != test.want {
			t.Errorf("(%d + %d·%d)/8·%d = %d, want %d",
				test.u, test.num, test.v, test.den, got, test.want)
		}
	}
}

func TestAddStaysInRange(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 23)
	src := entropy.New()
	wide, _ := NewLaplace(big.NewRat(MaxScale, 1))
	for range 100_000 {
		for _, x := range []int64{0, MaxValue, -MaxValue, math.MaxInt64, math.MinInt64} {
			if y := wide.Add(src, x); y > MaxValue || y < -MaxValue {
				t.Fatalf("%d + noise = %d", x, y)
			}
		}
	}
	// Half of the noise is at or above zero and is cut at the upper end.
	cut := 0
	for range 10_000 {
		if wide.Add(src, MaxValue) == MaxValue {
			cut++
		}
	}
	if z := zScore(cut, 10_000, 0.5); z > zAlarm {
		t.Errorf("%d of 10000 at the upper end", cut)
	}
}

// Tail is the least bound or one more, by the sum of the probabilities.
func TestTail(t *testing.T) {
	for _, scale := range scales[:8] {
		l, _ := NewLaplace(scale)
		s, _ := scale.Float64()
		q := math.Exp(-1 / s)
		beyond := func(w int64) float64 { return 2 * math.Exp(-float64(w+1)/s) / (1 + q) }
		for _, alpha := range []float64{0.5, 0.05, 0.025, 1e-6} {
			w := l.Tail(alpha)
			if beyond(w) > alpha*(1+1e-9) {
				t.Errorf("scale %v: P(|X| > %d) = %g, want at most %g", scale, w, beyond(w), alpha)
			}
			if w > 1 && beyond(w-2) <= alpha {
				t.Errorf("scale %v, alpha %g: %d is more than one too wide", scale, alpha, w)
			}
		}
	}
}
