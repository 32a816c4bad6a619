package kanon

import (
	"errors"
	"fmt"
	"math"

	"github.com/lethe-go/lethe/internal/criterion"
)

// Occurrence is how the rows of a class are taken to be drawn from a population.
// Its zero value stands for a population that is counted.
type Occurrence string

const (
	// Poisson takes the other rows of the class of a row to be a Poisson number.
	Poisson Occurrence = "poisson"
	// TruncatedPoisson takes the rows of a class to be a Poisson number above 0.
	TruncatedPoisson Occurrence = "zero_truncated_poisson"
)

// KMap asks that as many as K people of a population are in every class,
// however few of them are in the table. Somebody who does not know who is in
// the table cannot tell them apart; who does know is not stopped.
//
// Without Occurrence the population is counted, see Anonymizer.NewPopulation. With
// it, only its size is known, and a class is asked for as many rows of the
// table as a class of K people has with a chance of at most Significance: at
// most K, and no more than the table has. That is, for λ = K n/Population with
// n the rows of the table, suppressed ones included, or its people where a
// unit is named,
//
//	for TruncatedPoisson, the least k with P[X > k-1 | X > 0] ≤ Significance;
//	for Poisson, the least k with P[X > k-2] ≤ Significance,
//
// X being a Poisson number of mean λ.
//
// Sweeney (2002). k-anonymity: a model for protecting privacy. IJUFKS 10(5),
// 557–570. El Emam, Dankar (2008). Protecting privacy using k-anonymity.
// JAMIA 15(5), 627–637.
type KMap struct {
	K            int        `yaml:"k"` // at least 2
	Occurrence   Occurrence `yaml:"occurrence"`
	Population   int64      `yaml:"population"`   // people; 0 where they are counted
	Significance float64    `yaml:"significance"` // above 0 and below 1; 0 where counted
}

func (KMap) model() {}

// String is the name of the model, as "5-map".
func (m KMap) String() string {
	if m.Occurrence == "" {
		return fmt.Sprintf("%d-map", m.K)
	}
	return fmt.Sprintf("%d-map of %d (%s, %s)", m.K, m.Population, m.Occurrence, decimal(m.Significance))
}

func (m KMap) validate() error {
	errs := []error{KAnonymity{m.K}.validate()}
	switch m.Occurrence {
	case "":
		if m.Population != 0 || m.Significance != 0 {
			errs = append(errs, fmt.Errorf("a population or a significance is given and no "+
				"occurrence, want %q or %q", Poisson, TruncatedPoisson))
		}
		return errors.Join(errs...)
	case Poisson, TruncatedPoisson:
	default:
		errs = append(errs, fmt.Errorf("occurrence is %q, want %q or %q, or none where the "+
			"population is counted", m.Occurrence, Poisson, TruncatedPoisson))
	}
	if m.Population < 1 {
		errs = append(errs, fmt.Errorf("population is %d, want at least 1", m.Population))
	}
	if !(m.Significance > 0 && m.Significance < 1) {
		errs = append(errs, fmt.Errorf("significance is %v, want above 0 and below 1", m.Significance))
	}
	return errors.Join(errs...)
}

// rows is how many rows a class needs in a table of n, where the population is
// not counted.
func (m KMap) rows(n int64) (int64, error) {
	if n > m.Population {
		return 0, fmt.Errorf("kanon: %s: a population of %d, but the table has %d", m, m.Population, n)
	}
	most := min(int64(m.K), max(n, 1))
	lambda := float64(m.K) * float64(n) / float64(m.Population)
	term := math.Exp(-lambda) // P[X = i]
	below, whole := term, 1.0 // P[X <= i], without 0 where truncated, and the whole of it
	if m.Occurrence == TruncatedPoisson {
		below, whole = 0, -math.Expm1(-lambda)
	}
	for i := int64(0); i < most; i++ {
		if i > 0 {
			term *= lambda / float64(i)
			below += term
		}
		enough := below >= (1-m.Significance)*whole
		switch {
		case enough && m.Occurrence == Poisson:
			return min(most, i+2), nil
		case enough && i > 0:
			return min(most, i+1), nil
		}
	}
	return most, nil
}

// population is a condition on the population counted of a class.
func (m KMap) population() criterion.Criterion { return criterion.Population{K: int64(m.K)} }

// DeltaPresence asks that of the people of a population who could be in a
// class, from the share Min to the share Max are in the table: nobody can tell
// much better than that who is. All who are in no class kept are one class
// more, as far as the search goes; the check sees the classes only. The
// population is counted, see Anonymizer.NewPopulation, and holds every row of the
// table.
//
// Nergiz, Atzori, Clifton (2007). Hiding the presence of individuals from
// shared databases. SIGMOD 2007, 665–676.
type DeltaPresence struct {
	Min float64 `yaml:"min"` // from 0 to Max
	Max float64 `yaml:"max"` // above 0, to 1
}

func (DeltaPresence) model() {}

// String is the name of the model, as "presence of 0.1 to 0.5".
func (m DeltaPresence) String() string {
	return fmt.Sprintf("presence of %s to %s", decimal(m.Min), decimal(m.Max))
}

func (m DeltaPresence) validate() error {
	if !(m.Min >= 0 && m.Min <= m.Max && m.Max > 0 && m.Max <= 1) {
		return fmt.Errorf("presence is from %v to %v, want shares from 0 to 1 in order", m.Min, m.Max)
	}
	return nil
}

func (m DeltaPresence) population() criterion.Criterion {
	return criterion.Presence{Min: m.Min, Max: m.Max}
}
