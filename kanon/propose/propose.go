// Package propose suggests hierarchies for the columns of a table from the
// values they hold, to start a policy from.
//
// A proposal is a guess from one table. It knows neither what the values mean
// nor what outsiders know; its reasons say what was seen, so that whoever signs
// the policy can judge them. The ends of intervals and the values kept come
// from the table: from its quantiles, and from values that many rows share. A
// value of few rows is in no proposal.
package propose

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/number"
	"github.com/lethe-go/lethe/internal/tuple"
	"github.com/lethe-go/lethe/kanon"
)

// Proposal is a hierarchy for a column.
type Proposal struct {
	Column string
	// Hierarchy is one of kanon's plain structs, as a policy holds them:
	// Intervals for numbers, Dates for dates and timestamps, Prefix for codes,
	// Frequent for categories, Order for two values or fewer. It accepts every
	// value of the column but NaN. It is nil where none is of use, as for a
	// column that tells nearly every row apart.
	Hierarchy kanon.Hierarchy
	// Reasons are sentences for the reader of a policy, without values of few
	// rows.
	Reasons []string

	Rows, Nulls int64
	Distinct    int64 // values, without null
}

// idRows is how many rows there are at least for values to be said to tell them
// apart.
const idRows = 100

// minRows is how many rows a value has at least that a proposal shows: that
// many, and that share of all rows.
const (
	minRows  = 10
	minShare = 0.01
)

// Hierarchies proposes a hierarchy for each of the named columns. It does not
// release r. Memory is four bytes a row and column, and the distinct values.
// Refused are columns that are missing, named twice, or of a nested type.
func Hierarchies(
	ctx context.Context, r array.RecordReader, columns ...string,
) ([]Proposal, error) {
	if len(columns) == 0 {
		return nil, errors.New("kanon/propose: no columns")
	}
	t, err := tuple.Read(ctx, r, columns, nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/propose: %w", err)
	}
	proposals := make([]Proposal, len(columns))
	var wg sync.WaitGroup
	for i, c := range t.Columns {
		wg.Go(func() { proposals[i] = propose(c) })
	}
	wg.Wait()
	return proposals, nil
}

// values are the distinct values of a column in canonical order, without null.
type values struct {
	coder *column.Coder
	codes []uint32
	rows  []int64 // of each
	all   int64   // rows that are not null
}

func propose(c tuple.Column) Proposal {
	counts := make([]int64, c.Coder.Len())
	for _, code := range c.Codes {
		counts[code]++
	}
	p := Proposal{Column: c.Name, Rows: int64(len(c.Codes))}
	v := values{coder: c.Coder, codes: c.Coder.Order()}
	for _, code := range v.codes {
		v.rows = append(v.rows, counts[code])
		v.all += counts[code]
	}
	p.Nulls, p.Distinct = p.Rows-v.all, int64(len(v.codes))
	switch kind := c.Coder.Type().Kind; {
	case v.all == 0:
		p.because("the column holds no values")
	case p.Distinct <= 2:
		v.few(&p)
	case v.names():
		p.because("%d distinct whole numbers in %d rows: they tell nearly every row apart, as the "+
			"number of a person or a visit does; drop it or give it a pseudonym, or lay out "+
			"intervals where it is a quantity", p.Distinct, v.all)
	case number.Is(c.Coder.Type().Arrow()):
		v.numbers(&p)
	case kind == column.Date || kind == column.Timestamp:
		v.dates(&p)
	case kind == column.String:
		v.text(&p)
	default:
		p.because("there is no hierarchy for values of type %s", c.Coder.Type())
	}
	return p
}

// names says whether the values are whole numbers that may be there to name rows.
func (v *values) names() bool {
	return v.whole() && v.all >= idRows && float64(len(v.codes)) > (1-minShare)*float64(v.all)
}

func (v *values) whole() bool {
	t := v.coder.Type()
	return t.Kind == column.Integer || t.Kind == column.Unsigned ||
		t.Kind == column.Decimal && t.Scale == 0
}

func (p *Proposal) because(format string, args ...any) {
	p.Reasons = append(p.Reasons, fmt.Sprintf(format, args...))
}

// few proposes to keep or to suppress a column of at most two values, which it
// lists only where both are frequent.
func (v *values) few(p *Proposal) {
	var texts []string
	for i, code := range v.codes {
		if !v.shows(i) {
			p.because("a value of at most two has few rows and is not named here; drop the column, " +
				"or write the hierarchy by hand")
			return
		}
		texts = append(texts, v.coder.Text(code))
	}
	switch v.coder.Type().Kind {
	case column.String, column.Boolean, column.Integer, column.Unsigned, column.Date:
		p.Hierarchy = kanon.Order{Values: texts}
		p.because("%d distinct values: kept or suppressed, nothing between", len(texts))
	default:
		p.because("there is no hierarchy for two values of type %s", v.coder.Type())
	}
}

// shows says whether a value has rows enough to be named.
func (v *values) shows(i int) bool {
	return v.rows[i] >= minRows && float64(v.rows[i]) >= minShare*float64(v.all)
}

// quantile is the position of the value at which a share of the rows is
// reached.
func (v *values) quantile(share float64) int {
	below := int64(0)
	for i, n := range v.rows {
		if below += n; float64(below) >= share*float64(v.all) {
			return i
		}
	}
	return len(v.rows) - 1
}
