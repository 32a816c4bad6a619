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
	held  map[string]*prefixEntry
	bytes int
	limit int
	clock int64
}

type prefixEntry struct {
	table *table // nil where merging gains too little to be worth keeping
	used  int64
}

func (c *prefixes) get(levels []uint8) (*prefixEntry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.held[string(levels)]
	if ok {
		c.clock++
		e.used = c.clock
	}
	return e, ok
}

func (c *prefixes) put(levels []uint8, t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.held[string(levels)]; ok {
		return
	}
	c.clock++
	c.held[string(levels)] = &prefixEntry{t, c.clock}
	if t == nil {
		return
	}
	if c.bytes += t.bytes(); c.bytes > c.limit {
		c.evict()
	}
}

// evict makes a quarter of the room free.
func (c *prefixes) evict() {
	var held []string
	for k, e := range c.held {
		if e.table != nil {
			held = append(held, k)
		}
	}
	slices.SortFunc(held, func(a, b string) int { return cmp.Compare(c.held[a].used, c.held[b].used) })
	for _, k := range held {
		if c.bytes <= c.limit/4*3 {
			break
		}
		c.bytes -= c.held[k].table.bytes()
		delete(c.held, k)
	}
}

const (
	// smallTable is the number of classes from which a vector is reached in
	// one step.
	smallTable = 400
	// A table is kept if it has at most this share of its source's classes.
	keepNumerator, keepDenominator = 3, 4
)

// prefix returns classes from which the given levels are to be rolled up.
func (p *search) prefix(s *scratch, levels []uint8) *table {
	t := p.base
	at := slices.Clone(p.base.levels)
	for _, j := range p.order[:len(p.order)-1] {
		if t.len() <= smallTable {
			break
		}
		if levels[j] == at[j] {
			continue
		}
		at[j] = levels[j]
		e, ok := p.prefixes.get(at)
		if !ok {
			e = &prefixEntry{}
			p.rollUp(s, t, at)
			if len(s.rows) <= t.len()/keepDenominator*keepNumerator {
				e.table = p.keep(s, t, at)
			}
			p.prefixes.put(at, e.table)
		}
		if e.table != nil {
			t = e.table
		}
	}
	return t
}
