package kanon

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// keyNumbers numbers keys of one or more words in the order in which they come,
// and counts how often they do. It is a table of open addresses, since every
// row of a check looks some up. Where a key lies depends on numbers drawn at
// random, so that no file can be written whose keys all fall together; its
// number does not.
type keyNumbers struct {
	words int
	used  int // slots
	slots []keySlot
	keys  []uint64 // by number, where they have more than one word
	by    []uint64 // an odd number for each word, and for their sum
	shift int
	marks []uint64 // of a block
}

// keySlot is all of a key of one word, so that a look-up costs memory one line.
type keySlot struct {
	mark   uint64 // the key or, where it has more words, what stands for it
	number uint32 // plus one; 0 is free
	times  uint32
}

// noNumber is that of a key that is not there.
const noNumber = ^uint32(0)

func newKeyNumbers(words int) *keyNumbers {
	t := &keyNumbers{words: words}
	for range words + 1 {
		t.by = append(t.by, rand.Uint64()|1)
	}
	t.resize(keysAhead)
	return t
}

func (t *keyNumbers) len() int { return t.used }

// mark is a key of one word, or the sum of the products of several.
func (t *keyNumbers) mark(key []uint64) uint64 {
	if len(key) == 1 {
		return key[0]
	}
	sum := uint64(0)
	for i, word := range key {
		sum += word * t.by[i+1]
	}
	return sum
}

// home is the first slot in which a key is looked for: the upper bits of a
// product or a sum of some, by which two keys fall together with a chance of at
// most twice that of a random function (Dietzfelbinger, Hagerup, Katajainen,
// Penttonen 1997, A reliable randomized algorithm for the closest-pair problem,
// J. Algorithms 25, 19–51).
func (t *keyNumbers) home(mark uint64) int { return int(mark * t.by[0] >> t.shift) }

// resize makes the slots that many, a power of two.
func (t *keyNumbers) resize(slots int) {
	old := t.slots
	t.slots, t.shift = make([]keySlot, slots), 64-bits.TrailingZeros(uint(slots))
	for _, s := range old {
		if s.number != 0 {
			t.put(s)
		}
	}
}

// reserve makes room for as many keys as are looked up together.
func (t *keyNumbers) reserve() {
	if 3*(t.used+keysAhead) > 2*len(t.slots) {
		t.resize(2 * len(t.slots))
	}
}

// put writes a slot whose key has none yet.
func (t *keyNumbers) put(s keySlot) {
	at := t.home(s.mark)
	for t.slots[at].number != 0 {
		at = (at + 1) & (len(t.slots) - 1)
	}
	t.slots[at] = s
}

// lookup goes from a slot to that of a key or to the free one it may have.
func (t *keyNumbers) lookup(mark uint64, key []uint64, at int) *keySlot {
	for ; ; at++ {
		s := &t.slots[at&(len(t.slots)-1)]
		if s.number == 0 || s.mark == mark && (len(key) == 1 ||
			slices.Equal(t.keys[int(s.number-1)*len(key):int(s.number)*len(key)], key)) {
			return s
		}
	}
}

// find is the number of a key, or noNumber.
func (t *keyNumbers) find(key []uint64) uint32 {
	mark := t.mark(key)
	return t.lookup(mark, key, t.home(mark)).number - 1
}

// one is the number of a key, which is next where it is new.
func (t *keyNumbers) one(mark uint64, key []uint64, at int, next uint32) uint32 {
	s := t.lookup(mark, key, at)
	if s.number == 0 {
		*s = keySlot{mark: mark, number: next + 1}
		t.used++
		if len(key) > 1 {
			t.keys = append(t.keys, key...)
		}
	}
	s.times++
	return s.number - 1
}

// keysAhead is how many keys are looked up together, and keysAlone of how many
// that does not pay.
const keysAhead, keysAlone = 256, 16

