package accounting

import (
	"math"
	"testing"
)

// TestMNIST is the training run of many papers; 2.38169 is what the reference
// accountant gives.
func TestMNIST(t *testing.T) {
	run := Training{NoiseMultiplier: 1.1, SamplingRate: 256.0 / 60000, Steps: 14062}
	if got := epsilonOf(t, run, 1e-5); !near(got, 2.38169, 1e-5) {
		t.Errorf("epsilon is %v, want 2.38169", got)
	}
}

// TestEachFromTheOthers: noise, rate and steps are found from the ε of a run.
func TestEachFromTheOthers(t *testing.T) {
	run := Training{NoiseMultiplier: 1.3, SamplingRate: 0.02, Steps: 400, Interval: 1e-3}
	const delta = 1e-6
	target := EpsilonDelta{epsilonOf(t, run, delta), delta}

	blank := run
	blank.NoiseMultiplier = 0
	noise, err := blank.WithNoise(target)
	if err != nil || !near(noise.NoiseMultiplier, run.NoiseMultiplier, 1e-5) {
		t.Errorf("noise %v, %v, want %v", noise.NoiseMultiplier, err, run.NoiseMultiplier)
	}
	blank = run
	blank.SamplingRate = 0
	rate, err := blank.WithSamplingRate(target)
	if err != nil || !near(rate.SamplingRate, run.SamplingRate, 1e-5) {
		t.Errorf("rate %v, %v, want %v", rate.SamplingRate, err, run.SamplingRate)
	}
	blank = run
	blank.Steps = 0
	target.Epsilon *= 1 + 1e-7
	steps, err := blank.WithSteps(target)
	if err != nil || steps.Steps != run.Steps {
		t.Errorf("steps %v, %v, want %v", steps.Steps, err, run.Steps)
	}
	for _, found := range []Training{noise, rate, steps} {
		if e := epsilonOf(t, found, delta); e > target.Epsilon {
			t.Errorf("%+v has epsilon %v, above %v", found, e, target.Epsilon)
		}
	}
	if d := deltaOf(t, run, target.Epsilon); !near(d, delta, 1e-4) {
		t.Errorf("delta is %v, want %v", d, delta)
	}
}

func TestOutOfReach(t *testing.T) {
	run := Training{NoiseMultiplier: 0.5, SamplingRate: 0.5, Steps: 10, Interval: 1e-2}
	if _, err := run.WithSteps(EpsilonDelta{0.01, 1e-9}); err == nil {
		t.Error("one step is too many, but no error")
	}
	all, err := Training{NoiseMultiplier: 1000, Steps: 1, Interval: 1e-2}.WithSamplingRate(
		EpsilonDelta{1, 1e-5})
	if err != nil || all.SamplingRate != 1 {
		t.Errorf("rate %v, %v, want everybody", all.SamplingRate, err)
	}
	never := func(float64) (Curve, error) { return ZCDP{1}, nil }
	if s, err := LeastNoise(EpsilonDelta{0.1, 1e-5}, never); err == nil {
		t.Errorf("noise that changes nothing: %v, want an error", s)
	}
}

func TestLeastNoise(t *testing.T) {
	for _, target := range []EpsilonDelta{{0.1, 1e-6}, {1, 1e-5}, {12, 1e-9}} {
		want, err := GaussianSigma(target, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := LeastNoise(target, func(noise float64) (Curve, error) {
			return Gaussian{noise, 1}, nil
		})
		if err != nil || got < want*(1-1e-12) || got > want*(1+2e-6) {
			t.Errorf("%v: %v, %v, want %v", target, got, err, want)
		}
	}
	pure, err := LeastNoise(EpsilonDelta{0.5, 1e-300}, func(noise float64) (Curve, error) {
		return Laplace{noise, 1}, nil
	})
	if err != nil || math.Abs(pure-2) > 1e-5 {
		t.Errorf("laplace scale %v, %v, want 2", pure, err)
	}
}

// Where the loss of one step is less than the default interval the grid is finer: ε is
// within a thousandth of what a grid of a quarter gives, and below Rényi's.
func TestSmallStepsHaveAFinerGrid(t *testing.T) {
	if slower > 1 {
		t.Skip("SKIPPED: long; run it without -race")
	}
	for _, run := range []Training{
		{NoiseMultiplier: 20, SamplingRate: 1e-4, Steps: 100_000},
		{NoiseMultiplier: 3, SamplingRate: 1e-6, Steps: 300_000},
		{NoiseMultiplier: 20_000, SamplingRate: 1, Steps: 10_000},
	} {
		got, err := run.Epsilon(1e-6)
		if err != nil {
			t.Fatal(err)
		}
		d, err := run.Loss()
		if err != nil {
			t.Fatal(err)
		}
		fine := run
		fine.Interval = max(leastInterval, d.interval/4)
		want, err := fine.Epsilon(1e-6)
		if err != nil {
			t.Fatal(err)
		}
		if !(got >= want && got <= want*1.001) {
			t.Errorf("%+v: %v, on a finer grid %v", run, got, want)
		}
		if loose := epsilonOf(t, renyiOf(t, run.step()), 1e-6); got > loose {
			t.Errorf("%+v: %v, Rényi %v", run, got, loose)
		}
	}
	usual := Training{NoiseMultiplier: 1, SamplingRate: 0.01, Steps: 100}
	if d, err := usual.Loss(); err != nil || d.interval != DefaultInterval {
		t.Errorf("%v, %v", d, err)
	}
}
