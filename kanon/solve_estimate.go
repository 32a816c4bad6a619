package kanon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
)

// step is a column to be raised to a level.
type step struct{ column, level int }

// raise returns levels not below the given ones, one of them higher. Of the steps
// to a higher level of one column after which the combinations fit it takes the
// one that loses least, and otherwise that of the least loss for what it saves.
// That depends on the set of combinations only, so the plan does not depend on
// how the rows came.
func (s *spilledSearch) raise(ctx context.Context, at, high []int) ([]int, error) {
	var steps []step
	for j := range at {
		for level := at[j] + 1; level <= high[j]; level++ {
			steps = append(steps, step{j, level})
		}
	}
	if err := s.estimate(ctx, at, steps); err != nil {
		return nil, err
	}
	room := float64(s.memory) / float64(s.counts.solvedBytes())
	best, bestCost, bestFits := -1, 0.0, false
	before := s.estimated[fmt.Sprint(at)]
	for i, e := range steps {
		after := s.estimated[fmt.Sprint(e.from(at))]
		fits := after <= room*0.9
		cost := math.Log(s.bounds[e.column][e.level]) - math.Log(s.bounds[e.column][at[e.column]])
		if !fits {
			cost = (cost + 1e-9) / max(math.Log(before)-math.Log(after), 1e-9)
		}
		if best < 0 || fits && !bestFits || fits == bestFits && cost < bestCost {
			best, bestCost, bestFits = i, cost, fits
		}
	}
	return steps[best].from(at), nil
}

// from are the levels that a step leads to.
func (e step) from(at []int) []int {
	next := slices.Clone(at)
	next[e.column] = e.level
	return next
}

// estimate sees to it that it is known about how many combinations are left at
// some levels, and after each step from there, in one pass at most.
func (s *spilledSearch) estimate(ctx context.Context, at []int, steps []step) error {
	var open []step
	for _, e := range append(steps, step{0, at[0]}) {
		if _, known := s.estimated[fmt.Sprint(e.from(at))]; !known {
			open = append(open, e)
		}
	}
	if len(open) == 0 {
		return nil
	}
	src, err := s.pass()
	if err != nil {
		return err
	}
	found, err := s.newEstimator(at, open).all(cancelled(ctx, src))
	for i, e := range open {
		s.estimated[fmt.Sprint(e.from(at))] = found[i].estimate()
	}
	return err
}

// estimator gives the combinations of a table to a sketch for each step.
type estimator struct {
	base     [][]uint64 // by column and code: a hash of the label
	steps    []step
	moved    [][]uint64 // by step and code: what it adds to a sum of such hashes
	sketches []sketch
}

func (s *spilledSearch) newEstimator(at []int, steps []step) *estimator {
	e := &estimator{steps: steps, sketches: make([]sketch, len(steps))}
	hashes := s.labelHashes()
	for j, level := range at {
		e.base = append(e.base, hashes[j][level])
	}
	for _, step := range steps {
		moved := slices.Clone(hashes[step.column][step.level])
		for code, before := range e.base[step.column] {
			moved[code] -= before
		}
		e.moved = append(e.moved, moved)
	}
	return e
}

// all goes through all tuples of a source. While some are read, the others are
// given to the sketches by all processors.
func (e *estimator) all(src tupleSource) ([]sketch, error) {
	m := len(e.base)
	sums, next := make([]uint64, 0, takeBlock), make([]uint64, 0, takeBlock)
	codes, nextCodes := make([][]uint32, m), make([][]uint32, m)
	var workers sync.WaitGroup
	defer workers.Wait()
	for {
		next = next[:0]
		for j := range nextCodes {
			nextCodes[j] = nextCodes[j][:0]
		}
		var err error
		for len(next) < takeBlock && err == nil {
			var t *counted
			if t, err = src.next(); err != nil {
				break
			}
			sum := uint64(0)
			for j, code := range t.codes {
				sum += e.base[j][code]
				nextCodes[j] = append(nextCodes[j], code)
			}
			next = append(next, sum)
		}
		workers.Wait()
		sums, next, codes, nextCodes = next, sums, nextCodes, codes
		if err != nil && !errors.Is(err, io.EOF) {
			return e.sketches, err
		}
		n := min(runtime.GOMAXPROCS(0), len(e.steps))
		for w := range n {
			workers.Go(func() {
				for i := w; i < len(e.steps); i += n {
					e.sketches[i].addAll(sums, codes[e.steps[i].column], e.moved[i])
				}
			})
		}
		if err != nil {
			workers.Wait()
			return e.sketches, nil
		}
	}
}

// labelHashes is, by column, level and code, a number that stands for the
// label. Labels are numbered alike for the same set of values.
func (s *spilledSearch) labelHashes() [][][]uint64 {
	all := make([][][]uint64, len(s.domains))
	for j, d := range s.domains {
		for _, codes := range d.column.Codes {
			of := make([]uint64, d.coder.Len())
			for code := range of {
				of[code] = scatter(uint64(j)<<32 | uint64(codes[d.leaf[code]]))
			}
			all[j] = append(all[j], of)
		}
	}
	return all
}

// scatter is the finalizer of SplitMix64 behind its increment, a bijection.
func scatter(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// sketch estimates how many different numbers it was given, to some 1.6 % [1].
//
// [1] Flajolet, Fusy, Gandouet, Meunier (2007). HyperLogLog: the analysis of a
// near-optimal cardinality estimation algorithm. AofA 2007, 137–156.
type sketch [1 << sketchBits]uint8

const sketchBits = 12

// addAll adds the sums, each with what its code adds to it. They are spread by
// multiplying them, as sums of hashes are not quite even.
func (s *sketch) addAll(sums []uint64, codes []uint32, moved []uint64) {
	for i, sum := range sums {
		h := sum + moved[codes[i]]
		h = (h ^ h>>32) * 0xD6E8FEB86659FD93
		h ^= h >> 32
		rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
		if at := &s[h>>(64-sketchBits)]; *at < rank {
			*at = rank
		}
	}
}

func (s *sketch) estimate() float64 {
	sum, zeros := 0.0, 0
	for _, rank := range s {
		sum += math.Ldexp(1, -int(rank))
		if rank == 0 {
			zeros++
		}
	}
	m := float64(len(s))
	if e := 0.7213 / (1 + 1.079/m) * m * m / sum; e > 2.5*m || zeros == 0 {
		return e
	}
	return max(1, m*math.Log(m/float64(zeros)))
}
