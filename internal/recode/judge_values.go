package recode

import (
	"math"

	"github.com/lethe-go/lethe/internal/criterion"
	"github.com/lethe-go/lethe/internal/lattice"
)

// valueJudge judges the values of one sensitive column in a set of items.
type valueJudge struct {
	of    *lattice.Sensitive
	start []int    // cells of each item
	cell  []uint32 // as lattice.Sensitive.Item
	rows  []int64  // of a cell; nil where a class counts each cell once

	hist *criterion.Histogram
	met  []uint32 // by cell: the turn it was met in
	turn uint32
}

func newValueJudge(s *solver, of *lattice.Sensitive) *valueJudge {
	v := &valueJudge{of: of, hist: criterion.NewHistogram(of.Whole())}
	tuples, first := s.tuplesOf()
	v.start = make([]int, 1, s.items()+1)
	for it := range s.items() {
		for _, t := range tuples[first[it]:first[it+1]] {
			v.cell = append(v.cell, of.Item[of.Start[t]:of.Start[t+1]]...)
			if of.Rows != nil {
				v.rows = append(v.rows, of.Rows[of.Start[t]:of.Start[t+1]]...)
			}
		}
		v.start = append(v.start, len(v.cell))
	}
	if of.Rows == nil {
		v.met = make([]uint32, len(of.Value))
	}
	return v
}

// holds judges the union of some sets of items without one of them.
func (v *valueJudge) holds(without int32, sets [][]int32) bool {
	v.hist.Reset()
	if v.turn == math.MaxUint32 {
		clear(v.met)
		v.turn = 0
	}
	v.turn++
	for _, set := range sets {
		for _, it := range set {
			if it != without {
				v.add(it)
			}
		}
	}
	return criterion.Hold(v.of.Criteria, v.hist)
}

func (v *valueJudge) add(item int32) {
	from, to := v.start[item], v.start[item+1]
	if v.rows != nil {
		for i := from; i < to; i++ {
			v.hist.Add(v.cell[i], v.rows[i])
		}
		return
	}
	for _, cell := range v.cell[from:to] {
		if v.met[cell] != v.turn {
			v.met[cell] = v.turn
			v.hist.Add(v.of.Value[cell], 1)
		}
	}
}

func (v *valueJudge) fork() *valueJudge {
	f := *v
	f.hist = criterion.NewHistogram(v.of.Whole())
	f.met, f.turn = make([]uint32, len(v.met)), 0
	return &f
}
