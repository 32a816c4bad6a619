package microaggregate

import (
	"math"
	"math/rand/v2"
	"sync"
)

const (
	neighbours = 20 // of a point
	trees      = 6
	leaf       = 60
)

// neighbourLists finds points near to each, not always the nearest: in random
// trees that halve the points along the line through two of them that lie far
// apart, all points of a leaf are compared. lists[i*neighbours:] are those of
// point i, none twice, nearest first; -1 fills what is left.
func neighbourLists(p Points, seed uint64, workers int) []int32 {
	n := &nearLists{
		p: p, id: make([]int32, p.N*neighbours), dist: make([]float32, p.N*neighbours),
		worst: make([]float32, p.N),
	}
	for i := range n.id {
		n.id[i], n.dist[i] = -1, float32(math.Inf(1))
	}
	for i := range n.worst {
		n.worst[i] = float32(math.Inf(1))
	}
	for t := range trees {
		rng := rand.New(rand.NewPCG(seed, uint64(t)))
		all := make([]int32, p.N)
		for i := range all {
			all[i] = int32(i)
		}
		var leaves [][]int32
		splitRandomly(p, all, rng, make([]float64, p.D), func(part []int32) {
			leaves = append(leaves, part)
		})
		n.compare(leaves, workers)
	}
	return n.id
}

type nearLists struct {
	p     Points
	id    []int32
	dist  []float32
	worst []float32 // distance of the last on each list; infinite while there is room
}

// compare enters all pairs of each leaf. The leaves of a tree share no point,
// so that the workers write to lists of their own.
func (n *nearLists) compare(leaves [][]int32, workers int) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(leaves); i += workers {
				part := leaves[i]
				for a, x := range part {
					for _, y := range part[:a] {
						d := float32(distance(n.p.At(x), n.p.At(y)))
						if d <= n.worst[x] {
							n.enter(x, y, d)
						}
						if d <= n.worst[y] {
							n.enter(y, x, d)
						}
					}
				}
			}
		})
	}
	wg.Wait()
}

// enter puts y on the list of x. Of equal distances the smaller number comes
// first, so that the order of entering does not matter.
func (n *nearLists) enter(x, y int32, d float32) {
	id := n.id[int(x)*neighbours : (int(x)+1)*neighbours]
	dist := n.dist[int(x)*neighbours : (int(x)+1)*neighbours]
	at := neighbours
	for at > 0 && (dist[at-1] > d || dist[at-1] == d && (id[at-1] > y || id[at-1] < 0)) {
		at--
	}
	if at == neighbours || at > 0 && id[at-1] == y { // too far, or met in another tree
		return
	}
	copy(id[at+1:], id[at:])
	copy(dist[at+1:], dist[at:])
	id[at], dist[at] = y, d
	n.worst[x] = dist[neighbours-1]
}

// splitRandomly reorders part and calls do with pieces of it.
func splitRandomly(p Points, part []int32, rng *rand.Rand, line []float64, do func([]int32)) {
	if len(part) <= leaf {
		do(part)
		return
	}
	// Two points far apart: from a random one the farthest of a few, twice.
	a := part[rng.IntN(len(part))]
	b := farOf(p, part, a, rng)
	a = farOf(p, part, b, rng)
	for j := range line {
		line[j] = p.At(b)[j] - p.At(a)[j]
	}
	place := make([]float64, len(part))
	for i, x := range part {
		for j, v := range p.At(x) {
			place[i] += v * line[j]
		}
	}
	cut := len(part)*2/5 + rng.IntN(len(part)/5+1)
	cut = min(max(cut, 1), len(part)-1)
	selectBelow(part, place, cut, rng)
	splitRandomly(p, part[:cut], rng, line, do)
	splitRandomly(p, part[cut:], rng, line, do)
}

func farOf(p Points, part []int32, from int32, rng *rand.Rand) int32 {
	best, most := from, 0.0
	for range 12 {
		x := part[rng.IntN(len(part))]
		if d := distance(p.At(from), p.At(x)); d > most {
			best, most = x, d
		}
	}
	return best
}

// selectBelow reorders part and place so that the n smallest come first.
func selectBelow(part []int32, place []float64, n int, rng *rand.Rand) {
	lo, hi := 0, len(part)
	for hi-lo > 1 {
		pivot := place[lo+rng.IntN(hi-lo)]
		below, same := lo, lo // place[lo:below] < pivot, [below:same] == pivot, the rest up to i > pivot
		for i := lo; i < hi; i++ {
			switch v := place[i]; {
			case v < pivot:
				swapPlaces(part, place, same, i)
				swapPlaces(part, place, below, same)
				below++
				same++
			case v == pivot:
				swapPlaces(part, place, same, i)
				same++
			}
		}
		switch {
		case n < below:
			hi = below
		case n > same:
			lo = same
		default:
			return
		}
	}
}

func swapPlaces(part []int32, place []float64, a, b int) {
	part[a], part[b] = part[b], part[a]
	place[a], place[b] = place[b], place[a]
}
