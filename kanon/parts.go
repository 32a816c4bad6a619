package kanon

import (
	"slices"

	"github.com/lethe-go/lethe/internal/lattice"
)

// part is a part of the combinations of a table: all of them, or those of some
// labels of a larger part in one column. Two parts differ in a label of some
// column, and no class has combinations of both, so that parts can be recoded
// one by one.
type part struct {
	tuples, rows int64
	// below are the parts it is divided into, none of one that is not: those of
	// some labels of a column and, last where others is true, the rest.
	below  []*part
	column int
	level  int
	labels []uint32 // ascending; of the parts below
	others bool
	// fixed is, by column, the level whose labels say what belongs to the part:
	// what makes values alike up to there leaves them in it.
	fixed []int

	first, last int   // its leaves, from the first to before the last
	budget      int64 // combinations of a leaf that a plan may list
}

// side is the part below to which a label belongs; -1 for none.
func (p *part) side(label uint32) int {
	i, found := slices.BinarySearch(p.labels, label)
	switch {
	case found:
		return i
	case p.others:
		return len(p.labels)
	}
	return -1
}

// leaves are the parts that are not divided, in order.
func (p *part) leaves() []*part {
	if len(p.below) == 0 {
		return []*part{p}
	}
	var all []*part
	for _, below := range p.below {
		all = append(all, below.leaves()...)
	}
	return all
}

// number gives the leaves of a part their places, from a first one on, and
// returns the next.
func (p *part) number(first int) int {
	p.first, p.last = first, first+1
	if len(p.below) > 0 {
		p.last = first
		for _, below := range p.below {
			p.last = below.number(p.last)
		}
	}
	return p.last
}

// divider divides combinations until the parts are small, from the top: in the
// column in which that spares most of the loss that a part has as one class.
// Labels of few combinations stay together. It sees no more of the combinations
// than their labels at some levels.
type divider struct {
	columns []*lattice.Column
	order   []int      // of the columns, for ties
	whole   []bool     // by column: not to be divided
	free    []bool     // by column: divided only where no other can be
	floor   []int      // the levels that it sees
	codes   [][]uint32 // by column: a value of each label
	tuples  []int64    // how many combinations have these labels
	most    int64      // combinations of a part that is not divided

	count []int64 // by label
	found []uint32
}

// fewest is the share of most that a part has at least, so that few of its
// classes lie at its border.
const fewest = 8

// divide divides all combinations.
func (d *divider) divide() *part {
	items := identity(len(d.tuples))
	root := &part{}
	labels := 0
	for _, c := range d.columns {
		root.fixed = append(root.fixed, c.Max)
		labels = max(labels, len(c.Codes[0]))
	}
	d.count = make([]int64, labels+1)
	for _, n := range d.tuples {
		root.tuples += n
	}
	above := make([]int, len(d.columns)) // level at which a part has one label
	for j, c := range d.columns {
		above[j] = c.Max + 1
	}
	d.divideFrom(root, items, above)
	root.number(0)
	return root
}

// cut is a way to divide a part.
type cut struct {
	column, level int
	labels        []uint32
	others        bool
	spared        float64
}

func (d *divider) divideFrom(p *part, items []uint32, above []int) {
	if p.tuples <= d.most {
		return
	}
	best := cut{column: -1}
	for _, free := range []bool{false, true} {
		for _, j := range d.order {
			if best.column >= 0 && free || d.free[j] != free {
				continue
			}
			if c := d.cutIn(j, items, above); c.spared > best.spared {
				best = c
			}
		}
	}
	if best.column < 0 {
		return
	}
	p.column, p.level, p.labels, p.others = best.column, best.level, best.labels, best.others
	sides := make([][]uint32, len(p.labels)+1)
	codes := d.columns[p.column].Codes[p.level]
	for _, it := range items {
		i := p.side(codes[d.codes[p.column][it]])
		sides[i] = append(sides[i], it)
	}
	for i, side := range sides {
		if len(side) == 0 {
			continue
		}
		below := &part{fixed: slices.Clone(p.fixed)}
		below.fixed[p.column] = p.level
		for _, it := range side {
			below.tuples += d.tuples[it]
		}
		to := slices.Clone(above)
		if to[p.column] = p.level; i == len(p.labels) {
			to[p.column]++
		}
		p.below = append(p.below, below)
		sides[i] = nil
		d.divideFrom(below, side, to)
	}
}

// cutIn is the cut of some items in column j at the highest level at which they
// have several labels. It lowers what is said of the level above.
func (d *divider) cutIn(j int, items []uint32, above []int) cut {
	none := cut{column: -1}
	if d.whole[j] {
		return none
	}
	c := d.columns[j]
	level := above[j] - 1
	for ; level >= d.floor[j]; level-- {
		if d.tally(j, level, items); len(d.found) > 1 {
			break
		}
		above[j] = level
		d.forget()
	}
	if level < d.floor[j] {
		return none
	}
	defer d.forget()
	slices.Sort(d.found)
	best := cut{column: j, level: level}
	least := max(1, d.most/fewest)
	rest, smallest := int64(0), -1
	for _, label := range d.found {
		n := d.count[label]
		if n < least {
			rest += n
			continue
		}
		if best.labels = append(best.labels, label); smallest < 0 || n < d.count[best.labels[smallest]] {
			smallest = len(best.labels) - 1
		}
	}
	if rest > 0 && rest < least && smallest >= 0 {
		best.labels = slices.Delete(best.labels, smallest, smallest+1)
	}
	best.others = len(best.labels) < len(d.found)
	if len(best.labels) == 0 {
		return none
	}
	share := 1.0
	if l := above[j]; l <= c.Max {
		share = c.Shares[l][c.Codes[l][d.codes[j][items[0]]]]
	}
	for _, label := range best.labels {
		best.spared += float64(float64(d.count[label]) * (share - c.Shares[level][label]))
	}
	return best
}

// tally counts the combinations of each label of some items.
func (d *divider) tally(j, level int, items []uint32) {
	codes, values := d.columns[j].Codes[level], d.codes[j]
	for _, it := range items {
		label := codes[values[it]]
		if d.count[label] == 0 {
			d.found = append(d.found, label)
		}
		d.count[label] += d.tuples[it]
	}
}

func (d *divider) forget() {
	for _, label := range d.found {
		d.count[label] = 0
	}
	d.found = d.found[:0]
}

// giveBudgets divides a number of combinations among leaves by their rows; none
// gets more than it has.
func giveBudgets(leaves []*part, all int64) {
	open := slices.Clone(leaves)
	for len(open) > 0 {
		rows := int64(0)
		for _, p := range open {
			rows += p.rows
		}
		var still []*part
		given := int64(0)
		for _, p := range open {
			p.budget = max(1, int64(float64(all)*(float64(p.rows)/float64(rows))))
			if p.budget >= p.tuples {
				p.budget = p.tuples
				given += p.tuples
			} else {
				still = append(still, p)
			}
		}
		if len(still) == len(open) {
			return
		}
		open, all = still, all-given
	}
}
