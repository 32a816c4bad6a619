package kanon

import (
	"maps"
	"slices"
)

// beforehand is what a table was before it was generalized.
type beforehand struct {
	total, tuples   int64
	pairs, cells    int64       // of a tuple and a person, and of a tuple and what it has
	sizes, rowSizes []SizeCount // of its classes
	rows            [][]int64   // by column and value in canonical order
}

// beforehand describes counts that are in memory.
func (c *Counts) beforehand(domains []*domain) *beforehand {
	b := &beforehand{total: c.total, tuples: int64(len(c.rows)), rowSizes: tally(slices.Clone(c.rows))}
	b.sizes = b.rowSizes
	if c.people != nil {
		b.sizes = tally(c.pairs.sizes(c.tuples.Len()))
	}
	codes := make([]uint32, len(c.rows))
	for i, d := range domains {
		rows := make([]int64, d.size())
		c.layout.Get(c.tuples.Keys(), i, codes)
		for k, n := range c.rows {
			rows[d.leaf[codes[k]]] += n
		}
		b.rows = append(b.rows, rows)
	}
	return b
}

// describedInOneFile makes one file of all combinations, and describes them.
func (c *Counts) describedInOneFile(domains []*domain) (*beforehand, error) {
	b := &beforehand{total: c.total}
	for _, d := range domains {
		b.rows = append(b.rows, make([]int64, d.size()))
	}
	var people, rows sizeTally
	err := c.toOneFile(func(t *counted) {
		b.tuples++
		rows.add(t.rows)
		people.add(int64(len(t.people)))
		b.pairs += int64(len(t.people))
		for _, cells := range t.cells {
			b.cells += int64(len(cells))
		}
		for i, code := range t.codes {
			b.rows[i][domains[i].leaf[code]] += t.rows
		}
	})
	b.rowSizes = rows.list()
	if b.sizes = b.rowSizes; c.people != nil {
		b.sizes = people.list()
	}
	return b, err
}

// sizeTally counts classes by their size, most of which are small.
type sizeTally struct {
	small [256]int64
	large map[int64]int64
}

func (s *sizeTally) add(size int64) {
	if size < int64(len(s.small)) {
		s.small[size]++
		return
	}
	if s.large == nil {
		s.large = map[int64]int64{}
	}
	s.large[size]++
}

// list lists how many classes have each size, ascending.
func (s *sizeTally) list() []SizeCount {
	out := []SizeCount{}
	for size, n := range s.small {
		if n > 0 {
			out = append(out, SizeCount{Size: int64(size), Classes: n})
		}
	}
	for _, size := range slices.Sorted(maps.Keys(s.large)) {
		out = append(out, SizeCount{Size: size, Classes: s.large[size]})
	}
	return out
}

// sizes counts the people of each of n tuples.
func (l *pairLog) sizes(n int) []int64 {
	sizes := make([]int64, n)
	for _, v := range l.settle() {
		sizes[v>>32]++
	}
	return sizes
}

// tally counts sizes by size, ascending. It sorts what it is given. What has
// no rows, of a population, is no class.
func tally(sizes []int64) []SizeCount {
	slices.Sort(sizes)
	out := []SizeCount{}
	for _, n := range sizes {
		if n == 0 {
			continue
		}
		if k := len(out); k > 0 && out[k-1].Size == n {
			out[k-1].Classes++
		} else {
			out = append(out, SizeCount{Size: n, Classes: 1})
		}
	}
	return out
}
