// Kanon makes an Arrow table 3-anonymous in memory and says what it cost.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/kanon"
)

func main() {
	table := patients()
	defer table.Release()
	safe, audit, err := kanon.Apply(context.Background(), kanon.Config{
		Quasi: []kanon.Quasi{
			{Column: "age", Hierarchy: kanon.Intervals{Widths: []float64{10, 20}, Min: 0, Max: 99}},
			{Column: "zip", Hierarchy: kanon.Prefix{Length: 5}},
		},
		Models:         []kanon.Model{kanon.KAnonymity{K: 3}},
		MaxSuppression: 0.2, // at most one row in five may be left out
		Recoding:       kanon.Global,
		Suppressed:     kanon.Drop,
	}, table)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer safe.Release()
	fmt.Println(safe)
	fmt.Println(audit)
}

// patients are eight people, of whom seven can hide among each other.
func patients() arrow.Table {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.PrimitiveTypes.Int64},
		{Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "diagnosis", Type: arrow.BinaryTypes.String},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{31, 34, 38, 62, 65, 66, 69, 93}, nil)
	b.Field(1).(*array.StringBuilder).AppendValues([]string{"02139", "02139", "02138",
		"10001", "10002", "10001", "10003", "94103"}, nil)
	b.Field(2).(*array.StringBuilder).AppendValues([]string{"flu", "asthma", "flu",
		"flu", "fracture", "flu", "asthma", "flu"}, nil)
	rec := b.NewRecord()
	defer rec.Release()
	return array.NewTableFromRecords(schema, []arrow.Record{rec})
}
