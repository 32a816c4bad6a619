package kanon

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/lattice"
)

// Measure is what a Loss measures. Empty stands for MeasureLoss.
type Measure string

// Measures of columns lose something in each column; an Aggregate makes one
// loss of them. With N rows, and the share of a column's domain that a label
// covers as a Sharer knows it, or of the values that occur:
const (
	// MeasureLoss is Iyengar's: a row loses the share that its label covers, all
	// of it where it is suppressed, less what a value covers: from 0 to 1 a
	// column. It is cut off after ten digits.
	//
	// Iyengar (2002). Transforming data to satisfy privacy constraints.
	// KDD 2002, 279–288.
	MeasureLoss Measure = "loss"
	// MeasureNCP is the normalized certainty penalty: as MeasureLoss, where a
	// label of one value costs nothing and nothing is subtracted.
	//
	// Xu, Wang, Pei, Wang, Shi, Fu (2006). Utility-based anonymization using
	// local recoding. KDD 2006, 785–790.
	MeasureNCP Measure = "ncp"
	// MeasurePrecision is the level over the levels of the hierarchy, and 1 of
	// a suppressed row, on the average over rows.
	//
	// Sweeney (2002). Achieving k-anonymity privacy protection using
	// generalization and suppression. IJUFKS 10(5), 571–588.
	MeasurePrecision Measure = "precision"
	// MeasureHeight is the level.
	MeasureHeight Measure = "height"
	// MeasureEntropy is the information, in bits over all rows, that is lost
	// with the value when its label is known, and with the label where the row
	// is suppressed.
	//
	// De Waal, Willenborg (1999). Information loss through global recoding and
	// local suppression. Netherlands Official Statistics 14, 17–20.
	MeasureEntropy Measure = "non_uniform_entropy"
	// MeasureNormalizedEntropy is MeasureEntropy over what one label for all
	// rows loses.
	MeasureNormalizedEntropy Measure = "normalized_entropy"
)

// Measures of classes have neither an Aggregate nor Weights. With |E| the rows
// of a class and s those suppressed:
const (
	// MeasureDiscernibility is the sum of |E|² over the classes, and s N.
	//
	// Bayardo, Agrawal (2005). Data privacy through optimal k-anonymization.
	// ICDE 2005, 217–228.
	MeasureDiscernibility Measure = "discernibility"
	// MeasureAECS is the average size of a class; suppressed rows are one more
	// class.
	//
	// LeFevre, DeWitt, Ramakrishnan (2006). Mondrian multidimensional
	// k-anonymity. ICDE 2006.
	MeasureAECS Measure = "aecs"
	// MeasureAmbiguity is the sum over rows of the number of combinations of
	// values that their labels stand for, all that there are of a suppressed one.
	//
	// Goldberger, Tassa (2010). Efficient anonymizations with enhanced utility.
	// Transactions on Data Privacy 3(2), 149–175.
	MeasureAmbiguity Measure = "ambiguity"
	// MeasureDivergence is the Kullback-Leibler divergence of the table from
	// what is left of it, where a class is spread evenly over the combinations
	// that it stands for: added up over rows, so that a combination of c rows
	// counts c times. A search has no bounds of it and counts every vector of
	// levels that MaxSuppression leaves.
	MeasureDivergence Measure = "kl_divergence"
	// MeasureInformation is the entropy-based loss: the logarithm of what
	// MeasureAmbiguity counts over the largest such, from 0 to 1 a row, added up.
	MeasureInformation Measure = "entropy_loss"
)

// Aggregate says how the losses x of m columns, times their weights w, are one.
// Empty stands for what the Measure has by default.
type Aggregate string

const (
	AggregateSum        Aggregate = "sum"             // Σ w x
	AggregateMaximum    Aggregate = "maximum"         // the largest w x
	AggregateArithmetic Aggregate = "arithmetic_mean" // Σ w x / m
	AggregateGeometric  Aggregate = "geometric_mean"  // Π (1 + w x)^(1/m) - 1
	// AggregateRank compares the largest w x, then the second largest, and so
	// on. As a number it is the largest.
	AggregateRank Aggregate = "rank"
)

