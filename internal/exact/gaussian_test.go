package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

var variances = []*big.Rat{
	big.NewRat(1, 9), big.NewRat(1, 2), big.NewRat(1, 1), big.NewRat(50, 7), big.NewRat(900, 1),
	big.NewRat(123_456_789, 1000), rational(1<<61, 7),
	new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(3)),
}

// some are three of a list where a test is slow, and all of it elsewhere.
func some[T any](list []T) []T {
	if slower {
		return []T{list[0], list[len(list)/2], list[len(list)-1]}
	}
	return list
}

// gaussianSum is the sum of exp(-x²/(2v)) over the integers from m on, m >= 1,
// divided by that over all integers: term by term up to σ = 1000, and then by
// the rule of midpoints, whose relative error is below 1/(24·σ²)·(m/σ)².
func gaussianSum(v float64, m int64) float64 {
	sigma := math.Sqrt(v)
	if sigma > 1000 {
		return math.Erfc((float64(m)-0.5)/(sigma*math.Sqrt2)) / 2
	}
	sum, total := 0.0, 1.0
	for x := int64(14*sigma) + 2; x >= 1; x-- {
		w := math.Exp(-float64(x) * float64(x) / (2 * v))
		if total += 2 * w; x >= m {
			sum += w
		}
	}
	return sum / total
}

// gaussianCells makes cells a quarter of σ wide, each expected at least 20 times
// in n draws.
func gaussianCells(v float64, n int) cells {
	step := max(1, int64(math.Sqrt(v)/4))
	least := 20 / float64(n)
	var bounds []int64
	var mass []float64
	for m := int64(1); gaussianSum(v, m) >= least; m += step {
		bounds = append(bounds, m)
		mass = append(mass, gaussianSum(v, m))
	}
	for i := range mass[:len(mass)-1] {
		mass[i] -= mass[i+1]
	}
	last := len(mass) - 1
	if mass[last] < least && last > 0 {
		mass[last-1] += mass[last]
		bounds, mass = bounds[:last], mass[:last]
	}
	var c cells
	for i := len(bounds) - 1; i >= 0; i-- {
		c.from = append(c.from, 1-bounds[i])
		c.p = append(c.p, mass[i])
	}
	zero := 1 - 2*gaussianSum(v, 1)
	if step == 1 {
		c.p = append(c.p, zero)
		c.from = append(c.from, bounds...)
	} else { // with the first positive values
		c.from = append(c.from, bounds[1:]...)
		mass[0] += zero
	}
	c.p = append(c.p, mass...)
	return c
}

func TestGaussianCellsAreAPartition(t *testing.T) {
	for _, variance := range variances {
		v, _ := variance.Float64()
		c := gaussianCells(v, draws)
		sum := 0.0
		for i, p := range c.p {
			sum += p
			if p*draws < 20 {
				t.Errorf("variance %v: cell %d is expected %g times", variance, i, p*draws)
			}
		}
		if math.Abs(sum-1) > 1e-9 || len(c.from) != len(c.p)-1 {
			t.Errorf("variance %v: %d cells, %d bounds, sum %g", variance, len(c.p), len(c.from), sum)
		}
	}
}

func TestGaussianChiSquare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 31)
	src := entropy.New()
	for _, variance := range some(variances) {
		g, err := NewGaussian(variance)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := variance.Float64()
		c := gaussianCells(v, draws)
		p := c.pValue(draws, func() int64 { return g.Sample(src) })
		if p < alarm {
			t.Errorf("variance %v: p = %g over %d cells", variance, p, len(c.p))
		}
		t.Logf("variance %v: p = %.3g over %d cells", variance, p, len(c.p))
	}
}

// wrongGaussian rounds a normal number of the package of tests, which for large
// σ is the right distribution, and has faults to choose from.
type wrongGaussian struct {
	rng        *rand.Rand
	sigma      float64
	doubleZero bool
	signBias   bool
	shift      float64
	limit      float64
	laplace    bool // a distribution of the same variance
}

func (w wrongGaussian) sample() int64 {
	x := w.rng.NormFloat64() * w.sigma
	if w.laplace {
		x = w.rng.ExpFloat64() * w.sigma / math.Sqrt2
		if w.rng.Uint64()&1 == 0 {
			x = -x
		}
	}
	if w.signBias && x < 0 && w.rng.Float64() < 0.02 {
		x = -x
	}
	if w.limit > 0 {
		x = max(-w.limit, min(x, w.limit))
	}
	if w.doubleZero && w.rng.Float64() < 1/(w.sigma*math.Sqrt(2*math.Pi)) {
		return 0
	}
	return int64(math.RoundToEven(x + w.shift))
}

