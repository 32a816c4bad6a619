package recode

import (
	"math/rand/v2"
	"slices"
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
	of   []int32
	cost []int64
}

func (n *neighbours) at(item int32) []int32 {
	return n.of[int(item)*neighbourCount : (int(item)+1)*neighbourCount]
}

// seedOrders is mixed into the seed of the orders.
const seedOrders = 0x6F726465

func (s *solver) neighbours() *neighbours {
	n := s.items()
	near := &neighbours{
		of: make([]int32, n*neighbourCount), cost: make([]int64, n*neighbourCount),
	}
	for i := range near.of {
		near.of[i], near.cost[i] = nobody, int64(1)<<62
	}
	r := rand.New(rand.NewPCG(s.Seed, seedOrders))
	order := &itemOrder{keys: make([]uint64, n), items: make([]int32, n)}
	for round := range neighbourOrders {
		order.sort(s, s.fields(r, round))
		for i, x := range order.items {
			for _, y := range order.items[i+1 : min(n, i+1+neighbourWindow)] {
				cost := s.priceJoin(s.at(x), s.at(y))
				near.offer(x, y, cost)
				near.offer(y, x, cost)
			}
		}
	}
	return near
}

// offer takes y for a neighbour of x where it is nearer than another.
func (n *neighbours) offer(x, y int32, cost int64) {
	costs := n.cost[int(x)*neighbourCount : (int(x)+1)*neighbourCount]
	if cost >= costs[neighbourCount-1] {
		return
	}
	near := n.at(x)
	if slices.Contains(near, y) {
		return
	}
	i := neighbourCount - 1
	for i > 0 && costs[i-1] > cost {
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
