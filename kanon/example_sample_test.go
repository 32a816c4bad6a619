package kanon_test

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
)

// Two people of a register are in the table, alone in their zip codes. Among
// the people of the register each is one of two.
func ExampleApplySample() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "zip", Type: arrow.BinaryTypes.String}}, nil)
	column := func(values ...string) arrow.Table {
		rec := array.NewRecord(schema, []arrow.Array{texts(values...)}, int64(len(values)))
		return array.NewTableFromRecords(schema, []arrow.Record{rec})
	}
	table, register := column("04210", "04330"), column("04210", "04210", "04330", "04330", "04770")
	defer table.Release()
	defer register.Release()
	out, audit, err := kanon.ApplySample(context.Background(), kanon.Config{
		Quasi:  []kanon.Quasi{{Column: "zip", Hierarchy: kanon.Prefix{Length: 5}}},
		Models: []kanon.Model{kanon.KMap{K: 2}}, Recoding: kanon.Global, Suppressed: kanon.Drop,
	}, table, register)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	fmt.Print(audit)
	// Output:
	// 2 rows in 2 classes by zip
	// class sizes: 1 to 1 rows, 1.0 on average
	// 2-map: holds, reached 2 of 2
}

// What a privacy budget asks of a class before it is published, and how many of
// all rows are sampled.
func ExampleSafePub_Parameters() {
	k, rate, err := kanon.SafePub{Epsilon: 1, Delta: 1e-6}.Parameters()
	fmt.Printf("%d of %.1f %% of the rows, %v\n", k, 100*rate, err)
	// Output: 75 of 63.2 % of the rows, <nil>
}

// The same table by another measure of what is lost.
func ExampleLoss() {
	fmt.Println(kanon.Loss{})
	fmt.Println(kanon.Loss{Measure: kanon.MeasureAECS})
	fmt.Println(kanon.Loss{Aggregate: kanon.AggregateRank, Weights: map[string]float64{"age": 2}})
	// Output:
	// loss by geometric_mean
	// aecs
	// loss by rank, weights age=2
}
