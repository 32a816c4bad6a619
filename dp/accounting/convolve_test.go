package accounting

import (
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The transform of gonum panics on lengths of more than 13 factors, as 3^13·2 is: no
// window has one.
func TestLengthsOfTransforms(t *testing.T) {
	factors := func(n int) int {
		count := 0
		for _, by := range []int{4, 2, 3, 5} {
			for ; n%by == 0; count++ {
				n /= by
			}
		}
		if n != 1 {
			t.Errorf("a factor of %d is above 5", n)
		}
		return count
	}
	for five := 1; five <= maxPoints; five *= 5 {
		for three := five; three <= maxPoints; three *= 3 {
			for two := 2 * three; two <= maxPoints; two *= 2 {
				got := smooth(two)
				if got < two || got > two+two/8 || factors(got) > maxFactors {
					t.Errorf("%d becomes %d, of %d factors", two, got, factors(got))
				}
				if factors(two) <= maxFactors && got != two {
					t.Errorf("%d becomes %d", two, got)
				}
			}
		}
	}
	const worst = 2 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 // 13 factors
	fourier.NewFFT(worst)
	if got := smooth(worst*3 - 1); got <= worst*3 {
		t.Errorf("%d has 14 factors", got)
	}
}
