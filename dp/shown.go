package dp

import (
	"math"
	"sort"

	"github.com/lethe-go/lethe/internal/exact"
)

// interval is where the number of people of a group lies of which the noisy number is
// told: it misses with a probability of at most alpha among the groups that are shown,
// whatever their numbers are. Groups are shown for a large noise more often than
// others, and an interval about the noisy number that does not know that would miss
// more often.
//
// With S(k) the probability that the noise is k or more, n people of a group that is
// shown have a noisy number of y or more with probability S(y-n)/S(t-n), t the
// threshold. That grows with n, as the logarithms of the probabilities of the noise are
// concave. The interval leaves out the n for which it is below alpha/2, and those for
// which that of a noisy number of y or less is.
func (s *selection) interval(noisy int64, alpha float64) (lower, upper int64) {
	y := noisy - (s.fewest - 1)
	tail := s.noise.Tail(alpha / 4)
	least := sort.Search(int(y), func(i int) bool {
		n := int64(i + 1)
		return logUpper(s.noise, y-n)-logUpper(s.noise, s.threshold-n) >= math.Log(alpha/2)
	})
	// Beyond y and this tail a number of y or less is too unlikely without a threshold.
	most := sort.Search(int(y+tail+2), func(i int) bool {
		n := int64(i + 1)
		above := logUpper(s.noise, y+1-n) - logUpper(s.noise, s.threshold-n)
		return -math.Expm1(above) < alpha/2
	})
	return max(1, min(int64(least)+1, y)) + s.fewest - 1, max(int64(most), y) + s.fewest - 1
}

// logUpper is the logarithm of the probability that the noise is k or more.
func logUpper(n noise, k int64) float64 {
	if k <= 0 {
		// By symmetry, and the noise is 1-k or more half of the rest of the time.
		return math.Log1p(-math.Exp(logUpper(n, 1-k)))
	}
	x := float64(k)
	if _, ok := n.(exact.Laplace); ok {
		t := scaleOf(n)
		return -x/t - math.Log1p(math.Exp(-1/t))
	}
	z := (x - 0.5) / n.(gaussian).unrounded()
	if z < 30 {
		return math.Log(math.Erfc(z/math.Sqrt2) / 2)
	}
	return -z*z/2 - math.Log(z*math.Sqrt(2*math.Pi)) // less by a share of 1/z²
}
