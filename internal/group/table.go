// Package group numbers distinct keys of one or more 64-bit words densely, in
// the order in which they are first seen. It is what counting distinct tuples
// and merging classes is made of.
package group

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// None is the number of a key that a Table does not hold.
const None = ^uint32(0)

// MaxLen is the number of keys a Table holds at most.
const MaxLen = 1<<32 - 2

const (
	golden  = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
	chunk   = 256                // keys whose first buckets are read together
	minBits = 4

	bucketBits = 2
	bucket     = 1 << bucketBits // slots that are compared together, within a cache line
	tagBits    = 1<<32 - 1

	// longest is the run of taken slots after which a table takes another
	// multiplier.
	longest = 1000
)

// Table maps keys to dense numbers by open addressing with linear probing. The
// keys themselves are one dense slice; a slot holds a number and a tag, which is
// the lower half of the hash. Of keys below 2^32 the tag says which they are, so
// that one is found by looking at its slot alone; others are compared too. The
// zero value is not ready, see New. A Table may be read by many goroutines and
// written by one.
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
	high  uint64   // the bits that first words have
	slots []uint64 // tag << 32 | number + 1; 0 is free, as all behind it in the bucket are
	shift uint     // 64 - log2(buckets)
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
	b := slotBits(hint)
	if size := 1 << b; size <= cap(t.slots) {
		t.slots = t.slots[:size]
		clear(t.slots)
	} else {
		t.slots = make([]uint64, size)
	}
	t.spread()
	t.keys, t.n, t.high, t.hole = t.keys[:0], 0, 0, -1
}

// Bytes is what a table that has room for n keys of so many words takes, with
// the keys.
func Bytes(words, n int) int64 { return 8*int64(words)*int64(n) + 8<<slotBits(n) }

func slotBits(n int) int { return max(minBits, bits.Len(uint(max(n, 1)+max(n, 1)/3-1))) }

// Room makes room for n keys in all, so that a table of no more takes what Bytes
// says and nothing is copied any more.
func (t *Table) Room(n int) {
	t.grow(n - t.n)
	t.keys = slices.Grow(t.keys, max(0, n*t.words-len(t.keys)))
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
	w := t.words
	for len(out) > 0 {
		n := min(chunk, len(out))
		t.grow(n)
		var b lookups
		late := b.atHome(t, keys[:n*w], out[:n])
		if w == 1 {
			t.placeAll(keys, out, late)
		} else {
			for _, i := range late {
				out[i] = t.place(keys[int(i)*w : (int(i)+1)*w])
			}
		}
		keys, out = keys[n*w:], out[n:]
	}
}

// placeAll is place for those of some keys of one word that are late. Searches
// add little else than new keys.
func (t *Table) placeAll(keys []uint64, out []uint32, late []uint8) {
	slots, by, shift, mask := t.slots, t.by, t.shift&63, uint64(len(t.slots)-1)
	for _, i := range late {
		key := keys[i]
		h := hash1(key, by)
		home := h >> shift * bucket
		for p := home; ; p = (p + 1) & mask {
			s := slots[p]
			if s == 0 {
				t.keys = append(t.keys, key)
				t.high |= key
				t.n++
				slots[p] = h<<32 | uint64(t.n)
				out[i] = uint32(t.n - 1)
				if (p-home)&mask > longest {
					t.respread()
					by = t.by
				}
				break
			}
			if s>>32 == h&tagBits && t.keys[uint32(s)-1] == key {
				out[i] = uint32(s) - 1
				break
			}
		}
	}
}

// Find writes the number of each key to out, None for a key that is not held,
// and returns how many are not.
func (t *Table) Find(keys []uint64, out []uint32) (missing int) {
	w := t.words
	for len(out) > 0 {
		n := min(chunk, len(out))
		var b lookups
		for _, i := range b.atHome(t, keys[:n*w], out[:n]) {
			if out[i], _ = t.probe(keys[int(i)*w : (int(i)+1)*w]); out[i] == None {
				missing++
			}
		}
		keys, out = keys[n*w:], out[n:]
	}
	return missing
}

// lookups are the places among some keys of those that are not in their first
// bucket.
type lookups struct{ late [chunk]uint8 }

// atHome writes the numbers of keys that are in their first buckets to out and
// returns the places of the others, ascending. The buckets are read ahead by a
// loop that does nothing else, so that the memory serves many together, and no
// branch depends on what is in them.
func (b *lookups) atHome(t *Table, keys []uint64, out []uint32) []uint8 {
	if t.words > 1 {
		return b.atHomeWide(t, keys, out)
	}
	slots, by, shift, high := t.slots, t.by, t.shift&63, t.high
	keys = keys[:len(out)]
	for i, key := range keys {
		out[i] = uint32(slots[hash1(key, by)>>shift*bucket])
		high |= key
	}
	n := 0
	for i, key := range keys {
		h := hash1(key, by)
		s := (*[bucket]uint64)(slots[h>>shift*bucket:])
		h &= tagBits
		o := uint32(tagged(s[0], h)|tagged(s[1], h)|tagged(s[2], h)|tagged(s[3], h)) - 1
		out[i] = o
		b.late[n&(chunk-1)] = uint8(i)
		n += int((uint64(o) + 1) >> 32)
	}
	if high>>32 == 0 {
		return b.late[:n]
	}
	return b.unequal(t, keys, out)
}

