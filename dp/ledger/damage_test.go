package ledger

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/dp/budget"
)

// filled is a ledger with three lines, its text and the heads of the lines.
func filled(t testing.TB, opts Options) (path string, text []byte, heads []Head) {
	t.Helper()
	l, path := create(t, opts)
	heads = append(heads, statement(t, l).Head)
	for range 3 {
		heads = append(heads, spend(t, l, count(0.25)))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, text, heads
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTorn ends the file at every byte, and with zeros from there, as a power
// failure may: it stays readable, the complete lines count and the other does
// not, and the next charge finds its place.
func TestTorn(t *testing.T) {
	path, text, _ := filled(t, Options{})
	ends := bytes.IndexByte(text, '\n') + 1
	for cut := ends; cut < len(text); cut++ {
		whole := bytes.Count(text[:cut], []byte("\n")) - 1
		rest := cut - 1 - bytes.LastIndexByte(text[:cut], '\n')
		for _, filler := range []string{"", "\x00\x00", "\x00\n"} {
			write(t, path, append(bytes.Clone(text[:cut]), filler...))
			l := open(t, path, Options{})
			s := statement(t, l)
			want := float64(whole) * 0.25
			if s.Spent.Epsilon != want || s.TornBytes != rest+len(filler) {
				t.Fatalf("cut at %d with %q: spent %v, %d bytes torn; want %v and %d",
					cut, filler, s.Spent, s.TornBytes, want, rest+len(filler))
			}
			if cut%16 != 0 {
				continue // of the disk's time
			}
			spend(t, l, count(0.125))
			s = statement(t, open(t, path, Options{}))
			last := s.Entries[len(s.Entries)-1]
			if s.Spent.Epsilon != want+0.125 || s.TornBytes != 0 ||
				last.TornBytes != rest+len(filler) {
				t.Fatalf("cut at %d with %q: then spent %v, entry %+v", cut, filler, s.Spent, last)
			}
		}
	}
	for _, cut := range []int{0, 1, ends - 1} {
		write(t, path, text[:cut])
		if _, err := Open(t.Context(), path, Options{}); err == nil {
			t.Errorf("a ledger of %d bytes has no terms", cut)
		}
	}
}

// TestEveryByteCounts changes each byte in turn: it is found, unless the change
// makes the last line incomplete, which then is reported as torn.
func TestEveryByteCounts(t *testing.T) {
	for _, opts := range []Options{{}, {Key: key}} {
		path, text, heads := filled(t, opts)
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 1
			write(t, path, changed)
			l, err := Open(t.Context(), path, opts)
			if i == len(text)-1 {
				if err != nil || statement(t, l).TornBytes == 0 {
					t.Errorf("the last byte: %v", err)
				}
				pinned := opts
				pinned.Pin = heads[3]
				if _, err := Open(t.Context(), path, pinned); err == nil {
					t.Error("a pin does not find the last line gone")
				}
			} else if !errors.Is(err, ErrDamaged) && !errors.Is(err, errKey) {
				t.Errorf("byte %d: %v", i, err)
			}
		}
	}
}

// TestLines removes, repeats, swaps and adds whole lines.
func TestLines(t *testing.T) {
	path, text, heads := filled(t, Options{})
	lines := bytes.SplitAfter(text, []byte("\n"))[:4]
	_, other, _ := filled(t, Options{})
	foreign := bytes.SplitAfter(other, []byte("\n"))[:4]
	for name, l := range map[string][][]byte{
		"first removed":  {lines[0], lines[2], lines[3]},
		"repeated":       {lines[0], lines[1], lines[1]},
		"swapped":        {lines[0], lines[2], lines[1]},
		"two headers":    {lines[0], lines[0]},
		"of another":     {lines[0], foreign[1]},
		"no header":      {lines[1]},
		"an empty line":  {lines[0], []byte("\n")},
		"an empty table": {lines[0], []byte("{}\n")},
		"spaces":         {lines[0], bytes.Replace(lines[1], []byte(","), []byte(", "), 1)},
		"zeros within":   {lines[0], []byte("\x00\n"), lines[1]},
	} {
		write(t, path, bytes.Join(l, nil))
		if _, err := Open(t.Context(), path, Options{}); err == nil {
			t.Errorf("%s: not found", name)
		} else if !strings.Contains(err.Error(), ": line ") {
			t.Errorf("%s: %v names no line", name, err)
		}
	}
	// What a chain cannot find by itself, and a pin does.
	write(t, path, bytes.Join(lines[:2], nil))
	if s := statement(t, open(t, path, Options{})); s.Spent.Epsilon != 0.25 {
		t.Errorf("spent %v", s.Spent)
	}
	open(t, path, Options{Pin: heads[1]})
	if _, err := Open(t.Context(), path, Options{Pin: heads[2]}); err == nil {
		t.Error("the pinned line is gone and nothing is said")
	}
}

// forge is a chain that somebody without the key makes.
func TestForged(t *testing.T) {
	forge := func(c chain) []byte {
		text, hash, err := c.seal(header{Format: 1, Dataset: "patients", Unit: "patient_id",
			Total: cost{Epsilon: 1}, Chain: keyedChain, ID: "x", Created: "2026-01-01T00:00:00Z"})
		if err != nil {
			t.Fatal(err)
		}
		one, _, err := c.seal(line{N: 1, Time: "2026-01-01T00:00:00Z", Prev: hash,
			Charges: []charge{{"count", cost{Epsilon: 0.5}}}})
		if err != nil {
			t.Fatal(err)
		}
		return append(text, one...)
	}
	path := filepath.Join(t.TempDir(), "ledger")
	write(t, path, forge(newChain(key)))
	if s := statement(t, open(t, path, Options{Key: key})); s.Spent.Epsilon != 0.5 {
		t.Fatalf("the test makes no chain: %+v", s)
	}
	for _, c := range []chain{{}, newChain(bytes.Repeat([]byte("k"), 32))} {
		write(t, path, forge(c))
		if _, err := Open(t.Context(), path, Options{Key: key}); err == nil {
			t.Error("a chain without the key is taken")
		}
	}
}

// A line that overspends is refused although its hash is right.
func TestOverspent(t *testing.T) {
	path, _, _ := filled(t, Options{})
	l := open(t, path, Options{})
	b := l.book
	b.filter, _ = budget.NewFilter(budget.Budget{Epsilon: 100})
	text, err := b.next("", []budget.Charge{count(0.5)})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.append(path, text); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, budget.ErrExhausted) {
		t.Errorf("got %v", err)
	}
}

