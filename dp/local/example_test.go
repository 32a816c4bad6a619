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

// Among many categories one bit for each estimates better.
func ExampleUnaryEncoding() {
	categories := make([]string, 50)
	for i := range categories {
		categories[i] = fmt.Sprint("county ", i)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "county", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	for i := range 20_000 {
		b.Field(0).(*array.StringBuilder).Append(categories[min(i%100, 49)])
	}
	rec := b.NewRecord()
	defer rec.Release()

	county := local.UnaryEncoding{Epsilon: 1, Categories: categories}
	r, err := local.New(local.Column{Name: "county", Method: county})
	if err != nil {
		panic(err)
	}
	safe, err := r.Transform(context.Background(), rec)
	if err != nil {
		panic(err)
	}
	defer safe.Release()
	shares, err := county.Frequencies(1e-9, safe.Column(0))
	if err != nil {
		panic(err)
	}
	last := shares[49].Share
	fmt.Println(safe.Column(0).DataType().Name(), math.Abs(last.Value-0.51) < 0.1)
	// Output: fixed_size_list true
}

// Numbers within public bounds, and their mean.
func ExampleNoise() {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "days", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer b.Release()
	for i := range 40_000 {
		b.Field(0).(*array.Int64Builder).Append(int64(i % 11))
	}
	rec := b.NewRecord()
	defer rec.Release()

	days := local.Noise{Epsilon: 1, Lower: 0, Upper: 60}
	r, err := local.New(local.Column{Name: "days", Method: days})
	if err != nil {
		panic(err)
	}
	safe, err := r.Transform(context.Background(), rec)
	if err != nil {
		panic(err)
	}
	defer safe.Release()
	mean, err := days.Mean(1e-9, safe.Column(0))
	if err != nil {
		panic(err)
	}
	fmt.Println(mean.Lower < 5 && 5 < mean.Upper, mean.Deviation < 0.5)
	// Output: true true
}
