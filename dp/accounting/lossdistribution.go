package accounting

import (
	"errors"
	"fmt"
	"math"
)

// DefaultInterval is the grid that privacy losses are put on where none is
// given. A tenth of it makes ε about a hundredth as far from exact and takes ten
// times as long.
const DefaultInterval = 1e-4

const leastInterval = 1e-9

// LossDistribution is the distribution of the privacy loss of some steps, on a
// grid, for each of the directions in which neighbouring tables differ. It is
// pessimistic: its Epsilon and Delta are upper bounds, and tight. It is a Curve.
// It does not change and is safe for concurrent use; the zero value knows
// nothing and is refused.
type LossDistribution struct {
	interval float64
	// One or two: where both directions are alike there is one.
	directions []*pmf
	between    relation
}

// pmf has probability p[i] that the loss is (first+i)·interval, and inf that it
// is infinite. All of it together is 1.
type pmf struct {
	interval float64
	first    int
	p        []float64
	inf      float64
}

func (d *pmf) loss(i int) float64 { return float64(d.first+i) * d.interval }

// NewLossDistribution composes the steps on a grid of the given interval, 0 for
// DefaultInterval. It is an error if a step is invalid, has no known loss
// distribution (ZCDP, FixedSample, RepeatSelect), or needs a grid of more than 16
// million points: then the noise is very small, or the interval should be larger.
func NewLossDistribution(interval float64, steps ...Step) (*LossDistribution, error) {
	if interval == 0 {
		interval = DefaultInterval
	}
	all, between, err := models(steps)
	if !(interval >= leastInterval && interval <= 1) {
		err = errors.Join(fmt.Errorf("interval is %v, want 1e-9 to 1", interval), err)
	}
	if err != nil {
		return nil, mistakes(err)
	}
	remove := make([]part, len(steps))
	add := make([]part, len(steps))
	symmetric := true
	for i, m := range all {
		if m.base == nil {
			return nil, fmt.Errorf("accounting: step %d: %v has no privacy loss distribution; use Renyi",
				i+1, steps[i].Mechanism)
		}
		var one, other *pmf
		if one, err = m.base.connect(interval, false); err == nil {
			other = one
			if !m.base.alike() {
				symmetric = false
				other, err = m.base.connect(interval, true)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("accounting: step %d: %w", i+1, err)
		}
		remove[i], add[i] = part{one, steps[i].Count}, part{other, steps[i].Count}
	}
	d := &LossDistribution{interval: interval, between: between}
	if err := d.compose(remove); err != nil {
		return nil, err
	}
	if !symmetric {
		err = d.compose(add)
	}
	return d, err
}

func (d *LossDistribution) compose(parts []part) error {
	one, err := convolve(parts)
	if err != nil {
		return fmt.Errorf("accounting: %w", err)
	}
	d.directions = append(d.directions, one)
	return nil
}

func (d *LossDistribution) check() error {
	if d == nil || len(d.directions) == 0 {
		return errors.New("no loss distribution; make one by NewLossDistribution")
	}
	return nil
}

// Compose is the loss of both together, also if what the second did was chosen
// after seeing the first. Both must have the same interval.
func (d *LossDistribution) Compose(other *LossDistribution) (*LossDistribution, error) {
	if err := mistakes(d.check(), other.check()); err != nil {
		return nil, err
	}
	if d.interval != other.interval {
		return nil, fmt.Errorf("accounting: intervals are %v and %v, want them equal",
			d.interval, other.interval)
	}
	between, err := d.between.with(other.between)
	if err != nil {
		return nil, mistakes(err)
	}
	out := &LossDistribution{interval: d.interval, between: between}
	for i := range max(len(d.directions), len(other.directions)) {
		err := out.compose([]part{{d.direction(i), 1}, {other.direction(i), 1}})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d *LossDistribution) direction(i int) *pmf { return d.directions[min(i, len(d.directions)-1)] }

// Times is the loss of count runs of d.
func (d *LossDistribution) Times(count int) (*LossDistribution, error) {
	err := d.check()
	if count < 1 || count > maxCount {
		err = errors.Join(err, fmt.Errorf("count is %d, want 1 to %d", count, maxCount))
	}
	if err != nil {
		return nil, mistakes(err)
	}
	out := &LossDistribution{interval: d.interval, between: d.between}
	for _, one := range d.directions {
		if err := out.compose([]part{{one, count}}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// InfinityMass is the probability that the loss is taken as infinite: what the
// mechanisms' own δ add up to, and what was cut off. No ε holds with a smaller
// δ, as far as d knows.
func (d *LossDistribution) InfinityMass() float64 {
	most := 0.0
	if d != nil {
		for _, one := range d.directions {
			most = max(most, one.inf)
		}
	}
	return most
}

// Delta is the δ that holds with epsilon, which must be at least 0.
func (d *LossDistribution) Delta(epsilon float64) (float64, error) {
	if err := mistakes(d.check(), checkEpsilon(epsilon)); err != nil {
		return 0, err
	}
	most := 0.0
	for _, one := range d.directions {
		most = max(most, one.delta(epsilon))
	}
	return min(1, most), nil
}

// Epsilon is the ε that holds with delta, which must lie in (0, 1); +Inf if
// delta is below InfinityMass.
func (d *LossDistribution) Epsilon(delta float64) (float64, error) {
	if err := mistakes(d.check(), checkDelta(delta)); err != nil {
		return 0, err
	}
	most := 0.0
	for _, one := range d.directions {
		most = max(most, one.epsilon(delta))
	}
	return most, nil
}

// delta is inf + Σ_{l>ε} p(l)·(1 - e^(ε-l)).
func (d *pmf) delta(epsilon float64) float64 {
	sum := 0.0
	for i := len(d.p) - 1; i >= 0 && d.loss(i) > epsilon; i-- {
		sum -= d.p[i] * math.Expm1(epsilon-d.loss(i))
	}
	return d.inf + sum
}

// epsilon walks down from the largest loss. Between two points of the grid δ is
// inf + above - e^(ε-l)·scaled, with above = Σ p(l') and scaled = Σ p(l')·e^(l-l')
// over the losses l' from the upper point l on.
func (d *pmf) epsilon(delta float64) float64 {
	if d.inf > delta {
		return math.Inf(1)
	}
	above, scaled, step := 0.0, 0.0, math.Exp(-d.interval)
	for i := len(d.p) - 1; i >= 0; i-- {
		above += d.p[i]
		scaled = scaled*step + d.p[i]
		if d.inf+above-step*scaled <= delta {
			continue // also at the next point below
		}
		l := d.loss(i)
		return up(max(0, l+min(0, math.Log(max(0, d.inf-delta+above)/scaled))))
	}
	// Below all losses δ is 1 - (1-inf)·e^(ε-l): the loop has met every δ above
	// that of one interval below the least loss.
	if len(d.p) == 0 || d.loss(0) <= 0 {
		return 0
	}
	return up(max(0, d.loss(0)+math.Log(max(0, d.inf-delta+above)/scaled)))
}
