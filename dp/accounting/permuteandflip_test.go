package accounting

import (
	"math"
	"math/rand/v2"
	"testing"
)

// chosen are the exact probabilities of permute-and-flip, by inclusion and
// exclusion over the candidates that are passed before (McKenna and Sheldon
// 2020): P(r) = p(r)·Σ over sets S without r of (-1)^|S|·Π p(s)/(|S|+1), where
// p(r) = e^(Epsilon·(score-best)/(2Δ)).
func chosen(epsilon float64, scores []float64) []float64 {
	best := math.Inf(-1)
	for _, s := range scores {
		best = max(best, s)
	}
	out := make([]float64, len(scores))
	for r := range scores {
		for set := range 1 << len(scores) {
			if set>>r&1 == 1 {
				continue
			}
			term, size := 1.0, 0
			for s, score := range scores {
				if set>>s&1 == 1 {
					term *= -math.Exp(epsilon * (score - best) / 2)
					size++
				}
			}
			out[r] += term / float64(size+1)
		}
		out[r] *= math.Exp(epsilon * (scores[r] - best) / 2)
	}
	return out
}

// Of any scores and neighbours no δ and no divergence is above what is claimed,
// and of two candidates that a neighbour tells apart best δ is what is claimed.
func TestPermuteAndFlip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tightest := 0.0
	for n := range 4000 {
		epsilon := math.Exp(2*random.Float64() - 1.5)
		m := PermuteAndFlip{epsilon}
		k := 2 + random.IntN(4)
		x, y := make([]float64, k), make([]float64, k)
		for i := range x {
			x[i] = 6 * random.Float64() / epsilon
			y[i] = x[i] + []float64{-1, 1}[random.IntN(2)]
			if n%2 == 0 && i > 0 {
				y[i] = x[i] - 1
			} else if n%2 == 0 {
				y[i] = x[i] + 1
			}
		}
		p, q := chosen(epsilon, x), chosen(epsilon, y)
		sum := 0.0
		for _, v := range p {
			sum += v
		}
		if !near(sum, 1, 1e-9) {
			t.Fatalf("probabilities sum to %v", sum)
		}
		one, err := m.model()
		if err != nil {
			t.Fatal(err)
		}
		for _, share := range []float64{0, 0.2, 0.5, 0.9, 1} {
			e := share * epsilon
			delta := 0.0
			for i := range p {
				delta += max(0, p[i]-math.Exp(e)*q[i])
			}
			claim := max(0, -math.Expm1((e-epsilon)/2))
			if delta > claim+1e-9 {
				t.Fatalf("%v, scores %v and %v, epsilon %v: delta %v, above %v", m, x, y, e, delta, claim)
			}
			if claim > 0.01 {
				tightest = max(tightest, delta/claim)
			}
		}
		for _, a := range []float64{1.5, 2, 10} {
			sum := 0.0
			for i := range p {
				sum += p[i] * math.Pow(p[i]/q[i], a-1)
			}
			if d := math.Log(sum) / (a - 1); d > one.renyi([]float64{a})[0]+1e-9 {
				t.Fatalf("%v, order %v: %v, above %v", m, a, d, one.renyi([]float64{a})[0])
			}
		}
	}
	if tightest < 0.95 {
		t.Errorf("the largest δ is %v of the bound: the test looks at nothing close", tightest)
	}
}
