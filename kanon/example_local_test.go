package kanon_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/kanon"
)

// Local recoding generalizes each class as far as it has to, and ages come out
// as the bounds of any interval.
func ExampleLocal() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String}, {Name: "age", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"zip": "80331", "age": 31}, {"zip": "80331", "age": 38},
		{"zip": "80337", "age": 50}, {"zip": "80339", "age": 50}
	]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rec.Release()
	table := array.NewTableFromRecords(schema, []arrow.Record{rec})
	defer table.Release()
	out, audit, err := kanon.Apply(context.Background(), kanon.Config{
		Quasi: []kanon.Quasi{
			{Column: "zip", Hierarchy: kanon.Prefix{Length: 5}},
			{Column: "age", Hierarchy: kanon.Intervals{Widths: []float64{1, 20}, Max: 99, Free: true}},
		},
		Models:     []kanon.Model{kanon.KAnonymity{K: 2}},
		Recoding:   kanon.Local,
		Suppressed: kanon.Drop,
		Numeric:    kanon.NumericBounds,
	}, table)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	r := array.NewTableReader(out, 0)
	defer r.Release()
	for r.Next() {
		for row := range int(r.Record().NumRows()) {
			var cells []string
			for _, col := range r.Record().Columns() {
				cells = append(cells, col.ValueStr(row))
			}
			fmt.Println(strings.Join(cells, " "))
		}
	}
	fmt.Println(audit.Classes, "classes by", strings.Join(audit.Quasi, ", "))
	// Output:
	// 80331 31 38
	// 80331 31 38
	// 8033* 50 50
	// 8033* 50 50
	// 2 classes by zip, age_lower, age_upper
}
