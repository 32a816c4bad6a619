package accounting

import (
	"errors"
	"fmt"
	"math"
)

// LeastNoise is the smallest noise, to a millionth of it, whose Curve gives the
// target, whose Epsilon and Delta must be positive. The curve's ε must not grow
// with the noise; noise that is larger never fails the target, as noise that is
// returned was tried and did not. An error of curve ends the search, except that
// noise so small that it has none is taken as too small.
//
//	sigma, err := accounting.LeastNoise(target, func(s float64) (accounting.Curve, error) {
//		return accounting.NewLossDistribution(1e-4,
//			accounting.Step{Mechanism: accounting.Gaussian{Sigma: s, Sensitivity: 1}, Count: 50})
//	})
func LeastNoise(target EpsilonDelta, curve func(noise float64) (Curve, error)) (float64, error) {
	var err error
	if curve == nil {
		err = errors.New("no curve")
	}
	err = mistakes(err, checkPositive("epsilon", target.Epsilon), checkDelta(target.Delta))
	if err != nil {
		return 0, err
	}
	var last error
	// excess is ln(ε/target), positive where there is too little noise.
	excess := func(logNoise float64) float64 {
		c, err := curve(math.Exp(logNoise))
		if err != nil {
			last = err
			return math.Inf(1)
		}
		e, err := c.Epsilon(target.Delta)
		if last = err; err != nil {
			return math.Inf(1)
		}
		return math.Max(-50, math.Log(e/target.Epsilon))
	}
	// A first guess: ε is roughly inversely proportional to noise.
	low, high, found := math.Inf(-1), math.Inf(1), false
	fLow, fHigh := math.Inf(1), math.Inf(-1)
	x := 0.0
	for range 100 {
		f := excess(x)
		if f > 0 {
			low, fLow = x, f
		} else {
			high, fHigh, found = x, f, true
		}
		if found && !math.IsInf(low, -1) {
			break
		}
		step := min(4, max(0.2, 1.1*math.Abs(f)))
		if f > 0 {
			x += step
		} else {
			x -= step
		}
		if math.Abs(x) > 200 {
			break
		}
	}
	if !found {
		return 0, errors.Join(fmt.Errorf("accounting: no noise reaches epsilon %v with delta %v",
			target.Epsilon, target.Delta), last)
	}
	return math.Exp(root(low, fLow, high, fHigh, 1e-6, excess)), nil
}

// root narrows an interval in which a falling function changes its sign to the
// given width by false position in the manner of Illinois, and returns its upper
// end, where the function is not positive.
func root(low, fLow, high, fHigh, width float64, f func(x float64) float64) float64 {
	side := 0
	for range 100 {
		if math.IsInf(low, -1) || high-low <= width {
			break
		}
		x := low + (high-low)/2
		if !math.IsInf(fLow, 1) && fHigh > -40 {
			x = (low*fHigh - high*fLow) / (fHigh - fLow)
			x = max(low+0.4*width, min(x, high-0.4*width))
		}
		switch y := f(x); {
		case y > 0:
			low, fLow = x, y
			if side == -1 {
				fHigh /= 2
			}
			side = -1
		default:
			high, fHigh = x, y
			if side == 1 {
				fLow /= 2
			}
			side = 1
		}
	}
	return high
}
