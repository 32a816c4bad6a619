package microagg

import (
	"context"
	"runtime"
)

// Options say how Partition searches. All fields are set.
type Options struct {
	K     int
	Block int // points a block at most, at least 2K
	// Rounds is how many times, for each K points, the neighbourhood of some
	// classes is partitioned anew; 0 stops after the local search.
	Rounds int
	Seed   uint64
}

// Rounds that improve the most for their time, and that find nearly all there
// is to find.
const (
	Quick    = 1
	Thorough = 150
)

// How many neighbours a point has, and from how many trees: fewer of many
// points.
const (
	neighbourCount, neighbourTrees = 20, 6
	manyPoints                     = 100_000
	fewNeighbours, fewTrees        = 12, 4
)

// Partition partitions points into classes of K to 2K−1: MDAV in blocks of
// near points, then local search, then large neighbourhoods. The result does
// not depend on the number of cores. Cost: about n·log n, with a large factor.
func Partition(ctx context.Context, p Points, o Options) ([]int32, error) {
	n := p.Len()
	if n < 2*o.K {
		return make([]int32, n), nil
	}
	// Points that are near each other are put near each other in memory.
	order, ends := blockOrder(p, o.Block)
	q := Points{X: make([]float64, len(p.X)), D: p.D}
	for to, from := range order {
		copy(q.at(int32(to)), p.at(from))
	}
	workers := runtime.GOMAXPROCS(0)
	start, err := mdavBlocks(ctx, q, o.K, indices(n), ends, workers)
	if err != nil {
		return nil, err
	}
	count, trees := neighbourCount, neighbourTrees
	if n > manyPoints {
		count, trees = fewNeighbours, fewTrees
	}
	l := newLocal(newClasses(q, o.K, start), findNeighbours(q, count, trees, o.Seed, workers))
	if err := l.run(ctx); err != nil {
		return nil, err
	}
	if o.Rounds > 0 {
		if err := newLarge(l, o.Seed).run(ctx, o.Rounds*(n/o.K)); err != nil {
			return nil, err
		}
	}
	class := make([]int32, n)
	for at, c := range l.numbered() {
		class[order[at]] = c
	}
	return class, nil
}
