package accounting

import (
	"errors"
	"fmt"
	"math"
)

// RepeatSelect makes a random number of runs, each of all steps of Run, and
// returns the best of them by a score that is part of the run's result, as in a
// search for hyperparameters (Papernot and Steinke 2022, Hyperparameter tuning
// with Rényi differential privacy, ICLR, arXiv:2110.03620). Only Renyi knows a
// bound. The zero value is refused.
//
// The number of runs must be drawn from the distribution and not shown, and the
// search must not stop early.
type RepeatSelect struct {
	// Run has steps without a δ of their own.
	Run []Step
	// Mean is that of the number of runs, at least 1.
	Mean float64 `yaml:"mean"`
	// Shape is the distribution of the number of runs: 1 for geometric, 0 for
	// logarithmic, another positive number η for the truncated negative binomial
	// one, and +Inf for that of Poisson, with which there may be no run.
	Shape float64 `yaml:"shape"`
}

// String names the mechanism and its parameters.
func (m RepeatSelect) String() string {
	return fmt.Sprintf("repeat and select(mean %v, shape %v, %d steps)", m.Mean, m.Shape, len(m.Run))
}

func (m RepeatSelect) model() (model, error) {
	var errs []error
	all, between, err := models(m.Run)
	errs = append(errs, err)
	for i, one := range all {
		if err == nil && (one.renyi == nil || one.slack > 0) {
			errs = append(errs, fmt.Errorf("step %d: %v has no Rényi divergence, or none without a δ",
				i+1, m.Run[i].Mechanism))
		}
	}
	if !(m.Mean >= 1) || math.IsInf(m.Mean, 1) {
		errs = append(errs, fmt.Errorf("mean is %v, want a finite number of at least 1", m.Mean))
	}
	if !(m.Shape >= 0) {
		errs = append(errs, fmt.Errorf("shape is %v, want at least 0", m.Shape))
	}
	if err := errors.Join(errs...); err != nil {
		return model{}, fmt.Errorf("repeat and select: %w", err)
	}
	return model{between: between, renyi: func(orders []float64) []float64 {
		run := make([]float64, len(orders))
		for i, one := range all {
			for j, d := range one.renyi(orders) {
				run[j] += float64(m.Run[i].Count) * up(d)
			}
		}
		if math.IsInf(m.Shape, 1) {
			return poissonRuns(orders, run, m.Mean)
		}
		return binomialRuns(orders, run, m.Mean, m.Shape)
	}}, nil
}

// binomialRuns is Theorem 2 of Papernot and Steinke: where one run has
// divergence D(α) at α, the best has at most, for any order β,
//
//	D(α) + (1+η)·(1-1/β)·D(β) - (1+η)·ln(γ)/β + ln(mean)/(α-1),
//
// the parameter γ being that of the mean. Divergences grow with the order, so
// that the bound of a higher order is one too.
func binomialRuns(orders, run []float64, mean, shape float64) []float64 {
	logGamma := logHalting(mean, shape)
	common := math.Inf(1)
	for j, b := range orders {
		common = min(common, (1-1/b)*run[j]-logGamma/b)
	}
	out := make([]float64, len(orders))
	for i, a := range orders {
		out[i] = run[i] + math.Log(mean)/(a-1) + (1+shape)*common
	}
	best := make([]float64, len(orders))
	for i, a := range orders {
		best[i] = out[i]
		for j, b := range orders {
			if b >= a {
				best[i] = min(best[i], out[j])
			}
		}
	}
	return best
}

// logHalting is ln γ of the truncated negative binomial distribution with the
// mean η·(1/γ - 1)/(1 - γ^η), whose limit for η = 0 is (1/γ - 1)/ln(1/γ); of all
// that are as good as the mean, the least (ibid., Definition 1).
func logHalting(mean, shape float64) float64 {
	if mean == 1 {
		return 0
	}
	return -least(func(g float64) bool { // g = -ln γ
		m := math.Expm1(g)
		switch {
		case shape == 0:
			m /= g
		case shape != 1:
			m *= shape / -math.Expm1(-shape*g)
		default:
			m++ // 1/γ
		}
		return m >= mean || math.IsNaN(m)
	})
}

// poissonRuns is Theorem 6: for order α, with δ that of one run for ε =
// ln(1 + 1/(α-1)),
//
//	D(α) + mean·δ + ln(mean)/(α-1).
func poissonRuns(orders, run []float64, mean float64) []float64 {
	one := &Renyi{orders: orders, divergence: run}
	out := make([]float64, len(orders))
	for i, a := range orders {
		delta, err := one.Delta(math.Log1p(1 / (a - 1)))
		if err != nil {
			delta = 1
		}
		out[i] = run[i] + mean*delta + math.Log(mean)/(a-1)
	}
	return out
}
