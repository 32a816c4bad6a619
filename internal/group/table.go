// Package group numbers distinct keys of one or more 64-bit words densely, in
// the order in which they are first seen. It is what counting distinct tuples
// and merging classes is made of.
package group

import (
	"math/bits"
	"math/rand/v2"
)

// None is the number of a key that a Table does not hold.
const None = ^uint32(0)

// MaxLen is the number of keys a Table holds at most.
const MaxLen = 1<<32 - 2

const (
	golden  = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
	chunk   = 256                // keys whose slots are read before any is compared
	minBits = 4
	// longest is the run of taken slots after which a table takes another
	// multiplier.
	longest = 1000
)

// Table maps keys to dense numbers by open addressing with linear probing. The
// keys themselves are one dense slice; the slots hold numbers only, so that
// clearing and growing are cheap. The zero value is not ready, see New. A
// Table may be read by many goroutines and written by one.
//
// The hash is a product, of which the upper bits count. The golden ratio
// spreads codes that lie beside each other evenly. A file can be written so
// that its keys fall together all the same; then the multiplier becomes a
// random odd number, by which any two keys fall together with a chance of at
// most twice that of a random function (Dietzfelbinger, Hagerup, Katajainen,
// Penttonen 1997). Numbers do not depend on it.
type Table struct {
	words int
	by    uint64 // multiplier of the hash
	keys  []uint64
	n     int
	slots []uint32 // number + 1; 0 is free
	shift uint     // 64 - log2(len(slots))
	hole  int64    // number without a key, see Reserve; -1 without
}

// New makes an empty table for keys of the given number of words, at least
// one, with room for hint keys.
func New(words, hint int) *Table {
	t := &Table{words: max(words, 1), by: golden, hole: -1}
	t.Reset(hint)
	return t
}

// Reset forgets all keys and makes room for hint keys, re-using memory. Slices
// handed out by Keys before are overwritten by later additions.
func (t *Table) Reset(hint int) {
	b := max(minBits, bits.Len(uint(max(hint, 1)+max(hint, 1)/2)))
	if size := 1 << b; size <= cap(t.slots) {
		t.slots = t.slots[:size]
		clear(t.slots)
	} else {
		t.slots = make([]uint32, size)
	}
	t.shift = uint(64 - b)
	t.keys, t.n, t.hole = t.keys[:0], 0, -1
}

// Len is the number of keys, with the reserved one.
func (t *Table) Len() int { return t.n }

// Words is the number of words of a key.
func (t *Table) Words() int { return t.words }

// Keys are all keys by number, Words words each; they are not to be changed.
// A reserved number has a key of zeros that Find does not find.
func (t *Table) Keys() []uint64 { return t.keys }

// Reserve takes the next number for something that has no key. It may be
// called once between two calls of Reset.
func (t *Table) Reserve() uint32 {
	t.hole = int64(t.n)
	for range t.words {
		t.keys = append(t.keys, 0)
	}
	t.n++
	return uint32(t.hole)
}

// Add writes the number of each key to out, giving new keys the next ones.
// keys holds len(out)*Words words. The caller sees to it that the table stays
// below MaxLen keys.
func (t *Table) Add(keys []uint64, out []uint32) {
	if t.words == 1 {
		for len(out) > chunk {
			t.add1(keys[:chunk], out[:chunk])
			keys, out = keys[chunk:], out[chunk:]
		}
		t.add1(keys, out)
		return
	}
	for i := range out {
		out[i] = t.addN(keys[i*t.words : (i+1)*t.words])
	}
}

// Find writes the number of each key to out, None for a key that is not held,
// and returns how many are not.
func (t *Table) Find(keys []uint64, out []uint32) (missing int) {
	w := t.words
	if w == 1 {
		for len(out) > chunk {
			missing += t.findAll1(keys[:chunk], out[:chunk])
			keys, out = keys[chunk:], out[chunk:]
		}
		return missing + t.findAll1(keys, out)
	}
	for i := range out {
		out[i], _ = t.findN(keys[i*w : (i+1)*w])
		if out[i] == None {
			missing++
		}
	}
	return missing
}

