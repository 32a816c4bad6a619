package accounting

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// part is a loss distribution that is composed count times.
type part struct {
	*pmf
	count int
}

const (
	// cutOff is the logarithm of the mass above the window of a composition,
	// which then counts as infinite loss: 1.5e-18.
	cutOff = -41.0
	// tilted is by how much, as a logarithm, the tilt enlarges a composition: the
	// losses around which rounding errors are least are about that unlikely.
	tilted = 1.5
)

// convolve composes distributions by multiplying their Fourier transforms.
//
// Each is multiplied first by e^(θ·loss) and normalized, and this is undone at
// the end, which moves the mass towards the losses that δ depends on: the error
// of a transform is relative to the largest values, and there they are. (The
// exponential tilt of Cramér; losses stay on the grid.)
//
// The transform is circular over a window. Mass above the window is paid for as
// infinite loss, by Chernoff's bound; mass from outside that comes round only
// adds to what is there. Mass below is put on the lowest loss. Rounding errors of
// the transforms are bounded by roundingError and added, so that the result is
// stochastically larger than the loss.
func convolve(parts []part) (*pmf, error) {
	if len(parts) == 1 && parts[0].count == 1 {
		return parts[0].pmf, nil
	}
	w, err := newWindow(parts)
	if err != nil {
		return nil, err
	}
	y := w.transform(parts)
	out := &pmf{interval: w.h, first: w.low, p: y, inf: w.inf}
	scale := 1 / float64(len(y))
	square := 0.0
	for _, v := range y {
		square += v * v
	}
	noise := w.roundingError() * math.Sqrt(square*scale)
	// From the top down, until all that is not infinite has found its place.
	left := 1 - out.inf
	for i := len(y) - 1; i >= 0; i-- {
		v := 0.0
		if left > 0 {
			v = (max(0, y[i]) + noise) * scale
			v = min(left, v*math.Exp(w.cumulant-w.theta*out.loss(i)))
			left -= v
		}
		y[i] = v
	}
	y[0] += max(0, left)
	out.trim()
	return out, nil
}

// window is the losses low..low+n-1, in intervals, of a composition.
type window struct {
	h        float64
	parts    []part
	origin   int // the sum of the least losses
	low, n   int
	theta    float64
	cumulant float64 // at theta
	inf      float64
}

func newWindow(parts []part) (*window, error) {
	w := &window{h: parts[0].interval, parts: parts}
	finite, length, size := 0.0, 1, 0.0
	for _, p := range parts {
		size += float64(p.count) * (math.Abs(float64(p.first)) + float64(len(p.p)))
	}
	if size > 1<<61 {
		return nil, errors.New("losses add up to more than can be counted; enlarge the interval")
	}
	for _, p := range parts {
		w.origin += p.count * p.first
		length += p.count * (len(p.p) - 1)
		finite += float64(p.count) * math.Log1p(-p.inf)
	}
	span := float64(length) * w.h
	least, most := math.Log(0.1/span), math.Log(60/w.h)
	w.chooseTilt(least, most)
	// Chernoff: P(loss >= x) <= e^(K(t)-tx).
	low := -minimize(least, most, func(t float64) float64 { return (w.log(-t) - cutOff) / t })
	w.low = max(w.origin, int(math.Floor(low/w.h)))
	if w.low == w.origin {
		low = float64(w.low) * w.h
	}
	high := minimize(least, most, func(t float64) float64 { return (w.log(t) - cutOff) / t })
	for range 20 {
		// A long upper tail asks for a smaller tilt.
		if top := w.alias(low, most); top-low > 1.3*(high-low) {
			w.theta /= 1.5
			continue
		} else if top > high {
			high = top
		}
		break
	}
	w.cumulant = w.log(w.theta)
	if last := w.origin + length - 1; high/w.h < float64(last) {
		if points := high/w.h - float64(w.low); !(points < maxPoints) {
			return nil, tooLong(points, w.h)
		}
		w.n = int(math.Ceil(high/w.h)) - w.low + 1
		finite += math.Log1p(-math.Exp(cutOff))
	} else {
		w.n = last - w.low + 1
	}
	w.inf = -math.Expm1(finite)
	if w.n > maxPoints {
		return nil, tooLong(float64(w.n), w.h)
	}
	w.n = smooth(max(w.n, 2))
	return w, nil
}

func tooLong(points, h float64) error {
	return fmt.Errorf("composition needs %.3g points of interval %v, more than %d; "+
		"enlarge the interval", points, h, maxPoints)
}

// alias is the upper end of a window from low on that is long enough for what
// comes round. What is then at c or above was at c plus the length of the
// window, and e^(θ·length) times as much is left when the tilt is undone. It is
// bounded at all losses, and more so at positive ones.
func (w *window) alias(low, most float64) float64 {
	bound := func(c, logMass float64) float64 {
		return low + minimize(math.Log(w.theta), most, func(t float64) float64 {
			return (w.log(t) - logMass - t*c) / (t - w.theta)
		})
	}
	return max(bound(low, -18), bound(max(low, 0), -39))
}

