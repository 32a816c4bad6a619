package anonymize

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// answers are the columns of the results of package dp that can be what a query
// is about: the first of them that a result has is.
var answers = []string{"sum", "mean", "variance", "deviation", "covariance", "correlation",
	"quantile", "people", "count"}

// statisticsTable puts the results of all queries into one table: a row for each
// row of each result, with the columns of all groupings as text; what tells a
// query's rows apart beside them (rank, bin_lower, bin_upper and place); value,
// noise_scale, lower and upper; and the bounds that were found. All but query and
// the groupings are numbers. A column that no result has is left out but for those
// four, and where a query's result does not have it, it is null.
type statisticsTable struct {
	builder *array.RecordBuilder
}

func newStatisticsTable(groupings []string, results []arrow.Record) *statisticsTable {
	fields := []arrow.Field{{Name: "query", Type: arrow.BinaryTypes.String}}
	for _, name := range groupings {
		fields = append(fields, arrow.Field{
			Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	for _, name := range []string{"rank", "bin_lower", "bin_upper", "place", "value", "noise_scale",
		"lower", "upper", "bound_lower", "bound_upper", "y_bound_lower", "y_bound_upper"} {
		with := 0
		for _, r := range results {
			if numberOf(r, name) != nil {
				with++
			}
		}
		always := slices.Contains([]string{"value", "noise_scale", "lower", "upper"}, name)
		if with > 0 || always {
			fields = append(fields, arrow.Field{
				Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: with < len(results)})
		}
	}
	return &statisticsTable{
		array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))}
}

// numberOf is the column of a result that goes into one of the table, or nil.
func numberOf(result arrow.Record, name string) arrow.Array {
	names := []string{name}
	if name == "value" {
		names = answers
	}
	for _, name := range names {
		if at := result.Schema().FieldIndices(name); len(at) == 1 {
			return result.Column(at[0])
		}
	}
	return nil
}

// noiseOf is where the scales of the noise of a result lie, and half the widths of its
// intervals; nil where it has none.
func noiseOf(result arrow.Record) (scale, width *Extent) {
	for row := range int(result.NumRows()) {
		if a := numberOf(result, "noise_scale"); a != nil {
			scale = scale.with(floatAt(a, row))
		}
		if lower := numberOf(result, "lower"); lower != nil {
			width = width.with((floatAt(numberOf(result, "upper"), row) - floatAt(lower, row)) / 2)
		}
	}
	return scale, width
}

// with is the extent with one more number; nil is that of none.
func (e *Extent) with(x float64) *Extent {
	if e == nil {
		return &Extent{x, x}
	}
	return &Extent{min(e.Least, x), max(e.Most, x)}
}

// floatAt is a number of a result.
func floatAt(a arrow.Array, row int) float64 {
	if whole, ok := a.(*array.Int64); ok {
		return float64(whole.Value(row))
	}
	return a.(*array.Float64).Value(row)
}

// add appends the rows of one query's result.
func (t *statisticsTable) add(query string, result arrow.Record) {
	for i, f := range t.builder.Schema().Fields() {
		from := numberOf(result, f.Name)
		for row := range int(result.NumRows()) {
			switch to := t.builder.Field(i).(type) {
			case *array.StringBuilder:
				if text, ok := from.(*array.String); ok {
					to.Append(text.Value(row))
				} else if i == 0 {
					to.Append(query)
				} else { // a grouping of another query
					to.AppendNull()
				}
			case *array.Float64Builder:
				if from == nil {
					to.AppendNull()
				} else {
					to.Append(floatAt(from, row))
				}
			}
		}
	}
}

// writeStatistics writes the results of all queries as one table and seals it.
func (r *run) writeStatistics(dst Sink) error {
	t := newStatisticsTable(r.policy.groupings(), r.results)
	defer t.builder.Release()
	for i, q := range r.policy.queries() {
		t.add(q.String(), r.results[i])
	}
	rec := t.builder.NewRecord()
	defer rec.Release()
	if err := dst.Write(rec); err != nil {
		return err
	}
	_, err := dst.Seal()
	return err
}
