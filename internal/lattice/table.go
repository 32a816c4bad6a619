package lattice

import (
	"slices"

	"github.com/lethe-go/lethe/internal/group"
)

// table holds the classes at a vector of levels, with what decides whether
// they are large enough.
type table struct {
	levels []uint8
	keys   []uint64
	size   []sizes
}

// sizes are those of one class. Where people are counted, the class has at
// least most and at least weight/weightOne of them, and at most pairs.
type sizes struct {
	rows   int64
	pairs  int64  // of a tuple and a person
	weight uint64 // sum over the pairs of weightOne / tuples of the person, rounded down
	most   int64  // people of its largest tuple
}

// weightOne is the weight of a person whose tuples all lie in one class.
const weightOne = 1 << 24

func (t *table) len() int { return len(t.size) }

func (t *table) bytes() int { return 8*len(t.keys) + 32*len(t.size) }

const block = 1024 // classes rolled up at a time

// scratch is the memory of one goroutine.
type scratch struct {
	index      *group.Table
	size       []sizes
	keys       []uint64
	to         []uint32
	count      [][]int64 // suppressed rows by column and label
	mark       []uint32  // by class: which of the doubtful ones it is, plus one
	stamp      []uint32  // by person
	epoch      uint32
	members    []member
	suppressed int64
	sum, bound []float64
}

// rollUp merges the classes of t into those at the given levels, none of them
// lower. The result is s.index and s.size.
func (p *search) rollUp(s *scratch, t *table, levels []uint8) {
	hint := t.len()
	room := 1
	for j, l := range levels {
		if room *= len(p.Columns[j].Shares[l]); room >= hint {
			room = hint
			break
		}
	}
	s.index.Reset(room)
	s.size = s.size[:0]
	w := p.Layout.Words()
	for lo := 0; lo < t.len(); lo += block {
		n := min(block, t.len()-lo)
		keys := s.keys[:n*w]
		copy(keys, t.keys[lo*w:])
		for j, l := range levels {
			if l != t.levels[j] {
				p.Layout.Map(keys, j, p.step(j, t.levels[j], l))
			}
		}
		to := s.to[:n]
		s.index.Add(keys, to)
		s.merge(t.size[lo:lo+n], to)
	}
}

func (s *scratch) merge(size []sizes, to []uint32) {
	for i, c := range to {
		if int(c) == len(s.size) {
			s.size = append(s.size, size[i])
			continue
		}
		a, b := &s.size[c], &size[i]
		a.rows += b.rows
		a.pairs += b.pairs
		a.weight += b.weight
		a.most = max(a.most, b.most)
	}
}

// keep copies the classes that rollUp left in s.
func (s *scratch) keep(levels []uint8) *table {
	return &table{
		levels: slices.Clone(levels),
		keys:   slices.Clone(s.index.Keys()),
		size:   slices.Clone(s.size),
	}
}

// step maps the codes of column j at one level to those at a higher one.
func (p *search) step(j int, from, to uint8) []uint32 { return p.steps[j][from][to] }

// stepsOf makes the maps between all levels of a column.
func stepsOf(c *Column) [][][]uint32 {
	steps := make([][][]uint32, len(c.Codes))
	for from, low := range c.Codes {
		steps[from] = make([][]uint32, len(c.Codes))
		for to := from + 1; to < len(c.Codes); to++ {
			m := make([]uint32, len(c.Shares[from]))
			for v, code := range low {
				m[code] = c.Codes[to][v]
			}
			steps[from][to] = m
		}
	}
	return steps
}
