package anonymize

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp"
)

// statisticsSchema is the table of statistics: a row for each group of each
// query, with the columns of all groupings, null where a query is not grouped
// by one. The other columns are those of dp.Scan.Results; value is the count
// or the mean.
func statisticsSchema(groupings []string) *arrow.Schema {
	fields := []arrow.Field{{Name: "query", Type: arrow.BinaryTypes.String}}
	for _, name := range groupings {
		fields = append(fields, arrow.Field{
			Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	for _, name := range []string{"value", "noise_scale", "lower", "upper"} {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64})
	}
	return arrow.NewSchema(fields, nil)
}

// groupings lists each column that a query is grouped by once, in order.
func (p *Policy) groupings() []string {
	var names []string
	seen := map[string]bool{}
	for _, q := range p.Statistics.Queries {
		by := []string{}
		if q.Count != nil {
			by = q.Count.By
		} else if q.Mean != nil {
			by = q.Mean.By
		}
		for _, name := range by {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// writeStatistics writes the results of all queries as one table and seals it.
func (r *run) writeStatistics(dst Sink) error {
	schema := statisticsSchema(r.policy.groupings())
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i, q := range r.queries() {
		if err := appendResult(b, q, r.results[i]); err != nil {
			return err
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	if err := dst.Write(rec); err != nil {
		return err
	}
	_, err := dst.Seal()
	return err
}

// appendResult appends the rows of one query's result.
func appendResult(b *array.RecordBuilder, q dp.Query, result arrow.Record) error {
	column := map[string]arrow.Array{}
	for i, f := range result.Schema().Fields() {
		column[f.Name] = result.Column(i)
	}
	column["value"] = column["count"]
	if _, ok := q.(dp.Mean); ok {
		column["value"] = column["mean"]
	}
	for i, f := range b.Schema().Fields() {
		from := column[f.Name]
		for row := range int(result.NumRows()) {
			switch to := b.Field(i).(type) {
			case *array.StringBuilder:
				switch from := from.(type) {
				case *array.String:
					to.Append(from.Value(row))
				default: // the query itself, or a grouping of another query
					if i == 0 {
						to.Append(q.String())
					} else {
						to.AppendNull()
					}
				}
			case *array.Float64Builder:
				switch from := from.(type) {
				case *array.Float64:
					to.Append(from.Value(row))
				case *array.Int64:
					to.Append(float64(from.Value(row)))
				default:
					return fmt.Errorf("anonymize: the result of %q has no column %q", q, f.Name)
				}
			}
		}
	}
	return nil
}
