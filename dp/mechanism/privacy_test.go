package mechanism

import (
	"os"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/dptest"
	"github.com/lethe-go/lethe/internal/entropy"
)

// runs of a mechanism on each of two neighbours: a million with LETHE_LONG=1.
func runs(few int) int {
	switch {
	case os.Getenv("LETHE_LONG") == "1":
		return 1_000_000
	case slower || testing.Short():
		return few / 4
	}
	return few
}

// trial is a mechanism with two inputs that are as far apart as neighbours can
// be, and what one run gives. Its ε is multiplied by share, which is what noise
// that is too small does, and missing is taken from the sensitivity.
type trial struct {
	name           string
	epsilon, delta float64
	sensitive      bool // a missing one of the sensitivity can be seen
	times          int  // how many times the runs it takes to find a fault
	run            setup
}

// setup prepares a mechanism on one of two neighbours and returns one run of it.
type setup func(t *testing.T, epsilon float64, missing int64, neighbour bool) func() dptest.Outcome

func pick[T any](second bool, a, b T) T {
	if second {
		return b
	}
	return a
}

func prepared(t *testing.T, m Additive) *Noise {
	t.Helper()
	n, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func must[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

var trials = []trial{
	{"laplace", 1, 0, false, 1,
		func(t *testing.T, epsilon float64, _ int64, b bool) func() dptest.Outcome {
			n := prepared(t, Laplace{Epsilon: epsilon, Sensitivity: 2.5, Lower: -10, Upper: 10})
			x := pick(b, 1.25, 3.75)
			return func() dptest.Outcome { return dptest.Outcome{must[float64](t)(n.Float(x))} }
		}},
	{"laplace, vector", 1, 0, false, 1,
		func(t *testing.T, epsilon float64, _ int64, b bool) func() dptest.Outcome {
			n := prepared(t, Laplace{Epsilon: epsilon, Sensitivity: 2, Lower: -10, Upper: 10,
				Numbers: 2})
			x := pick(b, []float64{0, 5}, []float64{1, 4})
			return func() dptest.Outcome {
				y := must[[]float64](t)(n.Floats(x))
				return dptest.Outcome{y[0], -y[1]}
			}
		}},
	{"geometric", 1, 0, true, 1,
		func(t *testing.T, epsilon float64, less int64, b bool) func() dptest.Outcome {
			n := prepared(t, Geometric{Epsilon: epsilon, Sensitivity: 4 - less})
			x := pick[int64](b, 10, 14)
			return func() dptest.Outcome { return dptest.Outcome{float64(must[int64](t)(n.Int(x)))} }
		}},
	{"staircase", 1, 0, true, 1,
		func(t *testing.T, epsilon float64, less int64, b bool) func() dptest.Outcome {
			n := prepared(t, Staircase{Epsilon: epsilon, Sensitivity: 4 - less})
			x := pick[int64](b, 10, 14)
			return func() dptest.Outcome { return dptest.Outcome{float64(must[int64](t)(n.Int(x)))} }
		}},
	{"gaussian", 1, 0.05, false, 1,
		func(t *testing.T, epsilon float64, _ int64, b bool) func() dptest.Outcome {
			n := prepared(t, Gaussian{Epsilon: 1, Delta: 0.05, Sensitivity: 2.5 / epsilon,
				Lower: -10, Upper: 10})
			x := pick(b, 1.25, 3.75)
			return func() dptest.Outcome { return dptest.Outcome{must[float64](t)(n.Float(x))} }
		}},
	{"gaussian, vector", 1, 0.05, false, 1,
		func(t *testing.T, epsilon float64, _ int64, b bool) func() dptest.Outcome {
			n := prepared(t, Gaussian{Epsilon: 1, Delta: 0.05, Sensitivity: 5 / epsilon,
				Lower: -10, Upper: 10, Numbers: 2})
			x := pick(b, []float64{0, 5}, []float64{3, 1})
			return func() dptest.Outcome { // projected on the direction of the change
				y := must[[]float64](t)(n.Floats(x))
				return dptest.Outcome{0.6*y[0] - 0.8*y[1]}
			}
		}},
	{"discrete gaussian", 1, 0.05, true, 3,
		func(t *testing.T, epsilon float64, less int64, b bool) func() dptest.Outcome {
			n := prepared(t, DiscreteGaussian{Epsilon: epsilon, Delta: 0.05,
				Sensitivity: 3 - less})
			x := pick[int64](b, 0, 3)
			return func() dptest.Outcome { return dptest.Outcome{float64(must[int64](t)(n.Int(x)))} }
		}},
	{"exponential", 2, 0, true, 3, selection(Exponential, 2, 7)},
	{"permute and flip", 2, 0, true, 1, selection(PermuteAndFlip, 2, 0)},
	{"noisy max", 2, 0, true, 4, selection(NoisyMax, 21, 0)},
	{"sparse vector", 2, 0, false, 6,
		func(t *testing.T, epsilon float64, _ int64, b bool) func() dptest.Outcome {
			plan := must[sparsePlan](t)(AboveThreshold{
				Epsilon: epsilon, Threshold: 5, Sensitivity: 1, Upper: 10}.plan())
			below, last := pick(b, 6.0, 5.0), pick(b, 4.0, 5.0)
			src := entropy.New()
			return func() dptest.Outcome {
				s := plan.start(src)
				for range 5 {
					if must[bool](t)(s.Above(below)) {
						return dptest.Outcome{0}
					}
				}
				if must[bool](t)(s.Above(last)) {
					return dptest.Outcome{2}
				}
				return dptest.Outcome{1}
			}
		}},
	{"randomized response", 1, 0, true, 1,
		func(t *testing.T, epsilon float64, less int64, b bool) func() dptest.Outcome {
			r := must[*Responder](t)(NewResponder(RandomizedResponse{
				Epsilon: epsilon + 0.2*float64(less), Categories: 3}))
			x := pick(b, 0, 2)
			return func() dptest.Outcome { return dptest.Outcome{float64(must[int](t)(r.Answer(x)))} }
		}},
	{"unary encoding", 1, 0, true, 1,
		func(t *testing.T, epsilon float64, less int64, b bool) func() dptest.Outcome {
			r := must[*UnaryResponder](t)(NewUnaryResponder(UnaryEncoding{
				Epsilon: epsilon + 0.2*float64(less), Categories: 4}))
			x := pick(b, 0, 2)
			return func() dptest.Outcome {
				bits := must[[]bool](t)(r.Answer(x))
				return dptest.Outcome{pick(bits[0], 0.0, 1), pick(bits[2], 1.0, 0)}
			}
		}},
}

// selection chooses among n candidates, of which the first is `gap` behind; for
// the neighbour it loses a sensitivity of 3 and all others gain as much.
func selection(rule Rule, n int, gap float64) setup {
	return func(t *testing.T, epsilon float64, missing int64, b bool) func() dptest.Outcome {
		s := must[*Selector](t)(NewSelector(Selection{
			Rule: rule, Epsilon: epsilon, Sensitivity: float64(3 - missing), Lower: -100, Upper: 100}))
		scores := make([]float64, n)
		for i := range scores {
			scores[i] = pick(b, 3.0, 0.0)
		}
		scores[0] = pick(b, -3.0, 0.0) - gap
		return func() dptest.Outcome {
			return dptest.Outcome{pick(must[[]int](t)(s.Choose(scores))[0] == 0, 1.0, 0)}
		}
	}
}

func loss(t *testing.T, tr trial, few int, share float64, missing int64) float64 {
	with := tr.run(t, tr.epsilon*share, missing, false)
	without := tr.run(t, tr.epsilon*share, missing, true)
	return dptest.Loss(runs(few), tr.delta, with, without)
}

func TestPrivacy(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 61)
	for _, tr := range trials {
		got := loss(t, tr, 40_000, 1, 0)
		t.Logf("%s: ε is at least %.3f of %v", tr.name, got, tr.epsilon)
		if got > tr.epsilon {
			t.Errorf("%s: ε is at least %.3f, want at most %v", tr.name, got, tr.epsilon)
		}
	}
}

// Each fault must be found by the same test, or the test is no good.
func TestPrivacyPower(t *testing.T) {
	if testing.Short() || slower {
		t.Skip("SKIPPED: long; run it without -short and -race")
	}
	cryptotest.SetGlobalRandom(t, 62)
	for _, tr := range trials {
		find := func(fault string, few int, share float64, missing int64) {
			got := loss(t, tr, few, share, missing)
			t.Logf("%s, %s: ε is at least %.3f of %v", tr.name, fault, got, tr.epsilon)
			if got <= tr.epsilon {
				t.Errorf("%s: %s is not found: ε is at least %.3f", tr.name, fault, got)
			}
		}
		find("noise divided by 1.185", 80_000*tr.times, 1.185, 0)
		if tr.sensitive {
			find("sensitivity off by one", 30_000*tr.times, 1, 1)
		}
	}
}
