package mechanism

import (
	"fmt"
	"math"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/exact"
)

// Staircase adds noise whose probabilities fall in stairs, by e^(-ε) each, to an
// integer: it is Epsilon-differentially private, and for large ε and a
// Sensitivity above one its noise is far smaller than that of Geometric (Geng,
// Kairouz, Oh and Viswanath 2015, The staircase mechanism in differential
// privacy, IEEE J. Sel. Top. Signal Process. 9(7)). It is for one number: for a
// vector of numbers that each change by less than Sensitivity its stairs would
// cost too much. The zero value is refused. Integers beyond ±(2^62-1) are moved
// to these.
//
// Why it is private: the probability of a noise does not grow with its
// magnitude, falls by exactly e^(-ε) from any magnitude to one that is larger by
// Sensitivity, and the magnitudes of what turns two neighbours into one result
// differ by at most that.
type Staircase struct {
	// Epsilon is at least 0.01: below, it has no advantage and takes long.
	Epsilon     float64 `yaml:"epsilon"`
	Sensitivity int64   `yaml:"sensitivity"` // at most 2^40
}

// String names the mechanism and its parameters.
func (m Staircase) String() string {
	return fmt.Sprintf("staircase(epsilon %v, sensitivity %d)", m.Epsilon, m.Sensitivity)
}

const (
	leastStairs = 0.01
	mostStair   = 1 << 40
)

func (m Staircase) prepare() (*Noise, error) {
	var wrong list
	if !(m.Epsilon >= leastStairs && m.Epsilon <= mostEpsilon) {
		wrong.addf("epsilon is %v, want %v to %v", m.Epsilon, leastStairs, float64(mostEpsilon))
	}
	if m.Sensitivity < 1 || m.Sensitivity > mostStair {
		wrong.addf("sensitivity is %d, want 1 to %d", m.Sensitivity, int64(mostStair))
	}
	if len(wrong) > 0 {
		return nil, wrong.under("staircase")
	}
	// The top stair that makes the expected magnitude least is about this one;
	// any is private.
	first := math.Round(float64(m.Sensitivity) / (1 + math.Exp(m.Epsilon/2)))
	first = max(1, min(first, float64(m.Sensitivity)))
	return &Noise{
		draw: exact.NewStaircase(uint64(m.Sensitivity), uint64(first), decimal.Of(m.Epsilon)),
		grid: wholeGrid(), whole: true, numbers: 1,
		cost: budget.Cost{Epsilon: m.Epsilon}, loss: accounting.EpsilonDelta{Epsilon: m.Epsilon},
	}, nil
}
