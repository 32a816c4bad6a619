package recode

import (
	"slices"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
)

// settle puts every item that is in no class into the one that loses least by
// it, or suppresses it where that costs less and the limit allows it.
func (s *solver) settle(c *classes) {
	var left []int32
	for it, class := range c.of {
		if class == open {
			left = append(left, int32(it))
		}
	}
	for _, it := range left {
		to, loss := c.anyClass(it)
		r := s.rows[it]
		if (to < 0 || loss > r*s.lost) && c.suppressed+r <= s.limit {
			c.suppress(it)
		} else if to >= 0 {
			c.put(to, it)
		}
	}
	left = slices.DeleteFunc(left, func(it int32) bool { return c.of[it] != open })
	if len(left) > 0 {
		c.add(left) // which settleClasses judges
	}
}

// anyClass is the class into which an item goes at the least loss.
func (c *classes) anyClass(item int32) (best int32, loss int64) {
	best, loss = open, int64(1)<<62
	for class, members := range c.member {
		if len(members) == 0 || int32(class) == c.of[item] {
			continue
		}
		cost := c.s.priceJoin(c.at(int32(class)), c.s.at(item))
		if cost >= c.s.forbidden() {
			continue
		}
		l := (c.rows[class]+c.s.rows[item])*cost - c.rows[class]*c.cost[class]
		if l < loss && c.s.judge.holds(c.weight[class]+c.s.judge.weight[item], nobody,
			members, []int32{item}) {
			best, loss = int32(class), l
		}
	}
	return best, loss
}

// merge makes one class of two.
func (c *classes) merge(into, from int32) {
	all := append(slices.Clone(c.member[into]), c.member[from]...)
	c.fill(from, nil)
	c.fill(into, all)
}

// holds judges a class.
func (c *classes) holds(class int32) bool {
	return c.s.judge.holds(c.weight[class], nobody, c.member[class]) && c.s.allowed(c.at(class))
}

// settleClasses merges the classes that are written alike, and those that may
// not be a class with the one that loses least by it, or suppresses them, until
// all may be published. It fails with a *lattice.Infeasible where the limit is passed.
func (c *classes) settleClasses() error {
	for {
		changed := c.mergeAlike()
		for class := range c.member {
			if len(c.member[class]) > 0 && !c.holds(int32(class)) {
				if err := c.settleClass(int32(class)); err != nil {
					return err
				}
				changed = true
			}
		}
		if !changed {
			return nil
		}
	}
}

// settleClass merges a class with another one, with one with which it may be a
// class if there is any, or suppresses it.
func (c *classes) settleClass(class int32) error {
	best, loss, good := open, int64(1)<<62, false
	both := make([]uint32, c.s.m)
	for other := range c.member {
		o := int32(other)
		if len(c.member[o]) == 0 || o == class {
			continue
		}
		copy(both, c.at(class))
		c.s.joinInto(both, c.at(o))
		l := (c.rows[class]+c.rows[o])*c.s.price(both) - c.rows[o]*c.cost[o]
		if good && l >= loss || !c.s.allowed(both) {
			continue
		}
		holds := c.s.judge.holds(c.weight[class]+c.weight[o], nobody, c.member[class], c.member[o])
		if holds && !good || holds == good && l < loss {
			best, loss, good = o, l, holds
		}
	}
	lost := c.rows[class] * c.s.lost
	if (!good || loss > lost) && c.suppressed+c.rows[class] <= c.s.limit {
		items := c.member[class]
		c.fill(class, nil)
		for _, it := range items {
			c.suppress(it)
		}
		return nil
	}
	if best < 0 {
		return c.infeasible()
	}
	c.merge(best, class)
	return nil
}

// infeasible says how many classes cannot be published, and of how many rows
// with those that are suppressed.
func (c *classes) infeasible() error {
	e := &lattice.Infeasible{Rows: c.suppressed}
	for class := range c.member {
		if len(c.member[class]) > 0 && !c.holds(int32(class)) {
			e.Classes++
			e.Rows += c.rows[class]
		}
	}
	return e
}

// mergeAlike merges the classes of which all labels are written alike, and says
// whether there were any.
func (c *classes) mergeAlike() bool {
	table := group.New(c.s.m, len(c.member))
	key := make([]uint64, c.s.m)
	number := make([]uint32, 1)
	var first []int32
	merged := false
	for class := range c.member {
		if len(c.member[class]) == 0 || !c.s.allowed(c.at(int32(class))) {
			continue
		}
		for j, a := range c.s.axes {
			key[j] = uint64(c.s.Same(j, a.label(c.at(int32(class))[j])))
		}
		table.Add(key, number)
		if int(number[0]) == len(first) {
			first = append(first, int32(class))
			continue
		}
		c.merge(first[number[0]], int32(class))
		merged = true
	}
	return merged
}
