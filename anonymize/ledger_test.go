package anonymize_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/dp/ledger"
)

// Two runs of one policy share the ledger that it names, and one that is given
// pays in its place; the report says what was spent before and after.
func TestLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "visits.ledger")
	create := func(path, unit string, epsilon float64) *ledger.Ledger {
		l, err := ledger.Create(t.Context(), path, ledger.Terms{Dataset: "visits", Unit: unit,
			Total: dp.Budget{Epsilon: epsilon}}, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := create(path, "id", 1)
	policy := visitsPolicy + `
statistics:
  unit: {column: id, max_rows: 20}
  budget: {epsilon: 0.75}
  queries: [{count: {epsilon: 0.5}}]
  ledger: ` + path + "\n"
	table := visitsTable(300)
	defer table.Release()
	p := newPipeline(t, policy, newKeys(t))
	run := func(l *ledger.Ledger) (*anonymize.Report, error) {
		stats, dst := tableio.NewBuffer(), tableio.NewBuffer()
		defer stats.Release()
		defer dst.Release()
		return p.Run(t.Context(), tableio.FromTable(table), dst,
			&anonymize.RunOptions{Statistics: stats, Ledger: l})
	}
	for i, want := range []float64{0.5, 1} {
		report, err := run(nil)
		if err != nil {
			t.Fatal(err)
		}
		got := report.Statistics.Ledger
		if got == nil || got.Dataset != "visits" || got.Before.Epsilon != want-0.5 ||
			got.After.Epsilon != want || got.Total.Epsilon != 1 {
			t.Fatalf("run %d: %+v", i+1, got)
		}
		head, err := ledger.ParseHead(got.Entry)
		if err != nil || head.N != i+1 || l.Holds(t.Context(), head) != nil {
			t.Errorf("run %d: entry %s, %v", i+1, got.Entry, err)
		}
	}
	_, err := run(nil)
	if !errors.Is(err, dp.ErrBudget) || !errors.Is(err, anonymize.ErrUnsatisfied) {
		t.Errorf("a third run: %v", err)
	}
	other := create(path+"2", "id", 0.5)
	if report, err := run(other); err != nil || report.Statistics.Ledger.After.Epsilon != 0.5 {
		t.Errorf("of another ledger: %v", err)
	}
	if _, err := run(create(path+"3", "visit", 1)); err == nil ||
		!strings.Contains(err.Error(), `of people by "visit"`) {
		t.Errorf("of other people: %v", err)
	}
	s, err := l.Statement(t.Context())
	if err != nil || len(s.Entries) != 2 || s.Entries[0].By == "" {
		t.Errorf("%+v, %v", s, err)
	}
}
