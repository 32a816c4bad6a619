package recode

import (
	"cmp"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
)

// half is a part of the columns. Its parts are the distinct tuples of these
// columns, which are far fewer than those of all: a vector of levels numbers
// the parts of each half, and the pair of numbers is the group of an item.
type half struct {
	columns []int
	part    []uint32 // of each item
	codes   [][]uint32
	parts   int

	held  map[uint32]*numbering // by packed levels
	limit int                   // numberings that may be held
	index *group.Table
}

// numbering gives the parts of a half numbers at a vector of levels.
type numbering struct {
	of []uint32
	n  int
}

// newHalves divides the columns so that each half has about as many
// combinations of values.
func (s *solver) newHalves() [2]*half {
	order := make([]int, s.m)
	for j := range order {
		order[j] = j
	}
	size := func(j int) int { return len(s.Columns[j].Shares[s.Columns[j].Min]) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(size(b), size(a)) })
	var columns [2][]int
	room := [2]float64{1, 1}
	for _, j := range order {
		to := 0
		if room[1] < room[0] {
			to = 1
		}
		columns[to] = append(columns[to], j)
		room[to] *= float64(size(j))
	}
	return [2]*half{s.newHalf(columns[0]), s.newHalf(columns[1])}
}

// heldCodes bounds the numbers that a half holds, of four bytes each.
const heldCodes = 16 << 20

func (s *solver) newHalf(columns []int) *half {
	h := &half{columns: columns, held: map[uint32]*numbering{}}
	sizes := make([]int, len(columns))
	for i, j := range columns {
		sizes[i] = len(s.Columns[j].Shares[s.Columns[j].Min])
	}
	layout := group.NewLayout(sizes)
	w := layout.Words()
	keys := make([]uint64, s.items()*w)
	low := make([]uint32, s.items())
	for i, j := range columns {
		for it := range low {
			low[it] = s.low(it, j)
		}
		layout.Put(keys, i, low)
	}
	table := group.New(w, 0)
	h.part = make([]uint32, s.items())
	table.Add(keys, h.part)
	h.parts = table.Len()
	for i := range columns {
		codes := make([]uint32, h.parts)
		layout.Get(table.Keys(), i, codes)
		h.codes = append(h.codes, codes)
	}
	h.index = group.New(1, h.parts)
	h.limit = heldCodes / max(1, h.parts)
	return h
}

// at numbers the parts at a vector of levels. steps are the maps from the
// lowest level of a column up.
func (h *half) at(levels []uint8, steps [][][]uint32) *numbering {
	packed := uint32(0)
	for i, j := range h.columns {
		packed = packed*uint32(len(steps[j])) + uint32(levels[i])
	}
	if n := h.held[packed]; n != nil {
		return n
	}
	n := &numbering{of: make([]uint32, h.parts)}
	for i, j := range h.columns {
		// Numbers so far and those of the next column make the next numbers, which
		// stay below the parts.
		if l := levels[i]; i == 0 {
			for p, code := range h.codes[0] {
				n.of[p] = steps[j][l][code]
			}
		} else {
			h.refine(n.of, h.codes[i], steps[j][l])
		}
	}
	for _, code := range n.of {
		n.n = max(n.n, int(code)+1)
	}
	if len(h.held) < h.limit {
		h.held[packed] = n
	}
	return n
}

// refine numbers pairs of a number and the step of a code anew.
func (h *half) refine(of, codes, step []uint32) {
	h.index.Reset(len(of) / 4)
	var keys [256]uint64
	for lo := 0; lo < len(of); lo += len(keys) {
		n := min(len(keys), len(of)-lo)
		for i := range n {
			keys[i] = uint64(of[lo+i])<<32 | uint64(step[codes[lo+i]])
		}
		h.index.Add(keys[:n], of[lo:lo+n])
	}
}
