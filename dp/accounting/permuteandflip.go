package accounting

import "fmt"

// PermuteAndFlip looks at candidates in random order and takes one with
// probability e^(Epsilon·(score-best)/(2·Δ)), where one person changes a score by
// at most Δ, until one is taken (McKenna and Sheldon 2020, Permute-and-flip: a
// new mechanism for differentially private selection, NeurIPS). It is
// Epsilon-differentially private, and no worse than Laplace noise of scale
// 1/Epsilon for a number that one person changes by 1. The zero value is refused.
//
// Why. It is to take the largest of the scores with exponential noise of rate λ
// = Epsilon/(2Δ) each (Ding, Kifer, Saghaian, Steinke, Wang, Xiao and Zhang 2021,
// The permute-and-flip mechanism is identical to report-noisy-max with
// exponential noise, arXiv:2105.07260). Let D be the largest noisy score of a set
// S of candidates less the largest of all others, and p(t) the probability that
// D > t. A neighbour moves each score by at most Δ, so that S wins there with a
// probability of at least p(2Δ), where it was p(0). The hazard rate of a largest
// score is λ times the probability that exactly one score is above a point over
// that of at least one, and so at most λ; hence -p' ≤ λ·p and, for the others,
// -p' ≤ λ·(1-p). The least p(2Δ) that allows solves -p' = λ·min(p, 1-p), which
// Laplace noise of scale 1/λ does. No set is told from a neighbour's better than
// by Laplace noise for 2Δ, which is what is claimed; tests that toss a coin
// between sets are no better, because that bound is convex in p(0).
type PermuteAndFlip struct {
	Epsilon float64 `yaml:"epsilon"`
}

// String names the mechanism and its parameter.
func (m PermuteAndFlip) String() string {
	return fmt.Sprintf("permute-and-flip(epsilon %v)", m.Epsilon)
}

func (m PermuteAndFlip) model() (model, error) {
	if err := checkPositive("epsilon", m.Epsilon); err != nil {
		return model{}, fmt.Errorf("permute-and-flip: %w", err)
	}
	return laplaceModel(m.Epsilon), nil
}
