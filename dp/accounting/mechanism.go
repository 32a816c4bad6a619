package accounting

import (
	"errors"
	"fmt"
	"math"
)

// Mechanism is one release of something private: a Gaussian, Laplace,
// DiscreteGaussian, DiscreteLaplace, RandomizedResponse, EpsilonDelta, ZCDP,
// GaussianDP, GaussianMixture, Exponential or PermuteAndFlip, one of them Sampled
// or FixedSample or TruncatedSample, or the best of several runs, RepeatSelect.
// The set is closed, because what is claimed of a mechanism has to be proved
// here.
type Mechanism interface {
	// String names the mechanism and its parameters.
	fmt.Stringer

	// model validates the parameters and is what is known of the privacy loss.
	model() (model, error)
}

// Step is a mechanism that is run Count times, each time with fresh noise. The
// mechanisms and their inputs may be chosen after seeing earlier results, the
// parameters may not. The zero value is refused.
type Step struct {
	Mechanism Mechanism
	Count     int
}

// Curve is a privacy guarantee in all its (ε, δ) at once.
type Curve interface {
	// Epsilon is an upper bound of the ε that holds with the given δ; it is
	// +Inf where none is known.
	Epsilon(delta float64) (float64, error)
	// Delta is an upper bound of the δ that holds with the given ε.
	Delta(epsilon float64) (float64, error)
}

// model is what is known of the privacy loss of a mechanism.
type model struct {
	// base has the pairs that dominate the mechanism, nil if none is known.
	base *base
	// renyi bounds the Rényi divergence at each of some orders above 1, nil if no
	// bound is known; it holds but for probability slack.
	renyi func(orders []float64) []float64
	slack float64
	// between says which tables are neighbours, where that matters.
	between relation
}

// each is a bound that looks at one order at a time.
func each(renyi func(order float64) float64) func(orders []float64) []float64 {
	return func(orders []float64) []float64 {
		out := make([]float64, len(orders))
		for i, a := range orders {
			out[i] = renyi(a)
		}
		return out
	}
}

// relation says which tables are neighbours. What is proved for one relation
// does not compose with what is proved for another.
type relation int

const (
	anyRelation relation = iota // a sensitivity says it
	presence                    // one person more or less
	replacement                 // another person in the place of one
)

// with is the relation of both together, or an error where there is none.
func (r relation) with(other relation) (relation, error) {
	switch {
	case r == anyRelation:
		return other, nil
	case other == anyRelation || other == r:
		return r, nil
	}
	return r, errors.New("samples by a rate compare tables with a person and without, samples of " +
		"a size and answers that replace a value tables of equally many people; " +
		"no bound is known for both together")
}

// models validates all steps and returns their models and common relation.
func models(steps []Step) (all []model, between relation, err error) {
	if len(steps) == 0 {
		return nil, between, errors.New("no step")
	}
	var errs []error
	all = make([]model, len(steps))
	for i, s := range steps {
		var err error
		if s.Mechanism == nil {
			err = errors.New("no mechanism")
		} else {
			all[i], err = s.Mechanism.model()
		}
		if s.Count < 1 || s.Count > maxCount {
			err = errors.Join(err, fmt.Errorf("count is %d, want 1 to %d", s.Count, maxCount))
		}
		if err == nil {
			between, err = between.with(all[i].between)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("step %d: %w", i+1, err))
		}
	}
	return all, between, errors.Join(errs...)
}

// maxCount bounds how often a mechanism is run: rounding errors grow with it.
const maxCount = 1_000_000_000

// mistakes joins errors, each of which may be nil, under the package's name.
func mistakes(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("accounting: %w", err)
	}
	return nil
}

func checkPositive(name string, x float64) error {
	if !(x > 0) || math.IsInf(x, 1) {
		return fmt.Errorf("%s is %v, want a positive finite number", name, x)
	}
	return nil
}

func checkEpsilon(epsilon float64) error {
	if !(epsilon >= 0) || math.IsInf(epsilon, 1) {
		return fmt.Errorf("epsilon is %v, want a finite number of at least 0", epsilon)
	}
	return nil
}

func checkDelta(delta float64) error {
	if !(delta > 0 && delta < 1) {
		return fmt.Errorf("delta is %v, want it between 0 and 1", delta)
	}
	return nil
}

// up moves a result by more than the error with which closed forms are
// evaluated, so that it remains an upper bound.
func up(x float64) float64 { return x * (1 + 1e-13) }

// least is the smallest x, to the last bits, at which holds is true. holds is
// monotone and false at 0; the result is never on the wrong side.
func least(holds func(x float64) bool) float64 {
	low, high := 0.0, 1.0
	for !holds(high) {
		if low, high = high, 2*high; math.IsInf(high, 1) {
			return high
		}
	}
	for range 1200 {
		middle := low + (high-low)/2
		if middle <= low || middle >= high || high-low < 1e-15*high {
			break
		}
		if holds(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
