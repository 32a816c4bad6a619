package accounting

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// every is at least one of each kind of mechanism that has a loss distribution.
func every() []Mechanism {
	all := []Mechanism{
		Gaussian{2, 1}, GaussianDP{0.3}, Laplace{3, 1}, Laplace{1, 2},
		DiscreteLaplace{4, 1}, DiscreteLaplace{5, 3}, DiscreteGaussian{3, 2},
		EpsilonDelta{0.1, 0}, EpsilonDelta{0.1, 1e-7}, Exponential{0.2},
		RandomizedResponse{0.5, 4, Replace}, RandomizedResponse{0.5, 4, ReplaceSpecial},
		PermuteAndFlip{0.4}, GaussianMixture{2, []float64{0, 1, 3}, []float64{0.5, 0.4, 0.1}},
		TruncatedSample{Gaussian{2, 1}, 0.1, 14, 100},
	}
	for _, m := range all[:10] {
		all = append(all, Sampled{m, 0.05})
	}
	return all
}

func epsilonOf(t testing.TB, c Curve, delta float64) float64 {
	t.Helper()
	e, err := c.Epsilon(delta)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func deltaOf(t testing.TB, c Curve, epsilon float64) float64 {
	t.Helper()
	d, err := c.Delta(epsilon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func lossOf(t testing.TB, interval float64, steps ...Step) *LossDistribution {
	t.Helper()
	d, err := NewLossDistribution(interval, steps...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func renyiOf(t testing.TB, steps ...Step) *Renyi {
	t.Helper()
	r, err := NewRenyi(nil, steps...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sameCurve compares to a relative error that rounding stays below.
func sameCurve(t *testing.T, name string, got, want Curve) {
	t.Helper()
	for _, delta := range []float64{1e-1, 1e-3, 1e-5} {
		if g, w := epsilonOf(t, got, delta), epsilonOf(t, want, delta); !near(g, w, 1e-8) {
			t.Errorf("%s: epsilon at %v is %v, want %v", name, delta, g, w)
		}
	}
	for _, epsilon := range []float64{0, 0.2, 1} {
		g, w := deltaOf(t, got, epsilon), deltaOf(t, want, epsilon)
		if math.Abs(g-w) > 1e-8*w+1e-14 {
			t.Errorf("%s: delta at %v is %v, want %v", name, epsilon, g, w)
		}
	}
}

// TestCountIsCounted is what two accountants of others got wrong: k runs are k
// times one run, however they are written down.
func TestCountIsCounted(t *testing.T) {
	const k = 7
	for _, m := range every() {
		t.Run(m.String(), func(t *testing.T) {
			once := lossOf(t, 1e-3*slower, Step{m, 1})
			steps := make([]Step, k)
			one := once
			for i := range k {
				steps[i] = Step{m, 1}
				if i > 0 {
					var err error
					if one, err = one.Compose(once); err != nil {
						t.Fatal(err)
					}
				}
			}
			want := lossOf(t, 1e-3*slower, Step{m, k})
			sameCurve(t, "one by one", one, want)
			sameCurve(t, "as steps", lossOf(t, 1e-3*slower, steps...), want)
			times, err := once.Times(k)
			if err != nil {
				t.Fatal(err)
			}
			sameCurve(t, "times", times, want)
			sameCurve(t, "split", lossOf(t, 1e-3*slower, Step{m, 2}, Step{m, k - 2}), want)
			if e, e1 := epsilonOf(t, want, 1e-5), epsilonOf(t, once, 1e-5); !(e > e1) {
				t.Errorf("epsilon of %d runs is %v, of one %v", k, e, e1)
			}
		})
	}
}

func TestCountIsCountedByRenyi(t *testing.T) {
	const k = 7
	for _, m := range append(every(), ZCDP{0.01}, FixedSample{Gaussian{2, 1}, 5, 100},
		RepeatSelect{[]Step{{Gaussian{5, 1}, 2}}, 10, 1}) {
		t.Run(m.String(), func(t *testing.T) {
			once, err := NewRenyi(nil, Step{m, 1})
			if err != nil {
				if strings.Contains(err.Error(), "use NewLossDistribution") {
					return // see TestRefusals
				}
				t.Fatal(err)
			}
			one, steps := once, []Step{{m, 1}}
			for range k - 1 {
				steps = append(steps, Step{m, 1})
				if one, err = one.Compose(once); err != nil {
					t.Fatal(err)
				}
			}
			want := renyiOf(t, Step{m, k})
			sameCurve(t, "one by one", one, want)
			sameCurve(t, "as steps", renyiOf(t, steps...), want)
		})
	}
}

// TestLossIsTighterThanRenyi also says that neither is far off.
func TestLossIsTighterThanRenyi(t *testing.T) {
	for _, m := range every() {
		for _, k := range []int{1, 30} {
			r, err := NewRenyi(nil, Step{m, k})
			if _, ok := m.(Exponential); ok || err != nil {
				continue // of an Exponential the distribution knows only its ε
			}
			d := lossOf(t, 1e-3, Step{m, k})
			for _, delta := range []float64{1e-2, 1e-5, 1e-6} {
				tight, loose := epsilonOf(t, d, delta), epsilonOf(t, r, delta)
				if tight > loose*(1+1e-4)+1e-9 {
					t.Errorf("%v, %d times, delta %v: loss distribution %v, Rényi %v",
						m, k, delta, tight, loose)
				}
			}
		}
	}
}

// TestMonotone: less noise, more sampling, more runs and a smaller δ cost more.
func TestMonotone(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	between := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	for range 40 / slower {
		sigma, rate, steps := between(0.7, 5), between(0.001, 0.5), 1+random.IntN(1000)
		delta, more := math.Exp(between(-20, -3)), between(1.02, 2)
		epsilon := func(sigma, rate float64, steps int, delta float64) (float64, float64) {
			s := Step{Sampled{Gaussian{sigma, 1}, rate}, steps}
			d, err := NewLossDistribution(1e-2, s)
			if err != nil {
				t.Fatal(err)
			}
			r, err := NewRenyi([]float64{1.5, 2, 3.7, 8, 20}, s)
			if err != nil {
				t.Fatal(err)
			}
			e1, _ := d.Epsilon(delta)
			e2, _ := r.Epsilon(delta)
			return e1, e2
		}
		loss, renyi := epsilon(sigma, rate, steps, delta)
		for name, f := range map[string]func() (float64, float64){
			"sigma": func() (float64, float64) { return epsilon(sigma/more, rate, steps, delta) },
			"rate":  func() (float64, float64) { return epsilon(sigma, min(1, rate*more), steps, delta) },
			"steps": func() (float64, float64) { return epsilon(sigma, rate, steps*2, delta) },
			"delta": func() (float64, float64) { return epsilon(sigma, rate, steps, delta/more) },
		} {
			l, r := f()
			if l < loss*(1-1e-9) || r < renyi*(1-1e-9) {
				t.Errorf("%s: epsilon falls from %v to %v, Rényi %v to %v", name, loss, l, renyi, r)
			}
		}
	}
}

// TestMonotoneMechanisms does the same for every mechanism's own parameter.
func TestMonotoneMechanisms(t *testing.T) {
	families := map[string]func(x float64) Mechanism{
		"gaussian":          func(x float64) Mechanism { return Gaussian{1 / x, 1} },
		"sensitivity":       func(x float64) Mechanism { return Gaussian{1, x} },
		"gaussian dp":       func(x float64) Mechanism { return GaussianDP{x} },
		"laplace":           func(x float64) Mechanism { return Laplace{1 / x, 1} },
		"discrete laplace":  func(x float64) Mechanism { return DiscreteLaplace{3 / x, 3} },
		"discrete gaussian": func(x float64) Mechanism { return DiscreteGaussian{3 / x, 3} },
		"epsilon":           func(x float64) Mechanism { return EpsilonDelta{x, 1e-9} },
		"delta":             func(x float64) Mechanism { return EpsilonDelta{0.3, x * 1e-6} },
		"exponential":       func(x float64) Mechanism { return Exponential{x} },
		"replace":           func(x float64) Mechanism { return RandomizedResponse{1 - x/2, 5, Replace} },
		"special":           func(x float64) Mechanism { return RandomizedResponse{1 - x/2, 5, ReplaceSpecial} },
		"sampled laplace":   func(x float64) Mechanism { return Sampled{Laplace{1 / x, 1}, 0.2} },
		"rate of laplace":   func(x float64) Mechanism { return Sampled{Laplace{1, 1}, x / 2} },
		"permute-and-flip":  func(x float64) Mechanism { return PermuteAndFlip{x} },
		"truncated": func(x float64) Mechanism {
			return TruncatedSample{Gaussian{1 / x, 1}, 0.2, 10, 50}
		},
		"rate of truncated": func(x float64) Mechanism {
			return TruncatedSample{Gaussian{1, 1}, x / 2, 10, 50}
		},
		"mixture": func(x float64) Mechanism {
			return GaussianMixture{1 / x, []float64{0, 1, 2}, []float64{0.5, 0.25, 0.25}}
		},
		"rate of group": func(x float64) Mechanism { return Gaussian{1, 1}.SampledGroup(x/2, 3) },
	}
	for name, family := range families {
		last := 0.0
		for _, x := range []float64{0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 1, 1.3} {
			e := epsilonOf(t, lossOf(t, 1e-3*slower, Step{family(x), 4}), 2e-5)
			if e < last {
				t.Errorf("%s: epsilon falls from %v to %v at %v", name, last, e, x)
			}
			last = e
		}
		if !(last > 0.5) {
			t.Errorf("%s: epsilon is only %v", name, last)
		}
	}
}

// TestMonotoneRenyi does it for those that have a divergence only.
func TestMonotoneRenyi(t *testing.T) {
	select1 := func(x float64) []Step { return []Step{{Gaussian{1 / x, 1}, 1}} }
	for name, family := range map[string]func(x float64) Mechanism{
		"zcdp":            func(x float64) Mechanism { return ZCDP{x * x / 2} },
		"fixed sample":    func(x float64) Mechanism { return FixedSample{Gaussian{1 / x, 1}, 20, 100} },
		"size of it":      func(x float64) Mechanism { return FixedSample{Gaussian{1, 1}, int(50 * x), 100} },
		"geometric":       func(x float64) Mechanism { return RepeatSelect{select1(x), 5, 1} },
		"poisson":         func(x float64) Mechanism { return RepeatSelect{select1(x), 5, math.Inf(1)} },
		"logarithmic":     func(x float64) Mechanism { return RepeatSelect{select1(x), 5, 0} },
		"mean of repeats": func(x float64) Mechanism { return RepeatSelect{select1(0.2), 1 + x*10, 0.5} },
	} {
		last := 0.0
		for _, x := range []float64{0.02, 0.05, 0.1, 0.3, 0.5, 1, 1.3} {
			e := epsilonOf(t, renyiOf(t, Step{family(x), 4}), 2e-5)
			if e < last {
				t.Errorf("%s: epsilon falls from %v to %v at %v", name, last, e, x)
			}
			last = e
		}
		if !(last > 0.5) {
			t.Errorf("%s: epsilon is only %v", name, last)
		}
	}
}

// TestMonotoneCounts does it for the number of runs.
func TestMonotoneCounts(t *testing.T) {
	for _, m := range every() {
		last := 0.0
		for _, k := range []int{1, 2, 5, 20, 100} {
			e := epsilonOf(t, lossOf(t, 1e-3*slower, Step{m, k}), 1e-5)
			if e < last {
				t.Errorf("%v: epsilon falls from %v to %v at %d runs", m, last, e, k)
			}
			last = e
		}
	}
}

// TestRelations: what is proved for a person more or less does not compose with
// what is proved for one in the place of another.
func TestRelations(t *testing.T) {
	more := Step{Sampled{Gaussian{1, 1}, 0.1}, 1}
	other := Step{RandomizedResponse{0.5, 4, Replace}, 1}
	fixed := Step{FixedSample{Gaussian{1, 1}, 1, 10}, 1}
	both := Step{Gaussian{1, 1}, 1}
	const want = "no bound is known for both together"
	refused := func(_ any, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	refused(NewLossDistribution(1e-2, more, both, other))
	refused(NewRenyi(nil, fixed, more))
	refused(lossOf(t, 1e-2, more).Compose(lossOf(t, 1e-2, both, other)))
	refused(renyiOf(t, fixed, both).Compose(renyiOf(t, more)))
	refused(NewRenyi(nil, Step{RepeatSelect{[]Step{more}, 2, 1}, 1}, other))
	twice, err := lossOf(t, 1e-2, more).Times(2)
	if err != nil {
		t.Fatal(err)
	}
	refused(twice.Compose(lossOf(t, 1e-2, other)))
	lossOf(t, 1e-2, both, more)
	renyiOf(t, both, other, fixed)
}

// TestDirections: removing and adding a person cost differently, and the larger
// counts.
func TestDirections(t *testing.T) {
	for _, m := range []Mechanism{Sampled{Gaussian{1, 1}, 0.1}, Sampled{Laplace{1, 1}, 0.1},
		Sampled{DiscreteGaussian{1, 1}, 0.1}, RandomizedResponse{0.5, 4, ReplaceSpecial}} {
		d := lossOf(t, 1e-3, Step{m, 3})
		if len(d.directions) != 2 {
			t.Fatalf("%v: %d directions", m, len(d.directions))
		}
		remove, add := d.directions[0].epsilon(1e-5), d.directions[1].epsilon(1e-5)
		if math.Abs(remove-add) < 0.1*max(remove, add) {
			t.Errorf("%v: removed %v, added %v, want them to differ", m, remove, add)
		}
		if got := epsilonOf(t, d, 1e-5); got != max(remove, add) {
			t.Errorf("%v: %v, want the larger of %v and %v", m, got, remove, add)
		}
	}
	for _, m := range []Mechanism{Gaussian{1, 1}, Sampled{Gaussian{1, 1}, 1}, Laplace{1, 1}} {
		if d := lossOf(t, 1e-3, Step{m, 3}); len(d.directions) != 1 {
			t.Errorf("%v: %d directions, want 1", m, len(d.directions))
		}
	}
}

// TestAnyParameters draws parameters from everywhere: an error or numbers that
// make sense, and no panic.
func TestAnyParameters(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(0, 3), rapid.Float64(),
		rapid.Custom(func(t *rapid.T) float64 {
			return math.Exp(rapid.Float64Range(-30, 30).Draw(t, "log"))
		}),
		rapid.SampledFrom([]float64{0, 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, 1e308}))
	whole := rapid.OneOf(rapid.IntRange(-1, 20), rapid.Int())
	mechanism := rapid.Custom(func(t *rapid.T) Mechanism {
		x, y, n := number.Draw(t, "x"), number.Draw(t, "y"), whole.Draw(t, "n")
		all := []Mechanism{Gaussian{x, y}, GaussianDP{x}, Laplace{x, y}, DiscreteLaplace{x, n % 1000},
			DiscreteGaussian{min(x, 100), n % 1000}, EpsilonDelta{x, y}, Exponential{x}, ZCDP{x},
			RandomizedResponse{x, n, Replace}, RandomizedResponse{x, n, ReplaceSpecial},
			PermuteAndFlip{x}, FixedSample{Gaussian{x, y}, n, 10 * n},
			TruncatedSample{Gaussian{x, 1}, y, n % 1000, n % 10_000},
			RepeatSelect{[]Step{{Gaussian{x, 1}, 1}}, y, number.Draw(t, "shape")},
			GaussianMixture{x, []float64{0, 1, y}, []float64{0.5, 0.5 - min(y, 0.5), min(y, 0.5)}}, nil}
		m := rapid.SampledFrom(all).Draw(t, "mechanism")
		if rapid.Bool().Draw(t, "sampled") {
			m = Sampled{m, number.Draw(t, "rate")}
		}
		return m
	})
	sane := func(t *rapid.T, c Curve) {
		last := math.Inf(1)
		for _, delta := range []float64{1e-12, 1e-6, 0.1, 0.9} {
			e, err := c.Epsilon(delta)
			if err != nil || !(e >= 0) || e > last {
				t.Fatalf("epsilon at %v is %v after %v, %v", delta, e, last, err)
			}
			last = e
			if math.IsInf(e, 1) {
				continue
			}
			if d, err := c.Delta(e); err != nil || !(d <= delta*(1+1e-6)+1e-14) {
				t.Fatalf("delta at epsilon %v is %v, want %v, %v", e, d, delta, err)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Step{mechanism.Draw(t, "mechanism"), max(0, whole.Draw(t, "count"))}
		if d, err := NewLossDistribution(0.2, s); err == nil && len(d.directions[0].p) < 1<<20 {
			sane(t, d)
		}
		if r, err := NewRenyi([]float64{1.01, 1.5, 2, 3, 17.5, 100}, s); err == nil {
			sane(t, r)
		}
		if c, ok := s.Mechanism.(Curve); ok {
			if _, err := s.Mechanism.model(); err == nil {
				sane(t, c)
			}
		}
	})
}
