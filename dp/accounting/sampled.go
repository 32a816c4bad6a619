package accounting

import (
	"errors"
	"fmt"
)

// Sampled runs a mechanism on a Poisson sample: each person is in it with
// probability Rate, independently of all others and of other samples. It must
// not be used for shuffled batches or for samples of a fixed size, which do not
// protect as much. Neighbouring tables differ by the presence of one person, and
// the two directions, removed and added, differ too; results hold for both.
// The zero value is refused.
type Sampled struct {
	// Mechanism is any but ZCDP, a RandomizedResponse, a RepeatSelect and another
	// sample.
	Mechanism Mechanism
	// Rate is in (0, 1].
	Rate float64
}

// String names the mechanism and the rate.
func (s Sampled) String() string { return fmt.Sprintf("sampled(rate %v, %v)", s.Rate, s.Mechanism) }

func (s Sampled) model() (model, error) {
	var errs []error
	if !(s.Rate > 0 && s.Rate <= 1) {
		errs = append(errs, fmt.Errorf("rate is %v, want it in (0, 1]", s.Rate))
	}
	var m model
	switch s.Mechanism.(type) {
	case nil:
		errs = append(errs, errors.New("no mechanism"))
	case Sampled, FixedSample, TruncatedSample, RepeatSelect, ZCDP:
		errs = append(errs, fmt.Errorf("no bound is known for a sample of %v", s.Mechanism))
	default:
		var err error
		if m, err = s.Mechanism.model(); err != nil {
			errs = append(errs, err)
		} else if _, ok := s.Mechanism.(RandomizedResponse); ok {
			errs = append(errs, errors.New(
				"randomized response compares tables of equally many people, and samples differ"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return model{}, fmt.Errorf("sampled: %w", err)
	}
	if s.Rate == 1 {
		return m, nil
	}
	return m.sampled(s.Rate, s.Mechanism), nil
}

// sampled is the model of a Poisson sample.
func (m model) sampled(rate float64, of Mechanism) model {
	out := model{base: m.base.sampled(rate), between: presence}
	switch of := of.(type) {
	case Gaussian:
		out.renyi = each(sampledGaussianRenyi(rate, of.mu()))
	case GaussianDP:
		out.renyi = each(sampledGaussianRenyi(rate, of.Mu))
	case DiscreteGaussian, DiscreteLaplace, Exponential:
		out.renyi = each(func(a float64) float64 { return m.base.renyi(rate, a) })
	case EpsilonDelta:
		if of.Delta == 0 {
			out.renyi = each(func(a float64) float64 { return m.base.renyi(rate, a) })
		}
	}
	return out
}
