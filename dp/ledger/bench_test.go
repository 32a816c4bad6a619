package ledger

import (
	"path/filepath"
	"testing"

	"github.com/lethe-go/lethe/dp/budget"
)

// BenchmarkSpend is one charge, on the disk.
func BenchmarkSpend(b *testing.B) {
	l := many(b, 0)
	for b.Loop() {
		spend(b, l, count(1))
	}
}

// BenchmarkOpen reads and checks two hundred entries.
func BenchmarkOpen(b *testing.B) {
	l := many(b, 200)
	for b.Loop() {
		open(b, l.path, Options{Key: key})
	}
}

func many(b *testing.B, n int) *Ledger {
	b.Helper()
	l, err := Create(b.Context(), filepath.Join(b.TempDir(), "ledger"),
		Terms{Dataset: "d", Unit: "u", Total: budget.Budget{Epsilon: 1e12}}, Options{Key: key})
	if err != nil {
		b.Fatal(err)
	}
	for range n {
		spend(b, l, count(1))
	}
	return l
}
