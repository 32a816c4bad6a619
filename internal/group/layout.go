package group

import "math/bits"

// Layout says where the codes of the columns of a tuple lie in the words of
// its key. A code lies within one word.
type Layout struct {
	fields []field
	words  int
}

type field struct {
	word, shift uint
	bits        uint
	mask        uint64
}

// NewLayout gives column i room for codes below sizes[i], at most 2^32. Tuples
// whose codes fit 64 bits in all take one word.
func NewLayout(sizes []int) Layout {
	l := Layout{fields: make([]field, len(sizes)), words: 1}
	used := uint(0)
	for i, size := range sizes {
		b := uint(0)
		if size > 1 {
			b = uint(bits.Len(uint(size - 1)))
		}
		if used+b > 64 {
			l.words++
			used = 0
		}
		l.fields[i] = field{uint(l.words - 1), min(used, 63), b, 1<<b - 1}
		used += b
	}
	return l
}

// Words is the number of words of a key.
func (l Layout) Words() int { return l.words }

// Place is the word that holds the code of column i, and how far it is shifted.
func (l Layout) Place(i int) (word int, shift uint) {
	return int(l.fields[i].word), l.fields[i].shift
}

// Size is how many codes column i has room for.
func (l Layout) Size(i int) int { return 1 << l.fields[i].bits }

// Put sets the codes of column i in keys that hold zero there: codes[k] in
// key k.
func (l Layout) Put(keys []uint64, i int, codes []uint32) {
	f := l.fields[i]
	if f.bits == 0 {
		return
	}
	if l.words == 1 {
		for k, c := range codes {
			keys[k] |= uint64(c) << f.shift
		}
		return
	}
	for k, c := range codes {
		keys[k*l.words+int(f.word)] |= uint64(c) << f.shift
	}
}

// Get reads the codes of column i: codes[k] from key k.
func (l Layout) Get(keys []uint64, i int, codes []uint32) {
	f := l.fields[i]
	w := l.words
	for k := range codes {
		codes[k] = uint32(keys[k*w+int(f.word)] >> f.shift & f.mask)
	}
}

// Code reads the code of column i from one key.
func (l Layout) Code(key []uint64, i int) uint32 {
	f := l.fields[i]
	return uint32(key[f.word] >> f.shift & f.mask)
}

// Map replaces the code c of column i by to[c] in every key.
func (l Layout) Map(keys []uint64, i int, to []uint32) {
	f := l.fields[i]
	if f.bits == 0 {
		return
	}
	clear := ^(f.mask << f.shift)
	for k := int(f.word); k < len(keys); k += l.words {
		key := keys[k]
		keys[k] = key&clear | uint64(to[key>>f.shift&f.mask])<<f.shift
	}
}
