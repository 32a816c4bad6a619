package recode

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// seedRebuild is mixed into the seed of rebuilding.
	seedRebuild = 0x72656275
	// blockItems is about how many items a block has.
	blockItems = 1500
	// spareClasses is how many classes more a block may have after a round.
	spareClasses = 8
)

// block is a part of the classes that one goroutine rebuilds: what it does
// depends on the block and its random numbers only.
type block struct {
	items []int32
	spare []int32 // classes without items
	tries int
}

// rebuild takes neighbouring classes apart and puts them together anew, as
// often as the problem asks for. That is done in rounds, in each of which every
// class is taken about once, and in blocks, which differ from round to round
// and are worked on at a time.
func (s *solver) rebuild(ctx context.Context, c *classes, near *neighbours) error {
	builders := make([]*builder, max(1, s.Workers))
	for i := range builders {
		builders[i] = s.newBuilder(c, near)
	}
	var of, free []int32 // block of each class; classes without items
	for left, round := s.Iterations, uint64(0); left > 0; round++ {
		r := rand.New(rand.NewPCG(s.Seed, seedRebuild^round<<32))
		blocks := s.blocks(c, r)
		if len(blocks) == 0 {
			return nil
		}
		left -= share(blocks, left)
		for i := range blocks {
			for range spareClasses {
				if len(free) == 0 {
					free = append(free, c.add(nil))
				}
				blocks[i].spare = append(blocks[i].spare, free[len(free)-1])
				free = free[:len(free)-1]
			}
		}
		seeds := make([]uint64, len(blocks))
		for i := range seeds {
			seeds[i] = r.Uint64()
		}
		of = slices.Repeat([]int32{-1}, len(c.member))
		for i := range blocks {
			for _, it := range blocks[i].items {
				of[c.of[it]] = int32(i)
			}
		}
		each(builders, len(blocks), func(b *builder, i int) {
			if ctx.Err() == nil {
				b.dice = dice(seeds[i])
				b.work(&blocks[i], int32(i), of)
			}
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range blocks {
			free = append(free, blocks[i].spare...)
		}
	}
	return nil
}

// each calls f for 0 to n-1, each builder in one goroutine.
func each(builders []*builder, n int, f func(b *builder, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, b := range builders {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(b, i)
			}
		})
	}
	wg.Wait()
}

// blocks divides the classes that lose anything: in a random order of items,
// in which each class comes with its first.
func (s *solver) blocks(c *classes, r *rand.Rand) []block {
	order := &itemOrder{keys: make([]uint64, s.items()), items: make([]int32, s.items())}
	order.sort(s, s.fields(r, r.IntN(3)))
	var blocks []block
	done := make([]bool, len(c.member))
	for _, it := range order.items {
		class := c.of[it]
		if class < 0 || done[class] || c.cost[class] == 0 {
			continue
		}
		done[class] = true
		if n := len(blocks); n == 0 || len(blocks[n-1].items) >= blockItems {
			blocks = append(blocks, block{})
		}
		last := &blocks[len(blocks)-1]
		last.items = append(last.items, c.member[class]...)
		last.tries++
	}
	return blocks
}

// share sets how often each block is rebuilt, as often as it has classes and
// left times in all at most, and returns how often that is.
func share(blocks []block, left int) (all int) {
	for i := range blocks {
		blocks[i].tries = min(blocks[i].tries, left-all)
		all += blocks[i].tries
	}
	return all
}

// work rebuilds classes of a block.
func (b *builder) work(in *block, number int32, of []int32) {
	for range in.tries {
		b.collect(in.items[b.dice.below(len(in.items))], number, of)
		if len(b.classes) < 2 {
			continue
		}
		b.singles()
		if !b.join() {
			continue
		}
		b.improve()
		if b.loss() < b.before {
			b.publish(in, number, of)
		}
	}
}
