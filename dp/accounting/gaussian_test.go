package accounting

import (
	"math"
	"math/big"
	"testing"
)

// TestFarTail: δ of 1e-88 and less is found by asymptotic series of 30 terms in
// 200 bits, and keeps 11 digits.
func TestFarTail(t *testing.T) {
	for _, c := range []struct{ mu, epsilon float64 }{
		{1, 20}, {1, 30}, {0.1, 2.5}, {0.01, 0.2}, {3, 70},
	} {
		got := gaussianLogDelta(c.mu, c.epsilon)
		want := asymptoticLogDelta(c.mu, c.epsilon)
		if math.Abs(got-want) > 1e-10 {
			t.Errorf("mu %v, epsilon %v: ln delta is %v, want %v", c.mu, c.epsilon, got, want)
		}
	}
	e := epsilonOf(t, Gaussian{1, 1}, 1e-88)
	if d := deltaOf(t, Gaussian{1, 1}, e); !near(d, 1e-88, 1e-9) || d > 1e-88*(1+1e-9) {
		t.Errorf("delta at epsilon %v is %v, want 1e-88", e, d)
	}
}

// asymptoticLogDelta sums Mills' ratio of a and b, whose difference cancels.
func asymptoticLogDelta(mu, epsilon float64) float64 {
	mills := func(x *big.Float) *big.Float {
		square := new(big.Float).SetPrec(200).Mul(x, x)
		sum, term := big.NewFloat(1).SetPrec(200), big.NewFloat(1).SetPrec(200)
		for n := 1; n <= 60; n++ {
			next := new(big.Float).SetPrec(200).Mul(term, big.NewFloat(-float64(2*n-1)))
			next.Quo(next, square)
			if next.MantExp(nil) > term.MantExp(nil) {
				break // the series begins to diverge
			}
			term = next
			sum.Add(sum, term)
		}
		return sum.Quo(sum, x)
	}
	m := big.NewFloat(mu).SetPrec(200)
	a := new(big.Float).SetPrec(200).Quo(big.NewFloat(epsilon).SetPrec(200), m)
	half := new(big.Float).SetPrec(200).Quo(m, big.NewFloat(2))
	b := new(big.Float).SetPrec(200).Add(a, half)
	a.Sub(a, half)
	difference, _ := new(big.Float).Sub(mills(a), mills(b)).Float64()
	x, _ := a.Float64()
	return -x*x/2 - math.Log(2*math.Pi)/2 + math.Log(difference)
}

func TestErfcx(t *testing.T) {
	// Both branches where they meet, and the value at 0.
	below, above := erfcx(math.Nextafter(10, 0)), erfcx(10)
	if !near(below, above, 1e-12) || erfcx(0) != 1 {
		t.Errorf("erfcx just below 10 is %v, at 10 %v; at 0 %v", below, above, erfcx(0))
	}
}

// TestInverses: ε, δ and noise from one another, on the safe side.
func TestInverses(t *testing.T) {
	for _, target := range []EpsilonDelta{{0.01, 1e-9}, {1, 1e-5}, {8, 1e-300}, {50, 0.01}} {
		sigma, err := GaussianSigma(target, 3)
		if err != nil {
			t.Fatal(err)
		}
		g := Gaussian{sigma, 3}
		if d := deltaOf(t, g, target.Epsilon); !near(d, target.Delta, 1e-9) {
			t.Errorf("%v: sigma %v has delta %v", target, sigma, d)
		}
		if e := epsilonOf(t, g, target.Delta); !near(e, target.Epsilon, 1e-9) {
			t.Errorf("%v: sigma %v has epsilon %v", target, sigma, e)
		}
		rho, err := RhoFor(target)
		if err != nil {
			t.Fatal(err)
		}
		if d := deltaOf(t, ZCDP{rho}, target.Epsilon); !near(d, target.Delta, 1e-9) {
			t.Errorf("%v: rho %v has delta %v", target, rho, d)
		}
	}
	if e := epsilonOf(t, Laplace{2, 1}, 0); !near(e, 0.5, 1e-12) {
		t.Errorf("pure laplace: %v", e)
	}
	if e := epsilonOf(t, Gaussian{1000, 1}, 0.5); e != 0 {
		t.Errorf("a delta above the total variation needs epsilon %v, want 0", e)
	}
}

func TestComposition(t *testing.T) {
	if got := (GaussianDP{3}).Compose(GaussianDP{4}); !near(got.Mu, 5, 1e-12) {
		t.Errorf("got %v, want mu 5", got)
	}
	if got := (ZCDP{0.25}).Compose(ZCDP{0.5}).Group(2); got.Rho != 3 {
		t.Errorf("got %v, want rho 3", got)
	}
	if got, err := (EpsilonDelta{0, 1e-6}).Group(3); err != nil || !near(got.Delta, 3e-6, 1e-12) {
		t.Errorf("got %v, %v, want delta 3e-6", got, err)
	}
	if got, err := (EpsilonDelta{1, 0}).Group(1000); err != nil || got != (EpsilonDelta{1000, 0}) {
		t.Errorf("got %v, %v, want (1000, 0)", got, err)
	}
}