func TestGaussianChiSquarePower(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	v := 900.0
	const sigma = 30
	for name, test := range map[string]struct {
		w    wrongGaussian
		want bool // the fault is to be seen
	}{
		"none":            {wrongGaussian{sigma: sigma}, false},
		"variance ×1.02":  {wrongGaussian{sigma: sigma * math.Sqrt(1.02)}, true},
		"doubled zero":    {wrongGaussian{sigma: sigma, doubleZero: true}, true},
		"sign":            {wrongGaussian{sigma: sigma, signBias: true}, true},
		"shift":           {wrongGaussian{sigma: sigma, shift: 0.01 * sigma}, true},
		"truncation":      {wrongGaussian{sigma: sigma, limit: 3.5 * sigma}, true},
		"another mixture": {wrongGaussian{sigma: sigma, laplace: true}, true},
	} {
		test.w.rng = rand.New(rand.NewPCG(1, 2))
		p := gaussianCells(v, draws).pValue(draws, test.w.sample)
		if (p < alarm) != test.want {
			t.Errorf("%s: p = %g", name, p)
		}
	}
}

// The moments, at 4.41717 standard errors: a false alarm of 1e-5 each way.
func TestGaussianMoments(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 32)
	src := entropy.New()
	const n = 125_000
	for _, variance := range []*big.Rat{big.NewRat(4, 1), big.NewRat(1_000_003, 7), rational(1<<60, 1)} {
		g, err := NewGaussian(variance)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := variance.Float64() // exact but for 1e-30 from σ = 2 on
		sum, squares := 0.0, 0.0
		for range n {
			x := float64(g.Sample(src))
			sum += x
			squares += x * x
		}
		if z := math.Abs(sum/n) / math.Sqrt(v/n); z > 4.41717 {
			t.Errorf("variance %v: mean off by %.2f standard errors", variance, z)
		}
		if z := math.Abs(squares/n-v) / (math.Sqrt(2.0/n) * v); z > 4.41717 {
			t.Errorf("variance %v: variance off by %.2f standard errors", variance, z)
		}
	}
}

// The float that decides most draws, against the exact rational.
func TestGaussianExponent(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	tiny := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 200))
	square := new(big.Rat).SetInt64(MaxSigma)
	square.Mul(square, square)
	odd, _ := new(big.Rat).SetString("3.00000000000000000000000000000000000000000001")
	for _, variance := range append([]*big.Rat{tiny, square, odd}, variances...) {
		g, err := NewGaussian(variance)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := variance.Float64()
		for range 500 {
			y := int64(rng.NormFloat64() * math.Sqrt(v) * 6)
			want, _ := g.exactExponent(y).Float64()
			got := g.exponent(y)
			if want < 64 && math.Abs(got-want) > 0x1p-43+want*0x1p-52 || want >= 64 && got < 63.9 {
				t.Errorf("variance %v at %d: %g, want %g", variance, y, got, want)
			}
		}
	}
}

func TestNewGaussianRefuses(t *testing.T) {
	square := new(big.Rat).SetInt64(MaxSigma)
	square.Mul(square, square)
	for _, variance := range []*big.Rat{
		new(big.Rat), big.NewRat(-1, 2), new(big.Rat).Add(square, big.NewRat(1, 1)),
		new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 201)),
	} {
		if _, err := NewGaussian(variance); err == nil {
			t.Errorf("variance %v is taken", variance)
		}
	}
	v := big.NewRat(1, 2)
	g, err := NewGaussian(v)
	if err != nil {
		t.Fatal(err)
	}
	v.SetInt64(7)
	g.Variance().SetInt64(9)
	if g.Variance().Cmp(big.NewRat(1, 2)) != 0 {
		t.Error("a variance is changed from outside")
	}
}

func TestGaussianAddStaysInRange(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 33)
	src := entropy.New()
	square := new(big.Rat).SetInt64(MaxSigma)
	wide, err := NewGaussian(square.Mul(square, square))
	if err != nil {
		t.Fatal(err)
	}
	for range 20_000 {
		for _, x := range []int64{0, MaxValue, -MaxValue, math.MaxInt64, math.MinInt64} {
			if y := wide.Add(src, x); y > MaxValue || y < -MaxValue {
				t.Fatalf("%d + noise = %d", x, y)
			}
		}
	}
}

func TestGaussianTail(t *testing.T) {
	for _, variance := range []float64{0.05, 0.25, 1, 7, 900, 4000, 5000, 1e6} {
		g, err := NewGaussian(new(big.Rat).SetFloat64(variance))
		if err != nil {
			t.Fatal(err)
		}
		for _, alpha := range []float64{0.9, 0.5, 0.05, 0.025, 1e-6} {
			w := g.Tail(alpha)
			if p := 2 * gaussianSum(variance, w+1); p > alpha*(1+1e-9) {
				t.Errorf("variance %v: P(|X| > %d) = %g, want at most %g", variance, w, p, alpha)
			}
			more := int64(1)
			if variance > 64*64 {
				more = 3
			}
			if w >= more && 2*gaussianSum(variance, w-more+1) <= alpha {
				t.Errorf("variance %v, alpha %g: %d is too wide", variance, alpha, w)
			}
		}
	}
}
