package kanon_test

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
)

// Three neighbours share an illness: a class of three, of which everything is
// known. Two distinct values in a class are asked for, and the zip code goes
// up a level.
func ExampleLDiversity() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "diagnosis", Type: arrow.BinaryTypes.String},
	}, nil)
	rec := array.NewRecord(schema, []arrow.Array{
		texts("04210", "04210", "04210", "04217", "04217"),
		texts("flu", "flu", "flu", "cold", "flu"),
	}, 5)
	table := array.NewTableFromRecords(schema, []arrow.Record{rec})
	defer table.Release()
	for _, models := range [][]kanon.Model{
		{kanon.KAnonymity{K: 2}},
		{kanon.KAnonymity{K: 2},
			kanon.LDiversity{Column: "diagnosis", L: 2, Kind: kanon.Distinct},
			kanon.TCloseness{Column: "diagnosis", T: 0.3, Distance: kanon.Equal}},
	} {
		out, audit, err := kanon.Apply(context.Background(), kanon.Config{
			Quasi:  []kanon.Quasi{{Column: "zip", Hierarchy: kanon.Prefix{Length: 5}}},
			Models: models, Recoding: kanon.Global, Suppressed: kanon.Drop,
		}, table)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(audit)
		out.Release()
	}
	// Output:
	// 5 rows in 2 classes by zip
	// class sizes: 2 to 3 rows, 2.5 on average
	// 2-anonymity: holds, reached 2 of 2
	// 5 rows in 1 classes by zip
	// class sizes: 5 to 5 rows, 5.0 on average
	// 2-anonymity: holds, reached 5 of 2
	// distinct 2-diversity of diagnosis: holds, reached 2 of 2
	// 0.3-closeness of diagnosis (equal): holds, reached 0 of 0.3
	// diagnosis: at least 2 distinct values in a class
}
