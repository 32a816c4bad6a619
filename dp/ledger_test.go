package dp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/dp/ledger"
)

func ledgerOf(t *testing.T, unit string, total Budget) (*ledger.Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := ledger.Create(t.Context(), path,
		ledger.Terms{Dataset: "visits", Unit: unit, Total: total}, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l, path
}

func sessionOf(t *testing.T, total Budget, l *ledger.Ledger) *Session {
	t.Helper()
	s, err := New(Config{Total: total, Unit: Unit{Column: "patient", MaxRows: 1}, Ledger: l})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Two sessions with their own totals share what a ledger has.
func TestSessionsShareALedger(t *testing.T) {
	l, path := ledgerOf(t, "patient", Budget{Epsilon: 1})
	again, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	one, other := sessionOf(t, Budget{Epsilon: 0.7}, l), sessionOf(t, Budget{}, again)
	if got := other.Remaining(); got != (Budget{Epsilon: 1}) {
		t.Errorf("left %v, want the ledger's total", got)
	}
	if _, err := one.NewScan(visitSchema, Count{Epsilon: 0.5}, countBy(0.1)); err != nil {
		t.Fatal(err)
	}
	if _, err := one.NewScan(visitSchema, Count{Epsilon: 0.2}); !errors.Is(err, ErrBudget) ||
		strings.Contains(err.Error(), "ledger") {
		t.Errorf("beyond the session's total: %v", err)
	}
	err = other.Check(Count{Epsilon: 0.5})
	if !errors.Is(err, ErrBudget) || !strings.Contains(err.Error(), "ledger") {
		t.Errorf("beyond the ledger's total: %v", err)
	}
	if _, err := other.NewScan(visitSchema, Count{Epsilon: 0.5}); !errors.Is(err, ErrBudget) {
		t.Errorf("beyond the ledger's total: %v", err)
	}
	if got := other.Spent(); got != (Budget{}) {
		t.Errorf("a refused scan cost %v", got)
	}
	if _, err := other.NewScan(visitSchema, Count{Epsilon: 0.4}); err != nil {
		t.Error(err)
	}
	s, err := l.Statement(t.Context())
	if err != nil || s.Spent != (Budget{Epsilon: 1}) || len(s.Entries) != 2 ||
		s.Entries[0].Charges[1].Name != "count by ward" {
		t.Errorf("%+v, %v", s, err)
	}
}

// A ledger that no longer holds a scan keeps its results back.
func TestNoResultWithoutItsLine(t *testing.T) {
	l, path := ledgerOf(t, "patient", Budget{Epsilon: 1})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := sessionOf(t, Budget{}, l).NewScan(visitSchema, Count{Epsilon: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	paid, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { return os.WriteFile(path, before, 0o600) },
		func() error { return os.Remove(path) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if records, err := scan.Results(t.Context()); err == nil {
			t.Errorf("%d results that the ledger does not hold", len(records))
		}
	}
	if err := os.WriteFile(path, paid, 0o600); err != nil {
		t.Fatal(err)
	}
	records, err := scan.Results(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		r.Release()
	}
}

func TestLedgerOfOthers(t *testing.T) {
	l, _ := ledgerOf(t, "visit", Budget{Epsilon: 1})
	_, err := New(Config{Unit: Unit{Column: "patient", MaxRows: 1}, Ledger: l})
	if err == nil || !strings.Contains(err.Error(), `"patient", and the ledger is of people by "visit"`) {
		t.Errorf("got %v", err)
	}
	if _, err := New(Config{Unit: Unit{Column: "visit", MaxRows: 1}}); err == nil {
		t.Error("neither a total nor a ledger")
	}
}
