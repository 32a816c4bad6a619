package risk

import (
	"context"
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
)

// maxSets bounds the sets of columns that are looked at.
const maxSets = 1 << 22

// maxColumns is what a set of columns, a bit mask, has room for.
const maxColumns = 32

// setCount is the number of sets of 1 to most of n columns, or an error where
// they are too many.
func setCount(n, most int) (int, error) {
	sets, choose := 0, 1
	for size := 1; size <= most && n <= maxColumns; size++ {
		choose = choose * (n - size + 1) / size
		if sets += choose; sets > maxSets {
			break
		}
	}
	if n > maxColumns || sets > maxSets {
		return 0, fmt.Errorf("%d columns have too many sets of at most %d, want at most %d columns "+
			"and %d sets; name fewer columns or lower MaxSize", n, most, maxColumns, maxSets)
	}
	return sets, nil
}

// partition is groups of tuples that agree in a set of columns: group i is
// tuples[ends[i−1]:ends[i]]. Groups of one tuple are not among them: they stay
// what they are in every larger set, so that they are dealt with once. Huhtala
// et al. (1999), TANE: an efficient algorithm for discovering functional and
// approximate dependencies, The Computer Journal 42(2), 100–111, call it
// stripped.
type partition struct {
	tuples []uint32
	ends   []int
}

// add appends a group.
func (p *partition) add(tuples ...uint32) {
	p.tuples = append(p.tuples, tuples...)
	p.ends = append(p.ends, len(p.tuples))
}

// refiner splits groups of tuples by their codes. It serves one goroutine.
type refiner struct {
	codes [][]uint32 // by column, tuple
	next  [][]uint32 // by column, code: a counter, zero between calls
	used  []uint32   // codes met in one group
	alone []uint32   // tuples that the last call left in groups of one
}

func newRefiner(codes [][]uint32, sizes []int) *refiner {
	r := &refiner{codes: codes}
	for _, size := range sizes {
		r.next = append(r.next, make([]uint32, size))
	}
	return r
}

// refine makes to the groups of from split by one more column, and alone the
// tuples that this leaves alone.
func (r *refiner) refine(from *partition, column int, to *partition) {
	to.tuples, to.ends, r.alone = to.tuples[:0], to.ends[:0], r.alone[:0]
	begin := 0
	for _, end := range from.ends {
		r.split(from.tuples[begin:end], r.codes[column], r.next[column], to)
		begin = end
	}
}

func (r *refiner) split(group, codes, next []uint32, to *partition) {
	r.used = r.used[:0]
	for _, t := range group {
		c := codes[t]
		if next[c] == 0 {
			r.used = append(r.used, c)
		}
		next[c]++
	}
	if len(r.used) == 1 {
		next[r.used[0]] = 0
		to.add(group...)
		return
	}
	at := uint32(len(to.tuples))
	for _, c := range r.used {
		if n := next[c]; n > 1 {
			next[c] = at
			at += n
			to.ends = append(to.ends, int(at))
		} else {
			next[c] = lone
		}
	}
	for len(to.tuples) < int(at) {
		to.tuples = append(to.tuples, 0)
	}
	for _, t := range group {
		if p := next[codes[t]]; p == lone {
			r.alone = append(r.alone, t)
		} else {
			to.tuples[p] = t
			next[codes[t]]++
		}
	}
	for _, c := range r.used {
		next[c] = 0
	}
}

// lone marks a code that one tuple of a group has.
const lone = ^uint32(0)

// parts are the sets of columns in pieces that can be worked on side by side:
// each one column or two, and all sets that add lower columns to the two.
func parts(columns int) []uint32 {
	var sets []uint32
	for high := columns - 1; high >= 0; high-- {
		for low := high - 1; low >= 0; low-- { // the large pieces first
			sets = append(sets, 1<<high|1<<low)
		}
		sets = append(sets, 1<<high)
	}
	return sets
}

// sideBySide runs work over all parts on all cores, one worker value a
// goroutine. It ends early when ctx is done.
func sideBySide[W any](
	ctx context.Context, columns int, worker func() W, work func(w W, part uint32),
) ([]W, error) {
	all := parts(columns)
	workers := make([]W, min(len(all), runtime.GOMAXPROCS(0)))
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range workers {
		workers[i] = worker()
		wg.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= len(all) {
					return
				}
				work(workers[i], all[k])
			}
		})
	}
	wg.Wait()
	return workers, ctx.Err()
}

// low and high are the columns of a part; equal where it is one.
func low(set uint32) int  { return bits.TrailingZeros32(set) }
func high(set uint32) int { return bits.Len32(set) - 1 }
