package dp

import "math"

// square divides a row between three numbers that are not negative and whose sum
// is width: with f = a/width they are width times (1-f)², 2f(1-f) and f², but for
// rounding down. They are the Bernstein polynomials of degree 2, whose sum is 1.
func square(a, width int64) (zero, one, two int64) {
	b := width - a
	zero, two = b*b/width, a*a/width
	// a² + b² <= width², so that rounding down leaves no less than nothing.
	return zero, width - zero - two, two
}

// product divides a row between four numbers that are not negative and whose sum
// is width: with f = a/width and h = b/other they are width times (1-f)(1-h),
// (1-f)h, f(1-h) and f·h, but for rounding.
func product(a, width, b, other int64) (neither, second, first, both int64) {
	both = a * b / other
	second = (width - a) * b / other
	return width - a - second, second, a - both, both
}

// box is what is known of numbers that are not negative: each lies between low
// and high.
type box struct{ low, high []float64 }

// around is the box of the numbers of which the noisy ones are given, with a
// probability of at least 1-miss.
func around(noisy []float64, n noise) box {
	tail := float64(n.Tail(miss / float64(len(noisy))))
	b := box{make([]float64, len(noisy)), make([]float64, len(noisy))}
	for i, x := range noisy {
		b.low[i], b.high[i] = max(0, x-tail), max(0, x+tail)
	}
	return b
}

// rowsOf is the noisy number of rows of group g, of which each adds width to the
// cells.
func rowsOf(cells [][]int64, g int, width float64) int64 {
	sum := 0.0
	for _, numbers := range cells {
		sum += float64(numbers[g])
	}
	return int64(math.Round(sum / width))
}

// at lists the numbers of group g, none below zero.
func at(cells [][]int64, g int) []float64 {
	out := make([]float64, len(cells))
	for i := range cells {
		out[i] = max(0, float64(cells[i][g]))
	}
	return out
}

func total(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum
}

// varianceShare is the variance of f, as a share of the squared width of the
// bounds, for the three numbers of square. With n their sum, the mean of f is
// (one/2 + two)/n and that of f² is two/n, so that the variance is
// (zero·two - one²/4)/n².
func varianceShare(zero, one, two float64) float64 {
	n := zero + one + two
	if n <= 0 {
		return 0
	}
	return (zero/n)*(two/n) - (one/n)*(one/n)/4
}

// varianceIn bounds varianceShare over a box.
//
// Its derivative by one has the sign of m² - m - V, where m is the mean and V the
// variance; as V = p - m² with p = two/n, that is 2m² - m - p, convex in m and not
// positive at the ends of the range of m, p and (1+p)/2. So it falls with one.
// Its derivative by zero has the sign of two·(one + two - zero) + one²/2, which
// falls with zero: it rises and then falls, so that it is least at an end. For
// two it is the same. Both derivatives are zero together only for one = 0, on a
// line of equal values that meets an edge. So the largest value is on an edge,
// where zero, say, is at an end, and there at an end or where the derivative by
// the other is zero: two = zero + one + one²/(2·zero).
func varianceIn(b box) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, zero := range []float64{b.low[0], b.high[0]} {
		for _, two := range []float64{b.low[2], b.high[2]} {
			least = min(least, varianceShare(zero, b.high[1], two))
		}
	}
	one := b.low[1]
	edge := func(fixed, low, high float64) {
		best := high
		if fixed > 0 {
			best = max(low, min(fixed+one+one*one/(2*fixed), high))
		}
		for _, x := range []float64{low, best, high} {
			most = max(most, varianceShare(fixed, one, x))
		}
	}
	edge(b.low[0], b.low[2], b.high[2])
	edge(b.high[0], b.low[2], b.high[2])
	edge(b.low[2], b.low[0], b.high[0])
	edge(b.high[2], b.low[0], b.high[0])
	return max(0, min(least, 0.25)), max(0, min(most, 0.25))
}

// covarianceShare is the covariance of f and h, as a share of the product of both
// widths, for the four numbers of product: (neither·both - second·first)/n².
func covarianceShare(x []float64) float64 {
	n := total(x[:4])
	if n <= 0 {
		return 0
	}
	return (x[0]/n)*(x[3]/n) - (x[1]/n)*(x[2]/n)
}

// covarianceIn bounds covarianceShare over a box by bounding each of the four
// numbers' shares of their sum, which rise with the number and fall with the
// others.
func covarianceIn(b box) (least, most float64) {
	share := func(i int) (low, high float64) {
		quotient := func(x, rest float64) float64 {
			if x+rest <= 0 {
				return 0
			}
			return x / (x + rest)
		}
		low = quotient(b.low[i], total(b.high[:4])-b.high[i])
		high = quotient(b.high[i], total(b.low[:4])-b.low[i])
		if total(b.low[:4])-b.low[i] <= 0 {
			high = 1
		}
		return low, high
	}
	var low, high [4]float64
	for i := range low {
		low[i], high[i] = share(i)
	}
	least = low[0]*low[3] - high[1]*high[2]
	most = high[0]*high[3] - low[1]*low[2]
	return max(-0.25, least), min(most, 0.25)
}
