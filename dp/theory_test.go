package dp

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate/quad"
)

// What follows is how far answers are off in theory, worked out apart from the code
// that gives them. t is the scale of the discrete Laplace noise throughout.

// offBy is the mean absolute value of the noise: with q = exp(-1/t) the sum over k of
// |k|·q^|k|·(1-q)/(1+q), 2q/(1-q²).
func offBy(t float64) float64 { return 1 / math.Sinh(1/t) }

// meanOffBy is the mean absolute error of the share a = A/(A+B), of which the noisy
// (A+X)/(A+X+B+Y) is given: the integral of the probabilities that the error is above
// e and below -e. It is above e where (1-a-e)·X - (a+e)·Y is more than (a+e)·B -
// (1-a-e)·A, with X and Y as good as continuous. Without noise there is much more than
// one row.
func meanOffBy(above, below, t float64) float64 {
	side := func(a, above, below float64) float64 {
		most := min(1-a, 60*t/(above+below))
		return quad.Fixed(func(e float64) float64 {
			return beyond(1-a-e, a+e, ((a+e)*below-(1-a-e)*above)/t)
		}, 0, most, 400, quad.Legendre{}, 0)
	}
	a := above / (above + below)
	return side(a, above, below) + side(1-a, below, above)
}

// beyond is the probability that a·X + b·Y is above z, for Laplace noise of scale 1,
// and positive numbers: by partial fractions of the characteristic function
// 1/((1+a²u²)(1+b²u²)).
func beyond(a, b, z float64) float64 {
	if math.Abs(a-b) < 1e-6 {
		return math.Exp(-z/a) * (2 + z/a) / 4
	}
	return (a*a*math.Exp(-z/a) - b*b*math.Exp(-z/b)) / (2 * (a*a - b*b))
}

// stated is the mechanism of Quantiles as its documentation states it, in floating
// point and with noise of its own.
type stated struct {
	fan, levels int
	before      []float64 // by leaf: rows in the leaves before it; and all rows
	t           float64
	rng         *rand.Rand
	value       func(place float64) float64
}

// noisy is a number with noise: the difference of two geometric ones.
func (s *stated) noisy(x float64) float64 {
	return x + math.Floor(s.rng.ExpFloat64()*s.t) - math.Floor(s.rng.ExpFloat64()*s.t)
}

// draw gives quantiles of one noisy tree.
func (s *stated) draw(ranks []float64) []float64 {
	leaves := len(s.before) - 1
	nodes := map[[2]int][]float64{}
	children := func(from, span int) []float64 {
		c, ok := nodes[[2]int{from, span}]
		if !ok {
			for at := from; at < min(from+span, leaves); at += span / s.fan {
				end := min(at+span/s.fan, leaves)
				c = append(c, s.noisy(s.before[end]-s.before[at]))
			}
			nodes[[2]int{from, span}] = c
		}
		return c
	}
	all := 1
	for range s.levels {
		all *= s.fan
	}
	out := make([]float64, len(ranks))
	for i, rank := range ranks {
		from, span, sum := 0, all, 0.0
		for _, n := range children(0, all) {
			sum += n
		}
		for span > 1 && sum > s.t {
			c := nearest(children(from, span), sum)
			rest, at := rank*sum, 0
			for k := range c {
				if c[k] > 0 {
					at = k
					if rest <= c[k] {
						break
					}
					rest -= c[k]
				}
			}
			rank, sum = max(0, min(rest/c[at], 1)), c[at]
			span /= s.fan
			from += at * span
		}
		out[i] = s.value(float64(from) + rank*float64(min(span, leaves-from)))
	}
	return out
}

// nearest are the numbers nearest to those given that are not negative and have the
// given sum: as long as some would be negative they are zero, and the others share
// what is missing (Michelot 1986, A finite algorithm for finding the projection of a
// point onto the canonical simplex of Rⁿ, JOTA 50, 195-200).
func nearest(numbers []float64, sum float64) []float64 {
	zero := make([]bool, len(numbers))
	for {
		total, n, more := 0.0, 0, false
		for i, x := range numbers {
			if !zero[i] {
				total, n = total+x, n+1
			}
		}
		less := (total - sum) / float64(n)
		out := make([]float64, len(numbers))
		for i, x := range numbers {
			if zero[i] {
				continue
			}
			if x < less {
				zero[i], more = true, true
			}
			out[i] = x - less
		}
		if !more {
			return out
		}
	}
}

// offBy is the mean absolute error of each quantile over a number of draws, and the
// standard error of the mean over all ranks.
func (s *stated) offBy(ranks, truth []float64, draws int) (each []float64, standard float64) {
	each = make([]float64, len(ranks))
	squares, sums := 0.0, 0.0
	for range draws {
		sum := 0.0
		for i, x := range s.draw(ranks) {
			off := math.Abs(x - truth[i])
			each[i] += off / float64(draws)
			sum += off / float64(len(ranks))
		}
		sums, squares = sums+sum, squares+sum*sum
	}
	mean := sums / float64(draws)
	return each, math.Sqrt((squares/float64(draws) - mean*mean) / float64(draws))
}
