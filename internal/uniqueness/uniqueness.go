// Package uniqueness estimates how many members of a population are alone in
// their class, given the sizes of the classes of a sample of it. A class is a
// set of members that agree in some columns.
//
// Every estimator rests on a model of the population that nothing checks. An
// estimate is a number of people, not a bound.
package uniqueness

import (
	"errors"
	"fmt"
)

// Count says how many classes of the sample have a size.
type Count struct {
	Size, Classes int64
}

// Sample is what the estimators know: the sizes of the classes of a sample,
// each size once and ascending, and how large the population is. Make one with
// New.
type Sample struct {
	counts     []Count
	records    int64 // in the sample
	classes    int64
	population int64
}

// maxRecords keeps sums exact in float64.
const maxRecords = 1 << 53

// New checks what the estimators take for granted and copies counts: sizes and
// numbers of at least 1, sizes that ascend, at least one record, and a
// population no smaller than the sample.
func New(counts []Count, population int64) (*Sample, error) {
	s := &Sample{counts: append([]Count(nil), counts...), population: population}
	last := int64(0)
	for i, c := range counts {
		if c.Size <= last || c.Classes < 1 {
			return nil, fmt.Errorf("entry %d: %d classes of %d records after classes of %d, "+
				"want at least one of each and sizes that ascend", i, c.Classes, c.Size, last)
		}
		if c.Classes > (maxRecords-s.records)/c.Size {
			return nil, fmt.Errorf("entry %d: more than %d records", i, int64(maxRecords))
		}
		s.records += c.Size * c.Classes
		s.classes += c.Classes
		last = c.Size
	}
	if s.records == 0 {
		return nil, errors.New("no records")
	}
	if population < s.records || population > maxRecords {
		return nil, fmt.Errorf("the population is %d, want at least the %d records of the sample "+
			"and at most %d", population, s.records, int64(maxRecords))
	}
	return s, nil
}

// Fraction is the share of the population that is in the sample.
func (s *Sample) Fraction() float64 { return float64(s.records) / float64(s.population) }

// classesOf is the number of classes of a size of at most 2.
func (s *Sample) classesOf(size int64) float64 {
	for _, c := range s.counts[:min(2, len(s.counts))] {
		if c.Size == size {
			return float64(c.Classes)
		}
	}
	return 0
}
