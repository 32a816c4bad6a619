package microaggregate

import (
	"context"
	"math/rand/v2"
)

const (
	// atOnce is how many points MDAV partitions as a whole for a start; of more
	// points it is given blocks of at most block.
	atOnce = 1500
	block  = 600
)

// Improved partitions points into classes of at least k with less SSE than
// MDAV, in far less than quadratic time: MDAV in blocks of neighbouring points
// is the start, and steps between neighbouring classes lower the SSE until none
// helps: a point moves from a class of more than k to another, a class is
// dissolved among others, two points change places, and a class of 2k is split.
// That many rounds of larger steps follow; see shake.
//
// The result depends on the seed, by which neighbours are looked for and
// rounds are chosen, and not on the number of workers. There must be at least k
// points; the error is that of ctx.
func Improved(
	ctx context.Context, p Points, k, rounds int, seed uint64, workers int,
) ([]int32, error) {
	near, order, ends := together(p, k, seed)
	class := make([]int32, p.N)
	m, next, from := newMDAV(near, k), int32(0), int32(0)
	var part []int32
	for _, end := range ends {
		part = part[:0]
		for i := from; i < end; i++ {
			part = append(part, i)
		}
		next, from = m.run(ctx, part, class, next), end
	}
	if p.N >= 2*k && ctx.Err() == nil {
		s := newSearch(near, class, k, neighbourLists(near, seed, workers))
		s.settle(ctx)
		s.shake(ctx, rounds, rand.New(rand.NewPCG(seed, 1<<32)))
		class = s.class
	}
	out := make([]int32, p.N)
	for i, x := range order {
		out[x] = class[i]
	}
	return renumber(out), ctx.Err()
}

// together lays points that are near to each other side by side in memory,
// which makes a large table faster: it halves them at the median of the
// coordinate of largest variance until few are left. Point i was point
// order[i]; the blocks end before ends.
func together(p Points, k int, seed uint64) (near Points, order, ends []int32) {
	order = make([]int32, p.N)
	for i := range order {
		order[i] = int32(i)
	}
	h := halves{p: p, rng: rand.New(rand.NewPCG(seed, 1<<33)), block: max(block, 2*k)}
	if p.N <= atOnce {
		h.block = atOnce
	}
	h.halve(order, 0, false)
	near = Points{N: p.N, D: p.D, X: make([]float64, 0, len(p.X))}
	for _, i := range order {
		near.X = append(near.X, p.At(i)...)
	}
	return near, order, h.ends
}

type halves struct {
	p     Points
	rng   *rand.Rand
	block int
	place []float64
	ends  []int32
}

// line is how many points are halved no further.
const line = 64

func (h *halves) halve(part []int32, from int, within bool) {
	if !within && len(part) <= h.block {
		within = true
		h.ends = append(h.ends, int32(from+len(part)))
	}
	if within && len(part) <= line {
		return
	}
	j := widest(h.p, part)
	h.place = h.place[:0]
	for _, i := range part {
		h.place = append(h.place, h.p.X[int(i)*h.p.D+j])
	}
	selectBelow(part, h.place, len(part)/2, h.rng)
	h.halve(part[:len(part)/2], from, within)
	h.halve(part[len(part)/2:], from+len(part)/2, within)
}

// widest is the coordinate of largest variance, the first of equal ones.
func widest(p Points, part []int32) int {
	sum, squares := make([]float64, p.D), make([]float64, p.D)
	for _, i := range part {
		for j, x := range p.At(i) {
			sum[j] += x
			squares[j] += x * x
		}
	}
	best, most := 0, -1.0
	for j := range sum {
		if v := squares[j] - sum[j]*sum[j]/float64(len(part)); v > most {
			best, most = j, v
		}
	}
	return best
}
