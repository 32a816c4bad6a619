package group

import "testing"

// Keys that multiplication by the golden ratio puts into one slot: whoever
// writes the file would choose such ones.
func TestHostileKeysSpread(t *testing.T) {
	const n = 20_000
	inverse := uint64(1) // of golden, by Newton's steps
	for range 6 {
		inverse *= 2 - golden*inverse
	}
	keys := make([]uint64, n)
	for i := range keys {
		k := uint64(i) * inverse // multiplied it is i, whose upper bits are zero
		keys[i] = k ^ k>>31 ^ k>>62
	}
	for _, key := range keys {
		if (key^key>>31)*golden>>40 != 0 {
			t.Fatal("the keys are not hostile to the hash they are made for")
		}
	}
	for _, words := range []int{1, 2} {
		tab := New(words, 0)
		wide := make([]uint64, n*words)
		for i, key := range keys {
			wide[(i+1)*words-1] = key
		}
		out := make([]uint32, n)
		tab.Add(wide, out)
		for i, number := range out {
			if number != uint32(i) {
				t.Fatalf("%d words: key %d has number %d", words, i, number)
			}
		}
		if tab.Find(wide, out) != 0 {
			t.Fatalf("%d words: an added key is missing", words)
		}
		run, most := 0, 0
		for _, s := range tab.slots {
			run++
			if s == 0 {
				run = 0
			}
			most = max(most, run)
		}
		if most > 2000 {
			t.Errorf("%d words: %d slots in a row are taken by %d keys", words, most, n)
		}
	}
}
