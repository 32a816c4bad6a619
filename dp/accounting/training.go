package accounting

import (
	"errors"
	"fmt"
	"math"
)

// Training is a run of differentially private stochastic gradient descent (Abadi
// et al. 2016, Deep learning with differential privacy, CCS): in each of Steps
// steps the gradients of a Poisson sample of the people, clipped to a norm C,
// are summed, and Gaussian noise of standard deviation NoiseMultiplier·C is
// added. It is a Curve: of the presence of one person. A person who has several
// examples must count, and be sampled and clipped, as one.
//
// Shuffled batches of a fixed size are not Poisson samples, and the curve does
// not hold for them.
type Training struct {
	// NoiseMultiplier is positive.
	NoiseMultiplier float64 `yaml:"noise_multiplier"`
	// SamplingRate is the probability with which a person is in a batch, in
	// (0, 1]: the mean size of a batch divided by the number of people.
	SamplingRate float64 `yaml:"sampling_rate"`
	// Steps is the number of steps, not of epochs: at least 1.
	Steps int `yaml:"steps"`
	// Interval is the grid of the losses, 0 for DefaultInterval or, where the loss of
	// one step varies by less than two of these, a twentieth of its standard deviation.
	Interval float64 `yaml:"interval"`
}

func (t Training) step() Step {
	return Step{Count: t.Steps, Mechanism: Sampled{
		Mechanism: Gaussian{Sigma: t.NoiseMultiplier, Sensitivity: 1}, Rate: t.SamplingRate}}
}

// Loss is the distribution of the privacy loss, to be asked for many ε or δ or
// to be composed with other releases from the same people.
func (t Training) Loss() (*LossDistribution, error) {
	interval := t.Interval
	// The standard deviation of the ratio of probabilities, that is about of the loss.
	mu := 1 / t.NoiseMultiplier
	if s := t.SamplingRate * math.Sqrt(math.Expm1(mu*mu)); interval == 0 && s < 2*DefaultInterval {
		interval = max(leastInterval, s/20)
	}
	return NewLossDistribution(interval, t.step())
}

// Epsilon is the ε that the run has with delta, which must lie in (0, 1).
func (t Training) Epsilon(delta float64) (float64, error) {
	if err := mistakes(checkDelta(delta)); err != nil {
		return 0, err
	}
	d, err := t.Loss()
	if err != nil {
		return 0, err
	}
	return d.Epsilon(delta)
}

// Delta is the δ that the run has with epsilon, which must be at least 0.
func (t Training) Delta(epsilon float64) (float64, error) {
	if err := mistakes(checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	d, err := t.Loss()
	if err != nil {
		return 0, err
	}
	return d.Delta(epsilon)
}

// valid checks the fields that a search does not look for.
func (t Training) valid(target EpsilonDelta) error {
	_, _, err := models([]Step{t.step()})
	return mistakes(err, checkPositive("epsilon", target.Epsilon), checkDelta(target.Delta))
}

// WithNoise is t with the least NoiseMultiplier, to a millionth, that gives the
// target; the one t has is ignored.
func (t Training) WithNoise(target EpsilonDelta) (Training, error) {
	t.NoiseMultiplier = 1
	if err := t.valid(target); err != nil {
		return Training{}, err
	}
	sigma, err := LeastNoise(target, func(noise float64) (Curve, error) {
		run := t
		run.NoiseMultiplier = noise
		return run.Loss()
	})
	t.NoiseMultiplier = sigma
	return t, err
}

// WithSteps is t with the largest number of Steps that gives the target; the one
// t has is ignored. It is an error if one step is too many.
func (t Training) WithSteps(target EpsilonDelta) (Training, error) {
	t.Steps = 1
	if err := t.valid(target); err != nil {
		return Training{}, err
	}
	one, err := t.Loss()
	if err != nil {
		return Training{}, err
	}
	excess := func(steps float64) float64 {
		d, err := one.Times(int(steps))
		if err != nil { // a window too large
			return math.Inf(1)
		}
		e, _ := d.Epsilon(target.Delta)
		return e/target.Epsilon - 1
	}
	if excess(1) > 0 {
		return Training{}, fmt.Errorf("accounting: one step exceeds epsilon %v with delta %v; "+
			"raise NoiseMultiplier or lower SamplingRate", target.Epsilon, target.Delta)
	}
	low, high := 1.0, 2.0
	for excess(high) <= 0 {
		if low, high = high, 4*high; high > maxCount {
			return Training{}, fmt.Errorf("accounting: more than %v steps stay within the target", low)
		}
	}
	for high-low > 1 {
		if middle := math.Floor((low + high) / 2); excess(middle) > 0 {
			high = middle
		} else {
			low = middle
		}
	}
	t.Steps = int(low)
	return t, nil
}

// WithSamplingRate is t with the largest SamplingRate, to a millionth, that
// gives the target, at most 1; the one t has is ignored. It is an error if no
// rate above 1e-9 does.
func (t Training) WithSamplingRate(target EpsilonDelta) (Training, error) {
	t.SamplingRate = 1
	if err := t.valid(target); err != nil {
		return Training{}, err
	}
	excess := func(logRate float64) float64 { // of the inverse, to fall
		run := t
		run.SamplingRate = min(1, math.Exp(-logRate))
		e, err := run.Epsilon(target.Delta)
		if err != nil {
			return math.Inf(1)
		}
		return math.Max(-50, math.Log(e/target.Epsilon))
	}
	low, high := 0.0, -math.Log(1e-9)
	fLow := excess(low)
	if fLow <= 0 {
		return t, nil
	}
	fHigh := excess(high)
	if fHigh > 0 {
		return Training{}, errors.New("accounting: no sampling rate above 1e-9 reaches the target; " +
			"raise NoiseMultiplier or lower Steps")
	}
	t.SamplingRate = math.Exp(-root(low, fLow, high, fHigh, 1e-6, excess))
	return t, nil
}
