package accounting

import (
	"math"
	"testing"
)

// With the rate of a sample for its two parts it is a sampled Gaussian, with one
// part a Gaussian, and a sampled group of one the same again.
func TestMixtureOfTwo(t *testing.T) {
	for _, q := range []float64{1e-4, 0.01, 0.3} {
		for _, sigma := range []float64{0.5, 1, 10} {
			const h = 1e-3 * slower
			want := lossOf(t, h, Step{Sampled{Gaussian{sigma, 1}, q}, 10})
			two := GaussianMixture{sigma, []float64{1, 0}, []float64{q, 1 - q}}
			sameCurve(t, two.String(), lossOf(t, h, Step{two, 10}), want)
			group := Gaussian{sigma, 1}.SampledGroup(q, 1)
			sameCurve(t, "group", lossOf(t, h, Step{group, 10}), want)
		}
	}
	one := GaussianMixture{2, []float64{0, 3}, []float64{0, 1}}
	sameCurve(t, "one", lossOf(t, 1e-3, Step{one, 3}), lossOf(t, 1e-3, Step{Gaussian{2, 3}, 3}))
	whole := GaussianMixture{1, []float64{1}, []float64{1}}
	d := lossOf(t, 1e-4, Step{whole, 1})
	for _, e := range []float64{0, 0.5, 3} {
		if got, want := deltaOf(t, d, e), deltaOf(t, Gaussian{1, 1}, e); !near(got, want, 1e-5) {
			t.Errorf("delta at %v is %v, want %v", e, got, want)
		}
	}
}

// δ of three parts by Simpson's rule on the positive part of the difference of
// the densities, in both directions.
func TestMixtureByIntegration(t *testing.T) {
	m := GaussianMixture{1.5, []float64{0, 1, 4}, []float64{0.6, 0.3, 0.1}}
	normal := func(x, at float64) float64 {
		z := (x - at) / m.Sigma
		return math.Exp(-z*z/2) / (m.Sigma * math.Sqrt(2*math.Pi))
	}
	mixture := func(x float64) float64 {
		sum := 0.0
		for i, p := range m.Probabilities {
			sum += p * normal(x, m.Sensitivities[i])
		}
		return sum
	}
	d := lossOf(t, 1e-4, Step{m, 1})
	for _, e := range []float64{0, 0.1, 0.5, 1, 2, 4} {
		want := 0.0
		const h = 1e-3
		for _, sign := range []bool{false, true} {
			sum := 0.0
			for x := -20.0; x < 25; x += h {
				a, b := mixture(x+h/2), normal(x+h/2, 0)
				if sign {
					a, b = b, a
				}
				sum += h * max(0, a-math.Exp(e)*b)
			}
			want = max(want, sum)
		}
		if got := deltaOf(t, d, e); !near(got, want, 1e-5) {
			t.Errorf("delta at %v is %v, want %v", e, got, want)
		}
	}
}

// A group of three costs more than one person and less than three by the rule
// for groups of an (ε, δ)-private mechanism.
func TestSampledGroup(t *testing.T) {
	g, delta := Gaussian{1, 1}, 1e-6
	one := lossOf(t, 1e-3, Step{Sampled{g, 0.01}, 200})
	three := lossOf(t, 1e-3, Step{g.SampledGroup(0.01, 3), 200})
	e1, e3 := epsilonOf(t, one, delta), epsilonOf(t, three, delta)
	e := epsilonOf(t, one, delta/1e3)
	group, err := EpsilonDelta{e, delta / 1e3}.Group(3)
	if err != nil {
		t.Fatal(err)
	}
	if !(e3 > 1.5*e1 && e3 < group.Epsilon) {
		t.Errorf("one %v, three %v, at most %v", e1, e3, group)
	}
	for _, bad := range []GaussianMixture{g.SampledGroup(0.1, 0), g.SampledGroup(0, 1),
		g.SampledGroup(0.1, 1_000_000)} {
		if _, err := NewLossDistribution(0, Step{bad, 1}); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

// Sensitivities that hardly ever occur are left out, which makes the grid short and no
// difference, in either direction.
func TestRareSensitivities(t *testing.T) {
	m := Gaussian{1, 1}.SampledGroup(1e-3, 24)
	got, err := m.model()
	if err != nil {
		t.Fatal(err)
	}
	var parts []component
	for i := len(m.Probabilities) - 1; i >= 0; i-- {
		p := m.Probabilities[i]
		parts = append(parts, component{m.Sensitivities[i], p, math.Log(p)})
	}
	all := mixtureBase(parts)
	for _, add := range []bool{false, true} {
		const h = 1e-2 * slower
		one, err := got.base.connect(h, add)
		if err != nil {
			t.Fatal(err)
		}
		want, err := all.connect(h, add)
		if err != nil {
			t.Fatal(err)
		}
		if !add && len(one.p) > len(want.p)/2 {
			t.Errorf("%d points, of %d", len(one.p), len(want.p))
		}
		for _, e := range []float64{0, 0.01, 0.1, 1, 5, 20} {
			g, w := one.delta(e), want.delta(e)
			if math.Abs(g-w) > 1e-9*w+1e-21 {
				t.Errorf("add %v: delta at %v is %v, want %v", add, e, g, w)
			}
		}
	}
	if rare := got.base.atoms[0].a; !(rare > 0 && rare < 1e-22) {
		t.Errorf("%v is left out", rare)
	}
}
