package quality

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
	"github.com/lethe-go/lethe/kanon"
)

// Config says what is compared.
type Config struct {
	// Columns are the quasi-identifiers, at least one. A column with a
	// Hierarchy holds values of the original table or labels of the hierarchy.
	// Without one it is a column of numbers in both tables, as microaggregation
	// and noise make them; it has no share in the statistics that count labels.
	Columns []Column
	// ID names a column, in both tables, without nulls and with no value twice,
	// that says which row of the original a released row was made from. When
	// empty, tables of equally many rows are compared row by row, and of others
	// only the statistics that need no pairs of rows are given.
	ID string
}

// Column is a quasi-identifier. The hierarchy is shared and must not change.
type Column struct {
	Name      string
	Hierarchy kanon.Hierarchy
}

// Report holds the statistics of a release. A statistic without a definition
// for the tables, as of the rows of a table without rows, is 1: nothing was
// lost.
type Report struct {
	Rows       int64 `json:"rows"`       // of the original
	Released   int64 `json:"released"`   // that say anything at all
	Suppressed int64 `json:"suppressed"` // left out, or hidden in every column

	Columns []ColumnReport `json:"columns"`
	// Granularity and the others are the means over columns, which are taken
	// before they are brought to the scale of 0 to 1. GranularityGeometric is
	// that of the geometric mean of one more than the loss of each column.
	// Columns without a hierarchy are left out, but for Missing.
	Granularity          float64 `json:"granularity"`
	GranularityGeometric float64 `json:"granularity_geometric"`
	Intensity            float64 `json:"intensity"`
	// Missing is the share of cells that say nothing; here 0 is best.
	Missing float64 `json:"missing"`

	// Discernibility adds up the squares of the sizes of classes, and the rows
	// of the table for each suppressed one (Bayardo, Agrawal 2005).
	Discernibility Score `json:"discernibility"`
	// ClassSize is the average size of a class of released rows, AECS (LeFevre,
	// DeWitt, Ramakrishnan 2006).
	ClassSize Score `json:"class_size"`
	// Ambiguity is the number of tuples of original values that a row could
	// stand for, added up (Goldberger, Tassa 2010).
	Ambiguity Score `json:"ambiguity"`

	// Paired are the statistics that compare each row with the one it was made
	// from; nil where the rows cannot be paired.
	Paired *Paired `json:"paired,omitempty"`
}

// ColumnReport holds the statistics of a column.
type ColumnReport struct {
	Name string `json:"name"`
	// Granularity is 1 less the share of the domain that a label covers, on
	// average over rows (Iyengar 2002, the loss metric).
	Granularity float64 `json:"granularity"`
	// Intensity is 1 less the level of a label over the levels of the
	// hierarchy, on average over rows (Sweeney 2002, precision).
	Intensity float64 `json:"intensity"`
	// Missing is the share of rows in which the column says nothing: the top
	// label, or null where the original has none. 0 is best.
	Missing float64 `json:"missing"`
	// Entropy and SquaredError are as in Paired; 1 where that is nil.
	Entropy      float64 `json:"entropy"`
	SquaredError float64 `json:"squared_error"`
}

// Score is a statistic as it is defined, and on the scale of 0 to 1.
type Score struct {
	Raw   float64 `json:"raw"`
	Value float64 `json:"value"`
}

// Paired are statistics of pairs of rows. Where a distance is needed, a label
// stands for the range of numbers that the hierarchy (kanon.Ranger) says it
// covers, or for that of the values which have it: of numbers themselves, else
// of places in their order.
type Paired struct {
	// Entropy is 1 less the information that the labels of a column leave out
	// about its values, over all there is (De Waal, Willenborg 1999,
	// non-uniform entropy; Gionis, Tassa 2009).
	Entropy float64 `json:"entropy"`
	// SquaredError is 1 less the square of the largest distance from a value to
	// what its label covers, over that of a suppressed value.
	SquaredError float64 `json:"squared_error"`
	// RowError is the same of the Euclidean distance of rows whose columns are
	// divided by their standard deviation (after Soria-Comas, Sánchez et al.).
	RowError float64 `json:"row_error"`
	// SumOfSquares is 1 less the sum of the squares of the distances from the
	// middle of each label to the value, over that to the mean of the column.
	SumOfSquares float64 `json:"sum_of_squares"`
}

