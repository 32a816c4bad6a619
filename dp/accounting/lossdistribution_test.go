package accounting

import (
	"math"
	"testing"
)

// TestTwoCoins is worked by hand. The answer is true with probability 3/4; the
// loss is ±ln 3, of two runs 2·ln 3, 0 and -2·ln 3 with probability 9/16, 6/16
// and 1/16. δ(ln 3) = 9/16·(1 - 1/3) = 3/8, and δ(0) = 9/16·(1 - 1/9) = 1/2.
func TestTwoCoins(t *testing.T) {
	d := lossOf(t, math.Log(3)/100, Step{RandomizedResponse{0.5, 2, Replace}, 2})
	for epsilon, want := range map[float64]float64{0: 0.5, math.Log(3): 0.375, 2 * math.Log(3): 0} {
		if got := deltaOf(t, d, epsilon); math.Abs(got-want) > 1e-12 {
			t.Errorf("delta at %v is %v, want %v", epsilon, got, want)
		}
	}
	if got := epsilonOf(t, d, 0.375); math.Abs(got-math.Log(3)) > 1e-10 {
		t.Errorf("epsilon at 3/8 is %v, want ln 3", got)
	}
}

// TestConnect is worked by hand: a loss half way between two points goes, by
// e^loss, a little more to the upper than to the lower.
func TestConnect(t *testing.T) {
	d := &pmf{interval: 1, p: make([]float64, 2)}
	d.addAtom(point{0.5, 1})
	// p1 + p0 = 1 and p1/e + p0 = e^-0.5.
	want := (1 - math.Exp(-0.5)) / (1 - math.Exp(-1))
	if !near(d.p[1], want, 1e-14) || !near(d.p[0], 1-want, 1e-14) {
		t.Errorf("got %v, want %v and %v", d.p, 1-want, want)
	}
}

// TestBoundsAreAboveAndClose compares with closed forms at losses that are not
// on the grid.
func TestBoundsAreAboveAndClose(t *testing.T) {
	type pair struct {
		mechanism Mechanism
		exact     func(epsilon float64) float64
	}
	delta := func(c Curve) func(float64) float64 {
		return func(e float64) float64 { return deltaOf(t, c, e) }
	}
	// δ of a sampled Gaussian, from where the loss is ε (removed), as for Theorem
	// 8 of Balle and Wang; q of the mass has the person.
	sampled := func(q, sigma float64) func(float64) float64 {
		return func(e float64) float64 {
			x := sigma*sigma*math.Log1p(math.Expm1(e)/q) + 0.5
			with, without := upperTail((x-1)/sigma), upperTail(x/sigma)
			return q*with + (1-q)*without - math.Exp(e)*without
		}
	}
	for _, c := range []pair{
		{Gaussian{1, 1}, delta(Gaussian{1, 1})},
		{Gaussian{5, 2}, delta(Gaussian{5, 2})},
		{GaussianDP{3}, delta(GaussianDP{3})},
		{Laplace{1, 1}, delta(Laplace{1, 1})},
		{Laplace{2, 5}, delta(Laplace{2, 5})},
		{Sampled{Gaussian{1, 1}, 0.01}, sampled(0.01, 1)},
		{Sampled{Gaussian{0.7, 1}, 0.3}, sampled(0.3, 0.7)},
	} {
		for _, h := range []float64{1e-2, 1e-3, 1e-4} {
			d := lossOf(t, h, Step{c.mechanism, 1})
			for _, e := range []float64{0, 0.0123456, 0.1234567, 0.654321, 1.0987654, 2.3456789} {
				got, want := deltaOf(t, d, e), c.exact(e)
				if got < want*(1-1e-11)-1e-16 {
					t.Errorf("%v, interval %v: delta at %v is %v, below %v", c.mechanism, h, e, got, want)
				}
				if got > want*(1+30*h)+1e-12 && want > 1e-6 {
					t.Errorf("%v, interval %v: delta at %v is %v, far above %v", c.mechanism, h, e, got, want)
				}
			}
		}
	}
}

