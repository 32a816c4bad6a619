package kanon

import (
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A fingerprint is that of the rows, however they come, and covers those of
// any part of them and hardly anything else.
func TestFingerprint(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 21))
	a := mustNew(t, peopleConfig())
	people := drawnPeople(r, 300)
	of := func(people []person, batch int, encodings ...encoding) *Fingerprint {
		f := new(Fingerprint)
		for lo := 0; lo < len(people); lo += batch {
			e := encodings[lo/batch%len(encodings)]
			rec := e.record(t, mem, people[lo:min(len(people), lo+batch)])
			if err := a.Fingerprint(rec, f); err != nil {
				t.Fatal(err)
			}
			rec.Release()
		}
		return f
	}
	text := func(f *Fingerprint) string {
		b, err := f.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	whole := of(people, 300, encoding{})
	part := of(people[:100], 9, encoding{dict: true}, encoding{wide: true})
	rest := of(people[100:], 31, encoding{wide: true, dict: true, from: 2}, encoding{from: 1})
	if !whole.Covers(part) || !whole.Covers(rest) || part.Covers(whole) || whole.Rows() != 300 {
		t.Fatal("a part of the rows is not covered")
	}
	part.Merge(rest)
	if text(part) != text(whole) {
		t.Fatal("the parts do not add up to the whole")
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
