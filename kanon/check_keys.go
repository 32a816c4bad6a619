package kanon

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// keyNumbers numbers keys of one or more words, from 0 in the order in which
// they come. It is a table of open addresses, since every row of a check looks
// some up. Where a key lies depends on numbers drawn at random, so that no file
// can be written whose keys all fall together; its number does not.
type keyNumbers struct {
	words int
	keys  []uint64 // by number
	slots []uint32 // a number plus one; 0 is free
	by    []uint64 // an odd number for each word
	shift int
}

func newKeyNumbers(words int) *keyNumbers {
	t := &keyNumbers{words: words}
	for range words {
		t.by = append(t.by, rand.Uint64()|1)
	}
	t.room(64)
	return t
}

func (t *keyNumbers) len() int { return len(t.keys) / t.words }

// home is the first slot in which a key is looked for: the upper bits of a sum
// of products, by which two keys fall together with a chance of at most twice
// that of a random function (Dietzfelbinger, Hagerup, Katajainen, Penttonen
// 1997, A reliable randomized algorithm for the closest-pair problem,
// J. Algorithms 25, 19–51).
func (t *keyNumbers) home(key []uint64) int {
	sum := uint64(0)
	for i, word := range key {
		sum += word * t.by[i]
	}
	return int(sum >> t.shift)
}

// room makes the slots that many, a power of two.
func (t *keyNumbers) room(slots int) {
	t.slots, t.shift = make([]uint32, slots), 64-bits.TrailingZeros(uint(slots))
	for n := range t.len() {
		at, _ := t.lookup(t.key(n), t.home(t.key(n)))
		t.slots[at] = uint32(n + 1)
	}
}

func (t *keyNumbers) key(n int) []uint64 { return t.keys[n*t.words : (n+1)*t.words] }

// lookup goes from a slot to that of a key or to the free one it may have.
func (t *keyNumbers) lookup(key []uint64, from int) (at int, known bool) {
	for at = from; t.slots[at] != 0; at = (at + 1) & (len(t.slots) - 1) {
		if slices.Equal(t.key(int(t.slots[at])-1), key) {
			return at, true
		}
	}
	return at, false
}

// find is the number of a key, if it has one.
func (t *keyNumbers) find(key []uint64) (n uint32, known bool) {
	at, known := t.lookup(key, t.home(key))
	return t.slots[at] - 1, known
}

// number writes the number of each key to out. New keys get the next ones. All
// slots are read before the first is compared, so that memory serves the reads
// together.
func (t *keyNumbers) number(keys []uint64, out []uint32) {
	for 3*(t.len()+len(out)) >= 2*len(t.slots) {
		t.room(2 * len(t.slots))
	}
	const ahead = 256
	var homes [ahead]int
	var first [ahead]uint32
	for len(out) > 0 {
		n := min(ahead, len(out))
		for i := range n {
			homes[i] = t.home(keys[i*t.words : (i+1)*t.words])
			first[i] = t.slots[homes[i]]
		}
		for i := range n {
			key := keys[i*t.words : (i+1)*t.words]
			if s := first[i]; s != 0 && slices.Equal(t.key(int(s)-1), key) {
				out[i] = s - 1
				continue
			}
			at, known := t.lookup(key, homes[i])
			if !known {
				t.keys = append(t.keys, key...)
				t.slots[at] = uint32(t.len())
			}
			out[i] = t.slots[at] - 1
		}
		keys, out = keys[n*t.words:], out[n:]
	}
}

// keyPairs numbers pairs of numbers, a block of them at a time.
type keyPairs struct {
	*keyNumbers
	packed []uint64 // of a block
	out    []uint32
}

func newKeyPairs() *keyPairs { return &keyPairs{keyNumbers: newKeyNumbers(1)} }

// pairs numbers the pairs of a[i] and b[i], and calls fresh for each that comes
// for the first time. What it returns is good until the next call.
func (p *keyPairs) pairs(a, b []uint32, fresh func(i int)) []uint32 {
	p.packed = p.packed[:0]
	for i, x := range a {
		p.packed = append(p.packed, uint64(x)<<32|uint64(b[i]))
	}
	p.out = slices.Grow(p.out[:0], len(a))[:len(a)]
	next := uint32(p.len())
	p.number(p.packed, p.out)
	for i, n := range p.out {
		if n == next {
			fresh(i)
			next++
		}
	}
	return p.out
}

// pair is the pair of a number.
func (p *keyPairs) pair(n int) (a, b uint32) {
	key := p.key(n)[0]
	return uint32(key >> 32), uint32(key)
}
