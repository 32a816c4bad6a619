package budget

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPlus(t *testing.T) {
	gauss, lap := Cost{Epsilon: 0.5, Delta: 1e-6, Rho: 0.02}, Cost{Epsilon: 0.1}
	if got, want := gauss.Plus(lap), (Cost{Epsilon: 0.6, Delta: 1e-6, Rho: 0.025}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := lap.Plus(lap), (Cost{Epsilon: 0.2, Rho: 0.01}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := gauss.Plus(Cost{Rho: 0.5}), (Cost{Rho: 0.52}); got != want {
		t.Errorf("got %+v, want %+v: the ε of one is not known", got, want)
	}
	if got := gauss.Plus(Cost{}); got != gauss {
		t.Errorf("got %+v, want what was there", got)
	}
}

func TestAtMost(t *testing.T) {
	costs := []Cost{{Epsilon: 0.1}, {Epsilon: 0.3, Delta: 1e-7}, {Epsilon: 0.2, Delta: 1e-6}, {}}
	for groups, want := range map[int]Cost{
		0: {Epsilon: 0.3, Delta: 1e-6, Rho: 0.045, RhoDelta: 1e-6},
		1: {Epsilon: 0.3, Delta: 1e-6, Rho: 0.045, RhoDelta: 1e-6},
		2: {Epsilon: 0.5, Delta: 1.1e-6, Rho: 0.065, RhoDelta: 1.1e-6},
		9: {Epsilon: 0.6, Delta: 1.1e-6, Rho: 0.07, RhoDelta: 1.1e-6},
	} {
		if got := AtMost(groups, costs...); got != want {
			t.Errorf("%d: got %+v, want %+v", groups, got, want)
		}
	}
	if got := AtMost(2); got != (Cost{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

// AtMost bounds the sum of any choice, in any order, and the whole is Plus.
func TestAtMostProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(costs(), 1, 6).Draw(t, "costs")
		n := rapid.IntRange(1, len(all)).Draw(t, "groups")
		bound := AtMost(n, all...)
		some := rapid.Permutation(all).Draw(t, "order")[:n]
		sum := AtMost(n, some...)
		if sum.Epsilon > bound.Epsilon || sum.Delta > bound.Delta || sum.Rho > bound.Rho ||
			sum.RhoDelta > bound.RhoDelta {
			t.Fatalf("%+v is above %+v", sum, bound)
		}
		var one Cost
		for _, c := range some {
			one = one.Plus(c)
		}
		if one.Epsilon < sum.Epsilon || one.Rho < sum.Rho {
			t.Fatalf("one by one %+v, at once %+v", one, sum)
		}
	})
}

func TestBudgetText(t *testing.T) {
	for want, b := range map[string]Budget{
		"ε=0": {}, "ε=1, δ=1e-06": {Epsilon: 1, Delta: 1e-6}, "ρ=0.5": {Rho: 0.5},
	} {
		if b.String() != want {
			t.Errorf("got %q, want %q", b, want)
		}
	}
}

func TestInvalidCosts(t *testing.T) {
	err := Cost{Epsilon: -1, Delta: 2, Rho: -3, RhoDelta: -4}.Validate()
	for _, want := range []string{"epsilon is -1", "delta is 2", "rho is -3", "rho_delta is -4"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := (Cost{}).In(Budget{Epsilon: 1}); err == nil {
		t.Error("nothing costs something")
	}
	if _, err := (Cost{Rho: 1}).In(Budget{Epsilon: 1}); err == nil {
		t.Error("ρ is paid in ε")
	}
}
