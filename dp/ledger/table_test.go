package ledger

import (
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/budget"
)

func TestRecord(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, c := range []struct {
		total                budget.Budget
		null, own, spent, of int // columns
		first, sum           float64
	}{
		{budget.Budget{Epsilon: 1, Delta: 1e-6}, 5, 4, 7, 8, 0.1, 0.3},
		{budget.Budget{Rho: 1, Delta: 1e-6}, 4, 5, 8, 7, 0.005, 0.025},
	} {
		l, err := Create(t.Context(), filepath.Join(t.TempDir(), "l"),
			Terms{Dataset: "d", Unit: "u", Total: c.total}, Options{By: "report"})
		if err != nil {
			t.Fatal(err)
		}
		empty := statement(t, l).Record(mem)
		if empty.NumRows() != 0 {
			t.Errorf("%d rows of nothing", empty.NumRows())
		}
		empty.Release()
		spend(t, l, count(0.1), budget.Charge{Name: "sum", Cost: budget.Cost{Epsilon: 0.2}})
		h := spend(t, l, budget.Charge{Name: "mean", Cost: budget.Cost{Epsilon: 0.5, Delta: 1e-6}})
		rec := statement(t, l).Record(mem)
		if rec.NumRows() != 3 {
			t.Fatalf("%d rows, want 3", rec.NumRows())
		}
		number := func(column, row int) float64 { return rec.Column(column).(*array.Float64).Value(row) }
		text := func(column, row int) string { return rec.Column(column).(*array.String).Value(row) }
		if number(c.own, 0) != c.first || number(c.spent, 1) != c.sum ||
			rec.Column(c.null).NullN() != 3 || rec.Column(c.of).NullN() != 3 ||
			number(6, 2) != 1e-6 || number(9, 1) != 0 || number(9, 2) != 1e-6 {
			t.Errorf("%v", rec)
		}
		if text(2, 0) != "report" || text(3, 1) != "sum" || text(10, 2) != h.Hash ||
			rec.Column(0).(*array.Int64).Value(1) != 1 || rec.Column(0).(*array.Int64).Value(2) != 2 {
			t.Errorf("%v", rec)
		}
		rec.Release()
	}
	none := (&Statement{}).Record(mem)
	none.Release()
}
