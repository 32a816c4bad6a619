package accounting

import (
	"math"
	"testing"
)

// meanRuns sums the distribution of the number of runs: of k = 1, 2, … the
// probability is that of k-1 times (k-1+η)/k·(1-γ).
func meanRuns(logGamma, shape float64) float64 {
	p, all, sum := 1.0, 0.0, 0.0
	for k := 1.0; k*p > 1e-16*sum; k++ {
		all += p
		sum += k * p
		p *= (k + shape) / (k + 1) * -math.Expm1(logGamma)
	}
	return sum / all
}

func TestHalting(t *testing.T) {
	for _, shape := range []float64{0, 1e-9, 0.5, 1, 1 + 1e-9, 3} {
		for _, mean := range []float64{1 + 1e-6, 1.5, 10, 200} {
			g := logHalting(mean, shape)
			if got := meanRuns(g, shape); !near(got, mean, 1e-9) {
				t.Errorf("shape %v: mean %v, want %v", shape, got, mean)
			}
		}
		if g := logHalting(1, shape); g != 0 {
			t.Errorf("shape %v, one run: %v", shape, g)
		}
	}
}

// The bound is above the divergence of the best of many randomized responses,
// where the best is 1 if any is: with the generating function G of the number of
// runs, the best is 0 with probability G(p0).
func TestRepeatSelectHolds(t *testing.T) {
	for _, noise := range []float64{0.3, 0.9} {
		run := []Step{{RandomizedResponse{noise, 2, Replace}, 1}}
		low, high := noise/2, 1-noise/2
		for shape, generate := range map[float64]func(mean, x float64) float64{
			1: func(mean, x float64) float64 { return x / mean / (1 - (1-1/mean)*x) },
			0: func(mean, x float64) float64 {
				g := logHalting(mean, 0)
				return math.Log1p(math.Expm1(g)*x) / g
			},
			math.Inf(1): func(mean, x float64) float64 { return math.Exp(mean * (x - 1)) },
		} {
			for _, mean := range []float64{1, 3, 20} {
				r, err := NewRenyi(nil, Step{RepeatSelect{run, mean, shape}, 1})
				if err != nil {
					t.Fatal(err)
				}
				p, q := generate(mean, low), generate(mean, high)
				for i, a := range r.Orders() {
					for _, pair := range [][2]float64{{p, q}, {q, p}} {
						p, q := pair[0], pair[1]
						sum := logAdd(a*math.Log(p)-(a-1)*math.Log(q), a*math.Log1p(-p)-(a-1)*math.Log1p(-q))
						if d := sum / (a - 1); d > r.Divergence()[i]+1e-12 {
							t.Errorf("noise %v, shape %v, mean %v, order %v: %v, above %v",
								noise, shape, mean, a, d, r.Divergence()[i])
						}
					}
				}
			}
		}
	}
}
