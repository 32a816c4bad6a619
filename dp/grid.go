package dp

import (
	"errors"
	"math"
)

// grid turns numbers into integers: the number of steps between a value,
// clamped, and the middle of the bounds. The step is a power of two.
type grid struct {
	lower, upper float64
	middle       float64
	perUnit      float64 // steps in a unit: 1/step, a power of two
	most         int32   // the largest magnitude an integer can have
}

const (
	// gridBits is how fine a grid is: half the width of the bounds is at least
	// 2^(gridBits-1) and at most 2^gridBits steps. Rounding then moves a mean by
	// less than a thousand-millionth of the width, and 2^31 rows sum to at most
	// 2^61 steps, within the range in which noise is added exactly.
	gridBits = 30
	// maxEntries bounds the rows that are summed up, for that reason.
	maxEntries = 1 << 31
	// maxExponent keeps a step and its inverse normal numbers.
	maxExponent = 900
	// skip stands for a value that is not to be summed. No grid reaches it.
	skip = math.MinInt32
)

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func newGrid(lower, upper float64) (grid, error) {
	if err := checkBounds(lower, upper); err != nil {
		return grid{}, err
	}
	g := grid{lower: lower, upper: upper}
	// Halved first, so that the sum does not overflow; moved in, because
	// halving the smallest numbers rounds.
	g.middle = max(lower, min(lower/2+upper/2, upper))
	half := max(upper-g.middle, g.middle-lower)
	_, exponent := math.Frexp(half) // half is in [2^(exponent-1), 2^exponent)
	if exponent > maxExponent || exponent < -maxExponent {
		return grid{}, errors.New("lower and upper are too far apart or too close")
	}
	g.perUnit = math.Ldexp(1, gridBits-exponent)
	g.most = max(g.steps(upper), -g.steps(lower))
	return g, nil
}

// steps is the integer for x, or skip where x is not a number.
//
// Its magnitude is at most g.most. Clamping, subtracting the middle in floating
// point, multiplying by a power of two and rounding to an integer are each
// monotone in x, so that steps lies between its values at lower and at upper,
// of which g.most is the larger magnitude. That holds whatever the rounding
// errors are, which is why most is measured and not derived. The bound of
// 2^gridBits keeps it in range of an int32: half is below 2^exponent.
func (g *grid) steps(x float64) int32 {
	if x != x {
		return skip
	}
	x = max(g.lower, min(x, g.upper))
	return int32(math.RoundToEven((x - g.middle) * g.perUnit))
}

// value is the number at a possibly fractional number of steps, within the
// bounds.
func (g *grid) value(steps float64) float64 {
	return max(g.lower, min(g.middle+steps/g.perUnit, g.upper))
}
