package kanon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
)

// raise returns levels not below the given ones, one of them higher. It
// estimates, in one pass, how many combinations each step to a higher level of
// one column leaves. Of the steps after which they fit it takes the one that
// loses least, and otherwise that of the least loss for what it saves. It
// depends on the set of combinations only, so the plan does not depend on how
// the rows came.
func (s *spilledSearch) raise(ctx context.Context, at, high []int) ([]int, error) {
	type step struct {
		column, level int
		sketch        *sketch
	}
	var steps []step
	now := newSketch()
	for j := range at {
		for level := at[j] + 1; level <= high[j]; level++ {
			steps = append(steps, step{j, level, newSketch()})
		}
	}
	hashes := s.labelHashes()
	src, err := s.pass()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		t, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if n%takeBlock == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("kanon: %w", ctx.Err())
		}
		sum := uint64(0)
		for j, code := range t.codes {
			sum += hashes[j][at[j]][code]
		}
		now.add(sum)
		for i := range steps {
			e := &steps[i]
			code := t.codes[e.column]
			e.sketch.add(sum - hashes[e.column][at[e.column]][code] + hashes[e.column][e.level][code])
		}
	}
	room := float64(s.memory) / float64(solvingFactor*s.counts.tupleBytes())
	best, bestCost, bestFits := -1, 0.0, false
	before := now.estimate()
	for i, e := range steps {
		after := e.sketch.estimate()
		fits := after <= room*0.9
		cost := math.Log(s.bounds[e.column][e.level]) - math.Log(s.bounds[e.column][at[e.column]])
		if !fits {
			cost = (cost + 1e-9) / max(math.Log(before)-math.Log(after), 1e-9)
		}
		if best < 0 || fits && !bestFits || fits == bestFits && cost < bestCost {
			best, bestCost, bestFits = i, cost, fits
		}
	}
	next := slices.Clone(at)
	next[steps[best].column] = steps[best].level
	return next, nil
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

func newSketch() *sketch { return new(sketch) }

func (s *sketch) add(x uint64) {
	h := scatter(x)
	rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
	if at := &s[h>>(64-sketchBits)]; *at < rank {
		*at = rank
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
