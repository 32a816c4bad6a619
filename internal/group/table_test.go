package group

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTableNumbersInOrderOfFirstSight(t *testing.T) {
	tab := New(1, 0)
	out := make([]uint32, 5)
	tab.Add([]uint64{7, 0, 7, 9, 0}, out)
	want := []uint32{0, 1, 0, 2, 1}
	for i := range want {
		if out[i] != want[i] {
			t.Fatalf("numbers %v, want %v", out, want)
		}
	}
	if missing := tab.Find([]uint64{9, 8}, out[:2]); missing != 1 || out[0] != 2 || out[1] != None {
		t.Fatalf("found %v, %d missing", out[:2], missing)
	}
}

func TestReservedNumberHasNoKey(t *testing.T) {
	for _, words := range []int{1, 3} {
		tab := New(words, 0)
		out := make([]uint32, 1)
		if got := tab.Reserve(); got != 0 {
			t.Fatalf("reserved %d, want 0", got)
		}
		zero := make([]uint64, words)
		if tab.Find(zero, out) != 1 {
			t.Fatal("the reserved number is found by a key of zeros")
		}
		for i := range 1000 { // beyond several growths
			zero[0] = uint64(i)
			tab.Add(zero, out)
			if out[0] != uint32(i+1) {
				t.Fatalf("key %d has number %d", i, out[0])
			}
		}
	}
}

// The table against a map: any number of words, batches of any size, a hint of
// any size, after a reset of a used table.
func TestTableAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.IntRange(1, 4).Draw(t, "words")
		tab := New(words, rapid.IntRange(0, 5000).Draw(t, "hint"))
		for range rapid.IntRange(1, 2).Draw(t, "uses") {
			tab.Reset(rapid.IntRange(0, 300).Draw(t, "hint again"))
			ref := map[[4]uint64]uint32{}
			for range rapid.IntRange(0, 4).Draw(t, "batches") {
				n := rapid.IntRange(0, 700).Draw(t, "rows")
				span := rapid.Uint64Range(1, 1<<rapid.IntRange(1, 63).Draw(t, "bits")).Draw(t, "span")
				seed := rapid.Uint64().Draw(t, "seed")
				keys := make([]uint64, n*words)
				for i := range keys {
					seed = seed*6364136223846793005 + 1442695040888963407
					keys[i] = seed >> 20 % span
				}
				out := make([]uint32, n)
				tab.Add(keys, out)
				for i := range n {
					var k [4]uint64
					copy(k[:], keys[i*words:(i+1)*words])
					want, ok := ref[k]
					if !ok {
						want = uint32(len(ref))
						ref[k] = want
					}
					if out[i] != want {
						t.Fatalf("row %d: number %d, want %d", i, out[i], want)
					}
				}
				found := make([]uint32, n)
				if tab.Find(keys, found) != 0 {
					t.Fatal("an added key is missing")
				}
			}
			if tab.Len() != len(ref) || len(tab.Keys()) != len(ref)*words {
				t.Fatalf("%d keys, want %d", tab.Len(), len(ref))
			}
		}
	})
}

// A table with room for keys takes what Bytes says, and grows no more.
func TestRoom(t *testing.T) {
	for _, words := range []int{1, 2} {
		for _, n := range []int{0, 1, 11, 12, 13, 23, 24, 25, 26, 1000, 49_151, 49_152, 49_153} {
			table := New(words, 0)
			table.Room(n)
			slots, keys := len(table.slots), cap(table.keys)
			if want := Bytes(words, n) - 8*int64(words)*int64(n); int64(8*slots) != want {
				t.Errorf("%d keys: %d bytes of slots, want %d", n, 8*slots, want)
			}
			all := make([]uint64, n*words)
			for i := range all {
				all[i] = uint64(i)
			}
			if table.Add(all, make([]uint32, n)); table.Len() != n {
				t.Fatalf("%d keys, want %d", table.Len(), n)
			}
			if len(table.slots) != slots || cap(table.keys) != keys {
				t.Errorf("%d keys: the table has grown", n)
			}
		}
	}
}
