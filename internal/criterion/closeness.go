package criterion

import (
	"math"
	"slices"
)

// Close asks that the distance of the class's distribution to that of the
// table is at most T. The distance d is the least work of moving one to the
// other, where a step between two values costs 1 unless Ordered or Up says
// otherwise, and no step more than that. It is convex: d(C) <= |K|/n d(K) +
// (n-|K|)/n d(C-K) <= (|K| T + n - |K|)/n.
//
// The table has fewer than 2^31 rows, so that products of counts are exact.
type Close struct {
	T float64
	// Ordered makes a step cost the difference of places in the order of
	// values, over the largest.
	Ordered bool
	// Up makes a step cost the level of the lowest common node, over the
	// number of levels: Up[0] is the node of each value at level 1, Up[l] the
	// node at level l+1 of each at level l. The last level has one node.
	Up [][]uint32
}

func (Close) criterion()         {}
func (Close) Distinct() int      { return 1 }
func (Close) Monotone() Monotone { return Unions }

// Judge measures the distance.
func (c Close) Judge(h *Histogram) (bool, float64) {
	d := c.distance(h)
	return d <= c.T, float64(h.total) * (d - c.T) / (1 - c.T)
}

// distance works on whole numbers, n times N times the frequencies, so that
// nothing depends on the order of summing.
func (c Close) distance(h *Histogram) float64 {
	whole := float64(h.total * h.whole.Total)
	switch {
	case c.Ordered:
		if len(h.count) < 2 {
			return 0
		}
		return c.ordered(h) / (whole * float64(len(h.count)-1))
	case c.Up != nil:
		return c.tree(h) / (whole * float64(len(c.Up)))
	}
	moved := int64(0) // to the values of which the class has too few
	for _, v := range h.present {
		moved += max(0, h.count[v]*h.whole.Total-h.whole.Count[v]*h.total)
	}
	return float64(moved) / whole
}

// ordered sums up what is moved past each value.
func (c Close) ordered(h *Histogram) float64 {
	sum, past := 0.0, int64(0)
	for v, n := range h.whole.Count {
		past += h.count[v]*h.whole.Total - n*h.total
		sum += math.Abs(float64(past))
	}
	return sum
}

// tree sums up what is moved between the children of each node, times its
// level [1].
//
// [1] Li, Li, Venkatasubramanian (2007). t-closeness: privacy beyond
// k-anonymity and l-diversity. ICDE 2007, 106–115.
func (c Close) tree(h *Histogram) float64 {
	extra := h.work[:0]
	for v, n := range h.whole.Count {
		extra = append(extra, h.count[v]*h.whole.Total-n*h.total)
	}
	sum := 0.0
	for l, up := range c.Up {
		nodes := int(slices.Max(up)) + 1
		at := len(extra)
		extra = slices.Grow(extra, 2*nodes)[:at+2*nodes]
		more, less := extra[at:at+nodes], extra[at+nodes:]
		clear(more)
		clear(less)
		for child, node := range up {
			if x := extra[at-len(up)+child]; x > 0 {
				more[node] += x
			} else {
				less[node] -= x
			}
		}
		moved := int64(0)
		for node := range more {
			moved += min(more[node], less[node])
			less[node] = more[node] - less[node] // the node's own extra, last in extra
		}
		sum += float64(l+1) * float64(moved)
	}
	h.work = extra[:0]
	return sum
}
