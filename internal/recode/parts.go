package recode

import (
	"context"
	"slices"
)

// splitter divides sets of items from the top.
type splitter struct {
	*solver
	number []int32 // items of a branch, then its place; by its key
	keys   []uint32
}

func (s *solver) newSplitter() *splitter {
	most := 0
	for j := range s.Columns {
		most = max(most, len(s.Columns[j].Codes[0]))
	}
	return &splitter{solver: s, number: make([]int32, most+1)}
}

// part is a set of items with the nodes that cover it.
type part struct {
	items  []int32
	at     []uint32
	rows   int64
	weight int64
}

func (s *solver) newPart(items []int32) part {
	p := part{items: items, at: make([]uint32, s.m)}
	s.cover(p.at, items)
	for _, it := range items {
		p.rows += s.rows[it]
		p.weight += s.judge.weight[it]
	}
	return p
}

// partition divides all items, and again what comes of it, as long as there is
// a cut; what is left are classes.
func (s *solver) partition(
	ctx context.Context, c *classes, cut func(p *splitter, of part) [][]int32,
) error {
	p := s.newSplitter()
	all := make([]int32, s.items())
	for i := range all {
		all[i] = int32(i)
	}
	open := []part{s.newPart(all)}
	for len(open) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		of := open[len(open)-1]
		open = open[:len(open)-1]
		sides := cut(p, of)
		if sides == nil {
			c.add(of.items)
			continue
		}
		for _, side := range sides {
			open = append(open, s.newPart(side))
		}
	}
	return nil
}

// branches are the items of a part by what lies directly below its node in one
// column: nodes of the tree, or values of a line, in their order.
type branches struct {
	items  []int32 // by branch
	from   []int32 // of each branch; one more at the end
	rows   []int64
	weight []int64
}

func (b *branches) len() int { return len(b.rows) }

// set are the items of the branches from lo to hi. What is appended to it is no
// part of those behind.
func (b *branches) set(lo, hi int) []int32 {
	from, to := b.from[lo], b.from[hi]
	return b.items[from:to:to]
}

// sums are the rows and the weight of the branches from lo to hi.
func (b *branches) sums(lo, hi int) (rows, weight int64) {
	for i := lo; i < hi; i++ {
		rows += b.rows[i]
		weight += b.weight[i]
	}
	return rows, weight
}

// branches divides a part in column j; it is nil where all is alike there.
func (p *splitter) branches(of part, j int) *branches {
	key := p.below(j, of.at[j])
	if key == nil {
		return nil
	}
	p.keys = p.keys[:0]
	for _, it := range of.items {
		k := key(int(it))
		if p.number[k]++; p.number[k] == 1 {
			p.keys = append(p.keys, k)
		}
	}
	slices.Sort(p.keys)
	n := len(p.keys)
	b := &branches{
		items: make([]int32, len(of.items)), from: make([]int32, n+1),
		rows: make([]int64, n), weight: make([]int64, n),
	}
	next := make([]int32, n)
	for i, k := range p.keys {
		b.from[i+1] = b.from[i] + p.number[k]
		next[i] = b.from[i]
		p.number[k] = int32(i)
	}
	for _, it := range of.items {
		i := p.number[key(int(it))]
		b.items[next[i]] = it
		next[i]++
		b.rows[i] += p.rows[it]
		b.weight[i] += p.judge.weight[it]
	}
	for _, k := range p.keys {
		p.number[k] = 0
	}
	return b
}

// below returns a function that numbers the branch of an item below a node of
// column j, nil where there is but one.
func (p *splitter) below(j int, node uint32) func(item int) uint32 {
	a := p.axes[j]
	if a.span != nil {
		if node == spanNull || node != spanTop && node>>16 == node&0xFFFF {
			return nil
		}
		return func(item int) uint32 {
			leaf := p.nodes[item*p.m+j]
			if leaf == spanNull {
				return uint32(len(a.span.Left))
			}
			return leaf >> 16
		}
	}
	level := int(a.tall[node]) - a.min
	if level == 0 {
		return nil
	}
	step := p.steps[j][level-1]
	return func(item int) uint32 { return step[p.low(item, j)] }
}
