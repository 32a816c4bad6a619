package lattice

import "slices"

// table holds the classes at a vector of levels, with what decides whether
// they are large enough.
type table struct {
	levels []uint8
	spans  [][]uint32 // see spans
	rows   []int64
	crowd  []crowd // empty where rows are counted
	cells  []cells // a sensitive column
}

// crowd bounds the people of one class: they are at least most, at least
// weight/weightOne, and at most pairs.
type crowd struct {
	weight uint64 // sum over the pairs of weightOne / tuples of the person, rounded down
	pairs  uint32 // of a tuple and a person; cut off at maxCrowd
	most   uint32 // people of its largest tuple
}

const (
	// weightOne is the weight of a person whose tuples all lie in one class.
	weightOne = 1 << 24
	// maxCrowd is beyond any K, see Problem.
	maxCrowd = 1<<32 - 1
)

func (c *crowd) add(o *crowd) {
	c.weight += o.weight
	c.pairs = uint32(min(uint64(c.pairs)+uint64(o.pairs), maxCrowd))
	c.most = max(c.most, o.most)
}

func (t *table) len() int { return len(t.rows) }

func (t *table) bytes() int {
	n := 4*len(t.spans)*len(t.rows) + 8*len(t.rows) + 16*len(t.crowd)
	for i := range t.cells {
		n += t.cells[i].bytes()
	}
	return n
}

const block = 1024 // classes rolled up at a time

// scratch is the memory of one goroutine.
type scratch struct {
	classes classes
	rows    []int64
	crowd   []crowd
	to      []uint32
	mark    []uint32 // by class: which of the doubtful ones it is, plus one
	stamp   []uint32 // by person
	epoch   uint32
	members []member
	part    []float64 // for the measure, by column
	bound   []float64
	losses
	valuesScratch
}

// rollUp merges the classes of t into those at the given levels, none of them
// lower. The result is s.classes, s.rows and s.crowd. It says whether there
// are at most so many, and stops where there are more.
func (p *search) rollUp(s *scratch, t *table, levels []uint8, most int) bool {
	s.classes.start(t, levels)
	s.rows = slices.Grow(s.rows[:0], t.len())[:t.len()]
	clear(s.rows)
	s.crowd = s.crowd[:0]
	s.into = s.into[:0]
	for lo := 0; lo < t.len(); lo += block {
		n := min(block, t.len()-lo)
		to := s.to[:n]
		s.classes.add(lo, to)
		for i, c := range to {
			s.rows[c] += t.rows[lo+i]
		}
		if len(t.crowd) > 0 {
			s.mergeCrowds(t.crowd[lo:lo+n], to)
		}
		if len(t.cells) > 0 {
			s.into = append(s.into, to...)
		}
		if s.classes.len() > most {
			return false
		}
	}
	s.rows = s.rows[:s.classes.len()]
	return true
}

func (s *scratch) mergeCrowds(crowds []crowd, to []uint32) {
	for i, c := range to {
		if int(c) == len(s.crowd) {
			s.crowd = append(s.crowd, crowds[i])
		} else {
			s.crowd[c].add(&crowds[i])
		}
	}
}

// keep copies the classes that rollUp made of t and left in s.
func (p *search) keep(s *scratch, t *table, levels []uint8) *table {
	return &table{
		levels: slices.Clone(levels),
		spans:  s.classes.spans(),
		rows:   slices.Clone(s.rows),
		crowd:  slices.Clone(s.crowd),
		cells:  p.mergeCells(s, t),
	}
}

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
