// Package risk measures how likely it is that somebody in a table is found by
// a person who knows their quasi-identifiers.
//
// Measure takes the sizes of the classes of rows that agree in the
// quasi-identifiers, as a kanon.Audit has them; Table, a table. What is known
// of the population behind a sample goes into TableSample, where it is another
// table; into PopulationUniqueness, where it is a number of people; and into
// Individual, where it is a weight of each record.
//
// Separate helps to choose the quasi-identifiers, FindSpecialUniques finds the
// records that stand out by the fewest of them, and Diversity says what a
// record's class gives away of a sensitive column.
//
// The measures take every quasi-identifier to be known to the attacker and
// true, and everything else not to be. They are upper bounds under that
// assumption only: a column that is not named as a quasi-identifier, or a
// sensitive value that a whole class shares, is not in them.
package risk

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
)

// Risk is the probability of re-identification under three attackers, after
// El Emam (2013), Guide to the De-Identification of Personal Health
// Information: the prosecutor knows that the person is in the table; the
// journalist does not, and relies on a population of which the table is a
// sample; the marketer wants as many people as possible. Records are people
// where the sizes count people. All values are 0 for a table without records.
type Risk struct {
	Records int64 `json:"records"`
	Classes int64 `json:"classes"`

	// Of a record, 1 over the size of its class: the highest, the lowest, and
	// the average over records, which is the number of classes over the number
	// of records.
	ProsecutorHighest float64 `json:"prosecutor_highest"`
	ProsecutorLowest  float64 `json:"prosecutor_lowest"`
	ProsecutorAverage float64 `json:"prosecutor_average"`
	// Of a record, 1 over the size of its class in the population: the
	// highest; and the larger of two averages, over the population and over
	// the table. Equal to the prosecutor's where no population is given.
	JournalistHighest float64 `json:"journalist_highest"`
	JournalistAverage float64 `json:"journalist_average"`
	// Marketer is the share of records expected to be found when each is
	// linked to a random member of its class in the population.
	Marketer float64 `json:"marketer"`
	// AtRisk is the share of records whose prosecutor's risk is above
	// Threshold.
	AtRisk    float64 `json:"at_risk"`
	Threshold float64 `json:"threshold"`
	// Unique is the share of records alone in their class.
	Unique float64 `json:"unique"`
}

// SampleCount says how many classes of the table have Size records there, and
// Population in the population. Population is at least Size.
type SampleCount struct {
	Size       int64
	Population int64
	Classes    int64
}

// maxRecords of an entry keep sums far from overflow.
const maxRecords = 1e15

// Measure returns the risk of a table with classes of the given sizes, such as
// Sizes of a kanon.Audit, in any order. The table stands for the population.
// Threshold, in (0, 1], is that of AtRisk: 0.2 puts records at risk in classes
// of fewer than five. A size or number below 1 is an error.
func Measure(sizes []kanon.SizeCount, threshold float64) (Risk, error) {
	classes := make([]SampleCount, len(sizes))
	for i, s := range sizes {
		classes[i] = SampleCount{Size: s.Size, Population: s.Size, Classes: s.Classes}
	}
	return MeasureSample(classes, threshold)
}

// MeasureSample is Measure of a table that is a sample of a population in
// which the size of each class is known. Classes of the population that the
// table lacks are left out.
func MeasureSample(classes []SampleCount, threshold float64) (Risk, error) {
	if !(threshold > 0 && threshold <= 1) {
		return Risk{}, fmt.Errorf("kanon/risk: threshold is %v, want above 0 and at most 1", threshold)
	}
	r := Risk{Threshold: threshold}
	var population, atRisk, unique int64
	var found float64 // records linked rightly, expected
	for i, c := range classes {
		if c.Size < 1 || c.Classes < 1 || c.Population < c.Size {
			return Risk{}, fmt.Errorf("kanon/risk: entry %d: %d classes of %d records among %d, "+
				"want at least one of each and no fewer in the population", i, c.Classes, c.Size, c.Population)
		}
		if float64(c.Population)*float64(c.Classes) > maxRecords {
			return Risk{}, fmt.Errorf("kanon/risk: entry %d: more than %g records", i, maxRecords)
		}
		records := c.Size * c.Classes
		r.Records += records
		r.Classes += c.Classes
		population += c.Population * c.Classes
		one := 1 / float64(c.Size)
		if one > threshold {
			atRisk += records
		}
		if c.Size == 1 {
			unique += records
		}
		if i == 0 || one < r.ProsecutorLowest {
			r.ProsecutorLowest = one
		}
		r.ProsecutorHighest = max(r.ProsecutorHighest, one)
		r.JournalistHighest = max(r.JournalistHighest, 1/float64(c.Population))
		found += float64(records) / float64(c.Population)
	}
	if r.Records == 0 {
		return r, nil
	}
	n := float64(r.Records)
	r.ProsecutorAverage = float64(r.Classes) / n
	r.Marketer = found / n
	r.JournalistAverage = max(float64(r.Classes)/float64(population), r.Marketer)
	r.AtRisk = float64(atRisk) / n
	r.Unique = float64(unique) / n
	return r, nil
}

// Table measures a table by the given quasi-identifiers, in people where unit
// names the column that identifies one, in rows where it is empty. Errors are
// those of kanon.Check and of Measure. It does not release r.
func Table(
	ctx context.Context, r array.RecordReader, quasi []string, unit string, threshold float64,
) (Risk, error) {
	if _, err := Measure(nil, threshold); err != nil { // before the table is read
		return Risk{}, err
	}
	audit, err := kanon.Check(ctx, r, kanon.CheckConfig{Quasi: quasi, Unit: unit})
	if err != nil {
		return Risk{}, err
	}
	return Measure(audit.Sizes, threshold)
}
