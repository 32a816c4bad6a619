package recode

import "context"

// split makes classes by dividing all items, and again what comes of it, as
// long as both sides may be classes, in the column and at the place where what
// is left to lose is least. Cuts are those of one branch from the others, of
// the branches up to one from those behind it, and of all branches that may be
// classes from each other, with the others in one.
func (s *solver) split(ctx context.Context, c *classes) error {
	return s.partition(ctx, c, (*splitter).bestCut)
}

// bestCut is the best cut of a part, nil where none is better than none.
func (p *splitter) bestCut(of part) [][]int32 {
	best := cut{loss: of.rows * p.price(of.at)}
	for j := range p.Columns {
		if b := p.branches(of, j); b != nil {
			p.cutBetween(b, &best)
		}
	}
	return best.sides
}

// cut is a way to divide a part.
type cut struct {
	loss  int64
	sides [][]int32
}

// cutBetween takes the best cut between branches for best where it is better.
func (p *splitter) cutBetween(b *branches, best *cut) {
	n := b.len()
	covers := make([][]uint32, n)
	before := make([][]uint32, n+1) // cover of the branches before one
	behind := make([][]uint32, n+1) // and from one on
	for i := range n {
		covers[i] = make([]uint32, p.m)
		p.cover(covers[i], b.set(i, i+1))
	}
	join := func(x, y []uint32) []uint32 {
		if x == nil {
			return y
		}
		both := append([]uint32(nil), x...)
		p.joinInto(both, y)
		return both
	}
	for i := range n {
		before[i+1] = join(before[i], covers[i])
		behind[n-1-i] = join(behind[n-i], covers[n-1-i])
	}
	rows, weight := b.sums(0, n)
	price := func(rows int64, at []uint32) int64 { return rows * p.price(at) }
	headRows, headWeight := int64(0), int64(0)
	for i := 1; i < n; i++ {
		headRows += b.rows[i-1]
		headWeight += b.weight[i-1]
		loss := price(headRows, before[i]) + price(rows-headRows, behind[i])
		if loss < best.loss && headWeight >= p.K && weight-headWeight >= p.K {
			p.offer(best, loss, b.set(0, i), b.set(i, n))
		}
	}
	if n < 3 {
		return
	}
	for i := 1; i < n-1; i++ { // the first and the last were cut off already
		if b.weight[i] < p.K || weight-b.weight[i] < p.K {
			continue
		}
		rest := join(before[i], behind[i+1])
		loss := price(b.rows[i], covers[i]) + price(rows-b.rows[i], rest)
		if loss < best.loss {
			others := append(append([]int32(nil), b.set(0, i)...), b.set(i+1, n)...)
			p.offer(best, loss, b.set(i, i+1), others)
		}
	}
	p.cutAll(b, covers, best)
}

// offer takes a cut for the best if its sides may be classes.
func (p *splitter) offer(best *cut, loss int64, sides ...[]int32) {
	for _, side := range sides {
		if !p.judge.holds(p.sum(side), nobody, side) {
			return
		}
	}
	best.loss, best.sides = loss, sides
}

// cutAll offers each branch that may be a class for itself, and the others
// together, with the smallest of those where they may be none otherwise.
func (p *splitter) cutAll(b *branches, covers [][]uint32, best *cut) {
	var sides [][]int32
	var others []int32
	var at []uint32
	loss, rows, smallest := int64(0), int64(0), -1
	add := func(i int) {
		others = append(others, b.set(i, i+1)...)
		rows += b.rows[i]
		if at == nil {
			at = append([]uint32(nil), covers[i]...)
		} else {
			p.joinInto(at, covers[i])
		}
	}
	var alone []int
	for i := range b.len() {
		if p.judge.holds(b.weight[i], nobody, b.set(i, i+1)) {
			alone = append(alone, i)
			if smallest < 0 || b.weight[i] < b.weight[smallest] {
				smallest = i
			}
		} else {
			add(i)
		}
	}
	if len(others) > 0 && !p.judge.holds(p.sum(others), nobody, others) && smallest >= 0 {
		add(smallest)
	} else {
		smallest = -1
	}
	for _, i := range alone {
		if i != smallest {
			sides = append(sides, b.set(i, i+1))
			loss += b.rows[i] * p.price(covers[i])
		}
	}
	if len(others) > 0 {
		sides = append(sides, others)
		loss += rows * p.price(at)
	}
	if len(sides) > 1 && loss < best.loss {
		p.offer(best, loss, sides...)
	}
}
