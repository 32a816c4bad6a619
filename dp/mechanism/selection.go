package mechanism

import (
	"fmt"
	"math"
	"math/big"
	"sync"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// Rule is how a candidate is chosen by its score. The zero value is refused.
type Rule string

// The rules of a Selection. All are differentially private with the same ε.
const (
	// Exponential chooses with probability proportional to e^(ε·score/(2·Δ))
	// (McSherry and Talwar 2007, Mechanism design via differential privacy,
	// FOCS). Its losses lie in an interval of length ε, which makes many choices
	// cheaper together; see accounting.Exponential.
	Exponential Rule = "exponential"
	// PermuteAndFlip looks at the candidates in random order and takes one with
	// probability e^(ε·(score - best)/(2·Δ)) (McKenna and Sheldon 2020,
	// Permute-and-flip: a new mechanism for differentially private selection,
	// NeurIPS). Its expected score is never below that of Exponential.
	PermuteAndFlip Rule = "permute and flip"
	// NoisyMax adds discrete Laplace noise of scale 2·Δ/ε to every score and
	// takes the largest, of equal ones the first (report noisy max; Dwork and
	// Roth 2014, The algorithmic foundations of differential privacy, section
	// 3.3). On integers ties do no harm: given the noise of the others, a
	// candidate is chosen where its own noise is at least an integer that is at
	// most 2·Δ larger for a neighbour.
	NoisyMax Rule = "noisy max"
)

// Selection chooses candidates of high score. It is Epsilon-differentially
// private. The zero value is refused.
type Selection struct {
	Rule    Rule    `yaml:"rule"`
	Epsilon float64 `yaml:"epsilon"`
	// Sensitivity is how much one person changes any one score at most.
	Sensitivity float64 `yaml:"sensitivity"`
	// Lower and Upper are bounds into which every score is moved first. They
	// must not come from the data.
	Lower float64 `yaml:"lower"`
	Upper float64 `yaml:"upper"`
	// Count is how many candidates are chosen, one after the other without
	// those before, each with its share of Epsilon; zero stands for one.
	Count int `yaml:"count"`
	// Monotone says that one person moves all scores in the same direction, as
	// they do if scores are counts and neighbours have a person more or less.
	// Then half the noise suffices.
	Monotone bool `yaml:"monotone"`
}

// String names the selection and its parameters.
func (s Selection) String() string {
	text := fmt.Sprintf("%s(epsilon %v, sensitivity %v, %v to %v", s.Rule, s.Epsilon, s.Sensitivity,
		s.Lower, s.Upper)
	if s.Count > 1 {
		text += fmt.Sprintf(", %d of the candidates", s.Count)
	}
	if s.Monotone {
		text += ", monotone"
	}
	return text + ")"
}

// Selector makes the choices of a Selection, each anew and each at the cost of
// Cost. It is made by NewSelector; the zero value is refused. It is safe for
// concurrent use.
type Selector struct {
	rule         Rule
	epsilon      float64
	count        int
	lower, upper float64

	// rate is ε/(2·Δ) of one choice, exactly and as the nearest number.
	rate     *big.Rat
	nearRate float64
	grid     grid // for NoisyMax, as noise
	noise    exact.Laplace
	each     accounting.Mechanism // one choice

	mu     sync.Mutex
	source *entropy.Source
}

// NewSelector checks the parameters of a selection, all of them at once.
func NewSelector(s Selection) (*Selector, error) {
	var wrong list
	switch s.Rule {
	case Exponential, PermuteAndFlip, NoisyMax:
	default:
		wrong.addf("rule is %q, want %q, %q or %q", s.Rule, Exponential, PermuteAndFlip, NoisyMax)
	}
	wrong.epsilon(s.Epsilon)
	wrong.positive("sensitivity", s.Sensitivity)
	wrong.bounds(s.Lower, s.Upper)
	if s.Count < 0 || s.Count > maxNumbers {
		wrong.addf("count is %d, want 1 to %d, or 0 for 1", s.Count, maxNumbers)
	}
	if len(wrong) > 0 {
		return nil, wrong.under("selection")
	}
	out := &Selector{rule: s.Rule, epsilon: s.Epsilon, count: numbersOf(s.Count),
		lower: s.Lower, upper: s.Upper, source: entropy.New()}
	twice := int64(2)
	if s.Monotone {
		twice = 1
	}
	each := decimal.Of(s.Epsilon)
	each.Quo(each, new(big.Rat).SetInt64(int64(out.count)))
	switch of := decimal.AtLeast(each); s.Rule {
	case Exponential:
		out.each = accounting.Exponential{Epsilon: of}
	case PermuteAndFlip:
		out.each = accounting.PermuteAndFlip{Epsilon: of}
	default:
		out.each = accounting.EpsilonDelta{Epsilon: of}
	}
	if s.Rule == NoisyMax {
		return out, out.prepareNoise(s, each, twice)
	}
	out.rate = new(big.Rat).Quo(each, new(big.Rat).SetFloat64(s.Sensitivity))
	out.rate.Quo(out.rate, new(big.Rat).SetInt64(twice))
	if out.nearRate, _ = out.rate.Float64(); !finite(out.nearRate) {
		wrong.addf("the sensitivity is too small for exact choices; use another unit")
		return nil, wrong.under("selection")
	}
	return out, nil
}

// prepareNoise makes the noise of NoisyMax: scores are rounded to a grid, which
// is paid for by one step of sensitivity.
func (s *Selector) prepareNoise(from Selection, each *big.Rat, twice int64) error {
	near, _ := each.Float64()
	g, err := newGrid(from.Sensitivity, from.Lower, from.Upper, 2*from.Sensitivity/near)
	if err != nil {
		return list{err}.under("selection")
	}
	steps := new(big.Rat).SetInt64(twice * (int64(math.Floor(g.inSteps(from.Sensitivity))) + 1))
	s.grid = g
	if s.noise, err = exact.NewLaplace(steps.Quo(steps, each)); err != nil {
		return list{err}.under("selection: raise epsilon or lower the sensitivity")
	}
	return nil
}

// Cost is what one call of Choose takes from a budget.
func (s *Selector) Cost() budget.Cost { return budget.Cost{Epsilon: s.epsilon} }

// Step is one call of Choose as package accounting sees it: Count choices with a
// share of Epsilon each.
func (s *Selector) Step() accounting.Step {
	return accounting.Step{Mechanism: s.each, Count: s.count}
}

// Choose returns the places of Count candidates in scores, in the order in which
// they were chosen. How many candidates there are must not depend on who is in
// the data, and neither may their order. A score beyond the bounds is moved into
// them, and what is not a number is the lower bound. It takes time proportional
// to Count and the number of candidates.
func (s *Selector) Choose(scores []float64) ([]int, error) {
	if s == nil || s.source == nil {
		return nil, fmt.Errorf("mechanism: no selector; make it by NewSelector")
	}
	if len(scores) < s.count {
		return nil, fmt.Errorf("mechanism: %d candidates, want at least the %d that are to be chosen",
			len(scores), s.count)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := make([]candidate, len(scores))
	for i, x := range scores {
		if math.IsNaN(x) {
			x = s.lower
		}
		left[i] = candidate{place: i, score: max(s.lower, min(x, s.upper))}
	}
	chosen := make([]int, 0, s.count)
	for range s.count {
		var at int
		switch s.rule {
		case Exponential:
			at = s.exponential(left)
		case PermuteAndFlip:
			at = s.permuteAndFlip(left)
		default:
			at = s.noisyMax(left)
		}
		chosen = append(chosen, left[at].place)
		left = append(left[:at], left[at+1:]...) // in order, for the ties of noisyMax
	}
	return chosen, nil
}

// candidate is one that is not chosen yet, with its score within the bounds.
type candidate struct {
	place int
	score float64
}

func best(left []candidate) float64 {
	most := math.Inf(-1)
	for _, c := range left {
		most = max(most, c.score)
	}
	return most
}

// flip returns true with probability exp(-rate·(best - score)), exactly.
//
// The float that is given for the exponent is off by three roundings, less than
// 2^-51 of it, or by less than 2^-50 in all where the rate is below the normal
// numbers.
func (s *Selector) flip(best, score float64) bool {
	return exact.BernoulliExp(s.source, (best-score)*s.nearRate, func() *big.Rat {
		r := new(big.Rat).SetFloat64(best)
		return r.Mul(r.Sub(r, new(big.Rat).SetFloat64(score)), s.rate)
	})
}

// exponential draws candidates uniformly until one is kept, each with
// probability exp(-rate·(best - score)): what is kept has a probability
// proportional to that. The best is always kept, so that as many draws as there
// are candidates are expected at the most.
func (s *Selector) exponential(left []candidate) int {
	most := best(left)
	for {
		at := int(s.source.Uint64n(uint64(len(left))))
		if s.flip(most, left[at].score) {
			return at
		}
	}
}

// permuteAndFlip draws without replacement.
func (s *Selector) permuteAndFlip(left []candidate) int {
	most := best(left)
	order := make([]int, len(left))
	for i := range order {
		order[i] = i
	}
	for n := len(order); ; n-- {
		i := int(s.source.Uint64n(uint64(n)))
		if s.flip(most, left[order[i]].score) {
			return order[i]
		}
		order[i] = order[n-1] // the best is never passed over, so n stays positive
	}
}

func (s *Selector) noisyMax(left []candidate) int {
	at, most := 0, int64(math.MinInt64)
	for i, c := range left {
		if noisy := s.noise.Add(s.source, s.grid.steps(c.score)); noisy > most {
			at, most = i, noisy
		}
	}
	return at
}
