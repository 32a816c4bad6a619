package microdata

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/microagg"
	"github.com/lethe-go/lethe/internal/tuple"
	"github.com/lethe-go/lethe/kanon"
)

// Microaggregation puts at least K rows into a class, close in some columns of
// numbers, and gives all of them the mean of the class. The rows are then
// k-anonymous as far as these columns go; other columns that an outsider knows
// are not protected by it. The columns are compared as z-scores. The zero
// value is refused.
type Microaggregation struct {
	// Columns of integers, floats or decimals, which are averaged together. A
	// null, NaN or infinite value is an error, and so is one beyond 2^53.
	Columns []string `yaml:"columns"`
	K       int      `yaml:"k"` // at least 2
	Method  Method   `yaml:"method"`
	// Rounds is the budget of Search beyond local search, in tries for each K
	// rows: 0 stands for 1, which nearly always pays; 150 find nearly all there
	// is to find, at some hundred times the cost.
	Rounds int `yaml:"rounds,omitempty"`
	// Seed starts the random choices of Search. It protects nothing.
	Seed uint64 `yaml:"seed,omitempty"`
}

// Method says how classes are found. Its zero value is refused.
type Method string

const (
	// Search is MDAV in small blocks of near rows, and then local search:
	// moves, swaps, splits and dissolved classes, until none helps, and
	// partitions of some neighbouring classes anew. It loses less than MDAV and
	// takes about n·log n steps.
	Search Method = "search"
	// MDAV is the method of maximum distance to average vector of
	// Domingo-Ferrer and Torra (2005), as published, for comparison. It takes
	// n² steps over K.
	MDAV Method = "mdav"
	// Univariate is the optimum for a single column, of Hansen and Mukherjee
	// (2003).
	Univariate Method = "univariate"
)

// MicroaggregationAudit says what a microaggregation did. It holds no value.
type MicroaggregationAudit struct {
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	// Classes of equal rows in the released columns, counted in what is
	// released, by their sizes. Classes that were given the same means count
	// as one.
	Classes  int64             `json:"classes"`
	Smallest int64             `json:"smallest"`
	Sizes    []kanon.SizeCount `json:"sizes"`
	// Loss is SSE/SST of the z-scores: 0 where nothing changed, 1 where all rows
	// got the mean of the table. It is of the means before they are rounded to
	// the type of their column.
	Loss float64 `json:"loss"`
}

// blockRows is the size of the blocks of Search; the result hardly depends on
// it.
const blockRows = 200

func (m Microaggregation) validate() error {
	errs := []error{named("microaggregation", m.Columns)}
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kanon/microdata: microaggregation: "+format, args...))
	}
	if m.K < 2 || m.K > math.MaxInt32/4 {
		wrong("k is %d, want at least 2", m.K)
	}
	switch m.Method {
	case Search, MDAV:
	case Univariate:
		if len(m.Columns) != 1 {
			wrong("method univariate is for one column, not %d", len(m.Columns))
		}
	default:
		wrong("method is %q, want one of search, mdav, univariate", m.Method)
	}
	if m.Rounds < 0 || m.Rounds > 0 && m.Method != Search {
		wrong("rounds is %d, want 0, or at least 1 with method search", m.Rounds)
	}
	return errors.Join(errs...)
}

