package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lethe-go/lethe/dp/budget"
)

// asWriter is set, to the path of a ledger, in the environment of a process that
// is a writer instead of the tests.
const asWriter = "LETHE_TEST_LEDGER"

func TestMain(m *testing.M) {
	if path := os.Getenv(asWriter); path != "" {
		if err := keepSpending(path, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// keepSpending charges one after the other and writes down what it was granted,
// which stands for the release, until the budget is exhausted. Some of its lines
// are longer than a page, so that a kill can divide them.
func keepSpending(path, releases string) error {
	out, err := os.OpenFile(releases, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	l, err := Open(context.Background(), path, Options{Key: key, By: filepath.Base(releases)})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		charges := []budget.Charge{count(1), count(0.5)}
		if i%8 == 0 {
			charges[0].Name = strings.Repeat("a long name ", 700)
		}
		switch head, err := l.Spend(context.Background(), charges...); {
		case errors.Is(err, budget.ErrExhausted):
			return nil
		case err != nil:
			return err
		default:
			if _, err := fmt.Fprintln(out, head); err != nil {
				return err
			}
		}
	}
}

// TestKilled kills one of four writers at a random moment, again and again:
// what any of them released is in the ledger, what is spent is within the total,
// and the ledger can be read, all the time. At last all of the total is spent.
// LETHE_LONG makes it 200 kills.
func TestKilled(t *testing.T) {
	kills := 8
	if os.Getenv("LETHE_LONG") != "" {
		kills = 200
	} else if testing.Short() {
		kills = 4
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger")
	opts := Options{Key: key}
	total := budget.Budget{Epsilon: 1_000_000}
	watcher, err := Create(t.Context(), path, Terms{Dataset: "d", Unit: "u", Total: total}, opts)
	must(t, err)
	self, err := os.Executable()
	must(t, err)
	writers := make([]*exec.Cmd, 4)
	releases := func(i int) string { return filepath.Join(dir, fmt.Sprint("writer", i)) }
	start := func(i int) {
		cmd := exec.Command(self, releases(i))
		cmd.Env = append(os.Environ(), asWriter+"="+path)
		cmd.Stderr = os.Stderr
		must(t, cmd.Start())
		writers[i] = cmd
	}
	for i := range writers {
		start(i)
	}
	defer func() {
		for _, w := range writers {
			w.Process.Kill()
		}
	}()
	torn := 0
	var released []Head
	read := make([]int64, len(writers))
	check := func(l *Ledger) *Statement {
		// What was released before the ledger is read must be in it.
		for i := range writers {
			heads, n := newReleases(t, releases(i), read[i])
			released = append(released, heads...)
			read[i] += n
		}
		s := statement(t, l)
		for _, h := range released {
			if !l.book.holds(h) {
				t.Fatalf("line %d was released and is not in the ledger", h.N)
			}
		}
		if s.Spent.Epsilon > total.Epsilon {
			t.Fatalf("spent %v of %v", s.Spent, total)
		}
		if s.TornBytes > 0 {
			torn++
		}
		return s
	}
	for n := range kills {
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		i := rand.IntN(len(writers))
		must(t, writers[i].Process.Kill())
		writers[i].Wait()
		check(watcher)
		if n%50 == 0 {
			check(open(t, path, opts))
		}
		start(i)
	}
	during := len(statement(t, watcher).Entries)
	// Nearly all that is left, so that the writers come to the end.
	rest := statement(t, watcher).Left.Epsilon
	spend(t, watcher, count(rest-200))
	for i, w := range writers {
		if err := w.Wait(); err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	s := check(open(t, path, opts))
	removed := 0
	for _, e := range s.Entries {
		if e.TornBytes > 0 {
			removed++
		}
	}
	if s.Left.Epsilon >= 1.5 {
		t.Errorf("%v left of %v", s.Left, total)
	}
	// Each kill can keep one writer from releasing what it was granted.
	unreleased := len(s.Entries) - len(released) - 1 // the test's own
	if unreleased < 0 || unreleased > kills {
		t.Errorf("%d entries were not released after %d kills", unreleased, kills)
	}
	t.Logf("%d kills during %d entries, %d of them not released, %d incomplete lines removed, "+
		"%d seen; %d entries in all", kills, during, unreleased, removed, torn, len(s.Entries))
}

// newReleases are the complete lines of a file from a position on, and their
// length. A line that a kill cut off is one with the next: no head.
func newReleases(t *testing.T, path string, from int64) (heads []Head, n int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0
	}
	must(t, err)
	for _, l := range strings.SplitAfter(string(text[from:]), "\n") {
		if !strings.HasSuffix(l, "\n") {
			break
		}
		n += int64(len(l))
		if h, err := ParseHead(strings.TrimSpace(l)); err == nil {
			heads = append(heads, h)
		}
	}
	return heads, n
}
