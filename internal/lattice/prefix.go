package lattice

import (
	"cmp"
	"slices"
	"sync"
)

// prefixes keeps classes that many vectors are rolled up from: those with the
// first columns, in an order of their own, at their levels and the others at
// the lowest. What was not used for longest goes first.
type prefixes struct {
	mu    sync.Mutex
	asked map[string]int // how often each was asked for
	held  []*prefix
	bytes int
	limit int
	clock int64
}

type prefix struct {
	*table
	used int64
}

// ask says whether a prefix is worth being made: it is so once.
func (c *prefixes) ask(levels []uint8) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.asked[string(levels)] + 1
	if n <= askedEnough {
		c.asked[string(levels)] = n
	}
	return n == askedEnough
}

// smallest is the table of fewest classes from which the given levels can be
// rolled up, at most those of base.
func (c *prefixes) smallest(base *table, levels []uint8) *table {
	c.mu.Lock()
	defer c.mu.Unlock()
	best, least := (*prefix)(nil), base.len()
	for _, e := range c.held {
		if e.len() < least && e.below(levels) {
			best, least = e, e.len()
		}
	}
	if best == nil {
		return base
	}
	c.clock++
	best.used = c.clock
	return best.table
}

// below says whether a table is nowhere above some levels.
func (t *table) below(levels []uint8) bool {
	for j, l := range t.levels {
		if l > levels[j] {
			return false
		}
	}
	return true
}

func (c *prefixes) put(t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	c.held = append(c.held, &prefix{t, c.clock})
	if c.bytes += t.bytes(); c.bytes > c.limit {
		c.evict()
	}
}

// evict makes a quarter of the room free.
func (c *prefixes) evict() {
	slices.SortFunc(c.held, func(a, b *prefix) int { return cmp.Compare(b.used, a.used) })
	for c.bytes > c.limit/4*3 && len(c.held) > 0 {
		last := c.held[len(c.held)-1]
		c.bytes -= last.bytes()
		delete(c.asked, string(last.levels))
		c.held = c.held[:len(c.held)-1]
	}
}

const (
	// smallTable is the number of classes from which a vector is reached in
	// one step.
	smallTable = 400
	// askedEnough is how often a prefix is asked for before it is made.
	askedEnough = 3
	// A table is kept if it has at most this share of its source's classes.
	keepNumerator, keepDenominator = 3, 4
)

// source returns classes from which the given levels are to be rolled up.
func (p *search) source(s *scratch, levels []uint8) *table {
	at := slices.Clone(p.base.levels)
	for _, j := range p.order[:len(p.order)-1] {
		if levels[j] == at[j] {
			continue
		}
		at[j] = levels[j]
		if !p.prefixes.ask(at) {
			continue
		}
		t := p.prefixes.smallest(p.base, at)
		if t.len() <= smallTable {
			return t
		}
		if p.rollUp(s, t, at, t.len()/keepDenominator*keepNumerator) {
			p.prefixes.put(p.keep(s, t, at))
		}
	}
	return p.prefixes.smallest(p.base, levels)
}