// An open ledger finds that its file was put back, replaced or removed.
func TestChangedBehindItsBack(t *testing.T) {
	path, text, heads := filled(t, Options{})
	for name, change := range map[string]func(){
		"put back in place": func() { write(t, path, text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1]) },
		"removed":           func() { must(t, os.Remove(path)) },
		"replaced": func() {
			must(t, os.Remove(path))
			if _, err := Create(context.Background(), path, terms, Options{}); err != nil {
				t.Fatal(err)
			}
		},
		"changed in place": func() {
			write(t, path, bytes.Replace(text, []byte("patients"), []byte("Patients"), 1))
		},
	} {
		os.Remove(path)
		write(t, path, text)
		l := open(t, path, Options{})
		spentBefore := statement(t, l)
		if name == "changed in place" { // an earlier line: found when all is read again
			change()
			if _, err := Open(t.Context(), path, Options{}); err == nil {
				t.Errorf("%s: not found", name)
			}
			continue
		}
		change()
		if err := l.Holds(t.Context(), heads[3]); err == nil ||
			name != "removed" && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: line 3 is not there: %v", name, err)
		}
		if _, err := l.Spend(t.Context(), count(0.25)); err == nil {
			t.Errorf("%s: spent, %+v before", name, spentBefore)
		}
	}
	// A copy that goes on from what was known is the same ledger.
	os.Remove(path)
	write(t, path, text)
	l := open(t, path, Options{})
	must(t, os.Rename(path, path+"2"))
	write(t, path, text)
	spend(t, l, count(0.125))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzOpen: any file is a ledger within its total or an error, never a panic,
// and what was read can be gone on with.
func FuzzOpen(f *testing.F) {
	path, text, _ := filled(f, Options{})
	f.Add(text)
	f.Add(text[:len(text)-9])
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"lethe_ledger":1,"total":{"epsilon":1e999}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		write(t, path, text)
		l, err := Open(t.Context(), path, Options{})
		if err != nil {
			return
		}
		s := statement(t, l)
		if s.Spent.Epsilon > s.Terms.Total.Epsilon || s.Spent.Rho > s.Terms.Total.Rho {
			t.Fatalf("%+v", s)
		}
		for _, c := range s.Entries {
			if len(c.Charges) == 0 {
				t.Fatalf("%+v", c)
			}
		}
	})
}
