package accounting_test

import (
	"math"
	"testing"

	"github.com/lethe-go/lethe/dp/accounting"
)

// curve is δ(ε) from its definition, Σ max(0, P(x) - e^ε·Q(x)), term by term.
func discreteCurve(sigma float64, d int, epsilon float64) float64 {
	f := func(x int) float64 { return math.Exp(-float64(x) * float64(x) / (2 * sigma * sigma)) }
	far := int(14*sigma) + 2
	total, sum := 0.0, 0.0
	for x := -far; x <= far; x++ {
		total += f(x)
	}
	for x := -far; x <= far+d; x++ {
		sum += max(0, f(x-d)-math.Exp(epsilon)*f(x))
	}
	return sum / total
}

func TestDiscreteGaussianDelta(t *testing.T) {
	for _, sigma := range []float64{0.2, 0.5, 1, 2.5, 10, 80, 700, 1500, 9000} {
		for _, d := range []int{1, 2, 7, int(sigma)} {
			if d < 1 || float64(d) > 30*sigma {
				continue
			}
			for _, epsilon := range []float64{0, 0.01, 0.1, 1, 3, 8} {
				want := discreteCurve(sigma, d, epsilon)
				if want < 1e-200 {
					continue
				}
				got, err := accounting.DiscreteGaussian{Sigma: sigma, Sensitivity: d}.Delta(epsilon)
				if err != nil {
					t.Fatal(err)
				}
				// The definition loses digits where P and Q are nearly equal.
				if got < want*(1-1e-9) || got > want*(1+2e-5) {
					t.Errorf("sigma %v, sensitivity %d: delta(%v) = %g, want %g, off by %.2g",
						sigma, d, epsilon, got, want, got/want-1)
				}
			}
		}
	}
}

// The discrete mechanism is not the continuous one: for little noise it differs
// by more than accounting may.
func TestDiscreteGaussianIsNotContinuous(t *testing.T) {
	discrete, _ := accounting.DiscreteGaussian{Sigma: 0.7, Sensitivity: 1}.Delta(1)
	continuous, _ := accounting.Gaussian{Sigma: 0.7, Sensitivity: 1}.Delta(1)
	if math.Abs(discrete/continuous-1) < 0.05 {
		t.Errorf("%g and %g", discrete, continuous)
	}
}

func TestDiscreteGaussianEpsilon(t *testing.T) {
	for _, m := range []accounting.DiscreteGaussian{
		{Sigma: 0.6, Sensitivity: 1}, {Sigma: 12, Sensitivity: 3}, {Sigma: 999, Sensitivity: 40},
		{Sigma: 1001, Sensitivity: 40}, {Sigma: 1 << 32, Sensitivity: 1 << 30},
	} {
		for _, delta := range []float64{1e-2, 1e-6, 1e-12} {
			epsilon, err := m.Epsilon(delta)
			if err != nil {
				t.Fatal(err)
			}
			back, err := m.Delta(epsilon)
			if err != nil || back > delta*(1+1e-9) || back < delta*(1-1e-6) {
				t.Errorf("%v: epsilon(%g) = %v, whose delta is %g, %v", m, delta, epsilon, back, err)
			}
			loss, err := accounting.NewLossDistribution(0, accounting.Step{Mechanism: m, Count: 1})
			if err != nil {
				t.Fatal(err)
			}
			grid, err := loss.Epsilon(delta)
			if err != nil || grid < epsilon*(1-1e-9) || grid > epsilon*(1+1e-4)+1e-6 {
				t.Errorf("%v: epsilon(%g) = %v, on a grid %v, %v", m, delta, epsilon, grid, err)
			}
		}
	}
}

func TestDiscreteGaussianSigma(t *testing.T) {
	for _, target := range []accounting.EpsilonDelta{
		{Epsilon: 1, Delta: 1e-6}, {Epsilon: 0.05, Delta: 1e-9}, {Epsilon: 10, Delta: 1e-5},
	} {
		for _, d := range []int{1, 4, 1 << 20, 1 << 40} {
			sigma, err := accounting.DiscreteGaussianSigma(target, d)
			if err != nil {
				t.Fatal(err)
			}
			at := func(sigma float64) float64 {
				delta, err := accounting.DiscreteGaussian{Sigma: sigma, Sensitivity: d}.Delta(target.Epsilon)
				if err != nil {
					t.Fatal(err)
				}
				return delta
			}
			if got := at(sigma); got > target.Delta*(1+1e-12) {
				t.Errorf("%v, sensitivity %d: sigma %v has delta %g", target, d, sigma, got)
			}
			if got := at(sigma * 0.999); got <= target.Delta {
				t.Errorf("%v, sensitivity %d: sigma %v is not the least", target, d, sigma)
			}
			continuous, err := accounting.GaussianSigma(target, float64(d))
			if err != nil || d > 1000 && math.Abs(sigma/continuous-1) > 1e-6 {
				t.Errorf("%v, sensitivity %d: sigma %v, continuous %v", target, d, sigma, continuous)
			}
		}
	}
}

func TestDiscreteGaussianRefuses(t *testing.T) {
	for _, m := range []accounting.DiscreteGaussian{
		{}, {Sigma: 1}, {Sensitivity: 1}, {Sigma: math.NaN(), Sensitivity: 1},
		{Sigma: math.Inf(1), Sensitivity: 1}, {Sigma: 1e-10, Sensitivity: 1}, {Sigma: 1, Sensitivity: -1},
	} {
		if _, err := m.Delta(1); err == nil {
			t.Errorf("%v is taken by Delta", m)
		}
		if _, err := m.Epsilon(1e-6); err == nil {
			t.Errorf("%v is taken by Epsilon", m)
		}
	}
	for _, target := range []accounting.EpsilonDelta{{}, {Epsilon: 1}, {Delta: 1e-6}} {
		if _, err := accounting.DiscreteGaussianSigma(target, 1); err == nil {
			t.Errorf("the target %v is taken", target)
		}
	}
	if _, err := accounting.DiscreteGaussianSigma(accounting.EpsilonDelta{Epsilon: 1e-6, Delta: 1e-6},
		1<<50); err == nil {
		t.Error("noise beyond what is exact is taken")
	}
}
