package accounting

import (
	"errors"
	"fmt"
	"math"
)

// Laplace adds noise with density e^(-|x|/Scale)/(2·Scale) to a number that one
// person changes by at most Sensitivity. It is a Curve whose values are exact:
//
//	δ(ε) = max(0, 1 - e^((ε - Sensitivity/Scale)/2)).
//
// For a vector, on whose numbers independent noise is added, Sensitivity in L1
// bounds ε by Sensitivity/Scale but not this curve: account for it as
// EpsilonDelta, or for each number as a step.
type Laplace struct {
	Scale       float64 `yaml:"scale"`
	Sensitivity float64 `yaml:"sensitivity"`
}

// String names the mechanism and its parameters.
func (m Laplace) String() string {
	return fmt.Sprintf("laplace(scale %v, sensitivity %v)", m.Scale, m.Sensitivity)
}

func (m Laplace) check() error {
	err := errors.Join(checkPositive("scale", m.Scale), checkPositive("sensitivity", m.Sensitivity))
	if err == nil {
		err = checkPositive("sensitivity/scale", m.Sensitivity/m.Scale)
	}
	return err
}

// Delta is the δ that holds with epsilon, which must be at least 0.
func (m Laplace) Delta(epsilon float64) (float64, error) {
	if err := mistakes(m.check(), checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	return up(max(0, -math.Expm1((epsilon-m.Sensitivity/m.Scale)/2))), nil
}

// Epsilon is the least ε that holds with delta, which must lie in [0, 1).
func (m Laplace) Epsilon(delta float64) (float64, error) {
	err := m.check()
	if !(delta >= 0 && delta < 1) {
		err = errors.Join(err, fmt.Errorf("delta is %v, want it in [0, 1)", delta))
	}
	if err != nil {
		return 0, mistakes(err)
	}
	return max(0, up(m.Sensitivity/m.Scale)+2*math.Log1p(-delta)), nil
}

func (m Laplace) model() (model, error) {
	if err := m.check(); err != nil {
		return model{}, fmt.Errorf("laplace: %w", err)
	}
	return laplaceModel(m.Sensitivity / m.Scale), nil
}

// laplaceModel is that of Laplace noise of scale 1 for a number that one person
// changes by at most s.
func laplaceModel(s float64) model {
	return model{base: laplaceBase(s), renyi: each(func(a float64) float64 {
		// Mironov 2017, Proposition 6, less 1 within the logarithm. The terms of
		// first order cancel, so that small s lose digits and not all of them.
		if (a-1)*s > 500 {
			return min(s, s+math.Log(a/(2*a-1)+(a-1)/(2*a-1)*math.Exp(-(2*a-1)*s))/(a-1))
		}
		more := a*math.Expm1((a-1)*s) + (a-1)*math.Expm1(-a*s)
		return math.Log1p(more/(2*a-1)) / (a - 1)
	})}
}

// laplaceBase is the pair of Laplace distributions of scale 1 around s and 0.
// Their loss is |x| - |x-s|: -s below 0, s above s, and 2x - s between.
func laplaceBase(s float64) *base {
	far := math.Exp(-s) / 2
	return &base{
		symmetric: true,
		atoms:     []atom{{-s, far, 0.5}, {s, 0.5, far}},
		lower:     -s,
		upper:     s,
		tails: func(l float64) (a, b tail) {
			x := max(0, min(l/2+s/2, s))
			y := s - x
			b = tail{-math.Expm1(-x) / 2, -math.Exp(-x) * math.Expm1(-y) / 2}
			a = tail{-math.Exp(-y) * math.Expm1(-x) / 2, -math.Expm1(-y) / 2}
			return a, b
		},
	}
}
