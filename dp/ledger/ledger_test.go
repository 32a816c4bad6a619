package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/filelock"
)

var terms = Terms{Dataset: "patients", Unit: "patient_id", Total: budget.Budget{Epsilon: 1}}

var key = []byte("a key of at least thirty-two bytes")

func count(epsilon float64) budget.Charge {
	return budget.Charge{Name: "count", Cost: budget.Cost{Epsilon: epsilon}}
}

func create(t testing.TB, opts Options) (*Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := Create(context.Background(), path, terms, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l, path
}

func open(t testing.TB, path string, opts Options) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func spend(t testing.TB, l *Ledger, charges ...budget.Charge) Head {
	t.Helper()
	h, err := l.Spend(context.Background(), charges...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func statement(t testing.TB, l *Ledger) *Statement {
	t.Helper()
	s, err := l.Statement(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// By hand: what one program spends another finds spent, and what does not fit is
// refused, with nothing taken.
func TestTwoPrograms(t *testing.T) {
	for _, opts := range []Options{{}, {Key: key}} {
		a, path := create(t, opts)
		opts.By = "another"
		b := open(t, path, opts)
		first := spend(t, a, count(0.25), count(0.25))
		second := spend(t, b, count(0.25))
		_, err := a.Spend(t.Context(), count(0.125), count(0.25))
		if !errors.Is(err, budget.ErrExhausted) ||
			!strings.HasSuffix(err.Error(), `budget exhausted: "count" needs ε=0.25, 0.125 left`) {
			t.Errorf("got %v", err)
		}
		if err := a.Check(t.Context(), count(0.5)); !errors.Is(err, budget.ErrExhausted) {
			t.Errorf("check: got %v", err)
		}
		if err := b.Check(t.Context(), count(0.25)); err != nil {
			t.Errorf("check: got %v", err)
		}
		s := statement(t, a)
		if s.Spent != (budget.Budget{Epsilon: 0.75}) || s.Left != (budget.Budget{Epsilon: 0.25}) ||
			s.Terms != terms || a.Terms() != terms || s.Head != second || len(s.Entries) != 2 ||
			s.Keyed != (opts.Key != nil) || s.TornBytes != 0 || first.N != 1 || second.N != 2 {
			t.Errorf("%+v after %v and %v", s, first, second)
		}
		if e := s.Entries[0]; len(e.Charges) != 2 || e.Charges[0] != count(0.25) || e.By != "" ||
			e.Hash != first.Hash || e.Time.Before(s.Created) {
			t.Errorf("entry %+v", e)
		}
		if s.Entries[1].By != "another" {
			t.Errorf("entry %+v", s.Entries[1])
		}
		for _, h := range []Head{first, second} {
			if err := errors.Join(a.Holds(t.Context(), h), b.Holds(t.Context(), h)); err != nil {
				t.Error(err)
			}
			opts.Pin = h
			open(t, path, opts)
		}
		again := statement(t, open(t, path, opts))
		if again.Head != s.Head || again.Spent != s.Spent {
			t.Errorf("read again: %+v", again)
		}
	}
}

// A ledger for Gaussian noise alone says so, and of each charge, when it is read again.
func TestLedgerOfGaussianNoise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ledger")
	of := Terms{Dataset: "x", Unit: "who", Total: budget.Budget{Rho: 1, Gaussian: true}}
	l, err := Create(t.Context(), path, of, Options{})
	if err != nil {
		t.Fatal(err)
	}
	gaussian := budget.Charge{Name: "sum", Cost: budget.Cost{Epsilon: 1, Delta: 1e-6, Rho: 0.25,
		Gaussian: true}}
	spend(t, l, gaussian)
	if _, err := l.Spend(t.Context(), count(0.1)); err == nil ||
		!strings.Contains(err.Error(), "not known to be Gaussian") {
		t.Errorf("Laplace noise: %v", err)
	}
	s := statement(t, open(t, path, Options{}))
	if s.Terms != of || s.Entries[0].Charges[0] != gaussian ||
		s.Left != (budget.Budget{Rho: 0.75, Gaussian: true}) {
		t.Errorf("%+v", s)
	}
}

func TestCreate(t *testing.T) {
	_, err := Create(t.Context(), filepath.Join(t.TempDir(), "x"), Terms{},
		Options{Key: []byte("short"), By: "\xff", Pin: Head{1, "x"}})
	for _, want := range []string{"no dataset", "no unit", "total: epsilon is 0", "has 5 bytes",
		"by is not valid", "a pin is of"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	l, path := create(t, Options{})
	spend(t, l, count(0.5))
	if _, err := Create(t.Context(), path, terms, Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second ledger in the place of the first: %v", err)
	}
	if statement(t, l).Spent.Epsilon != 0.5 {
		t.Error("the first is lost")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v, %v", info.Mode(), err)
	}
}

func TestRefusals(t *testing.T) {
	plain, path := create(t, Options{})
	_, keyed := create(t, Options{Key: key})
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("patient 4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, other := create(t, Options{})
	for want, c := range map[string]struct {
		path string
		opts Options
	}{
		"its chain has a key; give it":            {keyed, Options{}},
		"its chain has none, and a key was given": {path, Options{Key: key}},
		"was changed: its hash is another":        {keyed, Options{Key: append([]byte("x"), key...)}},
		"no such file":                            {path + "x", Options{}},
		"is not in the form":                      {text, Options{}},
		"does not hold line 0 as it was pinned":   {other, Options{Pin: statement(t, plain).Head}},
		"does not hold line 7":                    {path, Options{Pin: Head{7, ""}}},
		"want at least 32":                        {path, Options{Key: []byte{}}},
	} {
		_, err := Open(t.Context(), c.path, c.opts)
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), "ledger: ") {
			t.Errorf("got %v, want %q", err, want)
		} else if damaged := strings.Contains(want, "line") || strings.Contains(want, "form") ||
			strings.Contains(want, "changed"); damaged != errors.Is(err, ErrDamaged) {
			t.Errorf("damaged or not: %v", err)
		} else if strings.Contains(err.Error(), "4711") {
			t.Errorf("a value in %v", err)
		}
	}
	if _, err := plain.Spend(t.Context()); err == nil {
		t.Error("nothing was spent")
	}
	for _, c := range []budget.Cost{{}, {Rho: 1}, {Epsilon: -1}} {
		if _, err := plain.Spend(t.Context(), budget.Charge{Name: "x", Cost: c}); err == nil {
			t.Errorf("%+v was spent", c)
		}
	}
	unlock, err := filelock.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := plain.Spend(ctx, count(0.1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another holds the lock: %v", err)
	}
	unlock()
	if s := statement(t, plain); len(s.Entries) != 0 {
		t.Errorf("%+v", s)
	}
}

// Many goroutines with a Ledger each and in common.
func TestConcurrently(t *testing.T) {
	l, path := create(t, Options{})
	var wg sync.WaitGroup
	heads := make(chan Head, 64)
	for i := range 16 {
		mine := l
		if i%2 == 1 {
			mine = open(t, path, Options{})
		}
		wg.Go(func() {
			for range 4 {
				h, err := mine.Spend(context.Background(), count(0.03125))
				if err == nil {
					heads <- h
				} else if !errors.Is(err, budget.ErrExhausted) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(heads)
	n := 0
	for h := range heads {
		n++
		if err := l.Holds(t.Context(), h); err != nil {
			t.Error(err)
		}
	}
	if s := statement(t, l); n != 32 || s.Spent.Epsilon != 1 || len(s.Entries) != 32 {
		t.Errorf("%d granted, %v spent in %d entries", n, s.Spent, len(s.Entries))
	}
}

func TestHead(t *testing.T) {
	_, path := create(t, Options{})
	h := statement(t, open(t, path, Options{})).Head
	if got, err := ParseHead(h.String()); got != h || err != nil {
		t.Errorf("got %v, %v, want %v", got, err, h)
	}
	for _, bad := range []string{"", "1", "x:" + h.Hash, "-1:" + h.Hash, "1:abc",
		"1:" + strings.ToUpper(h.Hash[:63]) + "A"} {
		if _, err := ParseHead(bad); err == nil {
			t.Errorf("%q is a head", bad)
		}
	}
}

// The key is in no file and no error, whatever is wrong.
func TestKeyIsNowhere(t *testing.T) {
	l, path := create(t, Options{Key: key})
	spend(t, l, count(0.5))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, wrong := Open(t.Context(), path, Options{Key: append([]byte("canary"), key...)})
	_, short := Open(t.Context(), path, Options{Key: key[:20]})
	_, over := l.Spend(t.Context(), count(0.75))
	for _, s := range []string{string(text), fmt.Sprint(wrong), fmt.Sprint(short), fmt.Sprint(over)} {
		if strings.Contains(s, string(key[:12])) || strings.Contains(s, "canary") {
			t.Errorf("the key is in %q", s)
		}
		if strings.Contains(s, hex.EncodeToString(key[:6])) {
			t.Errorf("the key is in %q", s)
		}
	}
}
