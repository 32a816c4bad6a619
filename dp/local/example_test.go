package local_test

import (
	"context"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/local"
)

func Example() {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "smokes", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	for i := range 100_000 {
		b.Field(0).(*array.StringBuilder).Append([]string{"no", "no", "no", "yes"}[i%4])
	}
	rec := b.NewRecord()
	defer rec.Release()

	smokes := local.RandomizedResponse{Epsilon: 1, Categories: []string{"no", "yes"}}
	r, err := local.New(local.Column{Name: "smokes", Method: smokes})
	if err != nil {
		panic(err)
	}
	safe, err := r.Transform(context.Background(), rec)
	if err != nil {
		panic(err)
	}
	defer safe.Release()
	shares, err := smokes.Frequencies(1e-9, safe.Column(0))
	if err != nil {
		panic(err)
	}
	yes := shares[1]
	fmt.Println(yes.Category, math.Abs(yes.Share.Value-0.25) < 0.03,
		yes.Share.Lower < 0.25 && 0.25 < yes.Share.Upper)
	// Output: yes true true
}
