package dptest

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// coin answers truly with probability p.
func coin(rng *rand.Rand, truth, p float64) func() Outcome {
	return func() Outcome {
		if rng.Float64() < p {
			return Outcome{truth}
		}
		return Outcome{1 - truth}
	}
}

func TestLossOfRandomizedResponse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, epsilon := range []float64{0.1, 1, 3} {
		p := math.Exp(epsilon) / (1 + math.Exp(epsilon))
		got := Loss(200_000, 0, coin(rng, 1, p), coin(rng, 0, p))
		if got > epsilon || got < 0.9*epsilon-0.05 {
			t.Errorf("ε = %v is at least %v", epsilon, got)
		}
		if got := Loss(200_000, p, coin(rng, 1, p), coin(rng, 0, p)); got > 0 {
			t.Errorf("but for what happens with probability δ ε = %v is at least %v", epsilon, got)
		}
	}
}

func TestBound(t *testing.T) {
	const n, runs = 50, 100
	lower := least(n, runs)
	tail := 0.0 // by the sums of the binomial distribution
	for k := n; k <= runs; k++ {
		tail += distuv.Binomial{N: runs, P: lower}.Prob(float64(k))
	}
	if math.Abs(tail/(Alarm/2)-1) > 1e-3 {
		t.Errorf("P(X >= %d) at the lower bound is %g, want %g", n, tail, Alarm/2)
	}
	if got, want := least(1_000_000, 1_000_000), math.Pow(Alarm/2, 1e-6); math.Abs(got-want) > 1e-9 {
		t.Errorf("a million of a million: %v, want %v", got, want)
	}
	if got := bound(60, 60, 100, 0); got >= 0 {
		t.Errorf("equal frequencies have an ε of at least %v", got)
	}
	if got := bound(0, 5, 10, 0); !math.IsInf(got, -1) {
		t.Errorf("no hits: %v", got)
	}
}
