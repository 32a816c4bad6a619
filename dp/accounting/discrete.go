package accounting

import (
	"errors"
	"fmt"
	"math"
)

// maxAtoms bounds the outcomes of a discrete mechanism that are looked at.
const maxAtoms = 1 << 23

// DiscreteLaplace adds an integer x with probability proportional to
// e^(-|x|/Scale) to an integer that one person changes by at most Sensitivity.
// The zero value is refused.
type DiscreteLaplace struct {
	Scale       float64 `yaml:"scale"`
	Sensitivity int     `yaml:"sensitivity"`
}

// String names the mechanism and its parameters.
func (m DiscreteLaplace) String() string {
	return fmt.Sprintf("discrete laplace(scale %v, sensitivity %d)", m.Scale, m.Sensitivity)
}

func checkSensitivity(sensitivity int) error {
	if sensitivity < 1 || sensitivity > maxAtoms {
		return fmt.Errorf("sensitivity is %d, want 1 to %d", sensitivity, maxAtoms)
	}
	return nil
}

func (m DiscreteLaplace) model() (model, error) {
	err := errors.Join(checkPositive("scale", m.Scale), checkSensitivity(m.Sensitivity))
	if err == nil {
		err = checkPositive("1/scale", 1/m.Scale)
	}
	if err != nil {
		return model{}, fmt.Errorf("discrete laplace: %w", err)
	}
	// The loss at x is (|x| - |x-d|)/scale: constant up to 0, where an outcome
	// and all below have probability 1/(1+r), r = e^(-1/scale), and from d on.
	s, d := 1/m.Scale, m.Sensitivity
	r := math.Exp(-s)
	atoms := make([]atom, 0, d+1)
	near, far := 1/(1+r), math.Exp(-float64(d)*s)/(1+r)
	atoms = append(atoms, atom{-float64(d) * s, far, near})
	at0 := -math.Expm1(-s) / (1 + r) // the probability of no noise
	for x := 1; x < d; x++ {
		a, b := at0*math.Exp(-float64(d-x)*s), at0*math.Exp(-float64(x)*s)
		atoms = append(atoms, atom{float64(2*x-d) * s, a, b})
	}
	atoms = append(atoms, atom{float64(d) * s, near, far})
	return discrete(&base{symmetric: true, atoms: atoms}), nil
}

// Neighbors says how the two tables differ whose answers must look alike. The
// zero value is refused.
type Neighbors string

// The relations of neighbouring tables for a RandomizedResponse.
const (
	// Replace: the value of one person is another one.
	Replace Neighbors = "replace"
	// ReplaceSpecial: the value of one person is gone, and the answer that
	// stands in its place is drawn uniformly.
	ReplaceSpecial Neighbors = "replace special"
)

// RandomizedResponse answers with the true one of Categories values, or with
// probability Noise with one drawn uniformly from all of them (Warner 1965). The
// zero value is refused.
type RandomizedResponse struct {
	Noise      float64   `yaml:"noise"`
	Categories int       `yaml:"categories"`
	Neighbors  Neighbors `yaml:"neighbors"`
}

// String names the mechanism and its parameters.
func (m RandomizedResponse) String() string {
	return fmt.Sprintf("randomized response(noise %v, categories %d, neighbors %s)",
		m.Noise, m.Categories, m.Neighbors)
}

func (m RandomizedResponse) model() (model, error) {
	var errs []error
	if !(m.Noise > 0 && m.Noise <= 1) {
		errs = append(errs, fmt.Errorf("noise is %v, want it in (0, 1]", m.Noise))
	}
	if m.Categories < 2 {
		errs = append(errs, fmt.Errorf("categories is %d, want at least 2", m.Categories))
	}
	if m.Neighbors != Replace && m.Neighbors != ReplaceSpecial {
		errs = append(errs, fmt.Errorf("neighbors is %q, want %q or %q",
			m.Neighbors, Replace, ReplaceSpecial))
	}
	if err := errors.Join(errs...); err != nil {
		return model{}, fmt.Errorf("randomized response: %w", err)
	}
	k := float64(m.Categories)
	other := m.Noise / k
	truth := 1 - m.Noise + other
	if m.Neighbors == Replace {
		l := math.Log(truth / other)
		m := discrete(&base{symmetric: true, atoms: []atom{
			{-l, other, truth}, {0, (k - 2) * other, (k - 2) * other}, {l, truth, other}}})
		m.between = replacement
		return m, nil
	}
	return discrete(&base{atoms: []atom{
		{math.Log(m.Noise), (k - 1) * other, (k - 1) / k}, {math.Log(truth * k), truth, 1 / k}}}), nil
}

// discrete is a model of which all is known from the outcomes.
func discrete(b *base) model {
	return model{base: b, renyi: each(func(order float64) float64 { return b.renyi(1, order) })}
}
