// Localdp hides the answers of a survey before they leave the people who gave
// them, and estimates from what is left what is true of everybody.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/local"
)

func main() {
	answers := survey(50_000)
	defer answers.Release()

	smokes := local.RandomizedResponse{Epsilon: 1, Categories: []string{"never", "sometimes", "daily"}}
	drinks := local.Noise{Epsilon: 1, Lower: 0, Upper: 30} // a week
	randomizer, err := local.New(
		local.Column{Name: "smokes", Method: smokes},
		local.Column{Name: "drinks", Method: drinks})
	check(err)
	safe, err := randomizer.Transform(context.Background(), answers)
	check(err)
	defer safe.Release()

	fmt.Println("the first row was", row(answers), "and is written as", row(safe))
	fmt.Printf("it is protected with ε = %v, both answers together\n", randomizer.Cost().Epsilon)

	shares, err := smokes.Frequencies(0.05, safe.Column(0))
	check(err)
	for _, f := range shares {
		fmt.Printf("%-9s %5.1f %%, between %.1f and %.1f\n", f.Category, 100*f.Share.Value,
			100*f.Share.Lower, 100*f.Share.Upper)
	}
	mean, err := drinks.Mean(0.05, safe.Column(1))
	check(err)
	fmt.Printf("drinks    %5.2f a week, between %.2f and %.2f\n", mean.Value, mean.Lower, mean.Upper)
	fmt.Println("true are 60, 25 and 15 %, and 4 a week")
}

// survey makes answers of which 60 % are never, 25 % sometimes and 15 % daily,
// and of 0 to 8 drinks.
func survey(people int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "smokes", Type: arrow.BinaryTypes.String},
		{Name: "drinks", Type: arrow.PrimitiveTypes.Int64},
	}, nil))
	defer b.Release()
	for i := range people {
		answer := "never"
		switch {
		case i%20 >= 17:
			answer = "daily"
		case i%20 >= 12:
			answer = "sometimes"
		}
		b.Field(0).(*array.StringBuilder).Append(answer)
		b.Field(1).(*array.Int64Builder).Append(int64(i * 7 % 9))
	}
	return b.NewRecord()
}

func row(rec arrow.Record) string {
	return fmt.Sprintf("(%s, %.4s)", rec.Column(0).ValueStr(0), rec.Column(1).ValueStr(0))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