// Loss is what a search makes as small as it can. The zero value is
// MeasureLoss by the geometric mean. No Loss changes what is protected.
type Loss struct {
	Measure Measure `yaml:"measure" json:"measure,omitempty"`
	// Aggregate is, by default, the geometric mean for MeasureLoss, the
	// arithmetic mean for MeasureNCP and MeasurePrecision, and the sum for other
	// measures of columns.
	Aggregate Aggregate `yaml:"aggregate" json:"aggregate,omitempty"`
	// Balance weighs suppression against generalization, from -1 to 1: where it
	// is below 0, what suppression loses counts 1 + Balance times, so that at -1
	// it is free; above 0, what generalization loses counts 1 - Balance times.
	// It is 2 g - 1 by the factor g of ARX. MeasureHeight, MeasureDiscernibility,
	// MeasureAmbiguity and MeasureDivergence have none. MeasureAECS weighs, as
	// there, the classes kept by the former and the suppressed one by the
	// latter, and takes no -1.
	Balance float64 `yaml:"balance" json:"balance,omitempty"`
	// Weights of columns are relative to the largest; a column that is not
	// named has 1. None is negative and one of them is above 0.
	Weights map[string]float64 `yaml:"weights" json:"weights,omitempty"`
}

// String names the measure and whatever is not as by default, as
// "loss by geometric mean".
func (l Loss) String() string {
	s := string(l.measure())
	if a := l.aggregate(); a != "" {
		s += " by " + string(a)
	}
	if l.Balance != 0 {
		s += fmt.Sprintf(", balance %s", decimal(l.Balance))
	}
	for i, name := range slices.Sorted(maps.Keys(l.Weights)) {
		if i == 0 {
			s += ", weights"
		}
		s += fmt.Sprintf(" %s=%s", name, decimal(l.Weights[name]))
	}
	return s
}

func (l Loss) measure() Measure {
	if l.Measure == "" {
		return MeasureLoss
	}
	return l.Measure
}

// aggregate is empty for measures of classes.
func (l Loss) aggregate() Aggregate {
	if l.Aggregate != "" {
		return l.Aggregate
	}
	switch l.measure() {
	case MeasureLoss:
		return AggregateGeometric
	case MeasureNCP, MeasurePrecision:
		return AggregateArithmetic
	case MeasureHeight, MeasureEntropy, MeasureNormalizedEntropy:
		return AggregateSum
	}
	return ""
}

func (l Loss) factors() lattice.Factors {
	return lattice.Factors{
		Suppression: min(1, 1+l.Balance), Generalization: min(1, 1-l.Balance),
	}
}

// columnLoss is nil for measures of classes.
func (l Loss) columnLoss() lattice.ColumnLoss {
	f := l.factors()
	switch l.measure() {
	case MeasureLoss:
		return lattice.Shares{Factors: f}
	case MeasureNCP:
		return lattice.Penalty{Factors: f}
	case MeasurePrecision:
		return lattice.Precision{Factors: f}
	case MeasureHeight:
		return lattice.Height{}
	case MeasureEntropy:
		return lattice.NonUniformEntropy{Factors: f}
	case MeasureNormalizedEntropy:
		return lattice.NonUniformEntropy{Factors: f, Normalized: true}
	}
	return nil
}

// classLoss is nil for measures of columns.
func (l Loss) classLoss() lattice.Measure {
	switch l.measure() {
	case MeasureDiscernibility:
		return lattice.Discernibility{}
	case MeasureAECS:
		return lattice.AverageClass{Factors: l.factors()}
	case MeasureAmbiguity:
		return lattice.Ambiguity{}
	case MeasureDivergence:
		return lattice.Divergence{}
	case MeasureInformation:
		return lattice.Information{Factors: l.factors()}
	}
	return nil
}

