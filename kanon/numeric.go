package kanon

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/recode"
)

// Numeric says as what quasi-identifiers that are numbers, dates or timestamps
// come out, whatever their level, so that a table has the same schema in every
// case. Empty stands for NumericLabels.
//
// Numbers come out as float64, but bounds of integers as int64; dates and
// timestamps as date32, the day in the column's zone. What is written is null
// where the value is null, where its label is the top, and where a row is
// starred. Classes that are written alike are one class, as Check counts them.
type Numeric string

const (
	// NumericLabels are text, and the values themselves where a column stays as
	// it is.
	NumericLabels Numeric = "labels"
	// NumericMidpoint is the middle of the label's first and last number, or day,
	// days rounded down. An open interval is written by its one end.
	NumericMidpoint Numeric = "midpoint"
	// NumericMean is the mean of the values of all rows of the class, whose label
	// has to be below the top, days rounded down. The rows are those that were
	// counted, and counts that were spilled have no means.
	NumericMean Numeric = "mean"
	// NumericBounds are two columns in the place of one, its name with "_lower"
	// and "_upper": the first and the last integer or day of the label, both
	// included, or the ends of the interval of other numbers. An open interval
	// lacks one.
	NumericBounds Numeric = "bounds"
)

// LowerSuffix and UpperSuffix stand behind the name of a column in those of
// NumericBounds.
const (
	LowerSuffix = "_lower"
	UpperSuffix = "_upper"
)

func (n Numeric) mistake() error {
	all := []Numeric{NumericLabels, NumericMidpoint, NumericMean, NumericBounds}
	switch {
	case n == "":
	case !slices.Contains(all, n):
		return fmt.Errorf("numeric is %q, want %s", n, oneOf(all))
	}
	return nil
}

// typed says whether columns of numbers come out as such.
func (n Numeric) typed() bool { return n != "" && n != NumericLabels }

// written is what a plan holds of it.
func (n Numeric) written() Numeric {
	if n.typed() {
		return n
	}
	return ""
}

// isNumber says whether the values of a type come out as numbers or days.
func isNumber(t column.Type) bool {
	return isDay(t) || isInteger(t) || t.Kind == column.Float || t.Kind == column.Decimal
}

func isDay(t column.Type) bool { return t.Kind == column.Date || t.Kind == column.Timestamp }

func isInteger(t column.Type) bool {
	return t.Kind == column.Integer || t.Kind == column.Unsigned ||
		t.Kind == column.Decimal && t.Scale == 0
}

// numberDomain is a domain as numbers.
type numberDomain struct {
	as    Numeric
	typ   column.Type
	value []float64 // of each value, days from 1970-01-01
	ends  []*ends   // by level from 1 on; nil where not asked for yet
}

// ends are the first and the last number of the label of each value, NaN where
// an interval is open.
type ends struct{ lower, upper []float64 }

// ender is a hierarchy that knows the numbers, or days, of its labels. The
// ends of others are those of the values that occur.
type ender interface {
	ends(domain arrow.Array, level int) (*ends, error)
}

// addNumbers reads the values of a domain as numbers where they come out so.
func (d *domain) addNumbers(as Numeric) error {
	if !as.typed() || !isNumber(d.coder.Type()) {
		return nil
	}
	values := d.coder.Array(memory.DefaultAllocator, d.order)
	defer values.Release()
	d.numbers = &numberDomain{as: as, typ: d.coder.Type(), value: make([]float64, len(d.order))}
	d.numbers.ends = make([]*ends, len(d.column.Codes))
	if isDay(d.numbers.typ) {
		days, err := days(values)
		if err != nil {
			return fmt.Errorf("kanon: column %q: %w", d.quasi.Column, err)
		}
		for i, day := range days {
			d.numbers.value[i] = float64(day)
		}
	} else {
		at := numbers(values)
		for i := range d.order {
			d.numbers.value[i] = at(i)
		}
	}
	for _, v := range d.numbers.value {
		finite := !math.IsNaN(v) && !math.IsInf(v, 0)
		if !finite || isInteger(d.numbers.typ) && math.Abs(v) >= 1<<53 {
			return fmt.Errorf("kanon: column %q: numeric %q of a value that is not finite, or 2^53 and "+
				"beyond", d.quasi.Column, as)
		}
	}
	for level := 1; level < len(d.column.Codes); level++ {
		var err error
		if e, ok := d.quasi.Hierarchy.(ender); ok && !d.top(level) {
			d.numbers.ends[level], err = e.ends(values, level)
		} else {
			d.numbers.ends[level] = d.occurring(level)
		}
		if err != nil {
			return fmt.Errorf("kanon: column %q: %w", d.quasi.Column, err)
		}
	}
	return nil
}

