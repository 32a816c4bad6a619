package masking

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/internal/microaggregate"
	"github.com/lethe-go/lethe/kanon"
)

// Method is how Microaggregation makes its classes. Its zero value is refused.
type Method string

const (
	// LocalSearch starts with MDAV in blocks and moves, exchanges and dissolves
	// until nothing helps. It loses less than MDAV and takes seconds for
	// hundreds of thousands of rows.
	LocalSearch Method = "local_search"
	// MDAV is the published heuristic, for comparison: its cost is quadratic in
	// the rows.
	MDAV Method = "mdav"
	// Univariate is the optimum for a single column.
	Univariate Method = "univariate"
)

// Microaggregation replaces the numbers of some columns by the means of
// classes of at least K rows, made so that the rows of a class are near to each
// other. Distances are Euclidean on z-scores, so that every column counts
// alike. Its zero value is refused.
type Microaggregation struct {
	// Columns are those to aggregate together: integers and floats, without
	// nulls, of finite values, integers below 2^53.
	Columns []string `yaml:"columns"`
	// K is how many rows a class has at least; 2 or more.
	K      int    `yaml:"k"`
	Method Method `yaml:"method"`
	// Rounds, of LocalSearch, is how many larger steps follow where no single
	// one helps: each takes a few classes apart and makes them anew, at some
	// ten to a hundred microseconds. Ten a row gain a few percent.
	Rounds int `yaml:"rounds"`
	// Seed chooses among equal ways of LocalSearch. No protection rests on it.
	Seed uint64 `yaml:"seed"`
}

// Aggregation says what Microaggregation did.
type Aggregation struct {
	// Audit is what the independent checker found in the result: its classes
	// are the combinations of values that occur, and count rows.
	Audit *kanon.Audit
	// InformationLoss is the sum of the squared distances of rows to the means
	// of their classes over that to the mean of all, on z-scores: 0 where no
	// value changed, 1 where one class holds all. Rounding to the type of a
	// column is not in it.
	InformationLoss float64
}

func (m Microaggregation) validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("masking: microaggregation: "+format, args...))
	}
	if len(m.Columns) == 0 {
		bad("no column")
	}
	for i, name := range m.Columns {
		if slices.Contains(m.Columns[:i], name) {
			bad("column %q is there twice", name)
		}
	}
	if m.K < 2 {
		bad("k is %d, want at least 2", m.K)
	}
	switch m.Method {
	case LocalSearch:
	case MDAV, Univariate:
		if m.Rounds != 0 {
			bad("rounds are of method %q; want 0 with %q", LocalSearch, m.Method)
		}
		if m.Method == Univariate && len(m.Columns) > 1 {
			bad("method %q takes a single column; name one, or use %q", Univariate, LocalSearch)
		}
	default:
		bad("method is %q, want %q, %q or %q", m.Method, LocalSearch, MDAV, Univariate)
	}
	if m.Rounds < 0 {
		bad("rounds is %d, want 0 or more", m.Rounds)
	}
	return errors.Join(errs...)
}

// Apply returns the table with the columns aggregated, and what was done. Each
// column keeps its type: a mean of integers is rounded to the nearest one, of
// two to the even one. The other columns and the order of rows stay. The caller
// releases the table. There must be at least K rows, or none.
//
// The result is the same for any number of processors and any chunks of the
// table. Memory is some 300 bytes a row and column.
func (m Microaggregation) Apply(
	ctx context.Context, t arrow.Table,
) (arrow.Table, *Aggregation, error) {
	if err := m.validate(); err != nil {
		return nil, nil, err
	}
	values := make([][]float64, len(m.Columns))
	var errs []error
	for j, name := range m.Columns {
		var err error
		if values[j], err = readNumbers(t, name); err != nil {
			errs = append(errs, fmt.Errorf("masking: microaggregation: %w", err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	rows := len(values[0])
	if rows > 0 && rows < m.K {
		return nil, nil, fmt.Errorf("masking: microaggregation: %w: the table has fewer than %d rows",
			kanon.ErrInfeasible, m.K)
	}
	p := scores(values)
	class, err := m.partition(ctx, p)
	if err != nil {
		return nil, nil, fmt.Errorf("masking: microaggregation: %w", err)
	}
	out := newColumns(t)
	defer out.release()
	for j, name := range m.Columns {
		out.replace(name, writeNumbers(out.typeOf(name), means(values[j], class)))
	}
	result := out.table()
	a := new(Aggregation)
	if within, total := microaggregate.SSE(p, class); total > 0 {
		a.InformationLoss = within / total
	}
	a.Audit, err = check(ctx, result, kanon.CheckConfig{
		Quasi: m.Columns, Models: []kanon.Model{kanon.KAnonymity{K: m.K}},
	})
	if err != nil {
		result.Release()
		return nil, nil, err
	}
	return result, a, nil
}

func (m Microaggregation) partition(
	ctx context.Context, p microaggregate.Points,
) ([]int32, error) {
	switch {
	case p.N == 0:
		return nil, nil
	case m.Method == MDAV:
		return microaggregate.MDAV(ctx, p, m.K)
	case m.Method == Univariate:
		return microaggregate.Univariate(p, m.K), ctx.Err()
	}
	return microaggregate.Improved(ctx, p, m.K, m.Rounds, m.Seed, runtime.GOMAXPROCS(0))
}

// means is, for each row, the mean of its class.
func means(values []float64, class []int32) []float64 {
	var mean []float64
	var size []float64
	for i, c := range class {
		for int(c) >= len(mean) {
			mean, size = append(mean, 0), append(size, 0)
		}
		// Going from mean to mean does not overflow, as a sum could.
		size[c]++
		mean[c] += (values[i] - mean[c]) / size[c]
	}
	out := make([]float64, len(values))
	for i, c := range class {
		out[i] = mean[c]
	}
	return out
}

// check has the result read by the checker of kanon, which knows nothing of
// how it was made.
func check(ctx context.Context, t arrow.Table, cfg kanon.CheckConfig) (*kanon.Audit, error) {
	r := array.NewTableReader(t, 1<<16)
	defer r.Release()
	audit, err := kanon.Check(ctx, r, cfg)
	if err != nil {
		return nil, err
	}
	if !audit.Holds {
		return nil, errors.New("masking: the check of the result failed; nothing is returned")
	}
	return audit, nil
}
