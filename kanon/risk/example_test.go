package risk_test

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/risk"
)

func ExamplePopulationUniqueness() {
	// 111 records of a town of 10,000: 50 are alone in their class.
	u, err := risk.PopulationUniqueness([]kanon.SizeCount{
		{Size: 1, Classes: 50}, {Size: 2, Classes: 20}, {Size: 7, Classes: 3},
	}, 10_000)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s estimates %.0f unique people\n", u.Rule, u.Dankar.Uniques)
	// Output: pitman estimates 213 unique people
}

func ExampleTableSample() {
	sample, names := columnsOf([][]string{{"30"}, {"41"}}, 1)
	town, _ := columnsOf([][]string{{"30"}, {"30"}, {"41"}, {"41"}, {"41"}, {"41"}}, 1)
	open := func(rec arrow.Record) array.RecordReader {
		r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
		if err != nil {
			panic(err)
		}
		return r
	}
	got, err := risk.TableSample(context.Background(), open(sample), open(town), names, 0.2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("prosecutor %.2f, journalist %.2f\n", got.ProsecutorHighest, got.JournalistHighest)
	// Output: prosecutor 1.00, journalist 0.50
}

func ExampleDiversity() {
	rec, _ := columnsOf([][]string{{"30s", "flu"}, {"30s", "flu"}, {"40s", "flu"}, {"40s", "asthma"}}, 2)
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := risk.Diversity(context.Background(), r, risk.DiversityConfig{
		Quasi: []string{"c0"}, Sensitive: "c1", C: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Distinct, got.Recursive)
	// Output: [1 1 2 2] [1 1 2 2]
}