// occurring are the least and the greatest value that occur under each label.
func (d *domain) occurring(level int) *ends {
	codes := d.column.Codes[level][:len(d.order)]
	value := d.numbers.value
	low, high := map[uint32]float64{}, map[uint32]float64{}
	for v, code := range codes {
		if l, ok := low[code]; !ok || value[v] < l {
			low[code] = value[v]
		}
		if h, ok := high[code]; !ok || value[v] > h {
			high[code] = value[v]
		}
	}
	e := &ends{make([]float64, len(codes)), make([]float64, len(codes))}
	for v, code := range codes {
		e.lower[v], e.upper[v] = low[code], high[code]
	}
	return e
}

// limits are the first and the last number of a label, NaN where it has none;
// known is false for null and the top.
func (d *domain) limits(l recode.Label) (lower, upper float64, known bool) {
	first, last := l.Code, l.Last
	level := l.Level
	switch {
	case level == recode.Spanning:
		level = d.height(l)
	case d.face(l).null || d.top(level):
		return 0, 0, false
	case level > 0:
		first = d.firsts()(l)
		last = first
	default:
		last = first
	}
	if level == 0 {
		return d.numbers.value[first], d.numbers.value[first], true
	}
	e := d.numbers.ends[level]
	return e.lower[first], e.upper[last], true
}

// written are the numbers of a label as they are written, nil for null: one, or
// two of NumericBounds.
func (d *domain) written(l recode.Label) []*float64 {
	lower, upper, known := d.limits(l)
	switch {
	case !known && d.numbers.as == NumericBounds:
		return []*float64{nil, nil}
	case !known:
		return []*float64{nil}
	case d.numbers.as == NumericBounds:
		return []*float64{orNull(lower), orNull(upper)}
	case math.IsNaN(lower):
		return []*float64{orNull(upper)}
	case math.IsNaN(upper):
		return []*float64{orNull(lower)}
	}
	return []*float64{orNull(d.numbers.round(lower + (upper-lower)/2))}
}

// orNull is a pointer to a number, nil for NaN.
func orNull(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}

// round makes a day of a number where days are written.
func (n *numberDomain) round(x float64) float64 {
	if isDay(n.typ) {
		return math.Floor(x)
	}
	return x
}

// checkNumbers checks what a plan has as numbers of a column, of which each
// list is of n.
func (d *planColumnDoc) checkNumbers(as Numeric, t column.Type, n int) error {
	want := 0
	switch {
	case !as.typed() || !isNumber(t):
	case as == NumericBounds:
		want = 2
	default:
		want = 1
	}
	if len(d.Numbers) != want {
		return errors.New("other numbers than its type and the policy ask for")
	}
	whole := isDay(t) || isInteger(t) && as == NumericBounds
	for _, list := range d.Numbers {
		if len(list) != n {
			return errors.New("not a number for each label")
		}
		for _, x := range list {
			if x != nil && (whole && *x != math.Trunc(*x) || isDay(t) && math.Abs(*x) > math.MaxInt32) {
				return errors.New("a number is out of range")
			}
		}
	}
	return nil
}
