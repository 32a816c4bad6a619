package mechanism

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/dptest"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// Each attack below tells two neighbours apart by something that the
// mathematics of the mechanism does not see. It has to succeed on a naive
// implementation, or it would show nothing.

const attackRuns = 20_000

// lowestBit is the exponent of the least significant bit of y that is one.
func lowestBit(y float64) float64 {
	if y == 0 {
		return 1024
	}
	fraction, exponent := math.Frexp(y)
	zeros := 0
	for m := uint64(math.Abs(fraction) * (1 << 53)); m&1 == 0; m >>= 1 {
		zeros++
	}
	return float64(exponent - 53 + zeros)
}

// naiveLaplace is the inverse of the distribution function at a random number,
// in floating point.
func naiveLaplace(rng *rand.Rand, scale float64) float64 {
	x := -scale * math.Log(1-rng.Float64())
	if rng.Uint64()&1 == 0 {
		return -x
	}
	return x
}

func attack(t *testing.T, what string, epsilon float64, naive, ours func(x float64) dptest.Outcome,
	a, b float64) {
	t.Helper()
	run := func(f func(float64) dptest.Outcome) float64 {
		return dptest.Loss(attackRuns, 0, func() dptest.Outcome { return f(a) },
			func() dptest.Outcome { return f(b) })
	}
	if got := run(naive); got < 3*epsilon {
		t.Errorf("%s: the attack on the naive mechanism fails: ε is at least %.3f", what, got)
	}
	if got := run(ours); got > epsilon {
		t.Errorf("%s: ε is at least %.3f, want at most %v", what, got, epsilon)
	}
}

// A number near zero has finer digits than one near 1 (Mironov 2012): they tell
// where a sum of a number and continuous noise came from.
func TestLowOrderBits(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 71)
	rng := rand.New(rand.NewPCG(7, 1))
	n := prepared(t, Laplace{Epsilon: 1, Sensitivity: 1, Lower: 0, Upper: 1})
	attack(t, "low-order bits", 1,
		func(x float64) dptest.Outcome {
			return dptest.Outcome{lowestBit(x + naiveLaplace(rng, 1))}
		},
		func(x float64) dptest.Outcome {
			return dptest.Outcome{lowestBit(must[float64](t)(n.Float(x)))}
		},
		0, 1)
	gaussian := prepared(t, Gaussian{Epsilon: 1, Delta: 1e-5, Sensitivity: 1, Lower: 0, Upper: 1})
	attack(t, "low-order bits of a Gaussian", 1,
		func(x float64) dptest.Outcome { return dptest.Outcome{lowestBit(x + rng.NormFloat64()/2)} },
		func(x float64) dptest.Outcome {
			return dptest.Outcome{lowestBit(must[float64](t)(gaussian.Float(x)))}
		}, 0, 1)
}

// Noise on a grid is not enough where the number itself is not: the digits below
// the grid are those of the number (Haney, Desfontaines, Hartman, Shrestha and
// Hay 2022).
func TestPrecision(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 72)
	n := prepared(t, Laplace{Epsilon: 1, Sensitivity: 1, Lower: 0, Upper: 1})
	src := entropy.New()
	noise, err := exact.NewLaplace(new(big.Rat).SetFloat64(1 / n.Granularity()))
	if err != nil {
		t.Fatal(err)
	}
	attack(t, "precision", 1,
		func(x float64) dptest.Outcome {
			return dptest.Outcome{lowestBit(x + float64(noise.Sample(src))*n.Granularity())}
		},
		func(x float64) dptest.Outcome {
			return dptest.Outcome{lowestBit(must[float64](t)(n.Float(x)))}
		},
		0.5, 1.0/3)
}

