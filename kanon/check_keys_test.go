package kanon

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Classes are numbered as a map of tuples would number them, whatever comes
// first and however wide the numbers become.
func TestCheckClassesAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 9).Draw(t, "columns")
		c, want, times := newCheckClasses(columns), map[string]uint32{}, map[uint32]int64{}
		tuple := func(values [][]uint32, row int) (text string) {
			for _, numbers := range values {
				text += fmt.Sprint(numbers[row], " ")
			}
			return text
		}
		draw := func(n int) [][]uint32 {
			values := make([][]uint32, columns)
			for j := range values {
				number := rapid.OneOf(rapid.Uint32Max(3), rapid.Uint32Max(300), rapid.Uint32())
				values[j] = rapid.SliceOfN(number, n, n).Draw(t, "numbers")
			}
			return values
		}
		for range rapid.IntRange(1, 4).Draw(t, "blocks") {
			n := rapid.IntRange(0, 40).Draw(t, "rows")
			values, out := draw(n), make([]uint32, n)
			c.classes(values, out)
			for row, class := range out {
				text := tuple(values, row)
				if _, ok := want[text]; !ok {
					want[text] = uint32(len(want))
				}
				times[class]++
				if class != want[text] {
					t.Fatalf("row %d is of class %d, want %d", row, class, want[text])
				}
			}
		}
		if c.len() != len(want) {
			t.Fatalf("%d classes, want %d", c.len(), len(want))
		}
		for class, n := range c.times() {
			if n != times[uint32(class)] {
				t.Fatalf("class %d came %d times, want %d", class, n, times[uint32(class)])
			}
		}
		values, found := draw(20), make([]uint32, 20)
		c.known(values, found)
		for row, class := range found {
			if want, ok := want[tuple(values, row)]; (class != noNumber) != ok || ok && class != want {
				t.Fatalf("row %d: class %d, want %d, %v", row, class, want, ok)
			}
		}
	})
}

// Classes keep their numbers and rows while their keys grow from one word to two
// and to five.
func TestClassesWiden(t *testing.T) {
	const columns, rows = 9, 500
	c := newCheckClasses(columns)
	for round, scale := range []uint32{1, 200, 200_000} {
		values, out := make([][]uint32, columns), make([]uint32, rows)
		for j := range values {
			for i := range uint32(rows) {
				values[j] = append(values[j], (i*7+uint32(j))%10*scale)
			}
		}
		c.classes(values, out)
		for i, class := range out {
			if want := uint32(10*round + i%10); class != want {
				t.Fatalf("round %d, row %d: class %d, want %d", round, i, class, want)
			}
		}
		if c.words != []int{1, 2, 5}[round] {
			t.Errorf("round %d: %d words", round, c.words)
		}
	}
	if want := slices.Repeat([]int64{rows / 10}, 30); !slices.Equal(c.times(), want) {
		t.Errorf("%v, want %v", c.times(), want)
	}
}

// Keys that come together are told apart although all slots are read before the
// first is filled: a free slot looks like one of the key 0.
func TestKeysTogether(t *testing.T) {
	for range 200 {
		keys, want := []uint64{}, map[uint64]uint32{}
		for i := range uint64(keysAhead - 1) {
			keys = append(keys, i*i%150+1)
		}
		keys = append(keys, 0)
		out := make([]uint32, len(keys))
		newKeyNumbers(1).number(keys, out, 0)
		for i, key := range keys {
			if _, ok := want[key]; !ok {
				want[key] = uint32(len(want))
			}
			if out[i] != want[key] {
				t.Fatalf("key %d has number %d, want %d", i, out[i], want[key])
			}
		}
	}
}

// Pairs are numbered as they come, thousands of them in a block, and each is
// new once.
func TestKeyPairs(t *testing.T) {
	p, want := newKeyPairs(), map[[2]uint32]uint32{}
	for block := range uint32(5) {
		a, b := make([]uint32, 3000), make([]uint32, 3000)
		for i := range a {
			a[i], b[i] = uint32(i)%70+block*35, uint32(i*i)%31
		}
		var fresh []int
		got := p.pairs(a, b, func(i int) { fresh = append(fresh, i) })
		for i, n := range got {
			key := [2]uint32{a[i], b[i]}
			if _, ok := want[key]; !ok {
				want[key] = uint32(len(want))
				if len(fresh) == 0 || fresh[0] != i {
					t.Fatalf("pair %d of block %d is not said to be new", i, block)
				}
				fresh = fresh[1:]
			}
			if n != want[key] {
				t.Fatalf("pair %d of block %d has number %d, want %d", i, block, n, want[key])
			}
		}
		if len(fresh) > 0 {
			t.Fatalf("%d pairs are said to be new twice", len(fresh))
		}
	}
	found := map[[2]uint32]uint32{}
	for key, n := range p.all {
		a, b := pair(key)
		found[[2]uint32{a, b}] = n
	}
	if !maps.Equal(found, want) {
		t.Errorf("%d pairs, want %d, or others", len(found), len(want))
	}
}

// Words are numbered as they come, whether they lie close together, far apart or
// at the ends of the range, and whatever window was made for those before.
func TestWordNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words, want := newWordNumbers(), map[uint64]uint32{}
		for range rapid.IntRange(1, 12).Draw(t, "blocks") {
			from := rapid.OneOf(rapid.Int64Range(-5, 5), rapid.Int64(),
				rapid.Int64Range(math.MaxInt64-3000, math.MaxInt64),
				rapid.Int64Range(-100_000, 100_000)).Draw(t, "from")
			spread := rapid.SampledFrom([]int64{1, 7, 300, 70_000, math.MaxInt64}).Draw(t, "spread")
			var block []uint64
			for range rapid.IntRange(1, 30).Draw(t, "words") {
				block = append(block, uint64(from)+uint64(rapid.Int64Range(0, spread).Draw(t, "word")))
			}
			if rapid.IntRange(0, 9).Draw(t, "many") == 0 { // enough to move the window
				for i := range uint64(windowMoves) {
					block = append(block, uint64(from)+i*i%300)
				}
			}
			out := make([]uint32, len(block))
			words.number(block, out, uint32(1+words.len()))
			for i, w := range block {
				if _, ok := want[w]; !ok {
					want[w] = uint32(1 + len(want))
				}
				if out[i] != want[w] {
					t.Fatalf("word %d has number %d, want %d", int64(w), out[i], want[w])
				}
			}
		}
		if !maps.Equal(maps.Collect(words.all), want) || len(words.window) > windowMost {
			t.Errorf("%d words, want %d, or others; a window of %d", words.len(), len(want),
				len(words.window))
		}
	})
}

// Texts are numbered as they come, whatever their length, and kept.
func TestTextNumbers(t *testing.T) {
	texts, want := newTextNumbers(), map[string]uint32{}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringN(0, 2, -1), rapid.String())
		block := rapid.SliceOfN(text, 0, 300).Draw(t, "texts")
		out := make([]uint32, len(block))
		texts.number(block, out)
		for i, text := range block {
			if _, ok := want[text]; !ok {
				want[text] = uint32(len(want) + 1)
			}
			if out[i] != want[text] {
				t.Fatalf("text %d has number %d, want %d", i, out[i], want[text])
			}
		}
		for text, n := range want {
			if string(texts.text(n)) != text {
				t.Fatalf("text %d is another", n)
			}
		}
	})
}
