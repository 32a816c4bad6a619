package dp

import (
	"math"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Among groups that are shown the interval holds the number of people as often as it
// says, however many there are; one about the noisy number does not.
func TestIntervalsOfShownGroups(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 93)
	src := entropy.New()
	shows := 4000 / slower
	for _, q := range []Groups{
		{Rule: LaplaceThreshold, Epsilon: 0.5, Delta: 0.05},
		{Rule: GaussianThreshold, Epsilon: 0.5, Delta: 0.1, MinPeople: 7},
	} {
		s, err := newSelection(q, 2)
		if err != nil {
			t.Fatal(err)
		}
		scale, biased := int64(scaleOf(s.noise)), false
		for _, more := range []int64{-s.threshold + 1, -scale, 0, scale, 9 * scale} {
			people := s.threshold + more + s.fewest - 1
			hits, naive := 0, 0
			for range shows {
				yes, noisy := s.shows(people, src)
				for !yes {
					yes, noisy = s.shows(people, src)
				}
				lower, upper := s.interval(noisy, miss)
				if lower > noisy || upper < noisy || lower < s.fewest {
					t.Fatalf("%d is not in [%d, %d]", noisy, lower, upper)
				}
				if lower <= people && people <= upper {
					hits++
				}
				if tail := s.noise.Tail(miss); noisy-tail <= people && people <= noisy+tail {
					naive++
				}
			}
			slack := 5.4 * math.Sqrt(miss*(1-miss)/float64(shows))
			if got := float64(hits) / float64(shows); got < 1-miss-slack {
				t.Errorf("%s: %.4f of the intervals hold %d people", q.Rule, got, people)
			} else if more == 9*scale && got > 1-miss/2+slack {
				t.Errorf("%s: %.4f of the intervals hold %d people: they are too wide", q.Rule, got, people)
			}
			biased = biased || float64(naive)/float64(shows) < 1-miss-slack
		}
		if !biased {
			t.Errorf("%s: intervals about the noisy number hold as well; the test finds nothing", q.Rule)
		}
	}
}

// By hand: with Laplace noise of scale 1, a threshold of 5 and 30 people told the
// interval is that of the noise alone, of which 2·q^3/(1+q) = 0.0728 is beyond 2 and
// 2·q^4/(1+q) = 0.0268 beyond 3.
func TestIntervalFarFromTheThreshold(t *testing.T) {
	s := &selection{fewest: 1, noise: price{epsilon: 1}.must(1), threshold: 5}
	if lower, upper := s.interval(30, miss); lower != 27 || upper != 33 {
		t.Errorf("[%d, %d]", lower, upper)
	}
	// Right at the threshold nothing is known from below.
	if lower, _ := s.interval(5, miss); lower != 1 {
		t.Errorf("from %d", lower)
	}
}
