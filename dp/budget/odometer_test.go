package budget

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestOdometer(t *testing.T) {
	o, err := NewOdometer(Epsilon)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := o.Loss(0); l != 0 || err != nil {
		t.Errorf("at first %v, %v", l, err)
	}
	for range 3 {
		if err := o.Spend(pure(0.1)); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := o.Loss(0); l != 0.3 || err != nil {
		t.Errorf("of three %v, %v", l, err)
	}
	if err := o.Spend(pure(1), Charge{"x", Cost{Rho: 1}}); err == nil || o.Spent().Epsilon != 0.3 {
		t.Errorf("%v, spent %v; want all or none", err, o.Spent())
	}
	if err := o.Spend(Charge{"x", Cost{Delta: 0.1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Loss(0.1); err == nil {
		t.Error("a bound although there is a δ")
	}
	for _, delta := range []float64{0, 1, -1, math.NaN()} {
		o, err := NewOdometer(Rho)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Loss(delta); err == nil {
			t.Errorf("delta %v is taken", delta)
		}
	}
}

// The bound grows with what is spent and is, at a level, the one by hand.
func TestOdometerLevels(t *testing.T) {
	o, err := NewOdometer(Rho)
	if err != nil {
		t.Fatal(err)
	}
	last := 0.0
	for range 64 {
		if err := o.Spend(Charge{"x", Cost{Rho: 0.0625}}); err != nil {
			t.Fatal(err)
		}
		l, err := o.Loss(1e-6)
		if err != nil || l < last {
			t.Fatalf("%v after %v, %v", l, last, err)
		}
		last = l
		if spent := o.Spent().Rho; spent == 1 || spent == 4 {
			j := math.Log2(spent)
			want := spent + 2*math.Sqrt(spent*math.Log(6*max(1, j*j)/1e-6))
			if math.Abs(l-want) > 1e-12*want {
				t.Errorf("at ρ=%v: %v, want %v", spent, l, want)
			}
		}
	}
}

// Adaptive Gaussian releases of the worst pair of tables: l grows by a normal
// number of mean ρ and variance 2ρ, where ρ is chosen by what would break a
// bound that holds at one time only: to go on while the loss is small and to
// stop where it is large. At a δ of 1/20 the loss exceeds the bound in fewer
// than 1/20 of 1000 runs; the expected number is far less, so that chance fails
// the test less than once in 10^9. The naive bound, of one time and without a
// level, is shown to fail.
func TestOdometerHoldsAtAllTimes(t *testing.T) {
	const delta, runs = 0.05, 1000
	random := rand.New(rand.NewPCG(1, 2))
	above, naive := 0, 0
	for range runs {
		o, err := NewOdometer(Rho)
		if err != nil {
			t.Fatal(err)
		}
		loss, broke, brokeNaive := 0.0, false, false
		for range 60 {
			rho := 0.01
			if loss > 0.5 {
				rho = 0.002 // tread carefully about a good moment
			}
			if err := o.Spend(Charge{"x", Cost{Rho: rho}}); err != nil {
				t.Fatal(err)
			}
			loss += rho + math.Sqrt(2*rho)*random.NormFloat64()
			bound, err := o.Loss(delta)
			if err != nil {
				t.Fatal(err)
			}
			spent := o.Spent().Rho
			broke = broke || loss > bound
			brokeNaive = brokeNaive || loss > spent+math.Sqrt(2*spent)*1.6449
		}
		if broke {
			above++
		}
		if brokeNaive {
			naive++
		}
	}
	if above > delta*runs {
		t.Errorf("above the bound in %d of %d runs", above, runs)
	}
	if naive < 2*delta*runs {
		t.Errorf("the naive bound failed in %d of %d runs only: the test has no power", naive, runs)
	}
}
