package recode

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// neighbourhood says how neighbours are looked for. Those of an item are items
// of a cheap join. They are found by sorting the items in several orders, each
// by labels of columns and levels drawn at random, and comparing each item with
// those next to it.
type neighbourhood struct {
	orders int
	window int // items that an item is compared with in an order
	count  int // neighbours of an item
}

// manyItems is from how many items on fewer neighbours are looked for. Of
// 300,000 to a million items that halves the time of the search, and the loss
// rises by less than 1 %. Parts of that many are no different.
const manyItems = 1 << 17

func (s *solver) neighbourhood() neighbourhood {
	if max(s.items(), s.Of) > manyItems {
		return neighbourhood{orders: 8, window: 4, count: 8}
	}
	return neighbourhood{orders: 12, window: 8, count: 16}
}

// neighbour is an item with what a row costs in a class of both, nobody where
// there is none. Costs of 2^32 and more are one less than that.
type neighbour struct {
	cost uint32
	item int32
}

// neighbours are those of each item, count of them, the nearest first; nobody
// fills what is left.
type neighbours struct {
	of     []neighbour
	count  int
	wanted []bool // of the items that have any
}

func (n *neighbours) at(item int32) []neighbour {
	return n.of[int(item)*n.count : (int(item)+1)*n.count]
}

// seedOrders is mixed into the seed of the orders.
const seedOrders = 0x6F726465

// neighbours finds those of the items whose class in c loses anything.
func (s *solver) neighbours(c *classes) *neighbours {
	n := s.items()
	look := s.neighbourhood()
	near := &neighbours{
		of: make([]neighbour, n*look.count), count: look.count, wanted: make([]bool, n),
	}
	for i := range near.of {
		near.of[i] = neighbour{math.MaxUint32, nobody}
	}
	for it, class := range c.of {
		near.wanted[it] = class < 0 || c.cost[class] > 0
	}
	r := rand.New(rand.NewPCG(s.Seed, seedOrders))
	order := &itemOrder{keys: make([]uint64, n), items: make([]int32, n)}
	lined := &line{nodes: make([]uint32, n*s.m), wanted: make([]bool, n)}
	for round := range look.orders {
		order.sort(s, s.fields(r, round))
		s.compareNext(near, lined, order.items, look.window)
	}
	return near
}

// minStripe is how many items are worth a goroutine.
const minStripe = 1 << 12

// line has the nodes of items in an order, so that comparing those next to each
// other reads memory as it lies.
type line struct {
	nodes  []uint32
	wanted []bool
}

// compareNext compares each item with those next to it in an order, stripes of
// the order at a time. An item is in one stripe, so no two goroutines offer to
// it; pairs across stripes come last. What is found does not depend on that,
// because neighbours are chosen by a total order.
func (s *solver) compareNext(near *neighbours, l *line, items []int32, window int) {
	stripes := max(1, min(s.Workers, len(items)/minStripe))
	at := func(stripe int) int { return stripe * len(items) / stripes }
	compare := func(i, lo, hi int) {
		x, wanted := items[i], l.wanted[i]
		xn := l.nodes[i*s.m : (i+1)*s.m]
		for k := lo; k < hi; k++ {
			if !wanted && !l.wanted[k] {
				continue
			}
			cost := uint32(min(s.priceJoin(xn, l.nodes[k*s.m:(k+1)*s.m]), math.MaxUint32-1))
			if wanted {
				near.offer(x, items[k], cost)
			}
			if l.wanted[k] {
				near.offer(items[k], x, cost)
			}
		}
	}
	var wg sync.WaitGroup
	for stripe := range stripes {
		wg.Go(func() {
			for i, end := at(stripe), at(stripe+1); i < end; i++ {
				copy(l.nodes[i*s.m:(i+1)*s.m], s.at(items[i]))
				l.wanted[i] = near.wanted[items[i]]
			}
			for i, end := at(stripe), at(stripe+1); i < end; i++ {
				compare(i, i+1, min(end, i+1+window))
			}
		})
	}
	wg.Wait()
	for stripe := 1; stripe < stripes; stripe++ {
		end := at(stripe)
		for i := end - window; i < end; i++ {
			compare(i, end, i+1+window)
		}
	}
}

// offer takes y for a neighbour of x where it is nearer than another; of two
// that are equally near, the one of lower number is.
func (n *neighbours) offer(x, y int32, cost uint32) {
	near := n.at(x)
	last := len(near) - 1
	if cost > near[last].cost || cost == near[last].cost && y >= near[last].item {
		return
	}
	i := last // the place of y, once the farther ones make room
	for i > 0 && (near[i-1].cost > cost || near[i-1].cost == cost && near[i-1].item > y) {
		i--
	}
	if i > 0 && near[i-1].item == y { // it has one cost, so it stands there
		return
	}
	copy(near[i+1:], near[i:last])
	near[i] = neighbour{cost, y}
}

// keyField is a column at a level, as a part of a key.
type keyField struct{ column, level int }

// fields draws an order: whole columns one after the other; some columns at
// their lowest level and then the others from coarse to fine; or all mixed,
// from coarse to fine.
func (s *solver) fields(r *rand.Rand, round int) []keyField {
	var fields []keyField
	columns := r.Perm(s.m)
	fall := func(j int) {
		for l := s.Columns[j].Max; l >= s.Columns[j].Min; l-- {
			fields = append(fields, keyField{j, l})
		}
	}
	switch round % 3 {
	case 0:
		for _, j := range columns {
			fall(j)
		}
	case 1:
		for _, j := range columns[:(s.m+1)/2] {
			fields = append(fields, keyField{j, s.Columns[j].Min})
		}
		for _, j := range columns[(s.m+1)/2:] {
			fall(j)
		}
	default:
		at := make([]int, s.m)
		var open []int
		for j := range at {
			at[j] = s.Columns[j].Max
			open = append(open, j)
		}
		for len(open) > 0 {
			i := r.IntN(len(open))
			j := open[i]
			fields = append(fields, keyField{j, at[j]})
			if at[j]--; at[j] < s.Columns[j].Min {
				open = slices.Delete(open, i, i+1)
			}
		}
	}
	return fields
}
