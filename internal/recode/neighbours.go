package recode

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// Neighbours of an item are items of a cheap join. They are found by sorting
// the items in several orders, each by labels of columns and levels drawn at
// random, and comparing each item with those next to it.
const (
	neighbourOrders = 12
	neighbourWindow = 8
	neighbourCount  = 16
)

// neighbours of item i are of[i*neighbourCount:], the nearest first; nobody
// fills what is left.
type neighbours struct {
	of     []int32
	cost   []int64
	wanted []bool // of the items that have any
}

func (n *neighbours) at(item int32) []int32 {
	return n.of[int(item)*neighbourCount : (int(item)+1)*neighbourCount]
}

// seedOrders is mixed into the seed of the orders.
const seedOrders = 0x6F726465

// neighbours finds those of the items whose class in c loses anything.
func (s *solver) neighbours(c *classes) *neighbours {
	n := s.items()
	near := &neighbours{
		of: make([]int32, n*neighbourCount), cost: make([]int64, n*neighbourCount),
		wanted: make([]bool, n),
	}
	for i := range near.of {
		near.of[i], near.cost[i] = nobody, int64(1)<<62
	}
	for it, class := range c.of {
		near.wanted[it] = class < 0 || c.cost[class] > 0
	}
	r := rand.New(rand.NewPCG(s.Seed, seedOrders))
	order := &itemOrder{keys: make([]uint64, n), items: make([]int32, n)}
	for round := range neighbourOrders {
		order.sort(s, s.fields(r, round))
		s.compareNext(near, order.items)
	}
	return near
}

// minStripe is how many items are worth a goroutine.
const minStripe = 1 << 12

// compareNext compares each item with those next to it in an order, stripes of
// the order at a time. An item is in one stripe, so no two goroutines offer to
// it; pairs across stripes come last. What is found does not depend on that,
// because neighbours are chosen by a total order.
func (s *solver) compareNext(near *neighbours, items []int32) {
	stripes := max(1, min(s.Workers, len(items)/minStripe))
	at := func(stripe int) int { return stripe * len(items) / stripes }
	compare := func(i, lo, hi int) {
		x := items[i]
		for _, y := range items[lo:hi] {
			if !near.wanted[x] && !near.wanted[y] {
				continue
			}
			cost := s.priceJoin(s.at(x), s.at(y))
			near.offer(x, y, cost)
			near.offer(y, x, cost)
		}
	}
	var wg sync.WaitGroup
	for stripe := range stripes {
		wg.Go(func() {
			for i, end := at(stripe), at(stripe+1); i < end; i++ {
				compare(i, i+1, min(end, i+1+neighbourWindow))
			}
		})
	}
	wg.Wait()
	for stripe := 1; stripe < stripes; stripe++ {
		end := at(stripe)
		for i := end - neighbourWindow; i < end; i++ {
			compare(i, end, i+1+neighbourWindow)
		}
	}
}

// offer takes y for a neighbour of x where it is nearer than another; of two
// that are equally near, the one of lower number is.
func (n *neighbours) offer(x, y int32, cost int64) {
	if !n.wanted[x] {
		return
	}
	costs := n.cost[int(x)*neighbourCount : (int(x)+1)*neighbourCount]
	near := n.at(x)
	const last = neighbourCount - 1
	if cost > costs[last] || cost == costs[last] && y >= near[last] || slices.Contains(near, y) {
		return
	}
	i := last
	for i > 0 && (costs[i-1] > cost || costs[i-1] == cost && near[i-1] > y) {
		costs[i], near[i] = costs[i-1], near[i-1]
		i--
	}
	costs[i], near[i] = cost, y
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
