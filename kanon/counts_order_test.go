package kanon

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Keys are put in the order in which they compare, whatever words they have.
func TestKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 3).Draw(t, "words")
		n := rapid.IntRange(0, 400).Draw(t, "keys")
		most := rapid.SampledFrom([]uint64{0, 3, 1000, 1<<64 - 1}).Draw(t, "most")
		keys := rapid.SliceOfN(rapid.Uint64Range(0, most), n*w, n*w).Draw(t, "words of keys")
		k := &keyOrder{keys, w}
		got, want := identity(n), identity(n)
		k.sort(got)
		slices.SortFunc(want, k.compare)
		for i, x := range got {
			if k.compare(x, want[i]) != 0 {
				t.Fatalf("place %d has key %d, want one like %d", i, x, want[i])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, identity(n)) {
			t.Fatal("a key is lost")
		}
	})
}
