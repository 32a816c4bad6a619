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
	c.keyNumbers = c.rewritten(c.lay(), func(old, key []uint64) {
		for j, f := range c.fields {
			key[f.word] |= uint64(before[j].of(old)) << f.shift
		}
	})
}

// classes writes the class of each row to out, by the numbers of its values:
// a list for each column.
func (c *checkClasses) classes(values [][]uint32, out []uint32) {
	most := make([]uint32, len(values))
	for j, numbers := range values {
		highest := uint32(0)
		for _, n := range numbers {
			highest = max(highest, n)
		}
		most[j] = highest
	}
	c.widen(most)
	c.number(c.pack(values, len(out)), out, uint32(c.len()))
}

// pack makes keys of the numbers of the values of n rows, which fit.
func (c *checkClasses) pack(values [][]uint32, n int) []uint64 {
	w := c.words
	c.packed = slices.Grow(c.packed[:0], n*w)[:n*w]
	clear(c.packed)
	for j, f := range c.fields {
		if w == 1 { // the usual one
			for i, number := range values[j] {
				c.packed[i] |= uint64(number) << f.shift
			}
			continue
		}
		for i, number := range values[j] {
			c.packed[i*w+f.word] |= uint64(number) << f.shift
		}
	}
	return c.packed
}

// known writes the class of each row to out, or noNumber where the table has
// none that is like it.
func (c *checkClasses) known(values [][]uint32, out []uint32) {
	key := make([]uint64, c.words)
	for row := range out {
		out[row] = noNumber
		clear(key)
		fits := true
		for j, f := range c.fields {
			fits = fits && f.fits(values[j][row])
			key[f.word] |= uint64(values[j][row]) << f.shift
		}
		if fits {
			out[row] = c.find(key)
		}
	}
}
