package budget

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/dp/accounting"
)

// A total for Gaussian noise alone promises what it was made for, more than the same ρ
// of any noise, and takes what is Gaussian, in shares that fit exactly.
func TestGaussianTotal(t *testing.T) {
	for _, target := range []accounting.EpsilonDelta{{Epsilon: 1, Delta: 1e-6},
		{Epsilon: 0.1, Delta: 1e-9}, {Epsilon: 6, Delta: 1e-3}} {
		total, err := GaussianTotal(target.Epsilon, target.Delta)
		if err != nil {
			t.Fatal(err)
		}
		got, err := total.EpsilonAt(target.Delta)
		if err != nil || got > target.Epsilon || got < target.Epsilon*(1-1e-7) {
			t.Errorf("%v: ε is %v, %v", target, got, err)
		}
		any, err := accounting.RhoFor(target)
		if err != nil {
			t.Fatal(err)
		}
		if by := math.Sqrt(any / total.Rho); by > 0.96 || by < 0.85 {
			t.Errorf("%v: σ is %v of that for any noise", target, by)
		}
		t.Logf("%v: σ is %.4f of that for any noise", target, math.Sqrt(any/total.Rho))
	}
	total := Budget{Rho: 0.4, Gaussian: true}
	f, err := NewFilter(total)
	if err != nil {
		t.Fatal(err)
	}
	quarter := Charge{"count", Cost{Rho: 0.1, Gaussian: true}}
	if err := f.Spend(quarter, quarter, quarter); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Cost{
		"not known to be Gaussian": {Rho: 0.1},
		"give it a delta or a rho": {Epsilon: 0.1},
	} {
		if err := f.Spend(Charge{"x", c}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if left := f.Remaining(); left != (Budget{Rho: 0.1, Gaussian: true}) {
		t.Errorf("%v is left", left)
	}
	if err := f.Spend(quarter); err != nil {
		t.Fatal(err)
	}
	if err := f.Spend(Charge{"x", Cost{Rho: 1e-9, Gaussian: true}}); !errors.Is(err, ErrExhausted) {
		t.Error(err)
	}
	if got := fmt.Sprint(f.Spent()); got != "ρ=0.4, Gaussian noise alone" {
		t.Error(got)
	}
	// Any total in ρ takes Gaussian noise.
	if _, err := (Cost{Rho: 0.1, Gaussian: true}).In(Budget{Rho: 1}); err != nil {
		t.Error(err)
	}
	if _, err := f.Partition("x", Budget{Rho: 1}, 2, 1); err == nil {
		t.Error("a share for any noise of a total for Gaussian noise")
	}
}

// Costs together are Gaussian if each is.
func TestGaussianCosts(t *testing.T) {
	a, b := Cost{Rho: 0.1, Gaussian: true}, Cost{Rho: 0.2, RhoDelta: 1e-9, Gaussian: true}
	if got, want := a.Plus(b), (Cost{Rho: 0.3, RhoDelta: 1e-9, Gaussian: true}); got != want {
		t.Errorf("%+v", got)
	}
	if got := a.Plus(Cost{Rho: 0.1}); got.Gaussian {
		t.Errorf("%+v", got)
	}
	if got := AtMost(1, a, Cost{Epsilon: 1}); got.Gaussian {
		t.Errorf("%+v", got)
	}
	if got := (Budget{Rho: 1, Gaussian: true}).Cost(); !got.Gaussian {
		t.Errorf("%+v", got)
	}
	for _, err := range []error{Cost{Epsilon: 1, Gaussian: true}.Validate(),
		Budget{Epsilon: 1, Gaussian: true}.Validate()} {
		if err == nil || !strings.Contains(err.Error(), "gaussian without rho") {
			t.Error(err)
		}
	}
}

// What a budget promises: ε of its own, that of zCDP, or of Gaussian DP.
func TestEpsilonAt(t *testing.T) {
	for _, c := range []struct {
		b     Budget
		delta float64
		want  float64
	}{
		{Budget{Epsilon: 0.5}, 0, 0.5},
		{Budget{Epsilon: 0.5, Delta: 1e-6}, 1e-6, 0.5},
		{Budget{Gaussian: true}, 1e-6, 0}, // nothing is spent
		// μ = 1 of Gaussian DP, and the optimum over α of Canonne, Kamath and Steinke.
		{Budget{Rho: 0.5, Gaussian: true}, 1e-5, 4.376},
		{Budget{Rho: 0.5}, 1e-5, 4.728},
		{Budget{Rho: 0.5, Delta: 5e-6, Gaussian: true}, 1.5e-5, 4.376},
	} {
		got, err := c.b.EpsilonAt(c.delta)
		if err != nil || math.Abs(got-c.want) > 2e-3 {
			t.Errorf("%v at %v: %v, %v, want %v", c.b, c.delta, got, err, c.want)
		}
	}
	for _, c := range []struct {
		b     Budget
		delta float64
	}{{Budget{Rho: 1}, 0}, {Budget{Rho: 1, Delta: 1e-6}, 1e-6}, {Budget{Epsilon: 1, Delta: 1e-6}, 1e-7},
		{Budget{Epsilon: 1}, 1}, {Budget{Epsilon: 1}, math.NaN()}, {Budget{Rho: 1}, -1}} {
		if got, err := c.b.EpsilonAt(c.delta); err == nil {
			t.Errorf("%v at %v: %v", c.b, c.delta, got)
		}
	}
	if _, err := GaussianTotal(0, 2); err == nil || !strings.HasPrefix(err.Error(), "budget: ") {
		t.Error(err)
	}
}
