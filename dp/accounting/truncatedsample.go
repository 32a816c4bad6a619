package accounting

import (
	"errors"
	"fmt"
	"math"
)

// TruncatedSample runs Gaussian noise on a Poisson sample of bounded size: each of
// the People of a table is in it with probability Rate, and of more than Most
// people that many are kept, drawn uniformly. Batches of DP-SGD so fit into
// memory. Neighbouring tables differ by the presence of one person. Only a
// LossDistribution knows a bound. The zero value is refused.
//
// Why. Let x have one person more than x', and look at how many of the others are
// sampled, which is distributed alike for both. Where they are fewer than Most,
// nobody is left out for the person, and this is a Poisson sample. Where they
// are Most or more, of which the probability is τ, the others that are kept are a
// uniform set of Most people, for x' always and for x unless the person is kept,
// who then stands in the place of one of them; that has probability ρ = Most/
// People · P(more than Most of all are sampled)/τ. So the pair is N(0,1) and
// (1-ρ)·N(0,1) + ρ·N(2μ,1): what one person is replaced by changes the sum by two
// sensitivities. With the other distribution (1-ρ)·N(0,1) + ρ·N(-2μ,1) in place
// of N(0,1) both directions have a larger δ, as the sets {z > t} that tell the
// two apart best are less likely under it, and {z < t} more; that pair is used,
// because it is what the reference accountant has.
type TruncatedSample struct {
	Mechanism Gaussian `yaml:"mechanism"`
	// Rate is in (0, 1).
	Rate float64 `yaml:"rate"`
	// Most is the largest batch, at least 1 and at most People; People is the size
	// of the larger of the two tables, at most 100 million.
	Most   int `yaml:"most"`
	People int `yaml:"people"`
}

// String names the mechanism and the sample.
func (s TruncatedSample) String() string {
	return fmt.Sprintf("truncated sample(rate %v, at most %d of %d, %v)",
		s.Rate, s.Most, s.People, s.Mechanism)
}

// maxPeople bounds the sums of probabilities of a truncated sample.
const maxPeople = 100_000_000

func (s TruncatedSample) model() (model, error) {
	errs := []error{s.Mechanism.check()}
	if !(s.Rate > 0 && s.Rate < 1) {
		errs = append(errs, fmt.Errorf("rate is %v, want it between 0 and 1", s.Rate))
	}
	if s.People < 1 || s.People > maxPeople {
		errs = append(errs, fmt.Errorf("people is %d, want 1 to %d", s.People, maxPeople))
	}
	if s.Most < 1 || s.Most > s.People {
		errs = append(errs, fmt.Errorf("most is %d of %d people, want 1 to all", s.Most, s.People))
	}
	if err := errors.Join(errs...); err != nil {
		return model{}, fmt.Errorf("truncated sample: %w", err)
	}
	mu := s.Mechanism.mu()
	whole := gaussianBase(mu).sampled(s.Rate)
	cut := aboveBinomial(s.People-1, s.Rate, s.Most-1)
	if cut == 0 {
		return model{base: whole, between: presence}, nil
	}
	kept := float64(s.Most) / float64(s.People) * aboveBinomial(s.People, s.Rate, s.Most) / cut
	// The sums err by less than 1e-9, and more of both is pessimistic.
	cut, kept = min(1, cut*(1+1e-9)), min(1, kept*(1+2e-9))
	return model{between: presence, base: &base{mixed: []weighted{
		{whole, 1 - cut}, {replacedBase(kept, 2*mu), cut}}}}, nil
}

// aboveBinomial is P(X > k) for the number X of n that are sampled at rate q. The
// probabilities are found by their ratios from the most likely number on, to
// both sides until they are next to nothing; 0 stands for less than 1e-280.
func aboveBinomial(n int, q float64, k int) float64 {
	const tiny = 1e-300 // smaller numbers no longer get smaller
	mode := min(n, int(float64(n+1)*q))
	odds := q / (1 - q)
	above, all := 0.0, 0.0
	count := func(x int, w float64) {
		all += w
		if x > k {
			above += w
		}
	}
	count(mode, 1)
	for x, w := mode, 1.0; x < n && w > tiny; x++ {
		w *= float64(n-x) / float64(x+1) * odds
		count(x+1, w)
	}
	for x, w := mode, 1.0; x > 0 && w > tiny; x-- {
		w *= float64(x) / (float64(n-x+1) * odds)
		count(x-1, w)
	}
	return above / all
}

// replacedBase is the pair (1-q)·N(0,1) + q·N(μ,1) and (1-q)·N(0,1) + q·N(-μ,1).
// Its loss at x grows, and with u = e^(μx), c = e^(-μ²/2) it is l where
//
//	q·c·u² - (1-q)·(e^l - 1)·u - q·c·e^l = 0,  u = e^(l/2 + asinh(w)),
//	w = (1-q)/(q·c)·sinh(l/2).
func replacedBase(q, mu float64) *base {
	logRatio := math.Log1p(-q) - math.Log(q) + mu*mu/2 // ln((1-q)/(q·c))
	at := func(l float64) float64 {
		half := math.Abs(l) / 2
		// ln of 2w, where w is large.
		w := logRatio + half + math.Log(-math.Expm1(-2*half))
		x := w
		if w < 30 {
			x = math.Asinh(math.Exp(w) / 2)
		}
		return math.Copysign((half+x)/mu, l)
	}
	loss := func(x float64) float64 {
		up := logAdd(math.Log1p(-q), math.Log(q)+mu*x-mu*mu/2)
		return up - logAdd(math.Log1p(-q), math.Log(q)-mu*x-mu*mu/2)
	}
	const far = 9.75 // as in gaussianBase
	most := loss(far + mu)
	return &base{symmetric: true, lower: -most, upper: most,
		tails: func(l float64) (a, b tail) {
			x := at(l)
			none := tail{upperTail(-x), upperTail(x)}
			a = tail{upperTail(mu - x), upperTail(x - mu)}
			b = tail{upperTail(-mu - x), upperTail(x + mu)}
			return mix(q, a, none), mix(q, b, none)
		}}
}

// logAdd is ln(e^x + e^y).
func logAdd(x, y float64) float64 {
	if x < y {
		x, y = y, x
	}
	if math.IsInf(x, -1) {
		return x
	}
	return x + math.Log1p(math.Exp(y-x))
}
