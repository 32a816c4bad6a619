package kanon

import (
	"errors"
	"io"
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

// beforehandFromFiles describes counts of which a part is in files.
func (c *Counts) beforehandFromFiles(domains []*domain) (*beforehand, error) {
	b := &beforehand{total: c.total}
	for _, d := range domains {
		b.rows = append(b.rows, make([]int64, d.size()))
	}
	src, err := c.all(true)
	if err != nil {
		return nil, err
	}
	people, rows := map[int64]int64{}, map[int64]int64{}
	for {
		t, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		b.tuples++
		rows[t.rows]++
		people[int64(len(t.people))]++
		b.pairs += int64(len(t.people))
		for _, cells := range t.cells {
			b.cells += int64(len(cells))
		}
		for i, code := range t.codes {
			b.rows[i][domains[i].leaf[code]] += t.rows
		}
	}
	b.rowSizes = sizesOf(rows)
	if b.sizes = b.rowSizes; c.people != nil {
		b.sizes = sizesOf(people)
	}
	return b, nil
}

// sizesOf lists how many classes have each size, ascending.
func sizesOf(classes map[int64]int64) []SizeCount {
	out := []SizeCount{}
	for _, size := range slices.Sorted(maps.Keys(classes)) {
		out = append(out, SizeCount{Size: size, Classes: classes[size]})
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