// aggregates are all of them by what they are to the search.
func aggregates() map[Aggregate]lattice.Aggregate {
	return map[Aggregate]lattice.Aggregate{
		AggregateSum: lattice.Sum, AggregateMaximum: lattice.Maximum,
		AggregateArithmetic: lattice.ArithmeticMean, AggregateGeometric: lattice.GeometricMean,
		AggregateRank: lattice.Rank,
	}
}

// plain says whether a loss is that of the zero value.
func (l Loss) plain() bool { return l.String() == Loss{}.String() }

// lattice makes the search's form of a loss, for columns in their order; nil
// for a plain one.
func (l Loss) lattice(columns []string) lattice.Measure {
	if l.plain() {
		return nil
	}
	if m := l.classLoss(); m != nil {
		return m
	}
	m := lattice.ByColumn{Loss: l.columnLoss(), Aggregate: aggregates()[l.aggregate()]}
	if len(l.Weights) == 0 {
		return m
	}
	most := 0.0
	for _, name := range columns {
		w, ok := l.Weights[name]
		if !ok {
			w = 1
		}
		m.Weights = append(m.Weights, w)
		most = max(most, w)
	}
	for j := range m.Weights {
		m.Weights[j] /= most
	}
	return m
}

// validate says what is wrong with a loss of the given columns.
func (l Loss) validate(columns []string) error {
	var errs []error
	mistake := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("loss: "+format, args...))
	}
	byClass := l.classLoss() != nil
	if !byClass && l.columnLoss() == nil {
		mistake("measure %q is unknown, want one of %s", l.Measure, quotedMeasures())
		return errors.Join(errs...)
	}
	if byClass && l.Aggregate != "" {
		mistake("%s is a measure of classes and has no aggregate", l.Measure)
	}
	if byClass && len(l.Weights) > 0 {
		mistake("%s is a measure of classes and has no weights", l.Measure)
	}
	if _, ok := aggregates()[l.Aggregate]; !ok && l.Aggregate != "" {
		mistake("aggregate %q is unknown, want %q, %q, %q, %q or %q", l.Aggregate, AggregateSum,
			AggregateMaximum, AggregateArithmetic, AggregateGeometric, AggregateRank)
	}
	switch m := l.measure(); {
	case !(l.Balance >= -1 && l.Balance <= 1): // so written for NaN
		mistake("balance is %v, want from -1 to 1", l.Balance)
	case l.Balance != 0 && slices.Contains([]Measure{MeasureHeight, MeasureDiscernibility,
		MeasureAmbiguity, MeasureDivergence}, m):
		mistake("%s has no balance", m)
	case l.Balance == 1 && m == MeasureNormalizedEntropy:
		mistake("balance is 1, want below it for %s, which would measure nothing", m)
	case l.Balance == -1 && m == MeasureAECS:
		mistake("balance is -1, want above it for %s, which would count no class", m)
	}
	largest := 0.0
	for _, name := range columns {
		if w, ok := l.Weights[name]; ok {
			largest = max(largest, w)
		} else {
			largest = max(largest, 1)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Weights)) {
		if w := l.Weights[name]; !(w >= 0 && w <= math.MaxInt32) {
			mistake("weight of column %q is %v, want at least 0", name, w)
		}
		if !slices.Contains(columns, name) {
			mistake("column %q has a weight and is no quasi-identifier", name)
		}
	}
	if len(l.Weights) > 0 && len(columns) > 0 && largest == 0 {
		mistake("all weights are 0, want one above it")
	}
	return errors.Join(errs...)
}

func quotedMeasures() string {
	return quoted([]string{string(MeasureLoss), string(MeasureNCP), string(MeasurePrecision),
		string(MeasureHeight), string(MeasureEntropy), string(MeasureNormalizedEntropy),
		string(MeasureDiscernibility), string(MeasureAECS), string(MeasureAmbiguity),
		string(MeasureDivergence), string(MeasureInformation)})
}
