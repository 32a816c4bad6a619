package accounting

import (
	"errors"
	"fmt"
	"math"
)

// FixedSample runs Gaussian noise on a sample of Size of the People of a table,
// each such sample being as likely as any other. Neighbouring tables have
// equally many people, of whom one is replaced by another; the Sensitivity of
// Mechanism is what that changes, for gradients clipped to a norm C thus 2C.
// Only Renyi knows a bound. The zero value is refused.
type FixedSample struct {
	// Mechanism is a Gaussian or a GaussianDP.
	Mechanism Mechanism
	// Size is at least 1 and at most People.
	Size, People int
}

// String names the mechanism and the sample.
func (s FixedSample) String() string {
	return fmt.Sprintf("fixed sample(%d of %d, %v)", s.Size, s.People, s.Mechanism)
}

func (s FixedSample) model() (model, error) {
	var errs []error
	if s.Size < 1 || s.Size > s.People {
		errs = append(errs, fmt.Errorf("size is %d of %d people, want 1 to all", s.Size, s.People))
	}
	var mu float64
	switch m := s.Mechanism.(type) {
	case Gaussian:
		errs, mu = append(errs, m.check()), m.mu()
	case GaussianDP:
		errs, mu = append(errs, m.gaussian().check()), m.Mu
	case nil:
		errs = append(errs, errors.New("no mechanism"))
	default:
		errs = append(errs, fmt.Errorf("no bound is known for a sample of fixed size of %v", m))
	}
	if err := errors.Join(errs...); err != nil {
		return model{}, fmt.Errorf("fixed sample: %w", err)
	}
	if s.Size == s.People {
		return model{between: replacement,
			renyi: each(func(a float64) float64 { return a * mu * mu / 2 })}, nil
	}
	q := up(float64(s.Size) / float64(s.People))
	return model{between: replacement, renyi: func(orders []float64) []float64 {
		return fixedSampleRenyi(q, mu, orders)
	}}, nil
}

// maxMoment is up to where moments are looked at: above, the terms of the bound
// take their other form, which costs no more than a sum.
const maxMoment = 256

// fixedSampleRenyi is Theorem 27 of Wang, Balle and Kasiviswanathan 2019,
// Subsampled Rényi differential privacy and analytical moments accountant,
// AISTATS, arXiv:1808.00087: for a whole order α, e^((α-1)·D) is at most
//
//	1 + C(α,2)·q²·min(4·(e^(μ²) - 1), 2·e^(μ²))
//	  + Σ_{j=3..α} C(α,j)·q^j·min(4·√(B(2⌊j/2⌋)·B(2⌈j/2⌉)), 2·e^(j(j-1)μ²/2))
//
// where B(l) is the mean of (e^(μz-μ²/2) - 1)^l for a standard normal z. Between
// whole orders (α-1)·D is convex in α (ibid., Corollary 10), so that the line
// between them bounds it.
func fixedSampleRenyi(q, mu float64, orders []float64) []float64 {
	most := 0.0
	for _, a := range orders {
		most = max(most, math.Ceil(a))
	}
	var moments []float64
	whole := func(a float64) float64 { // ln of the bound
		if a == 1 {
			return 0
		}
		if moments == nil {
			moments = logMoments(mu, int(min(most, maxMoment)))
		}
		var sum logSum
		choose := math.Log(a) // ln C(α,j), from j = 1
		for j := 2.0; j <= a; j++ {
			choose += math.Log(a-j+1) - math.Log(j)
			term := math.Ln2 + j*(j-1)*mu*mu/2
			if a <= maxMoment {
				low, high := moments[int(j)/2], moments[(int(j)+1)/2]
				term = min(term, 2*math.Ln2+(low+high)/2)
			} else if j == 2 {
				term = min(term, 2*math.Ln2+logExpm1(mu*mu))
			}
			sum.add(choose + j*math.Log(q) + term)
		}
		return log1pExp(sum.log())
	}
	known := map[float64]float64{}
	at := func(a float64) float64 {
		if a > 1<<22 {
			return math.Inf(1) // too long a sum
		}
		v, ok := known[a]
		if !ok {
			v = whole(a)
			known[a] = v
		}
		return v
	}
	return each(func(a float64) float64 {
		low := math.Floor(a)
		d := at(low)
		if t := a - low; t > 0 {
			d = (1-t)*d + t*at(low+1)
		}
		return d / (a - 1)
	})(orders)
}

// logMoments are ln B(0), ln B(2), …, to B(n+1). The powers are even and nothing
// cancels, as it does in the sum of binomials. The trapezoidal rule is exact but
// for e^(-2π²/h²) of the sum of all binomials' magnitudes, which for h = 1/16 and
// n = 256 is far below what is left after their cancelling.
func logMoments(mu float64, n int) []float64 {
	const h = 1.0 / 16
	logs := make([]logSum, n/2+2)
	// (μz)^l·e^(-z²/2) is largest at ±√l, and e^(lμz)·e^(-z²/2) at lμ.
	low := -14 - math.Sqrt(float64(n+1))
	high := float64(n+1)*mu - low
	if steps := (high - low) / h; steps > 1<<22 {
		out := make([]float64, len(logs))
		for i := range out {
			out[i] = math.Inf(1) // the other form is the smaller one by far
		}
		return out
	}
	for i := 0.0; low+i*h <= high; i++ {
		z := low + i*h
		x := mu*z - mu*mu/2
		power := math.Log(math.Abs(math.Expm1(x)))
		if x > 40 {
			power = x
		}
		logs[0].add(-z * z / 2)
		for l := 1; l < len(logs); l++ {
			logs[l].add(-z*z/2 + float64(2*l)*power)
		}
	}
	out := make([]float64, len(logs))
	for i := range out {
		out[i] = logs[i].log() + math.Log(h/math.Sqrt(2*math.Pi))
	}
	return out
}
