package dp

import "math"

// correlation is Pearson's correlation of the six numbers of covarying, and what
// an error in each of them moves it by, times their rows, to first order.
type correlation struct {
	value    float64
	gradient []float64
}

// newCorrelation works with shares of the widths of the bounds, in which a
// correlation has no unit. With n rows, the means fx and fy, and the means of
// f(1-f) and h(1-h), the variance of f is fx - fx² - mean of f(1-f).
func newCorrelation(x []float64) correlation {
	n := total(x[:4])
	r := correlation{gradient: make([]float64, 6)}
	if n <= 0 {
		return r
	}
	fx, fy := (x[2]+x[3])/n, (x[1]+x[3])/n
	vx, vy := fx-fx*fx-x[4]/n, fy-fy*fy-x[5]/n
	c := covarianceShare(x)
	if vx <= 0 || vy <= 0 {
		for i := range r.gradient {
			r.gradient[i] = math.MaxFloat64 // any correlation is as likely
		}
		return r
	}
	root := math.Sqrt(vx * vy)
	r.value = max(-1, min(c/root, 1))
	// The derivatives of c, vx and vy by the numbers, times n; a row of "neither"
	// adds to n alone.
	dc := []float64{fx*fy - c, fx*fy - c - fx, fx*fy - c - fy, (1-fx)*(1-fy) - c, 0, 0}
	ax, ay := fx*fx-vx, fy*fy-vy
	dvx := []float64{ax, ax, ax + 1 - 2*fx, ax + 1 - 2*fx, -1, 0}
	dvy := []float64{ay, ay + 1 - 2*fy, ay, ay + 1 - 2*fy, 0, -1}
	for i := range r.gradient {
		r.gradient[i] = dc[i]/root - r.value/2*(dvx[i]/vx+dvy[i]/vy)
	}
	return r
}

// correlationIn bounds the correlation over a box of the six numbers, by bounds of
// the covariance and of both variances.
func correlationIn(b box) (least, most float64) {
	low, high := covarianceIn(b)
	low, high = low-rounding, high+rounding
	lowX, highX := deviations(b, 2, 4)
	lowY, highY := deviations(b, 1, 5)
	quotient := func(c, narrow, wide float64, outward bool) float64 {
		by := wide
		if outward {
			by = narrow
		}
		if by <= 0 {
			if c == 0 {
				return 0
			}
			return math.Copysign(1, c)
		}
		return c / by
	}
	least = quotient(low, lowX*lowY, highX*highY, low < 0)
	most = quotient(high, lowX*lowY, highX*highY, high > 0)
	return max(-1, min(least, 1)), max(-1, min(most, 1))
}

// deviations bounds the standard deviation of the variable that "both" and the
// number at one are of, whose mean of f(1-f) is at spread: the variance is
// m(1-m) less that mean.
func deviations(b box, one, spread int) (low, high float64) {
	mean := func(of, rest []float64) float64 { // least for low numbers of its own
		mine, others := of[one]+of[3], rest[0]+rest[3-one]
		if mine+others <= 0 {
			return math.NaN()
		}
		return mine / (mine + others)
	}
	from, to := mean(b.low, b.high), mean(b.high, b.low)
	most, least := total(b.high[:4]), total(b.low[:4])
	if from != from || to != to || least <= 0 {
		return 0, 0.5
	}
	parabola := func(m float64) float64 { return m * (1 - m) }
	top := max(parabola(from), parabola(to))
	if from <= 0.5 && to >= 0.5 {
		top = 0.25
	}
	bottom := min(parabola(from), parabola(to))
	low = bottom - b.high[spread]/least - rounding
	high = top - b.low[spread]/most + rounding
	return math.Sqrt(max(0, low)), math.Sqrt(max(0, min(high, 0.25)))
}
