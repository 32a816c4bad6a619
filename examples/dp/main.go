// Dp takes two differentially private statistics of an Arrow table and shows
// that the budget refuses a third.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp"
)

func main() {
	visits := visits()
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: 1},
		Unit:  dp.Unit{Column: "patient", MaxRows: 5}, // a patient counts with 5 visits at most
	})
	check(err)
	wards := map[string][]string{"ward": {"surgery", "cardiology"}} // public, not from the table
	count := dp.Count{By: []string{"ward"}, Keys: wards, Epsilon: 0.5}
	mean := dp.Mean{Column: "days", Lower: 0, Upper: 30, By: []string{"ward"}, Keys: wards, Epsilon: 0.5}
	results, err := session.Run(context.Background(), visits, count, mean)
	check(err)
	for _, rec := range results {
		fmt.Println(rec)
		rec.Release()
	}
	_, err = session.Run(context.Background(), visits, count)
	fmt.Println(err)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// visits are 20,000 visits of 4,000 patients.
func visits() array.RecordReader {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.PrimitiveTypes.Int64},
		{Name: "ward", Type: arrow.BinaryTypes.String}, {Name: "days", Type: arrow.PrimitiveTypes.Int64},
	}, nil))
	for i := range int64(20_000) {
		b.Field(0).(*array.Int64Builder).Append(i % 4_000)
		b.Field(1).(*array.StringBuilder).Append([]string{"surgery", "cardiology"}[i%2])
		b.Field(2).(*array.Int64Builder).Append(3 + i%11)
	}
	rec := b.NewRecord()
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	check(err)
	return r
}
