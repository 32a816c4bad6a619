package recode

import (
	"math"

	"github.com/lethe-go/lethe/internal/lattice"
)

// axis is a column with what its nodes cost: its labels, which form a tree, or
// its spans. A node is numbered in 32 bits.
type axis struct {
	n    int      // nodes of the tree
	tab  []uint16 // n*n: the lowest node above both; nil where there are too many
	pair []uint32 // n*n: its cost
	cost []int64  // of a node of the tree
	up   []uint32 // the node above each
	tall []uint8  // level of each node

	off    []uint32 // first node of a level, from min on
	min    int
	top    uint32 // the node above all, of which the cost may be forbidding
	column *lattice.Column

	span        *Span
	left, right []int64  // cost of the part of the line up to the marks around a value
	point       []int64  // cost of a value itself
	first       []uint32 // of the values of one label at the lowest level, by value
	base        int64    // cost of the least value, which every cost is without
}

// maxTable bounds the nodes of a column whose joins are tabled.
const maxTable = 700

// Nodes of an axis with spans: the first and the last value, of 16 bits each,
// or one of these.
const (
	spanNull = 0xFFFF_0000 // a first value above the last
	spanTop  = 0xFFFE_0000
	// MaxSpan is how many values a column with spans may have.
	MaxSpan = 0xFFFE
)

// newAxis makes the axis of a column. unit is the cost of a share of 1, and
// forbidden that of a node that must not be used.
func newAxis(c *lattice.Column, s *Span, unit float64, forbidden int64) *axis {
	a := &axis{column: c, min: c.Min}
	price := func(share float64) int64 { return int64(math.Round((share - c.Least) * unit)) }
	nodes := uint32(0)
	for l := c.Min; l <= c.Max; l++ {
		a.off = append(a.off, nodes)
		nodes += uint32(len(c.Shares[l]))
	}
	a.up = make([]uint32, nodes, nodes+1)
	a.tall = make([]uint8, nodes, nodes+1)
	a.cost = make([]int64, nodes, nodes+1)
	for l := c.Min; l <= c.Max; l++ {
		off := a.off[l-c.Min]
		for code, share := range c.Shares[l] {
			a.cost[off+uint32(code)] = max(0, price(share))
			a.tall[off+uint32(code)] = uint8(l)
		}
		if l == c.Max {
			continue
		}
		for v, code := range c.Codes[l] {
			a.up[off+code] = a.off[l-c.Min+1] + c.Codes[l+1][v]
		}
	}
	highest := a.off[c.Max-c.Min]
	a.top = nodes - 1
	if len(c.Shares[c.Max]) > 1 {
		a.top = nodes
		a.up = append(a.up, 0)
		a.tall = append(a.tall, uint8(c.Max+1))
		a.cost = append(a.cost, forbidden)
		for v := highest; v < nodes; v++ {
			a.up[v] = a.top
		}
	}
	a.up[a.top] = a.top
	a.n = len(a.cost)
	if s != nil {
		a.setSpan(s, unit, price)
		return a
	}
	if a.n <= maxTable {
		a.tabulate()
	}
	return a
}

func (a *axis) setSpan(s *Span, unit float64, price func(float64) int64) {
	a.span = s
	n := len(s.Left)
	a.left, a.right, a.point = make([]int64, n), make([]int64, n), make([]int64, n)
	a.base = price(0) // below 0
	a.first = make([]uint32, n)
	for v := range n {
		if a.first[v] = uint32(v); v > 0 && a.column.Codes[a.min][v] == a.column.Codes[a.min][v-1] {
			a.first[v] = a.first[v-1]
		}
		a.left[v] = int64(math.Round(float64(s.Left[v]) / s.All * unit))
		a.right[v] = int64(math.Round(float64(s.Right[v]) / s.All * unit))
		a.point[v] = max(0, a.right[v]-a.left[v]+a.base)
		if a.min == 0 {
			a.point[v] = max(0, price(a.column.Shares[0][v]))
		}
	}
}

func (a *axis) tabulate() {
	a.tab, a.pair = make([]uint16, a.n*a.n), make([]uint32, a.n*a.n)
	for x := range a.n {
		for y := range x + 1 {
			j := uint16(a.climb(uint32(x), uint32(y)))
			a.tab[x*a.n+y], a.tab[y*a.n+x] = j, j
			a.pair[x*a.n+y], a.pair[y*a.n+x] = uint32(a.cost[j]), uint32(a.cost[j])
		}
	}
}

// climb is the lowest node above both, each of them among those above itself.
func (a *axis) climb(x, y uint32) uint32 {
	for x != y {
		switch {
		case a.tall[x] < a.tall[y]:
			x = a.up[x]
		case a.tall[x] > a.tall[y]:
			y = a.up[y]
		default:
			x, y = a.up[x], a.up[y]
		}
	}
	return x
}

// leaf is the node of a value at the lowest level.
func (a *axis) leaf(value uint32) uint32 {
	switch {
	case a.span == nil:
		return a.off[0] + a.column.Codes[a.min][value]
	case a.span.Null && int(value) == len(a.span.Left):
		return spanNull
	}
	return a.first[value]<<16 | a.first[value]
}

// low is the code at the lowest level of the node of a value.
func (a *axis) low(leaf uint32) uint32 {
	switch {
	case a.span == nil:
		return leaf
	case leaf == spanNull:
		return a.column.Codes[a.min][len(a.span.Left)]
	}
	return a.column.Codes[a.min][leaf>>16]
}

// join is the lowest node above both.
func (a *axis) join(x, y uint32) uint32 {
	switch {
	case x == y:
		return x
	case a.tab != nil:
		return uint32(a.tab[int(x)*a.n+int(y)])
	case a.span == nil:
		return a.climb(x, y)
	case x >= spanTop || y >= spanTop:
		return spanTop
	}
	return min(x>>16, y>>16)<<16 | max(x&0xFFFF, y&0xFFFF)
}

// price is the cost of a node.
func (a *axis) price(node uint32) int64 {
	switch {
	case a.span == nil:
		return a.cost[node]
	case node == spanTop:
		return a.cost[a.top]
	case node == spanNull:
		return 0
	case node>>16 == node&0xFFFF:
		return a.point[node>>16]
	}
	return max(0, a.right[node&0xFFFF]-a.left[node>>16]+a.base)
}

// label is a node as the caller knows it.
func (a *axis) label(node uint32) Label {
	switch {
	case a.span == nil:
		l := int(a.tall[node])
		return Label{Level: l, Code: node - a.off[l-a.min]}
	case node == spanTop:
		return Label{Level: a.column.Max}
	case node == spanNull:
		null := uint32(len(a.span.Left))
		return Label{Level: a.min, Code: a.column.Codes[a.min][null]}
	}
	return Label{Level: Spanning, Code: node >> 16, Last: node & 0xFFFF}
}