// tagged is the slot where it has the tag, else 0. Of the slots of a bucket one
// may have it, or several where keys are not below 2^32.
func tagged(slot, tag uint64) uint64 { return slot & uint64(int64((slot>>32^tag)-1)>>63) }

// unequal compares the keys with those of the numbers that were found for them,
// by which a tag is not enough. A number of an equal key is right however it was
// come by, so one that is none is replaced by any.
func (b *lookups) unequal(t *Table, keys []uint64, out []uint32) []uint8 {
	n := 0
	for i, key := range keys {
		o := min(out[i], uint32(max(t.n, 1)-1))
		out[i] = o
		b.late[n&(chunk-1)] = uint8(i)
		if t.n == 0 || t.keys[o] != key || int64(o) == t.hole {
			n++
		}
	}
	return b.late[:n]
}

// atHomeWide is atHome for keys of several words.
func (b *lookups) atHomeWide(t *Table, keys []uint64, out []uint32) []uint8 {
	w := t.words
	var hashes [chunk]uint64
	for i := range out {
		hashes[i] = hashN(keys[i*w:(i+1)*w], t.by)
		out[i] = uint32(t.slots[t.home(hashes[i])])
	}
	for i := range out {
		s, tag := (*[bucket]uint64)(t.slots[t.home(hashes[i]):]), hashes[i]&tagBits
		out[i] = uint32(tagged(s[0], tag)|tagged(s[1], tag)|tagged(s[2], tag)|tagged(s[3], tag)) - 1
	}
	n := 0
	for i, o := range out {
		b.late[n&(chunk-1)] = uint8(i)
		if int(o) >= t.n || int64(o) == t.hole || !equal(t.keys[int(o)*w:], keys[i*w:(i+1)*w]) {
			n++
		}
	}
	return b.late[:n]
}

// hash1 is a bijection, and so are its lower 32 bits of keys below 2^32.
func hash1(key, by uint64) uint64 { return (key ^ key>>31) * by }

func hashN(key []uint64, by uint64) uint64 {
	h := uint64(0)
	for _, w := range key {
		h = (bits.RotateLeft64(h, 23) ^ w ^ w>>31) * by
	}
	return h
}

func (t *Table) hash(key []uint64) uint64 {
	if t.words == 1 {
		return hash1(key[0], t.by)
	}
	return hashN(key, t.by)
}

// home is where the first bucket of a hash begins.
func (t *Table) home(hash uint64) uint64 { return hash >> (t.shift & 63) * bucket }

// probe returns the number of a key, or None and the free slot for it.
func (t *Table) probe(key []uint64) (number uint32, free uint64) {
	h := t.hash(key)
	mask := uint64(len(t.slots) - 1)
	for p := t.home(h); ; p = (p + 1) & mask {
		s := t.slots[p]
		if s == 0 {
			return None, p
		}
		if s>>32 == h&tagBits && equal(t.keys[int(uint32(s)-1)*t.words:], key) {
			return uint32(s) - 1, p
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

// place returns the number of a key, which is the next one if it is new.
func (t *Table) place(key []uint64) uint32 {
	number, p := t.probe(key)
	if number != None {
		return number
	}
	h := t.hash(key)
	t.keys = append(t.keys, key...)
	t.high |= key[0]
	t.n++
	t.slots[p] = h<<32 | uint64(t.n)
	if (p-t.home(h))&uint64(len(t.slots)-1) > longest {
		t.respread()
	}
	return uint32(t.n - 1)
}

// grow keeps the table at most three quarters full after more keys.
func (t *Table) grow(more int) {
	want := t.n + more
	if want <= len(t.slots)/4*3 {
		return
	}
	size := len(t.slots)
	for want > size/4*3 {
		size *= 2
	}
	t.slots = make([]uint64, size)
	t.spread()
	t.fill()
}

// spread makes hashes lead to all of the slots.
func (t *Table) spread() {
	t.shift = uint(64 + bucketBits - bits.TrailingZeros(uint(len(t.slots))))
}

// respread changes the multiplier.
func (t *Table) respread() {
	t.by = rand.Uint64() | 1
	clear(t.slots)
	t.fill()
}

// fill gives each number its slot; all are free. First slots are read ahead, as
// by atHome: one that is taken stays so.
func (t *Table) fill() {
	slots, w, mask := t.slots, t.words, uint64(len(t.slots)-1)
	var hashes, from [chunk]uint64
	for lo := 0; lo < t.n; lo += chunk {
		n := min(chunk, t.n-lo)
		for i := range hashes[:n] {
			h := t.hash(t.keys[(lo+i)*w : (lo+i+1)*w])
			hashes[i], from[i] = h, t.home(h)
			if slots[from[i]] != 0 {
				from[i]++
			}
		}
		for i, h := range hashes[:n] {
			if int64(lo+i) == t.hole {
				continue
			}
			p := from[i]
			for slots[p&mask] != 0 {
				p++
			}
			slots[p&mask] = h<<32 | uint64(lo+i+1)
		}
	}
}
