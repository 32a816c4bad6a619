package column

import "math/bits"

// window has the codes of whole numbers that lie close together, as most columns
// of numbers have them, by their distance from the first: a code is one read
// away. What it does not have is asked of a table, so it may lack any. The zero
// value has none and takes none, see newWindow.
type window struct {
	from    uint64 // the word of the first
	step    uint64 // between words; 0 of a window that takes none
	inverse uint64 // of the odd part of the step, modulo 2^64
	shift   int    // the power of two in the step
	code    []uint32
}

const (
	// maxWindow is how many words a window spans at most, and perCode how many for
	// a code that there is, beyond minWindow.
	minWindow, perCode, maxWindow = 1 << 8, 1 << 6, 1 << 16
)

// newWindow is for words of a type, which are whole numbers or, of dates, whole
// days.
func newWindow(t Type) window {
	step := uint64(1)
	switch t.Kind {
	case Boolean, Integer, Unsigned:
	case Date:
		step = dayMillis
	default:
		return window{}
	}
	w := window{step: step, inverse: 1, shift: bits.TrailingZeros64(step)}
	for range 6 { // Newton's steps
		w.inverse *= 2 - step>>w.shift*w.inverse
	}
	return w
}

// steps is how many steps there are in a distance, and more than any window spans
// where it is not of whole ones (Granlund and Montgomery 1994, Division by
// invariant integers using multiplication, PLDI, section 9).
func (w *window) steps(distance uint64) uint64 {
	return bits.RotateLeft64(distance*w.inverse, -w.shift)
}

// find writes the codes of words and returns the places of those that are not
// here, whose code is None.
func (w *window) find(words []uint64, codes []uint32, late *[block]uint16) []uint16 {
	v, n := *w, 0
	codes = codes[:len(words)]
	for i, word := range words {
		p, c := v.steps(word-v.from), None
		if p < uint64(len(v.code)) {
			c = v.code[p]
		}
		codes[i] = c
		if c == None {
			late[n&(block-1)] = uint16(i)
			n++
		}
	}
	return late[:n]
}

// note takes a word where it is close to the others, for each of which there is a
// code among n.
func (w *window) note(word uint64, code uint32, n int) {
	if w.step == 0 {
		return
	}
	if len(w.code) == 0 {
		w.from = word
	}
	span, most := uint64(len(w.code)), min(maxWindow, minWindow+perCode*uint64(n))
	behind, before := w.steps(word-w.from), w.steps(w.from-word)
	switch { // twice as many each time, so that growing costs little
	case behind < span:
	case behind < most:
		w.grow(0, min(most, max(behind+1, 2*span)))
	case before <= most-min(span, most):
		more := min(most-span, max(before, span))
		w.grow(more, span+more)
		behind = more - before
	default:
		return
	}
	w.code[behind] = code
}

// grow makes a window of so many words, of which some are before the first.
func (w *window) grow(before, span uint64) {
	code := make([]uint32, span)
	for i := range code {
		code[i] = None
	}
	copy(code[before:], w.code)
	w.code = code
	w.from -= before * w.step
}