// TestManyGaussians: any number of Gaussians are one, whose δ is exact, also far
// out.
func TestManyGaussians(t *testing.T) {
	for _, k := range []int{2, 50, 10_000, 1_000_000} {
		one := Gaussian{2 * math.Sqrt(float64(k)), 1}
		d := lossOf(t, 1e-4, Step{one, k})
		exact := Gaussian{2, 1}
		for _, delta := range []float64{0.1, 1e-3, 1e-6, 1e-9, 1e-12} {
			got, want := epsilonOf(t, d, delta), epsilonOf(t, exact, delta)
			// A grid of interval h enlarges the variance of k losses by about k·h²/4.
			limit := 1e-6 + float64(k)*1e-8
			if got < want*(1-1e-9) || got > want*(1+limit) {
				t.Errorf("%d runs: epsilon at %v is %v, want at least %v", k, delta, got, want)
			}
		}
		if got := exact.Times(4); !near(got.mu(), 2*exact.mu(), 1e-12) {
			t.Errorf("four times %v is %v", exact, got)
		}
	}
}

// TestKOV: of pure mechanisms on the grid the distribution is that of Theorem
// 3.3 of Kairouz, Oh and Viswanath.
func TestKOV(t *testing.T) {
	m := EpsilonDelta{0.1, 1e-7}
	d := lossOf(t, 1e-2, Step{m, 20})
	for i := range 11 {
		want := kov(m, 20, i)
		got := deltaOf(t, d, float64(20-2*i)*m.Epsilon)
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("delta at %v is %v, want %v", float64(20-2*i)*m.Epsilon, got, want)
		}
	}
	for _, delta := range []float64{3e-6, 1e-5, 1e-2} {
		multiple, err := AdvancedComposition(m, 20, delta)
		if err != nil {
			t.Fatal(err)
		}
		if e := epsilonOf(t, d, delta); e > multiple*(1+1e-9) || e < multiple-2*m.Epsilon {
			t.Errorf("epsilon at %v is %v, advanced composition %v", delta, e, multiple)
		}
	}
	if e, err := AdvancedComposition(m, 20, 1e-6); err != nil || !math.IsInf(e, 1) {
		t.Errorf("delta below what the runs have: %v, %v, want +Inf", e, err)
	}
	if e := epsilonOf(t, d, 1e-6); !math.IsInf(e, 1) {
		t.Errorf("delta below what the runs have: %v, want +Inf", e)
	}
}

// TestMassIsOne: a composition has all mass, and no more.
func TestMassIsOne(t *testing.T) {
	for _, m := range every() {
		for _, k := range []int{1, 2, 1000 / slower} {
			for _, one := range lossOf(t, 2e-3, Step{m, k}).directions {
				sum := one.inf
				for _, p := range one.p {
					if p < 0 || math.IsNaN(p) {
						t.Fatalf("%v: a probability is %v", m, p)
					}
					sum += p
				}
				if math.Abs(sum-1) > 1e-10 {
					t.Errorf("%v, %d times: mass is 1 %+.2g", m, k, sum-1)
				}
			}
		}
	}
}

// TestHugeLoss: where e^loss is out of range mass is moved up, and no more.
func TestHugeLoss(t *testing.T) {
	d := lossOf(t, 0.05, Step{Laplace{1e-4, 1}, 1})
	if e := epsilonOf(t, d, 1e-12); e < 1e4-1e-6 || e > 1e4+0.1 {
		t.Errorf("epsilon is %v, want 10000", e)
	}
	g := Gaussian{0.02, 1}
	e, want := epsilonOf(t, lossOf(t, 0.05, Step{g, 1}), 1e-5), epsilonOf(t, g, 1e-5)
	if e < want || e > want+0.1 {
		t.Errorf("epsilon is %v, want just above %v", e, want)
	}
}
