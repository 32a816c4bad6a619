package recode

import (
	"container/heap"
	"context"

	"github.com/lethe-go/lethe/internal/group"
)

// The sweep takes the vectors of levels in the order of their loss and makes a
// class of every group of items there that may be one and costs little more
// than the vector is expected to. A group that costs more waits until the sweep
// has come to its cost.
const (
	// expectMean of the expected cost is that of the mean row, the rest that of
	// the cheapest label.
	expectMean = 0.75
	// ahead is how much more than expected a group may cost, as a share.
	ahead = 0.03
)

// stop is one vector of levels in the heap of a sweep.
type stop struct {
	cost   int64 // expected
	number uint32
}

type stops []stop

func (h stops) Len() int { return len(h) }
func (h stops) Less(a, b int) bool {
	return h[a].cost < h[b].cost || h[a].cost == h[b].cost && h[a].number < h[b].number
}
func (h stops) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h *stops) Push(x any)   { *h = append(*h, x.(stop)) }
func (h *stops) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// vectors is how many vectors of levels there are, as far as that is at most
// max.
func (s *solver) vectors(most int) int {
	n := 1
	for j := range s.Columns {
		if n *= s.Columns[j].Max - s.Columns[j].Min + 1; n > most {
			return most + 1
		}
	}
	return n
}

// sweeper is the state of a sweep.
type sweeper struct {
	*solver
	*classes
	halves [2]*half
	levels []uint8    // of the vector, by column, from the lowest
	part   [2][]uint8 // by half
	price  [][][]int64

	left    []int32 // items that are in no class
	a, b    []uint32
	clipped []uint32 // their weights, at most K

	counts [][]uint32 // by goroutine and group
	group  []uint32   // of each item left
	index  *group.Table
	keys   [256]uint64

	sizes []int32 // of the groups taken
}

// sweep makes classes until no group may be one any more.
func (s *solver) sweep(ctx context.Context, c *classes) error {
	w := &sweeper{solver: s, classes: c, halves: s.newHalves(),
		index: group.New(1, 0)}
	w.levels = make([]uint8, s.m)
	for i, h := range w.halves {
		w.part[i] = make([]uint8, len(h.columns))
	}
	w.takePrices()
	for it, class := range c.of {
		if class == open {
			w.left = append(w.left, int32(it))
			w.a = append(w.a, w.halves[0].part[it])
			w.b = append(w.b, w.halves[1].part[it])
			w.clipped = append(w.clipped, uint32(min(s.judge.weight[it], s.K)))
		}
	}
	queue := w.stops()
	for len(queue) > 0 && len(w.left) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := &queue[0]
		pending := w.visit(next.number, next.cost+int64(float64(next.cost)*ahead))
		if pending < 0 {
			heap.Pop(&queue)
			continue
		}
		next.cost = pending
		heap.Fix(&queue, 0)
	}
	return nil
}

// takePrices lists what the labels cost: by column, level from the lowest and
// code at the lowest level.
func (w *sweeper) takePrices() {
	for j, steps := range w.steps {
		a := w.axes[j]
		prices := make([][]int64, len(steps))
		for l, step := range steps {
			for _, code := range step {
				prices[l] = append(prices[l], a.cost[a.off[l]+code])
			}
		}
		w.price = append(w.price, prices)
	}
}

// stops are all vectors with the cost that is expected of a row.
func (w *sweeper) stops() stops {
	expect := make([][]int64, w.m)
	for j, prices := range w.price {
		for _, of := range prices {
			sum, least := 0.0, int64(1)<<62
			for it, rows := range w.solver.rows {
				cost := of[w.low(it, j)]
				// Converted so that no processor fuses the product and the sum into a
				// result of its own.
				sum += float64(float64(cost) * float64(rows))
				least = min(least, cost)
			}
			mean := sum / float64(w.n)
			rest := float64((1 - expectMean) * float64(least))
			expect[j] = append(expect[j], int64(float64(expectMean*mean)+rest))
		}
	}
	n := 1
	for _, e := range expect {
		n *= len(e)
	}
	all := make(stops, n)
	for i := range all {
		all[i].number = uint32(i)
		rest := i
		for _, e := range expect {
			all[i].cost += e[rest%len(e)]
			rest /= len(e)
		}
	}
	heap.Init(&all)
	return all
}

// visit makes classes at a vector of levels of all groups that cost at most
// limit. It returns the least cost of those that cost more, -1 where there is
// none.
func (w *sweeper) visit(number uint32, limit int64) int64 {
	for j, steps := range w.steps {
		w.levels[j] = uint8(number % uint32(len(steps)))
		number /= uint32(len(steps))
	}
	for i, h := range w.halves {
		for k, j := range h.columns {
			w.part[i][k] = w.levels[j]
		}
	}
	a := w.halves[0].at(w.part[0], w.steps)
	b := w.halves[1].at(w.part[1], w.steps)
	if !w.tally(a, b) {
		return -1
	}
	return w.close(limit)
}
