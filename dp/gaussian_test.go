package dp

import (
	"math"
	"math/big"
	"testing"
	"testing/cryptotest"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

func gaussianOf(t *testing.T, variance float64) gaussian {
	t.Helper()
	g, err := newGaussian(new(big.Rat).SetFloat64(variance))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// rounded is the probability that N(0, σ²) is rounded to k.
func rounded(sigma float64, k int) float64 {
	n := distuv.Normal{Sigma: sigma}
	x := math.Abs(float64(k))
	return n.CDF(-x+0.5) - n.CDF(-x-0.5)
}

// The noise is that of a normal distribution, rounded, by chi-square at a false alarm
// of 1e-7; a variance 5 % larger is found.
func TestGaussianIsRoundedNormal(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 92)
	src := entropy.New()
	for _, sigma := range []float64{0.4, 1, 6} {
		reject := func(drawn float64) bool {
			g := gaussianOf(t, drawn*drawn)
			draws := 300_000 / slower
			counts, far := map[int64]float64{}, int(4*sigma)
			for range draws {
				counts[max(-int64(far), min(g.Add(src, 1000)-1000, int64(far)))]++
			}
			chi := 0.0
			for k := -far; k <= far; k++ {
				p := rounded(sigma, k)
				if k == far || k == -far {
					p += distuv.UnitNormal.CDF(-(float64(far) + 0.5) / sigma)
				}
				want := p * float64(draws)
				chi += (counts[int64(k)] - want) * (counts[int64(k)] - want) / want
			}
			return chi > distuv.ChiSquared{K: float64(2 * far)}.Quantile(1-alarm)
		}
		if reject(sigma) {
			t.Errorf("σ=%v: not the distribution", sigma)
		}
		if slower == 1 && sigma > 1 && !reject(sigma*math.Sqrt(1.05)) {
			t.Errorf("σ=%v: a larger variance is not found", sigma)
		}
	}
}

// Tails, standard deviations and moments are those of the rounded distribution.
func TestGaussianFigures(t *testing.T) {
	for _, sigma := range []float64{0.15, 0.5, 1, 7.3, 1e4, 1e9} {
		g := gaussianOf(t, sigma*sigma)
		for _, alpha := range []float64{0.3, 0.05, 1e-6} {
			w := float64(g.Tail(alpha))
			beyond := func(w float64) float64 { return 2 * distuv.UnitNormal.CDF(-(w+0.5)/sigma) }
			if p := beyond(w); p > alpha*(1+1e-9) {
				t.Errorf("σ=%v: beyond %v has probability %v, want at most %v", sigma, w, p, alpha)
			}
			if p := beyond(w*(1-1e-9) - 1); w > 0 && p < alpha*(1-1e-6) {
				t.Errorf("σ=%v: %v is not the least tail for %v", sigma, w, alpha)
			}
		}
		if sigma > 100 {
			continue
		}
		variance := 0.0
		for k := -400; k <= 400; k++ {
			variance += float64(k*k) * rounded(sigma, k)
		}
		if got := g.sigma(); sigma >= 0.5 && math.Abs(got/math.Sqrt(variance)-1) > 0.02 {
			t.Errorf("σ=%v: standard deviation %v, want %v", sigma, got, math.Sqrt(variance))
		}
		for _, lambda := range []float64{0.01, 0.3, 1, 2.5} {
			moment := 0.0
			for k := -400; k <= 400; k++ {
				moment += math.Exp(lambda*float64(k)) * rounded(sigma, k)
			}
			got, want := g.logMoment(lambda), math.Log(moment)
			if got < want || sigma >= 1 && lambda*sigma < 10 && got > want+1e-3*lambda*lambda+1e-7 {
				t.Errorf("σ=%v, λ=%v: %v, want at least %v", sigma, lambda, got, want)
			}
		}
	}
}

// A single answer with (ε, δ) has the standard deviation of Balle and Wang, in any
// number of groups; at sensitivity one it is private to the digit: the hockey-stick
// divergence of neighbours is at most δ.
func TestGaussianNoiseIsTight(t *testing.T) {
	for _, target := range []accounting.EpsilonDelta{{Epsilon: 1, Delta: 1e-6},
		{Epsilon: 0.01, Delta: 1e-9}, {Epsilon: 8, Delta: 0.01}, {Epsilon: 30, Delta: 1e-12}} {
		want, err := accounting.GaussianSigma(target, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []Query{
			Count{Epsilon: target.Epsilon, Delta: target.Delta},
			Count{By: byWard, Keys: wardsAB, Epsilon: target.Epsilon, Delta: target.Delta},
			Mean{Column: "x", Upper: 1, By: byWard, Keys: wardsAB, Epsilon: target.Epsilon,
				Delta: target.Delta},
		} {
			_, v, answers := pointState(t, Unit{Column: "who", MaxRows: 3}, nil, q)
			g := answers[0].noise.(gaussian)
			fine, _ := g.fine.Variance().Float64()
			sigma := math.Ldexp(math.Sqrt(fine), -int(g.bits))
			unit := 1.0
			if len(v.grids) > 0 {
				unit = float64(v.grids[0].width())
			}
			if math.Abs(sigma/unit/want-1) > 2e-9 {
				t.Errorf("%v, %v: σ=%v, want %v", q, target, sigma/unit, want)
			}
			if unit > 1 {
				continue
			}
			delta := 0.0
			for k := -int(40*sigma) - 9; k <= int(40*sigma)+9; k++ {
				delta += max(0, rounded(sigma, k-3)-math.Exp(target.Epsilon)*rounded(sigma, k))
			}
			if delta > target.Delta*(1+1e-9) {
				t.Errorf("%v, %v: δ is %v", q, target, delta)
			}
		}
	}
	if slack := exact.Slack(leastPart*0x1p48, 0x1p48, 1<<34); slack > 1e-9 {
		t.Errorf("μ=%v: a slack of %v", leastPart, slack)
	}
	for _, mu := range []float64{leastMu, 0.1, 1, mostMu} {
		for _, share := range []float64{1, 1e-3, 1e-9} {
			part := mu * math.Sqrt(share)
			slack := exact.Slack(part*0x1p48, 0x1p48, 1<<34)
			if slack*share > spare/4 {
				t.Errorf("μ=%v of a share %v: a slack of %v", mu, share, slack)
			}
		}
	}
}

// A session for Gaussian noise alone refuses other noise by name, and answers what is
// Gaussian: by ρ, by ε and δ, and groups. Of ten queries for (1, 1e-6) each has the
// noise of a tenth of μ².
func TestSessionOfGaussianNoise(t *testing.T) {
	total, err := budget.GaussianTotal(1, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	total.Delta = 1e-7
	s, err := New(Config{Total: total, Unit: Unit{Column: "who", MaxRows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []Query{Count{Epsilon: 1e-3}, Mean{Column: "x", Upper: 1, Rho: 1e-14},
		Groups{By: byWard, Rule: LaplaceThreshold, Epsilon: 1e-3, Delta: 1e-8}} {
		if err := s.Check(q); err == nil || !contains(err, "not known to be Gaussian") {
			t.Errorf("%v: %v", q, err)
		}
	}
	tenth := Count{Rho: total.Rho / 10}
	fine := []Query{tenth, Mean{Column: "x", Upper: 1, Epsilon: 0.1, Delta: 1e-7},
		Groups{By: byWard, Rule: GaussianThreshold, Epsilon: 0.1, Delta: 1e-7}}
	if err := s.Check(fine...); err != nil {
		t.Error(err)
	}
	sigma, err := accounting.GaussianSigma(accounting.EpsilonDelta{Epsilon: 1, Delta: 1e-6}, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, _, answers := pointState(t, s.unit, nil, tenth)
	got, want := answers[0].noise.(gaussian).unrounded(), sigma*math.Sqrt(10)
	if math.Abs(got/want-1) > 1e-8 {
		t.Errorf("σ is %v, want %v", got, want)
	}
}
