package accounting

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// GaussianMixture adds noise of standard deviation Sigma to a query that one
// person, or a group, changes by a random amount: by at most Sensitivities[i] in
// L2 with probability Probabilities[i], drawn afresh in each run and not shown.
// It is what groups see of DP-SGD (see SampledGroup). Only a LossDistribution
// knows a bound. The zero value is refused.
//
// The pair is N(0,Sigma²) and the mixture of N(Sensitivities[i],Sigma²) (Choquette-
// Choo, Ganesh, Steinke and Thakurta 2024, Privacy amplification for matrix
// mechanisms, ICLR, arXiv:2310.15526, for vectors too).
type GaussianMixture struct {
	Sigma float64 `yaml:"sigma"`
	// Sensitivities are at least 0 and finite, at least one above 0, at most
	// 10,000 of them.
	Sensitivities []float64 `yaml:"sensitivities"`
	// Probabilities are as many, at least 0, with a sum of 1 but for rounding.
	Probabilities []float64 `yaml:"probabilities"`
}

// SampledGroup is g on a Poisson sample of the given rate, as it is seen by groups
// of size people: each is in the sample by chance, so that the number of those
// who are has a binomial distribution (Ganesh 2024, Tight group-level DP
// guarantees for DP-SGD with sampling via mixture of Gaussians mechanisms,
// arXiv:2401.10294).
func (g Gaussian) SampledGroup(rate float64, size int) GaussianMixture {
	m := GaussianMixture{Sigma: g.Sigma}
	if size < 1 || size > maxParts-1 || !(rate > 0 && rate < 1) {
		return m // which its use refuses
	}
	choose := 0.0
	for k := range size + 1 {
		p := choose + float64(k)*math.Log(rate) + float64(size-k)*math.Log1p(-rate)
		m.Sensitivities = append(m.Sensitivities, float64(k)*g.Sensitivity)
		m.Probabilities = append(m.Probabilities, math.Exp(p))
		choose += math.Log(float64(size-k)) - math.Log(float64(k+1))
	}
	return m
}

// maxParts bounds the work for one point of the grid.
const maxParts = 10_000

// String names the mechanism and its parameters.
func (m GaussianMixture) String() string {
	return fmt.Sprintf("gaussian mixture(sigma %v, %d sensitivities)", m.Sigma, len(m.Sensitivities))
}

func (m GaussianMixture) check() error {
	errs := []error{checkPositive("sigma", m.Sigma)}
	n := len(m.Sensitivities)
	if n == 0 || n > maxParts || n != len(m.Probabilities) {
		errs = append(errs, fmt.Errorf("%d sensitivities and %d probabilities, want as many, 1 to %d",
			n, len(m.Probabilities), maxParts))
		return errors.Join(errs...)
	}
	sum := 0.0
	for i, p := range m.Probabilities {
		if !(p >= 0 && p <= 1) {
			errs = append(errs, fmt.Errorf("probability %d is %v, want it in [0, 1]", i+1, p))
		}
		if s := m.Sensitivities[i]; !(s >= 0 && s/m.Sigma < maxMu) {
			errs = append(errs, fmt.Errorf("sensitivity %d is %v, want at least 0 and finite", i+1, s))
		}
		sum += p
	}
	if !(math.Abs(sum-1) <= 1e-9) {
		errs = append(errs, fmt.Errorf("the probabilities sum to %v, want 1", sum))
	}
	if slices.Max(m.Sensitivities) == 0 {
		errs = append(errs, errors.New("all sensitivities are 0"))
	}
	return errors.Join(errs...)
}

func (m GaussianMixture) model() (model, error) {
	if err := m.check(); err != nil {
		return model{}, fmt.Errorf("gaussian mixture: %w", err)
	}
	var parts []component
	sum := 0.0
	for i, p := range m.Probabilities {
		if p > 0 {
			parts = append(parts, component{m.Sensitivities[i] / m.Sigma, p, 0})
			sum += p
		}
	}
	for i := range parts {
		parts[i].p /= sum
		parts[i].log = math.Log(parts[i].p)
	}
	// The largest first, so that what is added to a sum gets smaller.
	slices.SortFunc(parts, func(a, b component) int { return cmp.Compare(b.mu, a.mu) })
	if parts[0].mu == 0 {
		return model{}, errors.New("gaussian mixture: the sensitivities that can occur are all 0")
	}
	parts, rare := likely(parts)
	b := mixtureBase(parts)
	if rare > 0 {
		b.atoms = []atom{{math.Inf(1), rare, 0}}
	}
	return model{base: b}, nil
}

// likely leaves out the largest sensitivities, as far as they hardly ever occur, and
// says how likely they are: less than the mass beyond the grid of any other mechanism.
// The loss then counts as infinite, as if it were told that it was one of them; what
// groups see of a small sample so has a short grid.
func likely(parts []component) (rest []component, rare float64) {
	for len(parts) > 2 && rare+parts[0].p < 1e-22 && parts[1].mu > 0 {
		rare += parts[0].p
		parts = parts[1:]
	}
	return parts, rare
}

// component is N(mu,1) with probability p, whose logarithm is log.
type component struct{ mu, p, log float64 }

// mixtureBase is the pair Σ p·N(μ,1) and N(0,1). The loss at x, ln Σ p·e^(μx-μ²/2),
// grows with x and is convex.
func mixtureBase(parts []component) *base {
	// loss is the loss and its derivative.
	loss := func(x float64) (l, slope float64) {
		most := math.Inf(-1)
		for _, c := range parts {
			most = max(most, c.log+c.mu*x-c.mu*c.mu/2)
		}
		sum, weighted := 0.0, 0.0
		for _, c := range parts {
			w := math.Exp(c.log + c.mu*x - c.mu*c.mu/2 - most)
			sum, weighted = sum+w, weighted+c.mu*w
		}
		return most + math.Log(sum), weighted / sum
	}
	const far = 9.75 // as in gaussianBase
	top := far + parts[0].mu
	lower, _ := loss(-far)
	upper, _ := loss(top)
	// at is where the loss is l, -Inf where it is larger everywhere. By Newton's
	// method: of a convex function a step leads to the right of the place, and from
	// there to the left without passing it. The last place is close to the next
	// one, as those asked for follow each other.
	last := top
	at := func(l float64) float64 {
		if math.IsInf(l, -1) {
			return l
		}
		x := last
		for range 200 {
			y, slope := loss(x)
			if x < -60 || slope == 0 {
				last = top
				return math.Inf(-1)
			}
			step := (y - l) / slope
			if x -= step; math.Abs(step) <= 1e-15*max(1, math.Abs(x)) {
				break
			}
			x = min(x, 2*top) // no mass is there
		}
		last = x
		return x
	}
	return &base{lower: lower, upper: upper, tails: func(l float64) (a, b tail) {
		x := at(l)
		for _, c := range parts {
			a.below += c.p * upperTail(c.mu-x)
			a.above += c.p * upperTail(x-c.mu)
		}
		return a, tail{upperTail(-x), upperTail(x)}
	}}
}