// Measure compares a release with the table that it was made from. It does not
// release the readers. Memory is some ten bytes a cell of the columns.
//
// Refused are columns that are missing or named twice, a released value that is
// neither a value of the original nor a label of the hierarchy, pairs of rows
// whose label does not belong to the value, more released rows than there are
// originals, and what is wrong with a hierarchy.
func Measure(
	ctx context.Context, original, released array.RecordReader, cfg Config,
) (*Report, error) {
	m, err := newComparison(ctx, original, released, cfg)
	if err != nil {
		return nil, fmt.Errorf("kanon/quality: %w", err)
	}
	r := &Report{
		Rows: int64(m.rows), Released: int64(m.released - m.starred),
		Suppressed: int64(m.rows - m.released + m.starred),
	}
	for _, v := range m.views {
		r.Columns = append(r.Columns, ColumnReport{Name: v.name, Entropy: 1, SquaredError: 1})
	}
	m.granularity(r)
	m.intensity(r)
	m.missing(r)
	m.classes(r)
	if m.pair != nil {
		r.Paired = &Paired{}
		m.entropy(r)
		m.squaredError(r)
		m.rowError(r)
		m.sumOfSquares(r)
	}
	return r, nil
}

// comparison is two tables of which every cell is known as a value or a label.
type comparison struct {
	rows, released int
	starred        int // released rows that say nothing
	star           []bool
	views          []*view
	// pair is the released row of each original one, or gone; nil where the
	// rows are not paired.
	pair []int
}

// gone is the released row of an original that was left out.
const gone = -1

func newComparison(
	ctx context.Context, original, released array.RecordReader, cfg Config,
) (*comparison, error) {
	if len(cfg.Columns) == 0 {
		return nil, errors.New("no columns")
	}
	var names []string
	for _, c := range cfg.Columns {
		names = append(names, c.Name)
	}
	if cfg.ID != "" {
		names = append(names, cfg.ID)
	}
	in, err := tuple.Read(ctx, original, names, nil)
	if err != nil {
		return nil, fmt.Errorf("original: %w", err)
	}
	out, err := tuple.Read(ctx, released, names, nil)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	if out.Rows > in.Rows {
		return nil, fmt.Errorf("the release has %d rows, want at most the %d of the original",
			out.Rows, in.Rows)
	}
	m := &comparison{rows: in.Rows, released: out.Rows}
	var errs []error
	for i, c := range cfg.Columns {
		v, err := newView(c, in.Columns[i], out.Columns[i])
		if err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", c.Name, err))
		}
		m.views = append(m.views, v)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if m.pair, err = pairRows(cfg.ID, in, out); err != nil {
		return nil, err
	}
	m.findStars()
	return m, m.checkPairs()
}

// pairRows finds the released row of each original one.
func pairRows(id string, in, out *tuple.Table) ([]int, error) {
	pair := make([]int, in.Rows)
	if id == "" {
		if in.Rows != out.Rows {
			return nil, nil
		}
		for i := range pair {
			pair[i] = i
		}
		return pair, nil
	}
	from, to := in.Columns[len(in.Columns)-1], out.Columns[len(out.Columns)-1]
	_, nullIn := from.Coder.Null()
	_, nullOut := to.Coder.Null()
	if nullIn || nullOut || from.Coder.Len() < in.Rows || to.Coder.Len() < out.Rows {
		return nil, fmt.Errorf("column %q: a value is null or occurs twice, want one a row", id)
	}
	ids := from.Coder.Len()
	code, err := from.Coder.Merge(to.Coder)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", id, err)
	}
	if from.Coder.Len() > ids {
		return nil, fmt.Errorf("column %q: %d released rows are of no row of the original",
			id, from.Coder.Len()-ids)
	}
	rowOf := make([]int, ids)
	for i := range rowOf {
		rowOf[i] = gone
	}
	for row, c := range to.Codes {
		rowOf[code[c]] = row
	}
	for row, c := range from.Codes {
		pair[row] = rowOf[c]
	}
	return pair, nil
}

// findStars finds the released rows that say nothing in any column.
func (m *comparison) findStars() {
	m.star = make([]bool, m.released)
	for row := range m.star {
		m.star[row] = true
		for _, v := range m.views {
			m.star[row] = m.star[row] && v.labels[v.out[row]].missing
		}
		if m.star[row] {
			m.starred++
		}
	}
}

// checkPairs refuses pairs of rows that do not belong together.
func (m *comparison) checkPairs() error {
	var errs []error
	for _, v := range m.views {
		wrong := 0
		for row, p := range m.pair {
			if p != gone && !v.belongs(v.in[row], v.out[p]) {
				wrong++
			}
		}
		if wrong > 0 {
			errs = append(errs, fmt.Errorf("column %q: in %d of %d rows the released label is none "+
				"of the original value; name an ID where rows were moved", v.name, wrong, m.rows))
		}
	}
	return errors.Join(errs...)
}
