package exact

import (
	"math"
	"math/big"
	"sort"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Staircase is the staircase distribution on the integers (Geng, Kairouz, Oh and
// Viswanath 2015, The staircase mechanism in differential privacy, IEEE J. Sel.
// Top. Signal Process. 9(7)): with stairs of width Δ, P(X = x) is constant but
// for factors e^(-ε), one at |x| = first, first + Δ, first + 2Δ and so on. It is
// made by NewStaircase; the zero value is not a distribution. It is a value that
// does not change and is safe for concurrent use, with a source for each
// goroutine.
type Staircase struct {
	width, first uint64
	step         Event // exp(-ε)
	ratio        float64
}

// NewStaircase returns the distribution with stairs of the width given, of which
// the top one has first integers on each side, zero included: 1 <= first <=
// width <= 2^40. epsilon is at least 1/100, for the sake of time, at most 4096,
// and must not be changed afterwards.
func NewStaircase(width, first uint64, epsilon *big.Rat) Staircase {
	f, _ := epsilon.Float64()
	return Staircase{width: width, first: first, step: NewEvent(Exponential(epsilon)),
		ratio: math.Exp(-f)}
}

// Sample draws from the distribution. A magnitude is G·width + U with G
// geometric, P(G = g) ∝ e^(-εg), and U uniform in 0 … width-1 but that what is
// beyond the stair is kept with probability e^(-ε) only. A fair sign makes it
// two-sided, and a negative zero is drawn again.
func (s Staircase) Sample(src *entropy.Source) int64 {
	for {
		x := src.Uint64n(s.width)
		if x >= s.first && !s.step.Sample(src) {
			continue
		}
		for s.step.Sample(src) { // stops at 2^22 with a probability of e^-40000
			if x += s.width; x > MaxValue {
				x = MaxValue
			}
		}
		if !src.Coin() {
			return int64(x)
		}
		if x != 0 {
			return -int64(x)
		}
	}
}

// Add returns x plus noise within ±MaxValue, as Laplace.Add does.
func (s Staircase) Add(src *entropy.Source, x int64) int64 { return add(clamp(x), s.Sample(src)) }

// Tail returns the least integer w such that |X| > w has a probability of at
// most alpha, up to rounding errors. alpha must lie in (0, 1).
func (s Staircase) Tail(alpha float64) int64 {
	// P(|X| > w) <= e^(-ε·floor(w/width))·2, which bounds the search.
	periods := math.Ceil(math.Log(2/alpha)/-math.Log(s.ratio)) + 1
	most := int(min(periods*float64(s.width), MaxValue))
	return int64(sort.Search(most, func(w int) bool {
		return s.beyond(uint64(w)+1) <= alpha*(1-1e-12)
	}))
}

// beyond is P(|X| >= m) for m >= 1. In units of P(0) a whole period weighs
// first + (width-first)·e^(-ε), and all periods together 1/(1-e^(-ε)) of it.
func (s Staircase) beyond(m uint64) float64 {
	all, top := float64(s.width), float64(s.first)
	period := top + (all-top)*s.ratio
	total := 2*period/(1-s.ratio) - 1
	k, u := m/s.width, float64(m%s.width)
	rest := max(0, top-u) + (all-max(u, top))*s.ratio + period*s.ratio/(1-s.ratio)
	return 2 * math.Pow(s.ratio, float64(k)) * rest / total
}