// Apply replaces the columns of a table. The means have the type of their
// column, rounded to the nearest where it is one of integers or decimals;
// a dictionary comes out plain. The table stays as it is, and the caller
// releases the one returned. The result is the same for any number of cores
// and any chunks, but may depend on the order of the rows.
//
// A table of fewer than K rows is refused: no class can have K.
func (m Microaggregation) Apply(
	ctx context.Context, t arrow.Table,
) (arrow.Table, *MicroaggregationAudit, error) {
	if err := m.validate(); err != nil {
		return nil, nil, err
	}
	read, err := read(ctx, t, nil, m.Columns)
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: microaggregation: %w", err)
	}
	if read.Rows < m.K && read.Rows > 0 {
		return nil, nil, fmt.Errorf("kanon/microdata: microaggregation: %d rows, want at least %d",
			read.Rows, m.K)
	}
	if err := m.averageable(read); err != nil {
		return nil, nil, err
	}
	p := microagg.Points{D: len(m.Columns), X: make([]float64, len(m.Columns)*read.Rows)}
	for j, values := range read.Numbers {
		for i, x := range values {
			p.X[i*p.D+j] = x
		}
	}
	microagg.Standardize(p)
	class, err := m.partition(ctx, p)
	if err != nil {
		return nil, nil, fmt.Errorf("kanon/microdata: microaggregation: %w", err)
	}
	columns := map[string]arrow.Array{}
	for j, name := range m.Columns {
		dt := t.Schema().Field(t.Schema().FieldIndices(name)[0]).Type
		columns[name] = rounded(dt, classMeans(class, read.Numbers[j]))
	}
	out := replace(t, columns)
	audit, err := m.audit(ctx, out)
	if err != nil {
		out.Release()
		return nil, nil, err
	}
	if sst := p.SSE(make([]int32, p.Len())); sst > 0 {
		audit.Loss = p.SSE(class) / sst
	}
	return out, audit, nil
}

// averageable refuses values without a mean.
func (m Microaggregation) averageable(t *tuple.Table) error {
	var errs []error
	for j, values := range t.Numbers {
		wrong := 0
		for _, x := range values {
			if !(math.Abs(x) <= 1<<53) {
				wrong++
			}
		}
		if wrong > 0 {
			errs = append(errs, fmt.Errorf("kanon/microdata: microaggregation: column %q: %d of %d "+
				"values are null, not finite or beyond 2^53; drop these rows first",
				m.Columns[j], wrong, t.Rows))
		}
	}
	return errors.Join(errs...)
}

func (m Microaggregation) partition(ctx context.Context, p microagg.Points) ([]int32, error) {
	switch m.Method {
	case MDAV:
		return microagg.MDAV(ctx, p, m.K)
	case Univariate:
		return microagg.Univariate(p.X, m.K), nil
	}
	rounds := m.Rounds
	if rounds == 0 {
		rounds = microagg.Quick
	}
	return microagg.Partition(ctx, p, microagg.Options{
		K: m.K, Block: max(blockRows, 2*m.K), Rounds: rounds, Seed: m.Seed,
	})
}

// classMeans gives each row the mean of its class.
func classMeans(class []int32, values []float64) []float64 {
	var sums []float64
	var sizes []int
	for i, c := range class {
		for int(c) >= len(sums) {
			sums, sizes = append(sums, 0), append(sizes, 0)
		}
		sums[c] += values[i]
		sizes[c]++
	}
	means := make([]float64, len(values))
	for i, c := range class {
		means[i] = sums[c] / float64(sizes[c])
	}
	return means
}

// audit counts the classes of what is released, and refuses one that is too
// small.
func (m Microaggregation) audit(ctx context.Context, t arrow.Table) (*MicroaggregationAudit, error) {
	r := array.NewTableReader(t, batch)
	defer r.Release()
	found, err := kanon.Check(ctx, r, kanon.CheckConfig{Quasi: m.Columns})
	if err != nil {
		return nil, fmt.Errorf("kanon/microdata: microaggregation: %w", err)
	}
	if found.Rows > 0 && found.Smallest < int64(m.K) {
		return nil, fmt.Errorf("kanon/microdata: microaggregation: the check of the result found "+
			"a class of %d rows, want at least %d; nothing is returned", found.Smallest, m.K)
	}
	return &MicroaggregationAudit{
		Columns: found.Quasi, Rows: found.Rows, Classes: found.Classes,
		Smallest: found.Smallest, Sizes: found.Sizes,
	}, nil
}
