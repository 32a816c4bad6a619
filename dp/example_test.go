package dp_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp"
)

// visits is a table of 3000 visits of 1000 patients.
func visits() array.RecordReader {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "patient_id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "ward", Type: arrow.BinaryTypes.String},
		{Name: "stay_days", Type: arrow.PrimitiveTypes.Int32},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	wards := []string{"ICU", "Surgery", "Children"}
	for i := range 3000 {
		b.Field(0).(*array.Int64Builder).Append(int64(i % 1000))
		b.Field(1).(*array.StringBuilder).Append(wards[i%3])
		b.Field(2).(*array.Int32Builder).Append(int32(i % 21))
	}
	rec := b.NewRecord()
	defer rec.Release()
	r, err := array.NewRecordReader(schema, []arrow.Record{rec})
	if err != nil {
		log.Fatal(err)
	}
	return r
}

func ExampleNew() {
	_, err := dp.New(dp.Config{Total: dp.Budget{Epsilon: 1}})
	fmt.Println(err)
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: 1},
		Unit:  dp.Unit{Column: "patient_id", MaxRows: 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Remaining().Epsilon)
	// Output:
	// dp: 2 mistakes
	// 	unit: no column; name the one that identifies a person
	// 	unit: max_rows is 0, want at least 1
	// 1
}

func ExampleSession_Run() {
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: 1},
		Unit:  dp.Unit{Column: "patient_id", MaxRows: 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	wards := map[string][]string{"ward": {"ICU", "Surgery", "Children"}}
	mean := dp.Mean{
		Column: "stay_days", Lower: 0, Upper: 60,
		By: []string{"ward"}, Keys: wards, Epsilon: 0.6,
	}
	reader := visits()
	defer reader.Release()
	tables, err := session.Run(context.Background(), reader, mean)
	if err != nil {
		log.Fatal(err)
	}
	for _, table := range tables {
		for _, f := range table.Schema().Fields() {
			fmt.Println(f.Name, f.Type)
		}
		fmt.Println(table.NumRows(), "rows")
		table.Release()
	}

	// 0.4 is left.
	_, err = session.Run(context.Background(), visits(),
		dp.Mean{Column: "stay_days", Lower: 0, Upper: 60, Epsilon: 0.5})
	fmt.Println(err)
	fmt.Println(errors.Is(err, dp.ErrBudget))
	// Output:
	// ward utf8
	// mean float64
	// count int64
	// noise_scale float64
	// lower float64
	// upper float64
	// 3 rows
	// dp: budget exhausted: "mean stay_days" needs ε=0.5, 0.4 left
	// true
}

// An epsilon as large as this one hides nothing; it makes the numbers of the
// example the same each time.
const hidesNothing = 1e9

func ExampleCount() {
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: hidesNothing},
		Unit:  dp.Unit{Column: "patient_id", MaxRows: 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	tables, err := session.Run(context.Background(), visits(), dp.Count{
		By:      []string{"ward"},
		Keys:    map[string][]string{"ward": {"ICU", "Surgery", "Oncology"}},
		Epsilon: hidesNothing,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer tables[0].Release()
	wards, counts := tables[0].Column(0).(*array.String), tables[0].Column(1).(*array.Int64)
	for i := range int(tables[0].NumRows()) {
		fmt.Println(wards.Value(i), counts.Value(i))
	}
	// Output:
	// ICU 1000
	// Surgery 1000
	// Oncology 0
}

func ExampleMean() {
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: hidesNothing},
		Unit:  dp.Unit{Column: "patient_id", MaxRows: 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	tables, err := session.Run(context.Background(), visits(),
		dp.Mean{Column: "stay_days", Lower: 0, Upper: 60, Epsilon: hidesNothing})
	if err != nil {
		log.Fatal(err)
	}
	defer tables[0].Release()
	fmt.Printf("%.2f days\n", tables[0].Column(0).(*array.Float64).Value(0))
	// Output:
	// 9.99 days
}

// A table in shards: each is filled on its own, by a goroutine if need be, and
// merged into the scan that has paid.
func ExampleScan_Shard() {
	session, err := dp.New(dp.Config{
		Total: dp.Budget{Epsilon: 1},
		Unit:  dp.Unit{Column: "patient_id", MaxRows: 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	reader := visits()
	defer reader.Release()
	scan, err := session.NewScan(reader.Schema(), dp.Count{Epsilon: 0.5})
	if err != nil {
		log.Fatal(err)
	}
	shard := scan.Shard()
	for reader.Next() {
		if err := shard.Add(reader.Record()); err != nil {
			log.Fatal(err)
		}
	}
	if err := scan.Merge(shard); err != nil {
		log.Fatal(err)
	}
	tables, err := scan.Results(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer tables[0].Release()
	_, err = scan.Results(context.Background())
	fmt.Println(err)
	// Output:
	// dp: the scan is finished; start a new one
}
