package recode

import (
	"slices"
	"sync"
)

// maxDirect bounds the pairs of numbers of two halves that are counted in an
// array.
const maxDirect = 1 << 21

// tally counts the weight of every group of items left, up to K, and says
// whether a group has that much.
func (w *sweeper) tally(a, b *numbering) bool {
	n := len(w.left)
	w.group = slices.Grow(w.group[:0], n)[:n]
	groups := a.n * b.n
	if groups > maxDirect || groups > 64*n+1024 {
		groups = w.number(a, b)
		w.counts = clearCounts(w.counts, 1, groups)
		return w.weigh(w.counts[0], 0, n)
	}
	// Where groups are few, each goroutine counts its own items.
	workers := max(1, min(w.Workers, n/minStripe))
	if groups > n/4 {
		workers = 1
	}
	w.counts = clearCounts(w.counts, workers, groups)
	enough := make([]bool, workers)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			lo, hi := worker*n/workers, (worker+1)*n/workers
			width := uint32(b.n)
			for i := lo; i < hi; i++ {
				w.group[i] = a.of[w.a[i]]*width + b.of[w.b[i]]
			}
			enough[worker] = w.weigh(w.counts[worker], lo, hi)
		})
	}
	wg.Wait()
	k, most := uint32(w.K), uint32(0)
	for _, more := range w.counts[1:] {
		for g, n := range more {
			w.counts[0][g] = min(w.counts[0][g]+n, k)
			most = max(most, w.counts[0][g])
		}
	}
	return most >= k || enough[0]
}

// clearCounts makes room for the counts of some goroutines.
func clearCounts(counts [][]uint32, workers, groups int) [][]uint32 {
	counts = slices.Grow(counts[:0], workers)[:workers]
	for i := range counts {
		counts[i] = slices.Grow(counts[i][:0], groups)[:groups]
		clear(counts[i])
	}
	return counts
}

// weigh counts the items from lo to hi and says whether a group has enough.
func (w *sweeper) weigh(count []uint32, lo, hi int) bool {
	k, most := uint32(w.K), uint32(0)
	weights := w.clipped[lo:hi]
	for i, g := range w.group[lo:hi] {
		n := min(count[g]+weights[i], k)
		count[g] = n
		most = max(most, n)
	}
	return most >= k
}

// number gives the groups dense numbers and returns how many there are.
func (w *sweeper) number(a, b *numbering) int {
	w.index.Reset(len(w.left) / 2)
	for lo := 0; lo < len(w.left); lo += len(w.keys) {
		n := min(len(w.keys), len(w.left)-lo)
		for i := range n {
			w.keys[i] = uint64(a.of[w.a[lo+i]])<<32 | uint64(b.of[w.b[lo+i]])
		}
		w.index.Add(w.keys[:n], w.group[lo:lo+n])
	}
	return w.index.Len()
}

// What count holds of a group once it has been looked at: taken and its number,
// or refused. Counts are at most K and below both.
const (
	refused = 1<<31 + iota
	taken
)

// close makes classes of the groups that have weight enough, cost at most limit
// and may be a class, and takes their items from those left. It returns the
// least cost of the groups that cost more, -1 where there is none.
func (w *sweeper) close(limit int64) int64 {
	pending := int64(-1)
	groups, sizes := 0, w.sizes[:0]
	for i, g := range w.group {
		switch c := w.counts[0][g]; {
		case c >= taken:
			sizes[c-taken]++
			continue
		case c < uint32(w.K) || c == refused:
			continue
		}
		cost := w.groupCost(w.left[i])
		if cost > limit {
			if pending < 0 || cost < pending {
				pending = cost
			}
			w.counts[0][g] = refused
			continue
		}
		w.counts[0][g] = taken + uint32(groups)
		groups++
		sizes = append(sizes, 1)
	}
	w.sizes = sizes
	if groups == 0 {
		return pending
	}
	w.gather(sizes)
	return pending
}

// groupCost is what a row costs in the group of an item.
func (w *sweeper) groupCost(item int32) (sum int64) {
	for _, h := range w.halves {
		part := h.part[item]
		for k, j := range h.columns {
			sum += w.price[j][w.levels[j]][h.codes[k][part]]
		}
	}
	return sum
}

// gather makes the groups that were taken classes where they may be.
func (w *sweeper) gather(sizes []int32) {
	total := int32(0)
	for i, n := range sizes {
		sizes[i] = total
		total += n
	}
	members := make([]int32, total)
	for i, g := range w.group {
		if c := w.counts[0][g]; c >= taken {
			at := &sizes[c-taken]
			members[*at] = w.left[i]
			*at++
		}
	}
	from := int32(0)
	for _, to := range sizes {
		set := members[from:to:to]
		from = to
		if w.judge.holds(w.sum(set), nobody, set) {
			w.add(set)
		}
	}
	kept := 0
	for i, it := range w.left {
		if w.of[it] == open {
			w.left[kept], w.a[kept], w.b[kept] = it, w.a[i], w.b[i]
			w.clipped[kept] = w.clipped[i]
			kept++
		}
	}
	w.left, w.a, w.b, w.clipped = w.left[:kept], w.a[:kept], w.b[:kept], w.clipped[:kept]
}
