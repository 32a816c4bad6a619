package group

import "slices"

// Dense numbers cells, which are numbers below a bound, in the order in which
// they are first seen: what a Table does for keys, without a hash. It takes
// four bytes a cell, used or not, and no time for those not used. The zero
// value has no cells, see Reset.
type Dense struct {
	slots []uint32 // base + number + 1; what is below base is of an earlier use
	cells []uint32 // by number, and room for more
	base  uint32
	n     uint32
}

// Reset forgets all cells and makes room for those below bound, re-using
// memory.
func (d *Dense) Reset(bound int) {
	switch {
	case bound > len(d.slots):
		d.slots, d.base = make([]uint32, bound), 0
	case d.base >= 255<<24:
		clear(d.slots)
		d.base = 0
	default:
		d.base += 1 << 24
	}
	d.n = 0
}

// Len is how many cells were seen.
func (d *Dense) Len() int { return int(d.n) }

// Cells are all cells seen by number. They are not to be changed, and hold
// until Reset.
func (d *Dense) Cells() []uint32 { return d.cells[:d.n] }

// Add replaces each cell by its number, giving new cells the next ones. The
// caller sees to it that fewer than 2^24 are numbered.
func (d *Dense) Add(cells []uint32) {
	d.cells = slices.Grow(d.cells[:d.n], len(cells))
	n, base, slots, seen := d.n, d.base, d.slots, d.cells[:int(d.n)+len(cells)]
	for i, x := range cells {
		// Old cells are written again: no branch that is hard to foresee.
		c := slots[x] - base - 1
		c = min(c, n) // if it is not of this use, it is larger
		slots[x] = base + c + 1
		n = max(n, c+1)
		seen[c] = x
		cells[i] = c
	}
	d.n = n
}

// Find replaces each cell by its number, None where it was not seen.
func (d *Dense) Find(cells []uint32) {
	for i, x := range cells {
		c := d.slots[x] - d.base - 1
		if c >= d.n {
			c = None
		}
		cells[i] = c
	}
}
