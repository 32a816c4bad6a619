package pqfile

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Packed values are those that are read one after the other, whatever their
// width and however they are asked for.
func TestUnpackAgainstBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := uint(rapid.IntRange(0, 32).Draw(t, "width"))
		groups := rapid.IntRange(1, 20).Draw(t, "groups")
		packed := rapid.SliceOfN(rapid.Byte(), groups*int(width), groups*int(width)).Draw(t, "packed")
		h, err := newHybrid(append([]byte{byte(groups<<1 | 1)}, packed...), width)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []int32
		for left := groups * 8; left > 0; {
			part := make([]int32, rapid.IntRange(1, left).Draw(t, "part"))
			if err := decode(&h, part); err != nil {
				t.Fatal(err)
			}
			got, left = append(got, part...), left-len(part)
		}
		for i := range groups * 8 {
			want = append(want, int32(bitsAt(packed, uint64(i)*uint64(width), width)))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d bits: %v, want %v", width, got, want)
		}
	})
}
