package dp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/dp"
)

// answer asks about visits at an ε that hides nothing.
func answer(queries ...dp.Query) []arrow.Record {
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: 20 * hidesNothing, Delta: 0.5},
		Unit:  dp.Unit{Column: "patient_id", MaxRows: 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	reader := visits()
	defer reader.Release()
	tables, err := session.Run(context.Background(), reader, queries...)
	if err != nil {
		log.Fatal(err)
	}
	return tables
}

// show prints columns of a result, numbers with two decimals.
func show(table arrow.Record, names ...string) {
	defer table.Release()
	for row := range int(table.NumRows()) {
		for i, name := range names {
			if i > 0 {
				fmt.Print(" ")
			}
			switch a := table.Column(table.Schema().FieldIndices(name)[0]).(type) {
			case *array.String:
				fmt.Print(a.Value(row))
			case *array.Int64:
				fmt.Print(a.Value(row))
			case *array.Float64:
				fmt.Printf("%.2f", a.Value(row))
			}
		}
		fmt.Println()
	}
}

var publicWards = map[string][]string{"ward": {"ICU", "Surgery"}}

func ExamplePeople() {
	tables := answer(dp.People{By: []string{"ward"}, Keys: publicWards, Epsilon: hidesNothing})
	show(tables[0], "ward", "people")
	// Output:
	// ICU 1000
	// Surgery 1000
}

func ExampleSum() {
	tables := answer(dp.Sum{Column: "stay_days", Lower: 0, Upper: 60, Epsilon: hidesNothing})
	show(tables[0], "sum")
	// Output:
	// 29973.00
}

func ExampleVariance() {
	tables := answer(dp.Variance{Column: "stay_days", Lower: 0, Upper: 60, Epsilon: hidesNothing})
	show(tables[0], "variance", "count")
	// Output:
	// 36.62 3000
}

func ExampleDeviation() {
	tables := answer(dp.Deviation{Column: "stay_days", Lower: 0, Upper: 60, Epsilon: hidesNothing})
	show(tables[0], "deviation")
	// Output:
	// 6.05
}

func ExampleCovariance() {
	tables := answer(dp.Covariance{
		X:       dp.Variable{Column: "patient_id", Lower: 0, Upper: 1000},
		Y:       dp.Variable{Column: "stay_days", Lower: 0, Upper: 60},
		Epsilon: hidesNothing,
	})
	show(tables[0], "covariance")
	// Output:
	// 1.52
}

func ExampleCorrelation() {
	tables := answer(dp.Correlation{
		X:       dp.Variable{Column: "patient_id", Lower: 0, Upper: 1000},
		Y:       dp.Variable{Column: "stay_days", Lower: 0, Upper: 60},
		Epsilon: hidesNothing,
	})
	show(tables[0], "correlation")
	// Output:
	// 0.00
}

// Several quantiles of one noisy tree cost as much as one.
func ExampleQuantiles() {
	tables := answer(dp.Quantiles{
		Column: "stay_days", Lower: 0, Upper: 60, Ranks: []float64{0.25, 0.5, 0.9},
		Epsilon: hidesNothing,
	})
	show(tables[0], "rank", "quantile")
	// Output:
	// 0.25 5.00
	// 0.50 10.00
	// 0.90 18.00
}

func ExampleHistogram() {
	tables := answer(dp.Histogram{
		Column: "stay_days", Edges: []float64{0, 7, 14, 28}, Epsilon: hidesNothing,
	})
	show(tables[0], "bin_lower", "bin_upper", "count")
	// Output:
	// 0.00 7.00 1001
	// 7.00 14.00 1001
	// 14.00 28.00 998
}

func ExampleTop() {
	tables := answer(dp.Top{
		Column: "stay_days", K: 2, Keys: map[string][]string{"stay_days": {"0", "1", "2", "99"}},
		Epsilon: hidesNothing,
	})
	fmt.Println(tables[0].NumRows(), "of 4 values")
	tables[0].Release()
	// Output:
	// 2 of 4 values
}

// Groups finds which wards there are, once for all queries that are grouped by the
// same columns and list no keys.
func ExampleGroups() {
	tables := answer(
		dp.Groups{By: []string{"ward"}, Rule: dp.TruncatedGeometric, Epsilon: 1, Delta: 1e-6},
		dp.Count{By: []string{"ward"}, Epsilon: hidesNothing},
		dp.Mean{Column: "stay_days", Lower: 0, Upper: 60, By: []string{"ward"}, Epsilon: hidesNothing},
	)
	show(tables[0], "ward")
	show(tables[1], "ward", "count")
	show(tables[2], "ward", "mean")
	// Output:
	// Children
	// ICU
	// Surgery
	// Children 1000
	// ICU 1000
	// Surgery 1000
	// Children 10.99
	// ICU 8.99
	// Surgery 9.99
}

// Another process reads a part of the table and sends what it kept as bytes.
func ExampleNewShard() {
	unit := dp.Unit{Column: "patient_id", MaxRows: 3}
	query := dp.Count{Epsilon: hidesNothing}
	reader := visits()
	defer reader.Release()

	shard, err := dp.NewShard(unit, reader.Schema(), query)
	if err != nil {
		log.Fatal(err)
	}
	for reader.Next() {
		if err := shard.Add(reader.Record()); err != nil {
			log.Fatal(err)
		}
	}
	sent, err := shard.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}

	session, err := dp.New(dp.Config{Total: dp.Budget{Epsilon: hidesNothing}, Unit: unit})
	if err != nil {
		log.Fatal(err)
	}
	scan, err := session.NewScan(reader.Schema(), query)
	if err != nil {
		log.Fatal(err)
	}
	if err := scan.MergeBinary(sent); err != nil {
		log.Fatal(err)
	}
	tables, err := scan.Results(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	show(tables[0], "count")
	// Output:
	// 3000
}
