package mechanism

import (
	"errors"
	"math"
)

// grid turns numbers into multiples of a step, which is a power of two.
type grid struct {
	lower, upper float64
	step         float64
	perUnit      float64 // 1/step
}

const (
	// fineBits is how fine a grid is if nothing stands against it: between
	// 2^fineBits and 2^(fineBits+1) steps in a sensitivity.
	fineBits = 30
	// coarseBits is how fine it has to be, so that what rounding costs is below
	// a thousandth.
	coarseBits = 10
	// rangeBits bounds the steps between zero and a bound, noiseBits those of a
	// noise's scale.
	rangeBits, noiseBits = 60, 50
	// maxExponent keeps a step and its inverse, and products with them, normal
	// numbers.
	maxExponent = 900
)

// newGrid chooses a step for numbers within bounds of which neighbours differ
// by at most sensitivity, and noise of about the scale given. All of them are
// finite, sensitivity and scale positive.
func newGrid(sensitivity, lower, upper, scale float64) (grid, error) {
	exponent := func(x float64) int {
		_, e := math.Frexp(x) // x < 2^e
		return e
	}
	least := exponent(sensitivity) - 1 // sensitivity >= 2^least
	e := max(least-fineBits,
		exponent(max(math.Abs(lower), math.Abs(upper)))-rangeBits,
		exponent(scale)-noiseBits)
	switch {
	case e > least-coarseBits:
		return grid{}, errors.New("the bounds or the noise are too large beside the sensitivity for " +
			"exact noise; narrow the bounds or raise epsilon")
	case e > maxExponent || e < -maxExponent:
		return grid{}, errors.New("the sensitivity is too large or too small for exact noise; " +
			"use another unit")
	}
	return grid{lower: lower, upper: upper, step: math.Ldexp(1, e), perUnit: math.Ldexp(1, -e)}, nil
}

// steps is the integer nearest to x in steps, x within the bounds, where what is
// not a number is the lower one. Its magnitude is at most 2^rangeBits.
//
// Clamping does not move numbers apart. Multiplying by a power of two is exact,
// or underflows to a number that rounds to zero as the exact one does. Rounding
// moves either of two numbers by at most one half, so that of numbers at most D
// apart, D in steps, the integers are at most D + 1 apart, and since they are
// integers at most floor(D) + 1.
func (g grid) steps(x float64) int64 {
	if math.IsNaN(x) {
		x = g.lower
	}
	x = max(g.lower, min(x, g.upper))
	return int64(math.RoundToEven(x * g.perUnit))
}

// inSteps is the sensitivity in steps, exactly: a power of two times it.
func (g grid) inSteps(sensitivity float64) float64 { return sensitivity * g.perUnit }

func (g grid) value(steps int64) float64 { return float64(steps) * g.step }
