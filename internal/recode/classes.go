package recode

// classes are a partition of items, some of which may be in none.
type classes struct {
	s      *solver
	of     []int32   // class of each item; none or suppressed
	member [][]int32 // of each class; empty where the class is gone
	nodes  []uint32  // of each class, m of them
	rows   []int64
	weight []int64
	cost   []int64 // of a row

	suppressed int64 // rows
}

// Items that are in no class.
const (
	open       = int32(-1) // yet
	suppressed = int32(-2)
)

func (s *solver) newClasses() *classes {
	c := &classes{s: s, of: make([]int32, s.items())}
	for i := range c.of {
		c.of[i] = open
	}
	return c
}

func (c *classes) at(class int32) []uint32 {
	return c.nodes[int(class)*c.s.m : (int(class)+1)*c.s.m]
}

// add makes a class of items, of which it takes over the slice.
func (c *classes) add(items []int32) int32 {
	class := int32(len(c.member))
	c.member = append(c.member, items)
	for range c.s.m {
		c.nodes = append(c.nodes, 0)
	}
	c.rows, c.weight = append(c.rows, 0), append(c.weight, 0)
	c.cost = append(c.cost, 0)
	c.fill(class, items)
	return class
}

// fill sets what a class is made of.
func (c *classes) fill(class int32, items []int32) {
	c.member[class] = items
	c.rows[class], c.weight[class], c.cost[class] = 0, 0, 0
	if len(items) == 0 {
		return
	}
	c.s.cover(c.at(class), items)
	c.cost[class] = c.s.price(c.at(class))
	for _, it := range items {
		c.of[it] = class
		c.rows[class] += c.s.rows[it]
		c.weight[class] += c.s.judge.weight[it]
	}
}

// joinLoss is what a class loses more when an item comes in.
func (c *classes) joinLoss(class int32, item int32) int64 {
	w := c.rows[class] + c.s.rows[item]
	return w*c.s.priceJoin(c.at(class), c.s.at(item)) - c.rows[class]*c.cost[class]
}

// put adds an item that is in no class to one.
func (c *classes) put(class, item int32) {
	s := c.s
	c.of[item] = class
	c.member[class] = append(c.member[class], item)
	s.joinInto(c.at(class), s.at(item))
	c.cost[class] = s.price(c.at(class))
	c.rows[class] += s.rows[item]
	c.weight[class] += s.judge.weight[item]
}

// take removes an item from its class, which may be empty then.
func (c *classes) take(item int32) {
	class := c.of[item]
	members := c.member[class]
	for i, it := range members {
		if it == item {
			members[i] = members[len(members)-1]
			break
		}
	}
	c.fill(class, members[:len(members)-1])
	c.of[item] = open
}

// suppress suppresses an item that is in no class.
func (c *classes) suppress(item int32) {
	c.of[item] = suppressed
	c.suppressed += c.s.rows[item]
}
