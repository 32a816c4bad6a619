package kanon

import (
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
)

// coarsener looks for levels at which some combinations become few enough.
type coarsener struct {
	order  []int        // of the columns, for ties
	fixed  []int        // the highest levels
	firsts [][][]uint32 // by column, level and value: the first value of its label
	losses [][]float64  // by column and level: of all rows
	layout group.Layout
	keys   []uint64
	room   int

	table  *group.Table
	number []uint32
	mapped []uint64
}

// floor is the levels, at least those given, at which the combinations are at
// most as many as there is room for; at the highest levels there may be more.
// Step by step it raises the column that loses least for what it saves or, of
// those that save enough, the one that loses least, and in the end takes back
// what was not needed. Everything is counted and nothing estimated.
func (c *coarsener) floor(from []int) []int {
	at := slices.Clone(from)
	c.table = group.New(c.layout.Words(), 0)
	for keys := c.at(c.keys, from); len(keys) > c.room*c.layout.Words(); {
		j, level := c.step(keys, at)
		if j < 0 {
			return at
		}
		at[j] = level
		c.distinct(keys, j, level)
		keys = slices.Clone(c.table.Keys())
	}
	for c.lower(at, from) {
	}
	return at
}

// at are the keys that differ at some levels.
func (c *coarsener) at(keys []uint64, levels []int) []uint64 {
	for j, level := range levels {
		if level > 0 {
			c.distinct(keys, j, level)
			keys = slices.Clone(c.table.Keys())
		}
	}
	return keys
}

// step is the column to be raised, and its level; -1 where there is none.
func (c *coarsener) step(keys []uint64, at []int) (column, level int) {
	best, bestLevel, bestCost, bestFits := -1, 0, 0.0, false
	now := len(keys) / c.layout.Words()
	for _, j := range c.order {
		for level := at[j] + 1; level <= c.fixed[j]; level++ {
			n := c.distinct(keys, j, level)
			fits := n <= c.room
			cost := c.losses[j][level] - c.losses[j][at[j]]
			if !fits {
				cost = (cost + 1e-9) / max(math.Log(float64(now))-math.Log(float64(n)), 1e-9)
			}
			if best < 0 || fits && !bestFits || fits == bestFits && cost < bestCost {
				best, bestLevel, bestCost, bestFits = j, level, cost, fits
			}
		}
	}
	return best, bestLevel
}

// lower takes back a level of the column for which that spares most, and says
// whether there is one.
func (c *coarsener) lower(at, from []int) bool {
	best, most := -1, 0.0
	for _, j := range c.order {
		if at[j] == from[j] {
			continue
		}
		spared := c.losses[j][at[j]] - c.losses[j][at[j]-1]
		if best >= 0 && spared <= most {
			continue
		}
		at[j]--
		if len(c.at(c.keys, at)) <= c.room*c.layout.Words() {
			best, most = j, spared
		}
		at[j]++
	}
	if best < 0 {
		return false
	}
	at[best]--
	return true
}

// distinct is how many keys differ with column j at a level; they are those of
// the table then.
func (c *coarsener) distinct(keys []uint64, j, level int) int {
	const block = 1 << 12
	w := c.layout.Words()
	c.table.Reset(len(keys) / w / 2)
	c.number = slices.Grow(c.number[:0], block)[:block]
	for lo := 0; lo < len(keys); lo += block * w {
		some := keys[lo:min(len(keys), lo+block*w)]
		c.mapped = append(c.mapped[:0], some...)
		c.layout.Map(c.mapped, j, c.firsts[j][level])
		c.table.Add(c.mapped, c.number[:len(some)/w])
	}
	return c.table.Len()
}

// firstValues is, of each value, the first one with its label at a level.
func (d *domain) firstValues(level int) []uint32 {
	codes := d.column.Codes[level]
	first := make([]uint32, d.labelsAt(level))
	for v := len(codes) - 1; v >= 0; v-- {
		first[codes[v]] = uint32(v)
	}
	to := make([]uint32, len(codes))
	for v, code := range codes {
		to[v] = first[code]
	}
	return to
}
