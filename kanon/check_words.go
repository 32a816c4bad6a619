package kanon

import (
	"math"
	"slices"
)

// wordNumbers numbers words in the order in which they come. In front of its
// table is a window: of words that lie close together, as most integers do, it
// says the number by their distance from the first.
type wordNumbers struct {
	*keyNumbers
	window []uint32 // 0 where the table has to say
	base   uint64   // the word of the first
	wide   bool     // words lie too far apart for a window

	far     []int // of a block, those that the window does not know
	words   []uint64
	numbers []uint32
}

// windowMost is how many words a window has at most, which is to stay in a
// cache, and windowMoves for how many that it lacks one is moved.
const windowMost, windowMoves = 1 << 16, 1 << 12

func newWordNumbers() *wordNumbers { return &wordNumbers{keyNumbers: newKeyNumbers(1)} }

// number writes the number of each word to out. New ones get numbers from next
// on, which is not 0.
func (t *wordNumbers) number(words []uint64, out []uint32, next uint32) {
	if t.wide || len(words) == 1 { // as an entry of a dictionary
		t.keyNumbers.number(words, out, next)
		return
	}
	t.far, t.words = t.far[:0], t.words[:0]
	window, base := t.window, t.base
	for i, w := range words {
		if d := w - base; d < uint64(len(window)) && window[d] != 0 {
			out[i] = window[d]
			continue
		}
		t.far, t.words = append(t.far, i), append(t.words, w)
	}
	if len(t.far) == 0 {
		return
	}
	t.numbers = slices.Grow(t.numbers[:0], len(t.far))[:len(t.far)]
	t.keyNumbers.number(t.words, t.numbers, next)
	t.aim()
	for k, i := range t.far {
		out[i] = t.numbers[k]
		if d := t.words[k] - t.base; d < uint64(len(t.window)) {
			t.window[d] = t.numbers[k]
		}
	}
}

// aim makes the window wide enough for the words that it did not know, or moves
// it to them where they are many.
func (t *wordNumbers) aim() {
	low, high := int64(t.words[0]), int64(t.words[0])
	for _, w := range t.words {
		low, high = min(low, int64(w)), max(high, int64(w))
	}
	first, last := low, high
	if len(t.window) > 0 {
		first = min(first, int64(t.base))
		last = max(last, int64(t.base+uint64(len(t.window)-1)))
	}
	switch {
	case uint64(last-first) < uint64(len(t.window)):
		return // they are new, and have a place
	case uint64(last-first) < windowMost:
		size := 1 << 8
		for uint64(last-first) >= uint64(size) {
			size *= 2
		}
		window, base := windowFrom(first, size)
		if len(t.window) > 0 {
			copy(window[t.base-base:], t.window)
		}
		t.window, t.base = window, base
	case uint64(high-low) < windowMost && len(t.words) >= windowMoves:
		t.window, t.base = windowFrom(low, windowMost)
	case len(t.window) == 0:
		t.wide = true
	}
}

// windowFrom is a window of some words from one on or, where there are fewer
// behind that, of the last.
func windowFrom(first int64, size int) (window []uint32, base uint64) {
	return make([]uint32, size), uint64(min(first, math.MaxInt64-int64(size)+1))
}
