package kanon

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// What a model needs to know of its column, each more than the one before.
const (
	needsValues = iota // which values a class has
	needsTimes         // and how often
	needsWhole         // and how often the table has them
)

// checkedColumn is the sensitive column that a model names, "" where it names
// none, and what has to be known of it.
func checkedColumn(m Model) (name string, needs int) {
	switch m := m.(type) {
	case LDiversity:
		if m.Kind == Distinct {
			return m.Column, needsValues
		}
		return m.Column, needsTimes
	case AlphaK:
		return m.Column, needsTimes
	case TCloseness:
		return m.Column, needsWhole
	case BetaLikeness:
		return m.Column, needsWhole
	case DeltaDisclosure:
		return m.Column, needsWhole
	}
	return "", needsValues
}

// modelColumns are the sensitive columns that models name, each once.
func modelColumns(models []Model) []string {
	var names []string
	for _, m := range models {
		if name, _ := checkedColumn(m); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// judgeable refuses a model that judge does not know, or whose parameters ask
// for nothing or contradict each other.
func judgeable(m Model) error {
	positive := func(name string, x float64) error {
		if !(x > 0 && x <= math.MaxInt32) {
			return fmt.Errorf("%s is %v, want above 0", name, x)
		}
		return nil
	}
	switch m := m.(type) {
	case nil:
		return errors.New("no model")
	case KAnonymity:
		return judgeableSize(m.K)
	case LDiversity:
		return judgeableDiversity(m)
	case AlphaK:
		if !(m.Alpha > 0 && m.Alpha < 1) {
			return fmt.Errorf("alpha is %v, want above 0 and below 1", m.Alpha)
		}
		return judgeableSize(m.K)
	case TCloseness:
		return judgeableCloseness(m)
	case KMap, DeltaPresence, AverageRisk, SampleUniqueness, PopulationUniqueness:
		return judgeableWhole(m)
	case BetaLikeness:
		if m.Kind != Basic && m.Kind != Enhanced {
			return fmt.Errorf("kind of likeness %q is unknown", m.Kind)
		}
		return positive("beta", m.Beta)
	case DeltaDisclosure:
		return positive("delta", m.Delta)
	}
	return fmt.Errorf("%s cannot be checked as a %T", m, m)
}

func judgeableSize(k int) error {
	if k < 2 {
		return fmt.Errorf("k is %d, want at least 2", k)
	}
	return nil
}

// judgeableDiversity refuses parameters that ask for nothing or contradict each
// other.
func judgeableDiversity(m LDiversity) error {
	whole := m.L == math.Trunc(m.L) && m.L >= 2
	switch {
	case m.Kind == Distinct && whole && m.C == 0,
		(m.Kind == Entropy || m.Kind == Grassberger) && m.L > 1 && m.C == 0,
		m.Kind == Recursive && whole && m.C > 0:
		if m.L <= math.MaxInt32 && m.C <= math.MaxInt32 {
			return nil
		}
	}
	return fmt.Errorf("diversity of kind %q with l %v and c %v cannot be checked", m.Kind, m.L, m.C)
}

func judgeableCloseness(m TCloseness) error {
	if !(m.T > 0 && m.T < 1) {
		return fmt.Errorf("t is %v, want above 0 and below 1", m.T)
	}
	switch m.Distance {
	case Equal, Ordered:
		return nil
	case Hierarchical:
		if m.Tree == nil {
			return errors.New("hierarchical closeness without a tree")
		}
		return nil
	}
	return fmt.Errorf("distance %q is unknown", m.Distance)
}

// judge fails closed: NewChecker has refused what is not known here.
func (c *Checker) judge(a *Audit, m Model) (r ModelResult, err error) {
	name, needs := checkedColumn(m)
	var v *checkedValues
	var column *checkColumn
	var whole []int64
	if i := slices.Index(c.cfg.Sensitive, name); i >= 0 {
		v, column = c.values[i], c.columns[len(c.cfg.Quasi)+i]
	}
	if needs == needsWhole {
		if whole, err = v.whole(name, c.compared); err != nil {
			return r, err
		}
		if n := sumOf(whole); n > math.MaxInt32 { // so that products are exact
			return r, fmt.Errorf("kanon: check: column %q: %s of %d rows, want at most %d",
				name, m, n, math.MaxInt32)
		}
	}
	switch m := m.(type) {
	case KAnonymity:
		r = ModelResult{
			Model: m.String(), Wanted: float64(m.K), Reached: float64(a.Smallest),
			Holds: a.Smallest >= int64(m.K),
		}
	case LDiversity:
		r = v.judgeDiversity(m)
	case AlphaK:
		r = v.judgeFrequent(m, a.Smallest)
	case TCloseness:
		if r, err = v.judgeCloseness(m, column, whole); err != nil {
			return r, err
		}
	case KMap:
		if r, err = c.judgeMap(a, m); err != nil {
			return r, err
		}
	case DeltaPresence:
		if r, err = c.judgePresence(m); err != nil {
			return r, err
		}
	case AverageRisk:
		r = a.judgeAverage(m)
	case SampleUniqueness:
		r = a.judgeUnique(m)
	case PopulationUniqueness:
		if r, err = a.judgePopulation(m); err != nil {
			return r, err
		}
	case BetaLikeness:
		r = v.judgeLikeness(m, whole)
	case DeltaDisclosure:
		r = v.judgeDisclosure(m, whole)
	default:
		return ModelResult{Model: fmt.Sprint(m)}, nil
	}
	if a.Rows == 0 {
		r.Reached, r.Holds = 0, true
	}
	return r, nil
}

// measure fills how much a sensitive column reaches of each model.
func (c *Checker) measure(s *SensitiveAudit, i int) error {
	v := c.values[i]
	whole, err := v.whole(s.Column, c.compared)
	if err != nil {
		return err
	}
	if n := sumOf(whole); n > math.MaxInt32 { // so that products are exact
		return fmt.Errorf("kanon: check: column %q: classes are compared with %d rows, want at most %d",
			s.Column, n, math.MaxInt32)
	}
	near, err := v.judgeCloseness(TCloseness{Distance: Equal}, nil, whole)
	if err != nil {
		return err
	}
	s.EntropyL = v.judgeDiversity(LDiversity{Kind: Entropy, L: 1}).Reached
	s.Alpha = v.judgeFrequent(AlphaK{}, 0).Reached
	s.T = near.Reached
	s.Beta = v.judgeLikeness(BetaLikeness{}, whole).Reached
	s.Delta = v.judgeDisclosure(DeltaDisclosure{}, whole).Reached
	return nil
}
