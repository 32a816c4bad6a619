package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/dp/ledger"
)

// One makes the ledger; from then on all programs that open it share one budget.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "patients.ledger")
	_, err = ledger.Create(ctx, path, ledger.Terms{
		Dataset: "patients of 2025",
		Unit:    "patient_id",
		Total:   budget.Budget{Epsilon: 1},
	}, ledger.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	book, err := ledger.Open(ctx, path, ledger.Options{By: "weekly report"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, epsilon := range []float64{0.6, 0.6} {
		head, err := book.Spend(ctx, budget.Charge{
			Name: "count by ward", Cost: budget.Cost{Epsilon: epsilon}})
		if errors.Is(err, budget.ErrExhausted) {
			fmt.Println("refused")
			continue
		}
		fmt.Println("entry", head.N, err)
	}
	s, err := book.Statement(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: spent %v, left %v\n", s.Terms.Dataset, s.Spent, s.Left)
	// Output:
	// entry 1 <nil>
	// refused
	// patients of 2025: spent ε=0.6, left ε=0.4
}