// number writes the number of each key to out. New keys get numbers from next
// on, and it returns the one after. Of some keys at a time all slots are read
// before the first is compared, so that memory serves the reads together.
func (t *keyNumbers) number(keys []uint64, out []uint32, next uint32) uint32 {
	w, marks := t.words, keys
	if w > 1 {
		t.marks = t.marks[:0]
		for i := range out {
			t.marks = append(t.marks, t.mark(keys[i*w:(i+1)*w]))
		}
		marks = t.marks
	}
	if len(out) <= keysAlone {
		t.reserve()
		for i, mark := range marks[:len(out)] {
			out[i] = t.one(mark, keys[i*w:(i+1)*w], t.home(mark), next)
			next = max(next, out[i]+1)
		}
		return next
	}
	var homes [keysAhead]int
	var first [keysAhead]uint64 // of the slots, as they were
	for from := 0; from < len(out); from += keysAhead {
		t.reserve()
		n := min(keysAhead, len(out)-from)
		for i, mark := range marks[from : from+n] {
			homes[i] = t.home(mark)
			first[i] = t.slots[homes[i]].mark
		}
		for i, mark := range marks[from : from+n] {
			s := &t.slots[homes[i]]
			if w > 1 || first[i] != mark || s.mark != mark || s.number == 0 {
				n := t.one(mark, keys[(from+i)*w:(from+i+1)*w], homes[i], next)
				out[from+i], next = n, max(next, n+1)
				continue
			}
			s.times++
			out[from+i] = s.number - 1
		}
	}
	return next
}

// all lists the keys of one word with their numbers, in no order.
func (t *keyNumbers) all(yield func(key uint64, number uint32) bool) {
	for i := range t.slots {
		if s := &t.slots[i]; s.number != 0 && !yield(s.mark, s.number-1) {
			return
		}
	}
}

// times is how often each key came, by its number, where numbers are from 0.
func (t *keyNumbers) times() []int64 {
	times := make([]int64, t.used)
	for i := range t.slots {
		if s := &t.slots[i]; s.number != 0 {
			times[s.number-1] = int64(s.times)
		}
	}
	return times
}

// rewritten is a table in which each key is the one that rewrite makes of it,
// which tells keys apart as they were, with its number and how often it came.
func (t *keyNumbers) rewritten(words int, rewrite func(old, key []uint64)) *keyNumbers {
	r := newKeyNumbers(words)
	r.resize(len(t.slots))
	r.used = t.used
	if words > 1 {
		r.keys = make([]uint64, t.used*words)
	}
	one := make([]uint64, words)
	for _, s := range t.slots {
		if s.number == 0 {
			continue
		}
		old, key, n := []uint64{s.mark}, one, int(s.number-1)
		if t.words > 1 {
			old = t.keys[n*t.words : (n+1)*t.words]
		}
		if words > 1 {
			key = r.keys[n*words : (n+1)*words]
		}
		clear(key)
		rewrite(old, key)
		s.mark = r.mark(key)
		r.put(s)
	}
	return r
}

// keyPairs numbers pairs of numbers from 0, a block of them at a time.
type keyPairs struct {
	*keyNumbers
	packed []uint64 // of a block
	out    []uint32
}

func newKeyPairs() *keyPairs { return &keyPairs{keyNumbers: newKeyNumbers(1)} }

// pairs numbers the pairs of a[i] and b[i], and calls fresh for each that comes
// for the first time. What it returns is good until the next call.
func (p *keyPairs) pairs(a, b []uint32, fresh func(i int)) []uint32 {
	p.packed = slices.Grow(p.packed[:0], len(a))[:len(a)]
	for i, x := range a {
		p.packed[i] = uint64(x)<<32 | uint64(b[i])
	}
	p.out = slices.Grow(p.out[:0], len(a))[:len(a)]
	next := uint32(p.len())
	if p.number(p.packed, p.out, next) == next {
		return p.out
	}
	for i, n := range p.out {
		if n == next {
			fresh(i)
			next++
		}
	}
	return p.out
}

// pair takes a key apart.
func pair(key uint64) (a, b uint32) { return uint32(key >> 32), uint32(key) }
