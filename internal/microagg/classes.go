package microagg

// classes is a partition that changes: each class has k to 2k−1 points, and
// knows its members and its mean.
type classes struct {
	p     Points
	k     int
	class []int32   // of a point
	where []int32   // the place of a point among the members of its class
	size  []int32   // of a class; 0 where the number is free
	slots []int32   // of a class: room for 2k members
	means []float64 // of a class
	free  []int32   // numbers of no class
}

// newClasses takes over a partition into classes of k to 2k−1 points.
func newClasses(p Points, k int, class []int32) *classes {
	n := p.Len()
	most := max(1, n/k) + 1
	c := &classes{
		p: p, k: k, class: make([]int32, n), where: make([]int32, n), size: make([]int32, most),
		slots: make([]int32, most*2*k), means: make([]float64, most*p.D),
	}
	number := map[int32]int32{}
	for i, old := range class {
		id, ok := number[old]
		if !ok {
			id = int32(len(number))
			number[old] = id
		}
		c.put(int32(i), id)
	}
	for id := int32(most) - 1; id >= int32(len(number)); id-- {
		c.free = append(c.free, id)
	}
	for id := range number {
		c.center(number[id])
	}
	return c
}

// members are the points of a class.
func (c *classes) members(id int32) []int32 {
	from := int(id) * 2 * c.k
	return c.slots[from : from+int(c.size[id])]
}

func (c *classes) mean(id int32) []float64 {
	from := int(id) * c.p.D
	return c.means[from : from+c.p.D : from+c.p.D]
}

func (c *classes) center(id int32) { c.p.mean(c.members(id), c.mean(id)) }

// sse of a class.
func (c *classes) sse(id int32) float64 {
	sum := 0.0
	for _, i := range c.members(id) {
		sum += distance(c.p.at(i), c.mean(id))
	}
	return sum
}

// put adds a point to a class, and take removes it; the means stay behind.
func (c *classes) put(i, id int32) {
	c.class[i], c.where[i] = id, c.size[id]
	c.slots[int(id)*2*c.k+int(c.size[id])] = i
	c.size[id]++
}

func (c *classes) take(i int32) {
	id := c.class[i]
	members := c.members(id)
	last := members[len(members)-1]
	members[c.where[i]] = last
	c.where[last] = c.where[i]
	c.size[id]--
}

// numbered is the partition with classes from 0.
func (c *classes) numbered() []int32 {
	number := make([]int32, len(c.size))
	next := int32(0)
	out := make([]int32, len(c.class))
	for i := range number {
		number[i] = none
	}
	for i, id := range c.class {
		if number[id] == none {
			number[id] = next
			next++
		}
		out[i] = number[id]
	}
	return out
}