// findAll1 reads the slots first, as add1 does.
func (t *Table) findAll1(keys []uint64, out []uint32) (missing int) {
	for i := range out {
		out[i] = t.slots[hash1(keys[i], t.by)>>t.shift]
	}
	for i, key := range keys[:len(out)] {
		switch s := out[i]; {
		case s == 0:
			out[i] = None
			missing++
		case t.keys[s-1] == key:
			out[i] = s - 1
		default:
			if out[i] = t.find1(key); out[i] == None {
				missing++
			}
		}
	}
	return missing
}

func hash1(key, by uint64) uint64 { return (key ^ key>>31) * by }

func hashN(key []uint64, by uint64) uint64 {
	h := uint64(0)
	for _, w := range key {
		h = (bits.RotateLeft64(h, 23) ^ w ^ w>>31) * by
	}
	return h
}

// add1 reads the slots of all its keys first: the reads do not depend on each
// other, so the memory serves them together.
func (t *Table) add1(keys []uint64, out []uint32) {
	t.grow(len(out))
	slots, shift, by := t.slots, t.shift, t.by
	for i := range out {
		out[i] = slots[hash1(keys[i], by)>>shift]
	}
	for i, key := range keys[:len(out)] {
		if s := out[i]; s != 0 && t.keys[s-1] == key {
			out[i] = s - 1
			continue
		}
		mask := uint64(len(slots) - 1)
		home := hash1(key, by) >> shift
		for p := home; ; p = (p + 1) & mask {
			s := slots[p]
			if s == 0 {
				t.keys = append(t.keys, key)
				t.n++
				slots[p] = uint32(t.n)
				out[i] = uint32(t.n - 1)
				if (p-home)&mask > longest {
					t.respread()
					slots, by = t.slots, t.by
				}
				break
			}
			if t.keys[s-1] == key {
				out[i] = s - 1
				break
			}
		}
	}
}

func (t *Table) find1(key uint64) uint32 {
	mask := uint64(len(t.slots) - 1)
	for p := hash1(key, t.by) >> t.shift; ; p = (p + 1) & mask {
		s := t.slots[p]
		if s == 0 {
			return None
		}
		if t.keys[s-1] == key {
			return s - 1
		}
	}
}

// findN returns the number of a key, or None and the free slot for it.
func (t *Table) findN(key []uint64) (uint32, uint64) {
	mask := uint64(len(t.slots) - 1)
	for p := hashN(key, t.by) >> t.shift; ; p = (p + 1) & mask {
		s := t.slots[p]
		if s == 0 {
			return None, p
		}
		if equal(t.keys[int(s-1)*t.words:], key) {
			return s - 1, p
		}
	}
}

func equal(a, b []uint64) bool {
	for i, w := range b {
		if a[i] != w {
			return false
		}
	}
	return true
}

func (t *Table) addN(key []uint64) uint32 {
	t.grow(1)
	s, p := t.findN(key)
	if s != None {
		return s
	}
	t.keys = append(t.keys, key...)
	t.n++
	t.slots[p] = uint32(t.n)
	if (p-hashN(key, t.by)>>t.shift)&uint64(len(t.slots)-1) > longest {
		t.respread()
	}
	return uint32(t.n - 1)
}

// grow keeps the table at most two thirds full after more keys.
func (t *Table) grow(more int) {
	want := t.n + more
	if want <= len(t.slots)/3*2 {
		return
	}
	size := len(t.slots)
	for want > size/3*2 {
		size *= 2
	}
	t.slots = make([]uint32, size)
	t.shift = uint(64 - bits.TrailingZeros(uint(size)))
	t.fill()
}

// respread changes the multiplier.
func (t *Table) respread() {
	t.by = rand.Uint64() | 1
	clear(t.slots)
	t.fill()
}

// fill gives each number its slot; all are free.
func (t *Table) fill() {
	mask := uint64(len(t.slots) - 1)
	for i := range t.n {
		if int64(i) == t.hole {
			continue
		}
		var h uint64
		if t.words == 1 {
			h = hash1(t.keys[i], t.by)
		} else {
			h = hashN(t.keys[i*t.words:(i+1)*t.words], t.by)
		}
		p := h >> t.shift
		for t.slots[p] != 0 {
			p = (p + 1) & mask
		}
		t.slots[p] = uint32(i + 1)
	}
}
