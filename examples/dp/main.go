// Dp takes differentially private statistics of an Arrow table: it finds the wards
// that enough patients were in, counts patients and takes means, quantiles and a
// correlation for each, all in one pass, and shows that the budget refuses more.
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp"
)

func main() {
	visits := visits()
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: 1, Delta: 1e-6},
		// A patient counts with 5 visits at most, and in 2 wards.
		Unit: dp.Unit{Column: "patient", MaxRows: 5, MaxGroups: 2},
	})
	check(err)

	// The wards are not listed here: a ward is shown if enough patients were in it,
	// and one that a single patient was in is not. All queries by ward share that.
	by := []string{"ward"}
	days, age := dp.Variable{Column: "days", Upper: 30}, dp.Variable{Column: "age", Upper: 100}
	queries := []dp.Query{
		dp.Groups{By: by, Rule: dp.TruncatedGeometric, Epsilon: 0.2, Delta: 1e-6},
		dp.People{By: by, Epsilon: 0.2},
		dp.Mean{Column: "days", Upper: 30, By: by, Epsilon: 0.2},
		dp.Quantiles{Column: "age", Upper: 100, Ranks: []float64{0.25, 0.5, 0.75}, Epsilon: 0.2},
		dp.Correlation{X: days, Y: age, Epsilon: 0.2},
	}
	results, err := session.Run(context.Background(), visits, queries...)
	check(err)
	for i, rec := range results {
		fmt.Println(queries[i])
		for row := range int(rec.NumRows()) {
			for col, f := range rec.Schema().Fields() {
				fmt.Printf("  %s %s", f.Name, rec.Column(col).ValueStr(row))
			}
			fmt.Println()
		}
		rec.Release()
	}
	_, err = session.Run(context.Background(), visits, dp.Count{Epsilon: 0.1})
	fmt.Println(err)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// visits are 20,000 visits of 4,000 patients, who stay longer the older they are;
// one of them was in a ward that nobody else was in.
func visits() array.RecordReader {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.PrimitiveTypes.Int64},
		{Name: "ward", Type: arrow.BinaryTypes.String},
		{Name: "days", Type: arrow.PrimitiveTypes.Int64},
		{Name: "age", Type: arrow.PrimitiveTypes.Int64},
	}, nil))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range int64(20_000) {
		patient := i % 4_000
		age := 20 + patient%70
		ward := []string{"surgery", "cardiology"}[rng.IntN(2)]
		if i == 0 {
			ward = "quarantine"
		}
		b.Field(0).(*array.Int64Builder).Append(patient)
		b.Field(1).(*array.StringBuilder).Append(ward)
		b.Field(2).(*array.Int64Builder).Append(1 + age/10 + rng.Int64N(9))
		b.Field(3).(*array.Int64Builder).Append(age)
	}
	rec := b.NewRecord()
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	check(err)
	return r
}
