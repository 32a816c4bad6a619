package kanon

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A fingerprint is that of the rows, however they come: counted, by shards and
// in files or not, or transformed. It covers those of any part of them and hardly
// anything else.
func TestFingerprint(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 21))
	a := mustNew(t, peopleConfig())
	people := drawnPeople(r, 300)
	each := func(people []person, batch int, encodings []encoding, f func(arrow.Record) error) {
		for lo := 0; lo < len(people); lo += batch {
			e := encodings[lo/batch%len(encodings)]
			rec := e.record(t, mem, people[lo:min(len(people), lo+batch)])
			if err := f(rec); err != nil {
				t.Fatal(err)
			}
			rec.Release()
		}
	}
	counts := func(people []person, batch int, bound int64, encodings ...encoding) *Counts {
		c, err := a.NewCounts(encodings[0].schema())
		if err != nil {
			t.Fatal(err)
		}
		c.bound, c.dir = bound, t.TempDir() // below what SpillBeyond takes
		each(people, batch, encodings, c.Add)
		if bound > 0 && !c.spilled() {
			t.Fatal("nothing is spilled")
		}
		return c
	}
	counted := func(c *Counts) *Fingerprint {
		f, err := c.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	of := func(people []person, batch int, encodings ...encoding) *Fingerprint {
		return counted(counts(people, batch, 0, encodings...))
	}
	text := func(f *Fingerprint) string {
		b, err := f.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	all := counts(people, 300, 0, encoding{})
	whole := counted(all)
	part := of(people[:100], 9, encoding{dict: true}, encoding{wide: true})
	rest := of(people[100:], 31, encoding{wide: true, dict: true, from: 2}, encoding{from: 1})
	if !whole.Covers(part) || !whole.Covers(rest) || part.Covers(whole) || whole.Rows() != 300 {
		t.Fatal("a part of the rows is not covered")
	}
	part.Merge(rest)
	if text(part) != text(whole) {
		t.Fatal("the parts do not add up to the whole")
	}
	spilled := counts(people[:200], 7, 2000, encoding{dict: true})
	defer spilled.Close()
	if err := spilled.Merge(counts(people[200:], 40, 0, encoding{})); err != nil {
		t.Fatal(err)
	}
	if text(counted(spilled)) != text(whole) {
		t.Fatal("spilled and merged counts have another")
	}
	plan, err := a.Solve(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	seen := new(Fingerprint)
	each(people, 13, []encoding{{dict: true}, {wide: true}, {from: 3}}, func(rec arrow.Record) error {
		out, _, err := plan.TransformCounting(t.Context(), rec, seen)
		if err == nil {
			out.Release()
		}
		return err
	})
	if text(seen) != text(whole) {
		t.Fatal("the rows that are transformed have another")
	}
	read := new(Fingerprint)
	if err := read.UnmarshalText([]byte(text(whole))); err != nil || text(read) != text(whole) {
		t.Fatalf("read as another: %v", err)
	}
	for _, bad := range []string{"", "?", text(whole)[1:], text(whole) + "AA"} {
		if read.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("read %d bytes of what is none", len(bad))
		}
	}
	if whole.Covers(of(drawnPeople(r, 40), 40, encoding{})) {
		t.Error("other rows are covered")
	}
}
