package kanon

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/lattice"
)

// AverageRisk asks that, of all rows that are kept, the risk of being found by
// somebody who knows a class is at most Risk on average: the number of classes
// over that of rows, or people where a unit is named. It says nothing of a
// single class, which is what Highest and AtRisk are for: at most the share
// AtRisk of rows may be in classes of fewer than 1/Highest.
//
// It is a condition on the whole table. Where it does not hold, the smallest
// classes are suppressed, all of a size together, until it does.
//
// El Emam (2013). Guide to the de-identification of personal health
// information. CRC Press.
type AverageRisk struct {
	Risk    float64 `yaml:"risk"`    // above 0 and below 1
	Highest float64 `yaml:"highest"` // from 0 to 1; 0 for no limit of AtRisk
	AtRisk  float64 `yaml:"at_risk"` // from 0 to below 1
}

func (AverageRisk) model() {}

// String is the name of the model, as "average risk of 0.1".
func (m AverageRisk) String() string {
	s := "average risk of " + decimal(m.Risk)
	if m.Highest > 0 {
		s += fmt.Sprintf(", above %s for %s of rows", decimal(m.Highest), decimal(m.AtRisk))
	}
	return s
}

func (m AverageRisk) validate() error {
	var errs []error
	if !(m.Risk > 0 && m.Risk < 1) {
		errs = append(errs, fmt.Errorf("average risk is %v, want above 0 and below 1", m.Risk))
	}
	if !(m.Highest >= 0 && m.Highest <= 1) {
		errs = append(errs, fmt.Errorf("highest risk is %v, want from 0 to 1", m.Highest))
	}
	if !(m.AtRisk >= 0 && m.AtRisk < 1) {
		errs = append(errs, fmt.Errorf("share at risk is %v, want from 0 to below 1", m.AtRisk))
	}
	if m.AtRisk > 0 && m.Highest == 0 {
		errs = append(errs, errors.New("a share at risk is given and no highest risk"))
	}
	return errors.Join(errs...)
}

func (m AverageRisk) limit(int64) (lattice.SizeLimit, error) { return averageLimit(m), nil }

type averageLimit AverageRisk

func (l averageLimit) Holds(sizes []lattice.SizeCount) bool {
	var classes, members, atRisk int64
	for _, s := range sizes {
		classes += s.Classes
		members += s.Classes * s.Size
		if float64(s.Size)*l.Highest < 1 {
			atRisk += s.Classes * s.Size
		}
	}
	return float64(classes) <= l.Risk*float64(members) &&
		(l.Highest == 0 || float64(atRisk) <= l.AtRisk*float64(members))
}
