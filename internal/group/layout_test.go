package group

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestLayoutKeepsCodesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, 1<<32)), 1, 12).
			Draw(t, "sizes")
		l := NewLayout(sizes)
		const n = 5
		keys := make([]uint64, n*l.Words())
		want := make([][]uint32, len(sizes))
		for i, size := range sizes {
			if l.Size(i) < size {
				t.Fatalf("column %d has room for %d codes, want %d", i, l.Size(i), size)
			}
			g := rapid.Map(rapid.IntRange(0, size-1), func(c int) uint32 { return uint32(c) })
			want[i] = rapid.SliceOfN(g, n, n).Draw(t, "codes")
			l.Put(keys, i, want[i])
		}
		swap := rapid.IntRange(0, len(sizes)-1).Draw(t, "mapped")
		if sizes[swap] < 1000 {
			to := make([]uint32, sizes[swap])
			for c := range to {
				to[c] = uint32(sizes[swap] - 1 - c)
			}
			l.Map(keys, swap, to)
			for k, c := range want[swap] {
				want[swap][k] = to[c]
			}
		}
		for i := range sizes {
			got := make([]uint32, n)
			l.Get(keys, i, got)
			if !slices.Equal(got, want[i]) {
				t.Fatalf("column %d: %v, want %v", i, got, want[i])
			}
			if c := l.Code(keys[l.Words():], i); c != want[i][1] {
				t.Fatalf("column %d: %d, want %d", i, c, want[i][1])
			}
		}
	})
}

func TestLayoutOfSmallTuplesIsOneWord(t *testing.T) {
	if w := NewLayout([]int{1 << 32, 1 << 16, 1 << 16, 1, 1}).Words(); w != 1 {
		t.Errorf("64 bits take %d words", w)
	}
	if w := NewLayout([]int{1 << 32, 1 << 16, 1 << 16, 2}).Words(); w != 2 {
		t.Errorf("65 bits take %d words", w)
	}
}
