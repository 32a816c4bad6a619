// Ledger lets two programs share one privacy budget: one publishes statistics
// about patients, the other trains a model on them. Each is a process of its
// own that knows the other only by the ledger.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/dp/ledger"
)

func main() {
	ctx := context.Background()
	if len(os.Args) == 3 { // one of the two programs
		book, err := ledger.Open(ctx, os.Args[2], ledger.Options{By: os.Args[1]})
		check(err)
		map[string]func(context.Context, *ledger.Ledger){
			"statistics": statistics, "training": training}[os.Args[1]](ctx, book)
		return
	}
	dir, err := os.MkdirTemp("", "")
	check(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "patients.ledger")
	book, err := ledger.Create(ctx, path, ledger.Terms{
		Dataset: "patients of 2025",
		Unit:    "patient",
		Total:   budget.Budget{Epsilon: 1.5, Delta: 1e-5},
	}, ledger.Options{})
	check(err)
	for _, program := range []string{"statistics", "training", "statistics"} {
		run(program, path)
	}
	s, err := book.Statement(ctx) // what is on the disk, with every line checked
	check(err)
	for _, e := range s.Entries {
		fmt.Printf("entry %d by %s: %d releases\n", e.N, e.By, len(e.Charges))
	}
	fmt.Printf("spent %v, left %v\n", s.Spent, s.Left)
}

// run starts this program again as one of the two.
func run(program, path string) {
	self, err := os.Executable()
	check(err)
	cmd := exec.Command(self, program, path)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	check(cmd.Run())
}

// statistics counts visits by ward; the session pays in the ledger before it
// looks at the table.
func statistics(ctx context.Context, book *ledger.Ledger) {
	session, err := dp.New(dp.Config{
		Ledger: book, Unit: dp.Unit{Column: "patient", MaxRows: 5}})
	check(err)
	results, err := session.Run(ctx, visits(), dp.Count{Epsilon: 0.5})
	if errors.Is(err, dp.ErrBudget) {
		fmt.Println("statistics: refused:", err)
		return
	}
	check(err)
	for _, rec := range results {
		fmt.Println("statistics:", rec.NumRows(), "row")
		rec.Release()
	}
}

// training finds the noise for what it may cost, pays, and only then would look
// at the first patient.
func training(ctx context.Context, book *ledger.Ledger) {
	target := accounting.EpsilonDelta{Epsilon: 0.75, Delta: 1e-6}
	run, err := accounting.Training{
		SamplingRate: 0.01, Steps: 1000, Interval: 1e-3}.WithNoise(target)
	check(err)
	_, err = book.Spend(ctx, budget.Charge{
		Name: "DP-SGD, 1000 steps", Cost: budget.Cost{Epsilon: target.Epsilon, Delta: target.Delta}})
	check(err)
	fmt.Printf("training: with a noise multiplier of %.2f\n", run.NoiseMultiplier)
}

// visits are 20,000 visits of 4,000 patients.
func visits() array.RecordReader {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.PrimitiveTypes.Int64}}, nil))
	for i := range int64(20_000) {
		b.Field(0).(*array.Int64Builder).Append(i % 4_000)
	}
	rec := b.NewRecord()
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec})
	check(err)
	return r
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
