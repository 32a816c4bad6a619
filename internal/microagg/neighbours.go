package microagg

import (
	"math/rand/v2"
	"sync"
)

// neighbours are some near points of each point, nearest first: those that
// share a leaf with it in one of several random trees. Entries that were not
// found are none.
type neighbours struct {
	near  []int32 // count of each point, one point behind the other
	count int
}

const none = -1

// of lists the neighbours of a point.
func (n *neighbours) of(i int32) []int32 {
	return n.near[int(i)*n.count : int(i+1)*n.count]
}

// How lists of neighbours are made.
const (
	leafSize = 50
	farOf    = 16 // points looked at for one that is far
)

// findNeighbours makes a number of trees. Each splits the points by their
// places on the line through two of them that are far apart, somewhere about
// the middle, until no part has more than leafSize.
func findNeighbours(p Points, count, trees int, seed uint64, workers int) *neighbours {
	n := p.Len()
	b := &neighbourBuilder{
		p: p, n: &neighbours{near: make([]int32, n*count), count: count},
		how: make([]float32, n*count), seed: seed, order: indices(n), key: make([]float64, n),
	}
	for i := range b.n.near {
		b.n.near[i] = none
	}
	for tree := range trees {
		b.ends = b.ends[:0]
		b.grow(uint64(tree), workers)
		b.scan(workers)
	}
	return b.n
}

type neighbourBuilder struct {
	p     Points
	n     *neighbours
	how   []float32 // far each neighbour is
	seed  uint64
	order []int32
	key   []float64 // of a point: its place on the line
	ends  []int     // of leaves
}

// grow splits the order into leaves.
func (b *neighbourBuilder) grow(tree uint64, workers int) {
	type part struct{ from, to int }
	var mu sync.Mutex
	var wg sync.WaitGroup
	leaf := make([]bool, len(b.order)+1) // a leaf ends here
	var split func(p part, node uint64, fork int)
	split = func(q part, node uint64, fork int) {
		for q.to-q.from > leafSize {
			at := b.cut(b.order[q.from:q.to], rand.New(rand.NewPCG(b.seed+tree, node))) + q.from
			right := part{at, q.to}
			if fork > 0 {
				fork--
				node := 2*node + 1
				f := fork
				wg.Go(func() { split(right, node, f) })
			} else {
				split(right, 2*node+1, 0)
			}
			q.to = at
			node *= 2
		}
		mu.Lock()
		leaf[q.to] = true
		mu.Unlock()
	}
	fork := 0
	if workers > 1 {
		fork = 3
	}
	split(part{0, len(b.order)}, 1, fork)
	wg.Wait()
	for at, end := range leaf {
		if end {
			b.ends = append(b.ends, at)
		}
	}
}

// cut orders a part along a random line and returns where to split it.
func (b *neighbourBuilder) cut(part []int32, random *rand.Rand) int {
	from := part[random.IntN(len(part))]
	to, far := from, -1.0
	for range farOf {
		i := part[random.IntN(len(part))]
		if d := distance(b.p.at(i), b.p.at(from)); d > far {
			to, far = i, d
		}
	}
	line := make([]float64, b.p.D)
	for j, x := range b.p.at(to) {
		line[j] = x - b.p.at(from)[j]
	}
	for _, i := range part {
		sum := 0.0
		for j, x := range b.p.at(i) {
			sum += x * line[j]
		}
		b.key[i] = sum
	}
	at := int(float64(len(part)) * (0.4 + 0.2*random.Float64()))
	Points{X: b.key, D: 1}.selectAt(part, at, 0)
	return at
}

// scan compares the points of each leaf with each other.
func (b *neighbourBuilder) scan(workers int) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for l := w; l < len(b.ends); l += workers {
				leaf := b.order[blockStart(b.ends, l):b.ends[l]]
				for x, i := range leaf {
					at := b.p.at(i)
					for _, j := range leaf[:x] {
						d := float32(distance(at, b.p.at(j)))
						b.offer(i, j, d)
						b.offer(j, i, d)
					}
				}
			}
		})
	}
	wg.Wait()
}

// offer puts j into the list of i where it is nearer than the last of it.
func (b *neighbourBuilder) offer(i, j int32, d float32) {
	from, count := int(i)*b.n.count, b.n.count
	near, how := b.n.near[from:from+count], b.how[from:from+count]
	last := count - 1
	if near[last] != none && d >= how[last] {
		return
	}
	at := 0
	for at < count && near[at] != none && (how[at] < d || how[at] == d && near[at] < j) {
		at++
	}
	// It can stand there already, from another tree, at its own place only.
	if at == count || near[at] == j {
		return
	}
	copy(near[at+1:], near[at:last])
	copy(how[at+1:], how[at:last])
	near[at], how[at] = j, d
}
