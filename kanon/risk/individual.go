package risk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// SampleConfig describes a table that is a sample of a population.
type SampleConfig struct {
	// Quasi names the quasi-identifiers, at least one.
	Quasi []string
	// Weight names the column of sampling weights: how many members of the
	// population a record stands for. Fraction, in (0, 1], gives all records
	// the weight 1/Fraction instead; 1 says that the table is the population.
	// One of the two is set.
	Weight   string
	Fraction float64
	// Household names the column whose equal values tie records of one
	// household together, if there is one.
	Household string
}

// IndividualRisk is the risk of each record of a sample, in the order of the
// rows. The records of a class have the same risk.
type IndividualRisk struct {
	// Frequency is the size of the record's class in the table, and Population
	// its estimate in the population: the sum of the weights of the class.
	Frequency  []int64
	Population []float64
	// Risk is the expected value of 1 over the size of the class in the
	// population, given the table.
	Risk []float64
	// Household is the risk that at least one member of the record's household
	// is found, taking them to be found independently. It is nil where no
	// household is named.
	Household []float64

	// Expected is the sum of Risk: the number of records that are expected to
	// be found when all are tried. Global is their share of the records.
	Expected float64
	Global   float64
	// ExpectedHousehold is the sum of Household, and GlobalHousehold its share.
	ExpectedHousehold float64
	GlobalHousehold   float64
}

func (c SampleConfig) validate() error {
	var errs []error
	if len(c.Quasi) == 0 {
		errs = append(errs, errors.New("kanon/risk: no quasi-identifier"))
	}
	switch {
	case c.Weight == "" && c.Fraction == 0:
		errs = append(errs, errors.New("kanon/risk: neither weight nor fraction; "+
			"a table that is the population has fraction 1"))
	case c.Weight != "" && c.Fraction != 0:
		errs = append(errs, errors.New("kanon/risk: weight and fraction, want one of them"))
	case c.Weight == "" && !(c.Fraction > 0 && c.Fraction <= 1):
		errs = append(errs, fmt.Errorf("kanon/risk: fraction is %v, want above 0 and at most 1", c.Fraction))
	}
	return errors.Join(errs...)
}

// Individual estimates the risk of each record of a sample: a record of a class
// of f records whose weights sum to F is taken to stand among a number of
// people that is negative binomial with f successes of probability f/F. The
// expected risk is summed exactly to rounding, also for large classes. It does
// not release r. Memory is some 40 bytes a row.
//
// Refused are a weight that is null, not finite or not above 0, and a class
// whose weights sum to less than its records, since the population holds the
// sample; and a household that is null.
//
// Polettini (2003). Some remarks on the individual risk methodology. UNECE
// Work Session on Statistical Data Confidentiality, Luxembourg.
func Individual(
	ctx context.Context, r array.RecordReader, cfg SampleConfig,
) (*IndividualRisk, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	codes := slices.Clone(cfg.Quasi)
	if cfg.Household != "" {
		codes = append(codes, cfg.Household)
	}
	var numbers []string
	if cfg.Weight != "" {
		numbers = []string{cfg.Weight}
	}
	t, err := tuple.Read(ctx, r, codes, numbers)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: individual risk: %w", err)
	}
	classes := t.Distinct(places(len(cfg.Quasi))...)
	population, err := cfg.population(t, classes)
	if err != nil {
		return nil, err
	}
	of := make([]float64, classes.Len()) // risk of a class
	for c, f := range classes.Rows {
		of[c] = posterior(f, float64(f)/population[c])
	}
	risk := &IndividualRisk{
		Frequency: make([]int64, t.Rows), Population: make([]float64, t.Rows),
		Risk: make([]float64, t.Rows),
	}
	for i, c := range classes.Of {
		risk.Frequency[i], risk.Population[i], risk.Risk[i] = classes.Rows[c], population[c], of[c]
	}
	risk.Expected, risk.Global = sumAndMean(risk.Risk)
	if cfg.Household != "" {
		if risk.Household, err = households(t.Columns[len(cfg.Quasi)], risk.Risk); err != nil {
			return nil, err
		}
		risk.ExpectedHousehold, risk.GlobalHousehold = sumAndMean(risk.Household)
	}
	return risk, nil
}

// places are 0 to n−1.
func places(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return at
}

func sumAndMean(x []float64) (sum, mean float64) {
	for _, v := range x {
		sum += v
	}
	if len(x) > 0 {
		mean = sum / float64(len(x))
	}
	return sum, mean
}

// population sums the weights of each class.
func (c SampleConfig) population(t *tuple.Table, classes *tuple.Distinct) ([]float64, error) {
	sums := make([]float64, classes.Len())
	if c.Weight == "" {
		for i, n := range classes.Rows {
			sums[i] = float64(n) / c.Fraction
		}
		return sums, nil
	}
	wrong, small := 0, 0
	for i, w := range t.Numbers[0] {
		if !(w > 0) || math.IsInf(w, 0) {
			wrong++
		}
		sums[classes.Of[i]] += w
	}
	if wrong > 0 {
		return nil, fmt.Errorf("kanon/risk: column %q: %d of %d weights are null, not finite or "+
			"not above 0", c.Weight, wrong, t.Rows)
	}
	const slack = 1e-9 // of sums of weights that are thirds
	for i, n := range classes.Rows {
		if sums[i] < float64(n)*(1-slack) {
			small++
		}
		sums[i] = max(sums[i], float64(n))
	}
	if small > 0 {
		return nil, fmt.Errorf("kanon/risk: column %q: in %d of %d classes the weights sum to less "+
			"than the records; a weight is the number of people a record stands for",
			c.Weight, small, classes.Len())
	}
	return sums, nil
}

// households returns for each record 1 − Π(1−r) over its household.
func households(column tuple.Column, risk []float64) ([]float64, error) {
	if _, seen := column.Coder.Null(); seen {
		return nil, fmt.Errorf("kanon/risk: column %q: a household is null", column.Name)
	}
	logs := make([]float64, column.Coder.Len()) // ln Π(1−r)
	for i, h := range column.Codes {
		logs[h] += math.Log1p(-risk[i])
	}
	of := make([]float64, len(risk))
	for i, h := range column.Codes {
		of[i] = -math.Expm1(logs[h])
	}
	return of, nil
}

// Threshold returns the risk above which records are to be protected for the
// global risk to fall below a limit in (0, 1], and how many records are above
// it. Records are taken from the highest risk downward, a class at a time, and
// those taken count with the threshold, to which protecting them brings them
// down at least. It is 1 with no records above where the global risk is below
// the limit already, and 0 where nothing less than all records will do.
//
// Hundepool et al. (2012). Statistical Disclosure Control. Wiley, section 3.3.
func (r *IndividualRisk) Threshold(limit float64) (threshold float64, above int, err error) {
	if !(limit > 0 && limit <= 1) {
		return 0, 0, fmt.Errorf("kanon/risk: limit is %v, want above 0 and at most 1", limit)
	}
	sorted := slices.Clone(r.Risk)
	slices.SortFunc(sorted, func(a, b float64) int { return cmp.Compare(b, a) })
	n := float64(len(sorted))
	safe, _ := sumAndMean(sorted)
	if safe < n*limit || len(sorted) == 0 {
		return 1, 0, nil
	}
	for above < len(sorted) {
		for class := sorted[above]; above < len(sorted) && sorted[above] == class; above++ {
			safe -= class
		}
		if above == len(sorted) {
			break
		}
		if threshold = sorted[above]; safe+threshold*float64(above) < n*limit {
			return threshold, above, nil
		}
	}
	return 0, len(sorted), nil
}
