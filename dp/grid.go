package dp

import (
	"errors"
	"fmt"
	"math"
)

// grid turns numbers into integers: the number of steps between a value,
// clamped, and an origin. The step is a power of two.
type grid struct {
	lower, upper float64
	origin       float64
	perUnit      float64 // steps in a unit: 1/step, a power of two
	low, high    int32   // the least and the largest integer
	whole        bool    // the column is of an integer type
}

const (
	// gridBits is how fine a grid is: the distance from the origin to the bound
	// farther away is at least 2^(gridBits-1) and at most 2^gridBits steps.
	// Rounding then moves a mean by less than a thousand-millionth of the width,
	// and 2^31 rows of at most 2^30 steps, the width of the bounds, sum to at
	// most 2^61, within the range in which noise is added exactly.
	gridBits = 29
	// maxEntries bounds the rows that are summed up, for that reason.
	maxEntries = 1 << 31
	// maxExponent keeps a step and its inverse normal numbers.
	maxExponent = 900
	// skip stands for a value that is not to be summed. No grid reaches it.
	skip = math.MinInt32
)

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func checkBounds(lower, upper float64) error {
	if !(lower < upper) || !finite(lower) || !finite(upper) {
		return fmt.Errorf("lower is %v and upper %v, want finite numbers, lower below upper",
			lower, upper)
	}
	return nil
}

// centered is a grid with its origin in the middle of the bounds.
func centered(lower, upper float64) (grid, error) {
	// Halved first, so that the sum does not overflow; moved in, because
	// halving the smallest numbers rounds.
	return newGrid(lower, upper, max(lower, min(lower/2+upper/2, upper)))
}

// fromZero is a grid with its origin at zero, for sums.
func fromZero(lower, upper float64) (grid, error) { return newGrid(lower, upper, 0) }

func newGrid(lower, upper, origin float64) (grid, error) {
	if err := checkBounds(lower, upper); err != nil {
		return grid{}, err
	}
	g := grid{lower: lower, upper: upper, origin: origin}
	farthest := max(math.Abs(upper-origin), math.Abs(origin-lower))
	_, exponent := math.Frexp(farthest) // farthest is in [2^(exponent-1), 2^exponent)
	if exponent > maxExponent || exponent < -maxExponent {
		return grid{}, errors.New("lower and upper are too far apart or too close")
	}
	g.perUnit = math.Ldexp(1, gridBits-exponent)
	g.low, g.high = g.steps(lower), g.steps(upper)
	return g, nil
}

// steps is the integer for x, or skip where x is not a number.
//
// It lies between low and high. Clamping, subtracting the origin in floating
// point, multiplying by a power of two and rounding to an integer are each
// monotone in x, so that steps lies between its values at lower and at upper.
// That holds whatever the rounding errors are, which is why low and high are
// measured and not derived. The bound of 2^gridBits keeps both in range of an
// int32: the farthest bound is below 2^exponent.
func (g *grid) steps(x float64) int32 {
	if x != x {
		return skip
	}
	x = max(g.lower, min(x, g.upper))
	return int32(math.RoundToEven((x - g.origin) * g.perUnit))
}

// most is the largest magnitude of an integer, and width the distance of the
// bounds in steps.
func (g *grid) most() int64  { return max(int64(g.high), -int64(g.low)) }
func (g *grid) width() int64 { return int64(g.high) - int64(g.low) }

// value is the number at a share of the way from the lower bound to the upper
// one, within the bounds.
func (g *grid) value(share float64) float64 {
	return g.clamp(g.lower + share*g.span())
}

// span is the width in the unit of the values.
func (g *grid) span() float64 { return float64(g.width()) / g.perUnit }

func (g *grid) clamp(x float64) float64 { return max(g.lower, min(x, g.upper)) }
