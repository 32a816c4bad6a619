package accounting

import (
	"math"
	"testing"
)

// TestOrdersAgree: at whole orders the integral is the sum of binomials, and
// between them the divergence grows.
func TestOrdersAgree(t *testing.T) {
	for _, q := range []float64{1e-6, 0.001, 0.1, 0.9} {
		for _, mu := range []float64{0.01, 0.5, 1, 2, 5} {
			last := 0.0
			for a := 1.25; a <= 64; a += 0.25 {
				d := anyOrder(q, mu, a)
				if d < last {
					t.Fatalf("q %v, mu %v: divergence falls to %v at order %v", q, mu, d, a)
				}
				last = d
				if a != math.Floor(a) {
					continue
				}
				if want := wholeOrder(q, mu, a); !near(d, want, 1e-9) {
					t.Errorf("q %v, mu %v, order %v: %v, want %v", q, mu, a, d, want)
				}
			}
		}
	}
	// All sampled is not sampled.
	if got := anyOrder(1, 0.7, 3.3); !near(got, 3.3*0.49/2, 1e-12) {
		t.Errorf("rate 1: %v, want %v", got, 3.3*0.49/2)
	}
}

// TestRenyiByHand: randomized response between two values with truth 3/4 has
// E[(A/B)^(α-1)] = 3/4·3 + 1/4·1/3 = 7/3 at order 2.
func TestRenyiByHand(t *testing.T) {
	r, err := NewRenyi([]float64{2}, Step{RandomizedResponse{0.5, 2, Replace}, 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Divergence()[0], 3*math.Log(7.0/3); !near(got, want, 1e-12) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestRenyiOfAtoms: the closed forms hold for the outcomes, where there are both.
func TestRenyiOfAtoms(t *testing.T) {
	m, err := DiscreteGaussian{3, 2}.model()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []float64{1.1, 2, 7.5, 20} {
		if got, most := m.base.renyi(1, a), m.renyi([]float64{a})[0]; got > most*(1+1e-9) || got < most*0.99 {
			t.Errorf("order %v: %v, want just below %v", a, got, most)
		}
	}
}

// TestConversionIsThatOfZCDP: with many orders the same curve.
func TestConversionIsThatOfZCDP(t *testing.T) {
	var orders []float64
	for x := -6.0; x < 8; x += 0.002 {
		orders = append(orders, 1+math.Exp(x))
	}
	for _, rho := range []float64{0.01, 0.3, 2} {
		r, err := NewRenyi(orders, Step{ZCDP{rho}, 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, delta := range []float64{1e-3, 1e-6, 1e-10} {
			got, want := epsilonOf(t, r, delta), epsilonOf(t, ZCDP{rho}, delta)
			if got < want*(1-1e-12) || got > want*(1+1e-5) {
				t.Errorf("rho %v, delta %v: %v, want %v", rho, delta, got, want)
			}
			// The textbook's bound is looser.
			if simple := rho + 2*math.Sqrt(rho*math.Log(1/delta)); want >= simple {
				t.Errorf("rho %v, delta %v: %v, want below %v", rho, delta, want, simple)
			}
		}
	}
}
