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

func fourVisits() (arrow.Record, kanon.Config) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "diagnosis", Type: arrow.BinaryTypes.String},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"zip": "80331", "diagnosis": "asthma"}, {"zip": "80333", "diagnosis": "asthma"},
		{"zip": "80335", "diagnosis": "gout"},   {"zip": "10115", "diagnosis": "gout"}
	]`))
	if err != nil {
		panic(err)
	}
	return rec, kanon.Config{
		Quasi:          []kanon.Quasi{{Column: "zip", Hierarchy: kanon.Prefix{Length: 5}}},
		Models:         []kanon.Model{kanon.KAnonymity{K: 3}},
		MaxSuppression: 0.25,
		Recoding:       kanon.Global,
		Suppressed:     kanon.Drop,
	}
}

// A table in memory takes one call.
func ExampleApply() {
	rec, cfg := fourVisits()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	out, audit, err := kanon.Apply(context.Background(), cfg, table)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	fmt.Println(out.NumRows(), "rows")
	fmt.Print(audit)
	// Output:
	// 3 rows
	// 3 rows in 1 classes by zip
	// class sizes: 3 to 3 rows, 3.0 on average
	// 3-anonymity: holds, reached 3 of 3
}

// Batches are read twice: to count, and to transform.
func ExampleAnonymizer_Solve() {
	rec, cfg := fourVisits()
	a, err := kanon.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	counts, err := a.NewCounts(rec.Schema())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := counts.Add(rec); err != nil {
		fmt.Println(err)
		return
	}
	plan, err := a.Solve(context.Background(), counts)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := plan.Transform(context.Background(), rec)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	s := plan.Summary()
	fmt.Printf("level %d of %d, %d of %d rows suppressed\n",
		s.Columns[0].Level, s.Columns[0].Levels, s.Suppressed, s.Rows)
	for i := range int(out.NumRows()) {
		fmt.Println(out.Column(0).ValueStr(i), out.Column(1).ValueStr(i))
	}
	// Output:
	// level 1 of 5, 1 of 4 rows suppressed
	// 8033* asthma
	// 8033* asthma
	// 8033* gout
}
