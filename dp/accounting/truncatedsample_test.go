package accounting

import (
	"math"
	"math/big"
	"testing"
)

// Exact sums of rational numbers.
func TestAboveBinomial(t *testing.T) {
	for _, c := range []struct {
		n, k int
		q    float64
	}{{1, 0, 0.5}, {10, 3, 0.25}, {10, 9, 0.25}, {10, 10, 0.5}, {100, 20, 0.125}, {999, 69, 0.0625},
		{300, 5, 0.0009765625}, {50, 0, 0.5}} {
		// With q = a/b the sum of C(n,x)·a^x·(b-a)^(n-x), over b^n.
		q := new(big.Rat).SetFloat64(c.q)
		rest := new(big.Int).Sub(q.Denom(), q.Num())
		power := func(base *big.Int, n int) *big.Int {
			return new(big.Int).Exp(base, big.NewInt(int64(n)), nil)
		}
		sum := new(big.Int)
		for x := c.k + 1; x <= c.n; x++ {
			term := new(big.Int).Binomial(int64(c.n), int64(x))
			term.Mul(term, power(q.Num(), x))
			sum.Add(sum, term.Mul(term, power(rest, c.n-x)))
		}
		want, _ := new(big.Rat).SetFrac(sum, power(q.Denom(), c.n)).Float64()
		if got := aboveBinomial(c.n, c.q, c.k); !near(got, want, 1e-12) {
			t.Errorf("more than %d of %d at %v: %v, want %v", c.k, c.n, c.q, got, want)
		}
	}
	// A large one, against the normal distribution it is close to.
	if got, want := aboveBinomial(maxPeople, 0.5, maxPeople/2+15000), upperTail(3); !near(got, want, 1e-3) {
		t.Errorf("three standard deviations: %v, want about %v", got, want)
	}
}

// Where nothing is cut off it is a Poisson sample.
func TestNeverTruncated(t *testing.T) {
	m := TruncatedSample{Gaussian{1, 1}, 0.05, 100, 100}
	want := lossOf(t, 1e-3, Step{Sampled{Gaussian{1, 1}, 0.05}, 10})
	sameCurve(t, m.String(), lossOf(t, 1e-3, Step{m, 10}), want)
}

// Two people, and batches of at most one: every outcome is written down. The
// person has the gradient 1 and the other -1.
func TestTruncatedByHand(t *testing.T) {
	for _, q := range []float64{0.1, 0.5, 0.9} {
		const sigma = 1.0
		d := lossOf(t, 1e-3, Step{TruncatedSample{Gaussian{sigma, 1}, q, 1, 2}, 1})
		normal := func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
		with := func(x float64) float64 {
			return (1-q)*(1-q)*normal(x) + (q*(1-q)+q*q/2)*(normal(x-1)+normal(x+1))
		}
		without := func(x float64) float64 { return (1-q)*normal(x) + q*normal(x+1) }
		for _, e := range []float64{0, 0.3, 1, 2} {
			remove, add := 0.0, 0.0
			const h = 1e-3
			for x := -12.0; x < 12; x += h {
				a, b := with(x+h/2), without(x+h/2)
				remove += h * max(0, a-math.Exp(e)*b)
				add += h * max(0, b-math.Exp(e)*a)
			}
			if got := deltaOf(t, d, e); got < remove || got < add {
				t.Errorf("rate %v, epsilon %v: %v, below %v and %v", q, e, got, remove, add)
			}
		}
	}
}

// The loss of the pair for the replaced, and its inverse.
func TestReplacedBase(t *testing.T) {
	for _, q := range []float64{1e-6, 0.01, 0.5, 0.99} {
		for _, mu := range []float64{0.01, 1, 10, 30} {
			b := replacedBase(q, mu)
			for _, share := range []float64{-0.9, -0.1, 0, 1e-3, 0.5, 1} {
				l := share * b.upper
				p, m := b.tails(l)
				// δ from both sides of the point: the mass above it, of which the
				// derivative by ε is that of the other.
				if p.above < m.above || p.below > m.below {
					t.Errorf("q %v, μ %v, loss %v: %v and %v", q, mu, l, p, m)
				}
				mirrorP, mirrorM := b.tails(-l)
				if !near(p.above, mirrorM.below, 1e-9) || !near(m.above, mirrorP.below, 1e-9) {
					t.Errorf("q %v, μ %v, loss %v: not symmetric", q, mu, l)
				}
			}
			// At the loss that a point has, the masses are those above the point.
			x := 2.0 + mu
			up := math.Log((1-q)+q*math.Exp(mu*x-mu*mu/2)) - math.Log((1-q)+q*math.Exp(-mu*x-mu*mu/2))
			if p, _ := b.tails(up); up < 600 && !near(p.above, q*upperTail(2)+(1-q)*upperTail(x), 1e-6) {
				t.Errorf("q %v, μ %v: %v above, want %v", q, mu, p.above, q*upperTail(2)+(1-q)*upperTail(x))
			}
		}
	}
}
