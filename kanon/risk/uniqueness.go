package risk

import (
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/internal/uniqueness"
	"github.com/lethe-go/lethe/kanon"
)

// Uniqueness estimates how many members of a population are alone in their
// class, from a sample of the population. Each estimator rests on a model of
// the population that the sample cannot check; they differ by more than their
// digits suggest, and none is a bound.
type Uniqueness struct {
	Records    int64 `json:"records"`    // in the sample
	Population int64 `json:"population"` // members
	// Zayatz takes the classes of the population to have the sizes of those of
	// the sample. It always has an estimate.
	Zayatz Estimate `json:"zayatz"`
	// Pitman fits Pitman's sampling formula by maximum likelihood.
	Pitman Estimate `json:"pitman"`
	// SNB solves a slide negative binomial model for the classes of one and two.
	SNB Estimate `json:"snb"`
	// Dankar is the one of the three that Dankar's rule chooses by the sampling
	// fraction, and Rule its name.
	Dankar Estimate `json:"dankar"`
	Rule   string   `json:"rule"`
}

// Estimate is a number of members of the population, and their share of it.
// Where the estimator has none for this sample both are 0 and Missing says why.
type Estimate struct {
	Uniques float64 `json:"uniques"`
	Share   float64 `json:"share"`
	Missing string  `json:"missing,omitempty"`
}

// PopulationUniqueness estimates the uniques of a population from the sizes of
// the classes of a simple random sample of it without replacement, such as
// Sizes of a kanon.Audit, in any order. The population is no smaller than the
// sample; where only the sampling fraction is known, it is the number of
// records over the fraction. Cost: the estimators iterate over the classes, a
// second for some ten million.
//
// Dankar, El Emam, Neisa, Roffey (2012). Estimating the re-identification risk
// of clinical data sets. BMC Medical Informatics and Decision Making 12:66.
func PopulationUniqueness(sizes []kanon.SizeCount, population int64) (Uniqueness, error) {
	var counts []uniqueness.Count
	for _, s := range sizes {
		counts = append(counts, uniqueness.Count{Size: s.Size, Classes: s.Classes})
	}
	slices.SortFunc(counts, func(a, b uniqueness.Count) int { return int(a.Size - b.Size) })
	s, err := uniqueness.New(counts, population)
	if err != nil {
		return Uniqueness{}, fmt.Errorf("kanon/risk: population uniqueness: %w", err)
	}
	u := Uniqueness{Population: population}
	for _, c := range counts {
		u.Records += c.Size * c.Classes
	}
	estimate := func(uniques float64, err error) Estimate {
		if err != nil {
			return Estimate{Missing: err.Error()}
		}
		return Estimate{Uniques: uniques, Share: uniques / float64(population)}
	}
	u.Zayatz = estimate(s.Zayatz(), nil)
	u.Pitman = estimate(s.Pitman())
	u.SNB = estimate(s.SNB())
	uniques, by := s.Dankar()
	u.Dankar, u.Rule = estimate(uniques, nil), string(by)
	return u, nil
}
