package microdata_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/kanon/microdata"
)

func people() arrow.Table {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "income", Type: arrow.PrimitiveTypes.Int32}, {Name: "smokes", Type: arrow.BinaryTypes.String},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(
		`[{"income":1000,"smokes":"no"},{"income":3000,"smokes":"yes"},
		  {"income":1200,"smokes":"no"},{"income":5000,"smokes":"no"}]`))
	if err != nil {
		panic(err)
	}
	return array.NewTableFromRecords(schema, []arrow.Record{rec})
}

func ExampleRankSwap() {
	out, audit, err := microdata.RankSwap{
		Columns: []string{"income"}, Share: 0.25,
	}.Apply(context.Background(), people())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	// Within one rank, so that only neighbours can change places.
	fmt.Println(out.Column(0).Data().Chunk(0), "moved:", audit.Columns[0].Moved)
	// Output: [1200 5000 1000 3000] moved: 4
}

func ExamplePRAM() {
	out, plan, err := microdata.PRAM{
		Column: "smokes", Keep: 0.8, Mix: 1, Margins: microdata.Exact,
	}.Apply(context.Background(), people())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	fmt.Println(plan.Values, "before:", plan.Counts, "after:", plan.Released)
	fmt.Printf("%.2f\n", plan.Matrix)
	// Output:
	// [no yes] before: [3 1] after: [3 1]
	// [[0.82 0.18] [0.53 0.47]]
}
