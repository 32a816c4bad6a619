package accounting

import (
	"errors"
	"fmt"
	"math"
)

// EpsilonDelta is any mechanism of which no more is known than that it is
// (Epsilon, Delta)-differentially private; pure if Delta is 0. It also is the
// target of a calibration. The zero value is refused.
type EpsilonDelta struct {
	Epsilon float64 `yaml:"epsilon"`
	Delta   float64 `yaml:"delta"`
}

// String is the guarantee.
func (m EpsilonDelta) String() string { return fmt.Sprintf("(%v, %v)-dp", m.Epsilon, m.Delta) }

func (m EpsilonDelta) check() error {
	err := checkEpsilon(m.Epsilon)
	if !(m.Delta >= 0 && m.Delta < 1) {
		err = errors.Join(err, fmt.Errorf("delta is %v, want it in [0, 1)", m.Delta))
	}
	if m == (EpsilonDelta{}) {
		err = errors.New("epsilon and delta are both 0")
	}
	return err
}

// model is the pair that every (ε, δ) mechanism is a post-processing of
// (Kairouz, Oh and Viswanath 2015, The composition theorem for differential
// privacy, ICML, Theorem 3.2; arXiv:1311.0776).
func (m EpsilonDelta) model() (model, error) {
	if err := m.check(); err != nil {
		return model{}, fmt.Errorf("epsilon-delta: %w", err)
	}
	low := math.Exp(-m.Epsilon) / (1 + math.Exp(-m.Epsilon))
	high := 1 / (1 + math.Exp(-m.Epsilon))
	pure := &base{symmetric: true, atoms: []atom{{-m.Epsilon, low, high}, {m.Epsilon, high, low}}}
	if m.Epsilon == 0 {
		pure.atoms = []atom{{0, 1, 1}}
	}
	all := &base{symmetric: true}
	if m.Delta > 0 {
		all.atoms = append(all.atoms, atom{math.Inf(-1), 0, m.Delta}, atom{math.Inf(1), m.Delta, 0})
	}
	for _, o := range pure.atoms {
		all.atoms = append(all.atoms, atom{o.loss, o.a * (1 - m.Delta), o.b * (1 - m.Delta)})
	}
	return model{
		base:  all,
		slack: m.Delta,
		renyi: each(func(order float64) float64 { return pure.renyi(1, order) }),
	}, nil
}

// Group is the guarantee for groups of size people (Vadhan 2017, The complexity
// of differential privacy, Lemma 2.2, with the sum evaluated):
//
//	(k·ε, δ·(e^(kε) - 1)/(e^ε - 1)).
//
// Its Delta may be 1 or more, where nothing holds.
func (m EpsilonDelta) Group(size int) (EpsilonDelta, error) {
	err := m.check()
	if size < 1 {
		err = errors.Join(err, fmt.Errorf("size is %d, want at least 1", size))
	}
	if err != nil {
		return EpsilonDelta{}, mistakes(err)
	}
	k, times := float64(size), float64(size)
	if m.Epsilon > 0 {
		times = math.Expm1(k*m.Epsilon) / math.Expm1(m.Epsilon)
	}
	if m.Delta == 0 {
		times = 0 // and not 0·Inf
	}
	return EpsilonDelta{Epsilon: k * m.Epsilon, Delta: up(m.Delta * times)}, nil
}

// AdvancedComposition is the least multiple (count-2i)·Epsilon, at least 0, that
// with delta holds of count runs of any mechanisms that are m (Kairouz, Oh and
// Viswanath 2015, Theorem 3.3, which is optimal). It is +Inf where delta is
// below what the runs' own Delta add up to. A LossDistribution also knows what
// holds between the multiples.
func AdvancedComposition(m EpsilonDelta, count int, delta float64) (float64, error) {
	var wrong error
	if count < 1 || count > maxKOV {
		wrong = fmt.Errorf("count is %d, want 1 to %d", count, maxKOV)
	}
	if err := mistakes(m.check(), wrong, checkDelta(delta)); err != nil {
		return 0, err
	}
	best := math.Inf(1)
	for i := 0; i <= count/2; i++ {
		if kov(m, count, i) > delta {
			break // δ grows with i
		}
		best = float64(count-2*i) * m.Epsilon
	}
	return best, nil
}

// maxKOV bounds the quadratic cost of AdvancedComposition.
const maxKOV = 20_000

// kov is the δ that holds with ε = (k-2i)·Epsilon:
//
//	1 - (1-δ)^k·(1 - Σ_{l<i} C(k,l)·(e^((k-l)ε) - e^((k-2i+l)ε))/(1+e^ε)^k).
func kov(m EpsilonDelta, k, i int) float64 {
	norm := float64(k) * (m.Epsilon + math.Log1p(math.Exp(-m.Epsilon)))
	all, _ := math.Lgamma(float64(k + 1))
	sum := 0.0
	for l := range i {
		g1, _ := math.Lgamma(float64(l + 1))
		g2, _ := math.Lgamma(float64(k - l + 1))
		first := all - g1 - g2 + float64(k-l)*m.Epsilon - norm
		sum += math.Exp(first) * -math.Expm1(-2*float64(i-l)*m.Epsilon)
	}
	rest := float64(k)*math.Log1p(-m.Delta) + math.Log1p(-min(1, sum))
	return -math.Expm1(rest)
}

// AdvancedEpsilon is the largest Epsilon that count runs of mechanisms with the
// given delta each may have so that AdvancedComposition stays within the
// target. It is an error if no positive one does.
func AdvancedEpsilon(target EpsilonDelta, count int, delta float64) (float64, error) {
	if err := mistakes(checkPositive("epsilon", target.Epsilon), checkDelta(target.Delta)); err != nil {
		return 0, err
	}
	within := func(e float64) (bool, error) {
		got, err := AdvancedComposition(EpsilonDelta{e, delta}, count, target.Delta)
		return got <= target.Epsilon, err
	}
	// Basic composition is the multiple for i = 0.
	low := target.Epsilon / float64(max(1, count))
	switch ok, err := within(low); {
	case err != nil:
		return 0, err
	case !ok:
		return 0, errors.New("accounting: delta leaves nothing of the target's; lower it")
	}
	high := 2 * low
	for ok, _ := within(high); ok; ok, _ = within(high) {
		low, high = high, 2*high
	}
	for high-low > 1e-13*high {
		middle := low + (high-low)/2
		if ok, _ := within(middle); ok {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}
