package mechanism

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"sync"

	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// ErrStopped is matched by the error of a SparseVector that has given all its
// answers.
var ErrStopped = errors.New("all answers are given")

// AboveThreshold asks a stream of queries whether they are above a threshold,
// and stops after Count that are. However many are below, it is
// Epsilon-differentially private in all (the sparse vector technique; Lyu, Su
// and Li 2017, Understanding the sparse vector technique for differential
// privacy, PVLDB 10(6), Algorithm 7). The zero value is refused.
//
// The threshold has noise of scale Δ/ε₁, drawn once, and each query that of
// scale 2·Count·Δ/ε₂, with ε₁ + ε₂ = Epsilon in the ratio of 1 to
// (2·Count)^⅔, which is best (ibid.). Only that a query is above is
// told, never by how much; the value needs noise of its own.
type AboveThreshold struct {
	Epsilon   float64 `yaml:"epsilon"`
	Threshold float64 `yaml:"threshold"`
	// Sensitivity is how much one person changes any one query at most.
	Sensitivity float64 `yaml:"sensitivity"`
	// Lower and Upper are bounds into which every query is moved first, and the
	// threshold lies between. They must not come from the data.
	Lower float64 `yaml:"lower"`
	Upper float64 `yaml:"upper"`
	// Count is how many queries may be told to be above; zero stands for one.
	Count int `yaml:"count"`
	// Monotone says that one person moves all queries in the same direction.
	// Then half the noise suffices for them.
	Monotone bool `yaml:"monotone"`
}

// SparseVector answers the queries of an AboveThreshold. It is made by
// NewSparseVector; the zero value is refused. It is safe for concurrent use.
type SparseVector struct {
	plan sparsePlan

	mu        sync.Mutex
	threshold int64 // with noise
	left      int   // answers
	source    *entropy.Source
}

// sparsePlan is what an AboveThreshold says, on a grid.
type sparsePlan struct {
	grid             grid
	threshold, query exact.Laplace // noises
	epsilon, middle  float64
	count            int
}

// NewSparseVector checks the parameters, all of them at once, and draws the
// noise of the threshold.
func NewSparseVector(a AboveThreshold) (*SparseVector, error) {
	plan, err := a.plan()
	if err != nil {
		return nil, err
	}
	return plan.start(entropy.New()), nil
}

func (p sparsePlan) start(src *entropy.Source) *SparseVector {
	return &SparseVector{plan: p, left: p.count, source: src,
		threshold: p.threshold.Add(src, p.grid.steps(p.middle))}
}

func (a AboveThreshold) plan() (sparsePlan, error) {
	const name = "above threshold"
	var wrong list
	wrong.epsilon(a.Epsilon)
	wrong.positive("sensitivity", a.Sensitivity)
	wrong.bounds(a.Lower, a.Upper)
	if !(a.Threshold >= a.Lower && a.Threshold <= a.Upper) {
		wrong.addf("threshold is %v, want it from lower to upper", a.Threshold)
	}
	if a.Count < 0 || a.Count > maxNumbers {
		wrong.addf("count is %d, want 1 to %d, or 0 for 1", a.Count, maxNumbers)
	}
	if len(wrong) > 0 {
		return sparsePlan{}, wrong.under(name)
	}
	p := sparsePlan{epsilon: a.Epsilon, middle: a.Threshold, count: numbersOf(a.Count)}
	times := int64(2 * p.count)
	if a.Monotone {
		times = int64(p.count)
	}
	// Any two parts will do; these are about the best.
	first := new(big.Rat).SetFloat64(1 / (1 + math.Cbrt(float64(times)*float64(times))))
	first.Mul(first, decimal.Of(a.Epsilon))
	second := new(big.Rat).Sub(decimal.Of(a.Epsilon), first)
	near, _ := second.Float64()
	var err error
	if p.grid, err = newGrid(a.Sensitivity, a.Lower, a.Upper,
		float64(times)*a.Sensitivity/near); err != nil {
		return sparsePlan{}, list{err}.under(name)
	}
	steps := new(big.Rat).SetFloat64(math.Floor(p.grid.inSteps(a.Sensitivity)) + 1)
	if p.threshold, err = exact.NewLaplace(new(big.Rat).Quo(steps, first)); err == nil {
		steps.Mul(steps, new(big.Rat).SetInt64(times))
		p.query, err = exact.NewLaplace(steps.Quo(steps, second))
	}
	if err != nil {
		return sparsePlan{}, list{err}.under(name + ": raise epsilon or lower the sensitivity")
	}
	return p, nil
}

// Cost is what all answers together take from a budget. Package accounting sees
// them as one EpsilonDelta.
func (s *SparseVector) Cost() budget.Cost { return budget.Cost{Epsilon: s.plan.epsilon} }

// Above says whether a query is above the threshold, both with noise. Queries
// may be chosen after seeing earlier answers. After Count that are above it
// gives no more answers, and the error matches ErrStopped.
func (s *SparseVector) Above(query float64) (bool, error) {
	if s == nil || s.source == nil {
		return false, fmt.Errorf("mechanism: no sparse vector; make it by NewSparseVector")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return false, fmt.Errorf("mechanism: above threshold: %w; start another one at its own cost",
			ErrStopped)
	}
	above := s.plan.query.Add(s.source, s.plan.grid.steps(query)) >= s.threshold
	if above {
		s.left--
	}
	return above, nil
}