// Every result is a multiple of the step, whatever the number.
func TestResultsAreOnTheGrid(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 73)
	rng := rand.New(rand.NewPCG(7, 3))
	for _, m := range []Additive{
		Laplace{Epsilon: 0.3, Sensitivity: 0.1, Lower: -5, Upper: 1e6},
		Gaussian{Epsilon: 2, Delta: 1e-9, Sensitivity: 700, Lower: -5, Upper: 1e6},
	} {
		n := prepared(t, m)
		g := n.Granularity()
		if f, _ := math.Frexp(g); f != 0.5 {
			t.Errorf("%v: granularity %v is no power of two", m, g)
		}
		for range 5000 {
			y := must[float64](t)(n.Float(rng.Float64() * 1e5))
			if math.Abs(y/g) < 1<<53 && y/g != math.Trunc(y/g) {
				t.Fatalf("%v: a result is off the grid", m)
			}
		}
	}
}

// An infinity stays one under any noise, and so does NaN.
func TestInfinities(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 74)
	rng := rand.New(rand.NewPCG(7, 4))
	seen := func(y float64) dptest.Outcome {
		if math.IsNaN(y) {
			return dptest.Outcome{1e300}
		}
		return dptest.Outcome{y}
	}
	n := prepared(t, Laplace{Epsilon: 1, Sensitivity: 1, Lower: 0, Upper: 1})
	for _, x := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), 1e308} {
		attack(t, "infinities", 1,
			func(x float64) dptest.Outcome { return seen(x + naiveLaplace(rng, 1)) },
			func(x float64) dptest.Outcome { return seen(must[float64](t)(n.Float(x))) },
			x, 0.5)
	}
	for _, rule := range []Rule{Exponential, PermuteAndFlip, NoisyMax} {
		s := must[*Selector](t)(NewSelector(Selection{
			Rule: rule, Epsilon: 1, Sensitivity: 1, Upper: 1}))
		naive := func(x float64) dptest.Outcome {
			weight := math.Exp(x / 2)
			first := rng.Float64()*(weight+20) < weight || math.IsInf(weight, 1)
			return dptest.Outcome{pick(first, 1.0, 0)}
		}
		ours := func(x float64) dptest.Outcome {
			scores := make([]float64, 21)
			scores[0] = x
			return dptest.Outcome{pick(must[[]int](t)(s.Choose(scores))[0] == 0, 1.0, 0)}
		}
		attack(t, "an infinite score, "+string(rule), 1, naive, ours, math.Inf(1), 0)
	}
	s := must[*SparseVector](t)(NewSparseVector(AboveThreshold{Epsilon: 1, Threshold: 3,
		Sensitivity: 1, Upper: 10, Count: 1000}))
	above := 0
	for range 500 {
		if must[bool](t)(s.Above(math.NaN())) {
			above++
		}
	}
	if above == 0 || above == 500 {
		t.Errorf("a query that is not a number is above %d times of 500", above)
	}
}

// An integer beyond the range, as of an unsigned column, turns into its opposite
// where it is converted without care; then neighbours are far apart.
func TestIntegerOverflow(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 75)
	n := prepared(t, Geometric{Epsilon: 1, Sensitivity: 1})
	src := entropy.New()
	noise, err := exact.NewLaplace(big.NewRat(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	column := func(x uint64) *array.Uint64 {
		b := array.NewUint64Builder(memory.DefaultAllocator)
		defer b.Release()
		b.Append(x)
		return b.NewUint64Array()
	}
	x := map[float64]*array.Uint64{0: column(math.MaxInt64), 1: column(math.MaxInt64 + 1)}
	attack(t, "overflow", 1,
		func(which float64) dptest.Outcome {
			return dptest.Outcome{float64(noise.Add(src, int64(x[which].Value(0))))}
		},
		func(which float64) dptest.Outcome {
			out, err := n.Column(memory.DefaultAllocator, x[which])
			if err != nil {
				t.Fatal(err)
			}
			defer out.Release()
			return dptest.Outcome{float64(out.(*array.Int64).Value(0))}
		}, 0, 1)
	for _, x := range []int64{math.MaxInt64, math.MinInt64} {
		for range 1000 {
			y := must[int64](t)(n.Int(x))
			if y > 0 != (x > 0) || y > exact.MaxValue || y < -exact.MaxValue {
				t.Fatalf("%d with noise is %d", x, y)
			}
		}
	}
}
