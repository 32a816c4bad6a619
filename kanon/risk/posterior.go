package risk

import "math"

// Below forwardBelow records of a class that stands for more than twice as
// many people, the recurrence is used; the series needs few terms elsewhere.
const forwardBelow = 24

// posterior is the expected risk E[1/F | f] of a record in a class of f records
// of the sample, where each member of the class in the population was sampled
// with probability p = f/F̂, so that its size F is negative binomial:
//
//	Σ_{h≥f} (1/h)·C(h−1,f−1)·p^f·(1−p)^(h−f) = (p^f/f)·₂F₁(f,f;f+1;1−p)
//
// The hypergeometric series itself overflows for large classes. By Euler's
// transformation the same is a series of positive terms that never does,
//
//	(p/f)·Σ_{k≥0} (1−p)^k·k!/((f+1)···(f+k)),
//
// and which converges geometrically but for small f and p. There, with
// w = (1−p)/p ≥ 1, the integral I_f = ∫₀¹ y^(f−1)/(1+wy) dy that the risk is
// obeys I_{f+1} = (1/f − I_f)/w from I_1 = ln(1/p)/w, which divides every error
// by w.
//
// Benedetti, Franconi (1998). Statistical and technological solutions for
// controlled data dissemination. Pre-proceedings of New Techniques and
// Technologies for Statistics, 225–232.
func posterior(f int64, p float64) float64 {
	q := 1 - p
	if q <= 0 {
		return 1 / float64(f)
	}
	w := q / p
	if f < forwardBelow && w >= 1 {
		risk := -math.Log(p) / w
		for i := int64(1); i < f; i++ {
			risk = (1/float64(i) - risk) / w
		}
		return risk
	}
	n := float64(f)
	sum, term := 0.0, 1.0
	for k := 1.0; sum+term > sum; k++ {
		sum += term
		term *= q * k / (n + k)
	}
	return p / n * sum
}
