package kanon

import (
	"math/bits"
	"slices"
)

// checkClasses numbers the classes of a table, which are tuples of numbers of
// values, from 0 in the order in which they come. A tuple is packed into as few
// words as its numbers need.
type checkClasses struct {
	fields []classField // a column each
	*keyNumbers
	packed []uint64 // of a block of rows
}

// classField is where the number of a value lies in a key.
type classField struct {
	word, shift int
	width       int // bits
}

// fieldBits is by how many bits fields grow.
const fieldBits = 4

func newCheckClasses(columns int) *checkClasses {
	c := &checkClasses{fields: make([]classField, columns)}
	for j := range c.fields {
		c.fields[j].width = fieldBits
	}
	c.keyNumbers = newKeyNumbers(c.lay())
	return c
}

// lay says where the fields lie by their widths, and in how many words.
func (c *checkClasses) lay() (words int) {
	used := 64
	for j := range c.fields {
		f := &c.fields[j]
		if used+f.width > 64 {
			words, used = words+1, 0
		}
		f.word, f.shift = words-1, used
		used += f.width
	}
	return max(1, words)
}

// fits says whether a number has room in a field.
func (f classField) fits(number uint32) bool { return bits.Len32(number) <= f.width }

// of reads a field of a key.
func (f classField) of(key []uint64) uint32 {
	return uint32(key[f.word] >> f.shift & (1<<f.width - 1))
}

// widen makes room for numbers up to most of each column. Classes keep theirs.
func (c *checkClasses) widen(most []uint32) {
	before := slices.Clone(c.fields)
	wider := false
	for j, number := range most {
		for f := &c.fields[j]; !f.fits(number); f.width += fieldBits {
			wider = true
		}
	}
	if !wider {
		return
	}
	old := c.keyNumbers
	c.keyNumbers = newKeyNumbers(c.lay())
	keys := make([]uint64, old.len()*c.words)
	for n := range old.len() {
		for j, f := range c.fields {
			keys[n*c.words+f.word] |= uint64(before[j].of(old.key(n))) << f.shift
		}
	}
	c.number(keys, make([]uint32, old.len()))
}

// classes writes the class of each row to out, by the numbers of its values:
// a list for each column.
func (c *checkClasses) classes(values [][]uint32, out []uint32) {
	most := make([]uint32, len(values))
	for j, numbers := range values {
		for _, n := range numbers {
			most[j] = max(most[j], n)
		}
	}
	c.widen(most)
	c.packed = slices.Grow(c.packed[:0], len(out)*c.words)[:len(out)*c.words]
	clear(c.packed)
	for j, f := range c.fields {
		for i, n := range values[j] {
			c.packed[i*c.words+f.word] |= uint64(n) << f.shift
		}
	}
	c.number(c.packed, out)
}

// known is the class of a row, if the table has it.
func (c *checkClasses) known(values [][]uint32, row int) (class uint32, known bool) {
	key := make([]uint64, c.words)
	for j, f := range c.fields {
		if !f.fits(values[j][row]) {
			return 0, false
		}
		key[f.word] |= uint64(values[j][row]) << f.shift
	}
	return c.find(key)
}
