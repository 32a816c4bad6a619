package crosswalk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/crosswalk"
	"github.com/lethe-go/lethe/pseudonym/reid"
)

// rotate adds a key and returns the id of the one before.
func (w *world) rotate(tb testing.TB) uint32 {
	tb.Helper()
	old := w.ring.ID()
	if _, err := pseudonym.RotateKeys(ctx, pseudonym.KeyFile(w.keys)); err != nil {
		tb.Fatal(err)
	}
	w.reopen(tb)
	return old
}

// TestRekey moves the rows of two fields, one after the other, after which the
// old key can be disabled: tokens stay, and are reversed.
func TestRekey(t *testing.T) {
	w := newWorld(t)
	other := pseudonym.Field{Domain: "ward-study", Entity: "case"}
	first := w.tokens(t, field, "canary-a", "", "c")
	cases := w.tokens(t, other, "canary-a")
	old := w.rotate(t)
	all := append(slices.Clone(first), w.tokens(t, field, "d")...)

	rekey := func(want pseudonym.Rekeyed, fields ...pseudonym.Field) {
		t.Helper()
		got, err := pseudonym.RekeyCrosswalk(ctx, w.ring, w.table, fields...)
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	rekey(pseudonym.Rekeyed{Moved: 3, Left: 1}, field)
	rekey(pseudonym.Rekeyed{Left: 1}, field)
	if got := w.tokens(t, field, "canary-a", "", "c", "d"); !slices.Equal(got, all) {
		t.Errorf("tokens %q, want %q", got, all)
	}
	if err := pseudonym.DisableKey(ctx, pseudonym.KeyFile(w.keys), old); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	a := strs("canary-a")
	defer a.Release()
	if _, err := w.transform(t, field, "", a); err == nil ||
		!strings.Contains(err.Error(), "disabled or not in the keyring") {
		t.Errorf("a key with rows is disabled: got %v", err)
	}
	if err := pseudonym.EnableKey(ctx, pseudonym.KeyFile(w.keys), old); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	rekey(pseudonym.Rekeyed{Moved: 1}, field, other)
	if err := pseudonym.DisableKey(ctx, pseudonym.KeyFile(w.keys), old); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	if got := w.tokens(t, field, "canary-a", "", "c", "d"); !slices.Equal(got, all) {
		t.Errorf("tokens %q, want %q", got, all)
	}
	if got := w.tokens(t, other, "canary-a"); !slices.Equal(got, cases) {
		t.Errorf("tokens %q, want %q", got, cases)
	}
	r, err := reid.New(w.ring, reid.Config{Purpose: "p", Actor: "a", Audit: quiet{}, MaxBatch: 10},
		pseudonym.Column{Name: "id", Field: field, Method: pseudonym.Crosswalk{Table: w.table}})
	if err != nil {
		t.Fatal(err)
	}
	tokens := strs(all...)
	defer tokens.Release()
	back, err := r.Reverse(ctx, "id", tokens)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Release()
	if got := values(back); !slices.Equal(got, []string{"canary-a", "", "c", "d"}) {
		t.Errorf("reversed to %d values, not those", len(got))
	}
}

// quiet is an audit that nobody reads.
type quiet struct{}

func (quiet) Append(context.Context, reid.Record) error { return nil }

func TestRekeyRefuses(t *testing.T) {
	w := newWorld(t)
	done, cancel := context.WithCancel(ctx)
	cancel()
	w.tokens(t, field, "a")
	w.rotate(t)
	for name, test := range map[string]struct {
		err  func() error
		want string
	}{
		"nothing": {func() error {
			_, err := pseudonym.RekeyCrosswalk(ctx, nil, nil)
			return err
		}, "3 mistakes"},
		"a field without a domain": {func() error {
			_, err := pseudonym.RekeyCrosswalk(ctx, w.ring, w.table, pseudonym.Field{Entity: "e"})
			return err
		}, "field 1 of 1: no domain"},
		"another keyring": {func() error {
			other := newWorld(t)
			other.rotate(t)
			_, err := pseudonym.RekeyCrosswalk(ctx, other.ring, w.table, field)
			return err
		}, "disabled or not in the keyring"},
		"a context that is done": {func() error {
			_, err := pseudonym.RekeyCrosswalk(done, w.ring, w.table, field)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			return err
		}, "canceled"},
	} {
		if err := test.err(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
}

// TestRekeyWhileInUse: known values keep their tokens, and new ones have one
// each, while the rows are moved to and fro.
func TestRekeyWhileInUse(t *testing.T) {
	w := newWorld(t)
	known := []string{"a", "b", "c"}
	want := w.tokens(t, field, known...)
	old := w.rotate(t)
	pinned, err := w.ring.Pin(old)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 10 {
			ring := []*pseudonym.Keyring{w.ring, pinned}[i%2]
			if _, err := pseudonym.RekeyCrosswalk(ctx, ring, w.table, field); err != nil {
				t.Error(err)
			}
		}
	})
	var added [2][]string
	for i := range added {
		wg.Go(func() {
			for k := range 10 {
				got := w.tokens(t, field, append(known, fmt.Sprint("new", k))...)
				if !slices.Equal(got[:3], want) {
					t.Errorf("got %q, want %q", got[:3], want)
				}
				added[i] = append(added[i], got[3])
			}
		})
	}
	wg.Wait()
	if !slices.Equal(added[0], added[1]) {
		t.Error("a new value has two tokens")
	}
}

// mover tells TestMain that this process moves rows until it is killed.
const mover = "LETHE_TEST_MOVER"

// moveForEver moves all rows to the one key and back to the other.
func moveForEver(names []string) {
	for i := 0; ; i++ {
		ring, err := pseudonym.Open(ctx, pseudonym.KeyFile(names[0]))
		if err == nil {
			ring, err = ring.Pin(ring.Keys()[i%2].ID)
		}
		var table *crosswalk.Table
		if err == nil {
			table, err = crosswalk.Open(names[1], nil)
		}
		if err == nil {
			_, err = pseudonym.RekeyCrosswalk(ctx, ring, table, field)
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		if i == 0 {
			fmt.Println("moving")
		}
	}
}

// TestKillWhileMoving kills a process that moves rows, in the middle of it: no
// token is lost, and none changes.
func TestKillWhileMoving(t *testing.T) {
	times, rows := 10, 6000 // more than are moved at once
	if testing.Short() {
		times, rows = 3, 500
	}
	if os.Getenv("LETHE_LONG") != "" {
		times = 100
	}
	w := newWorld(t)
	list := make([]string, rows)
	for i := range list {
		list[i] = fmt.Sprint("value ", i)
	}
	want := w.tokens(t, field, list...)
	w.rotate(t)
	for kill := range times {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s\n%s", mover, w.keys, w.path))
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		word := make([]byte, 6)
		if _, err := pipe.Read(word); err != nil || string(word) != "moving" {
			t.Errorf("the process says %q, %v", word, err)
		}
		time.Sleep(time.Duration(rand.IntN(int(150 * time.Millisecond))))
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
		if got := w.tokens(t, field, list...); !slices.Equal(got, want) {
			t.Fatalf("kill %d: tokens have changed", kill)
		}
	}
	// Every row is there once: moved to one key, the other can be disabled.
	got, err := pseudonym.RekeyCrosswalk(ctx, w.ring, w.table, field)
	if err != nil || got.Left != 0 || got.Moved > rows {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := pseudonym.DisableKey(ctx, pseudonym.KeyFile(w.keys), w.ring.Keys()[0].ID); err != nil {
		t.Fatal(err)
	}
	w.reopen(t)
	if !slices.Equal(w.tokens(t, field, list...), want) {
		t.Error("tokens have changed")
	}
}