// chooseTilt finds θ with K(θ) - K(0) - θK'(0) = tilted. For a normal loss the
// tilt then makes typical what is 2 standard deviations above the mean.
func (w *window) chooseTilt(low, high float64) {
	mean, finite := 0.0, w.log(0)
	for _, p := range w.parts {
		mean += float64(p.count) * p.mean()
	}
	for range 16 {
		middle := (low + high) / 2
		if t := math.Exp(middle); w.log(t)-finite-t*mean < tilted {
			low = middle
		} else {
			high = middle
		}
	}
	w.theta = math.Exp(low)
}

// mean is that of the finite losses.
func (d *pmf) mean() float64 {
	sum, mass := 0.0, 0.0
	for i, p := range d.p {
		sum += p * float64(i)
		mass += p
	}
	return d.loss(0) + sum/mass*d.interval
}

// log is K(t), the logarithm of the mean of e^(t·loss) over finite losses.
func (w *window) log(t float64) float64 {
	sum := 0.0
	for _, p := range w.parts {
		sum += float64(p.count) * p.cumulant(t)
	}
	return sum
}

// cumulant sums p(l)·e^(t·l) by Horner's rule, from the largest factor's side.
func (d *pmf) cumulant(t float64) float64 {
	r, sum := math.Exp(-math.Abs(t)*d.interval), 0.0
	if t < 0 {
		for i := len(d.p) - 1; i >= 0; i-- {
			sum = sum*r + d.p[i]
		}
		return math.Log(sum) + t*d.loss(0)
	}
	for _, p := range d.p {
		sum = sum*r + p
	}
	return math.Log(sum) + t*d.loss(len(d.p)-1)
}

// minimize is the least value of a quasi-convex function of e^x, by golden
// sections of x.
func minimize(low, high float64, f func(t float64) float64) float64 {
	const golden = 0.6180339887498949
	x1, x2 := high-golden*(high-low), low+golden*(high-low)
	f1, f2 := f(math.Exp(x1)), f(math.Exp(x2))
	best := min(f1, f2)
	for high-low > 0.04 {
		if f1 <= f2 {
			high, x2, f2 = x2, x1, f1
			x1 = high - golden*(high-low)
			f1 = f(math.Exp(x1))
		} else {
			low, x1, f1 = x1, x2, f2
			x2 = low + golden*(high-low)
			f2 = f(math.Exp(x2))
		}
		best = min(best, f1, f2)
	}
	return best
}

// smooth is the least number from n on without prime factors above 5, and even, that
// the transform has room for.
func smooth(n int) int {
	best := math.MaxInt
	for five, fives := 1, 0; five < 2*n; five, fives = five*5, fives+1 {
		for three, threes := five, fives; three < 2*n; three, threes = three*3, threes+1 {
			for two, twos := 2*three, 1; ; two, twos = two*2, twos+1 {
				if two >= n {
					if threes+(twos+1)/2 <= maxFactors {
						best = min(best, two)
					}
					break
				}
			}
		}
	}
	return best
}

// maxFactors is how many factors, of 2, 3, 4 and 5, the transform of gonum keeps.
const maxFactors = 13

// transform is the tilted composition times the length of the window.
func (w *window) transform(parts []part) []float64 {
	fft := fourier.NewFFT(w.n)
	half := w.n/2 + 1
	logs, phases := make([]float64, half), make([]float64, half)
	x, coeff := make([]float64, w.n), make([]complex128, half)
	for _, p := range parts {
		clear(x)
		k, at := p.cumulant(w.theta), 0
		for i, v := range p.p {
			if v > 0 {
				x[at] += v * math.Exp(w.theta*p.loss(i)-k)
			}
			if at++; at == w.n {
				at = 0
			}
		}
		fft.Coefficients(coeff, x)
		count := float64(p.count)
		for i, c := range coeff {
			re, im := real(c), imag(c)
			logs[i] += count / 2 * math.Log(re*re+im*im)
			if logs[i] > -100 {
				phases[i] += math.Mod(count*math.Atan2(im, re), 2*math.Pi)
			}
		}
	}
	for i := range coeff {
		if logs[i] <= -100 { // far below any rounding error
			coeff[i] = 0
			continue
		}
		sin, cos := math.Sincos(phases[i])
		r := math.Exp(logs[i])
		coeff[i] = complex(r*cos, r*sin)
	}
	fft.Sequence(x, coeff)
	return w.turn(x)
}

// turn moves the result, which begins at the origin, to begin at low.
func (w *window) turn(x []float64) []float64 {
	shift := (w.low - w.origin) % w.n
	y := make([]float64, w.n)
	copy(y, x[shift:])
	copy(y[w.n-shift:], x[:shift])
	return y
}

// roundingError bounds the error of the transforms relative to their norm: a few
// units in the last place for each of the log2(n) stages of a transform, and of
// a power for each of its factors.
func (w *window) roundingError() float64 {
	count := 0.0
	for _, p := range w.parts {
		count += float64(p.count)
	}
	return (4*count + 16*math.Log2(float64(w.n))) * 0x1p-53
}
