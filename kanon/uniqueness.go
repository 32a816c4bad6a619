package kanon

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/internal/lattice"
	"github.com/lethe-go/lethe/internal/uniqueness"
)

// SampleUniqueness asks that at most the share Share of the rows that are kept,
// or of people where a unit is named, are alone in their class. It is a
// condition on the whole table, as AverageRisk.
type SampleUniqueness struct {
	Share float64 `yaml:"share"` // from 0 to below 1
}

func (SampleUniqueness) model() {}

// String is the name of the model, as "sample uniqueness of 0.01".
func (m SampleUniqueness) String() string { return "sample uniqueness of " + decimal(m.Share) }

func (m SampleUniqueness) validate() error { return validUniqueness(m.Share) }

func validUniqueness(share float64) error {
	if !(share >= 0 && share < 1) {
		return fmt.Errorf("share of uniques is %v, want from 0 to below 1", share)
	}
	return nil
}

func (m SampleUniqueness) limit(int64) (lattice.SizeLimit, error) { return sampleLimit(m), nil }

type sampleLimit SampleUniqueness

func (l sampleLimit) Holds(sizes []lattice.SizeCount) bool {
	alone, members := int64(0), int64(0)
	for _, s := range sizes {
		members += s.Classes * s.Size
		if s.Size == 1 {
			alone = s.Classes
		}
	}
	return float64(alone) <= l.Share*float64(members)
}

// Estimator is how PopulationUniqueness is estimated, see package kanon/risk.
// Its zero value is refused.
type Estimator string

const (
	Zayatz Estimator = "zayatz"
	Pitman Estimator = "pitman"
	SNB    Estimator = "snb"
	Dankar Estimator = "dankar" // one of the three, by the sampling fraction
)

// PopulationUniqueness asks that at most the share Share of a population is
// estimated to be alone in its class, from the sizes of the classes that are
// kept. Without anybody alone in the table the estimate is 0; where the
// Estimator has none, the limit does not hold. It is a condition on the whole
// table, as AverageRisk. It rests on a model of the population that the table
// cannot check, and on the table being a simple random sample of it.
//
// Dankar, El Emam, Neisa, Roffey (2012). Estimating the re-identification risk
// of clinical data sets. BMC Medical Informatics and Decision Making 12:66.
type PopulationUniqueness struct {
	Share      float64   `yaml:"share"`      // from 0 to below 1
	Population int64     `yaml:"population"` // people; no fewer than the table has
	Estimator  Estimator `yaml:"estimator"`
}

func (PopulationUniqueness) model() {}

// String is the name of the model, as "population uniqueness of 0.01 (dankar)".
func (m PopulationUniqueness) String() string {
	return fmt.Sprintf("population uniqueness of %s (%s)", decimal(m.Share), m.Estimator)
}

func (m PopulationUniqueness) validate() error {
	errs := []error{validUniqueness(m.Share)}
	if m.Population < 1 {
		errs = append(errs, fmt.Errorf("population is %d, want at least 1", m.Population))
	}
	if !slices.Contains([]Estimator{Zayatz, Pitman, SNB, Dankar}, m.Estimator) {
		errs = append(errs, fmt.Errorf("estimator is %q, want %q, %q, %q or %q",
			m.Estimator, Zayatz, Pitman, SNB, Dankar))
	}
	return errors.Join(errs...)
}

func (m PopulationUniqueness) limit(members int64) (lattice.SizeLimit, error) {
	if members > m.Population {
		return nil, fmt.Errorf("kanon: %s: a population of %d, but the table has %d",
			m, m.Population, members)
	}
	return populationLimit(m), nil
}

type populationLimit PopulationUniqueness

func (l populationLimit) Holds(sizes []lattice.SizeCount) bool {
	counts := make([]SizeCount, len(sizes))
	for i, s := range sizes {
		counts[i] = SizeCount(s)
	}
	share, ok := PopulationUniqueness(l).estimate(counts)
	return ok && share <= l.Share
}

// estimate is the share of the population that is alone, by sizes in ascending
// order; false where there is none.
func (m PopulationUniqueness) estimate(sizes []SizeCount) (share float64, ok bool) {
	if len(sizes) == 0 || sizes[0].Size > 1 {
		return 0, true
	}
	counts := make([]uniqueness.Count, len(sizes))
	for i, s := range sizes {
		counts[i] = uniqueness.Count(s)
	}
	sample, err := uniqueness.New(counts, m.Population)
	if err != nil {
		return 0, false
	}
	uniques := 0.0
	switch m.Estimator {
	case Zayatz:
		uniques = sample.Zayatz()
	case Pitman:
		uniques, err = sample.Pitman()
	case SNB:
		uniques, err = sample.SNB()
	default:
		uniques, _ = sample.Dankar()
	}
	return uniques / float64(m.Population), err == nil
}
