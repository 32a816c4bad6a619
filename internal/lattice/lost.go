package lattice

import "slices"

// losses are the rows that are suppressed at a vector of levels.
type losses struct {
	suppressed int64
	pending    []loss    // of which count does not know
	count      [][]int64 // by column and label
	sums       []int64
}

type loss struct {
	class int
	rows  int64
}

// forget makes ready for another vector.
func (s *scratch) forget(p *search, levels []uint8) {
	for j, l := range levels {
		n := p.labels(j, l)
		s.count[j] = slices.Grow(s.count[j][:0], n)[:n]
		clear(s.count[j])
	}
	s.suppressed, s.pending = 0, s.pending[:0]
}

// lose counts rows of a class as suppressed.
func (s *scratch) lose(class int, rows int64) {
	s.suppressed += rows
	s.pending = append(s.pending, loss{class, rows})
}

// lost is how many rows of each label are suppressed, by column. They are added
// up by the numbers of a span first, of which there are few.
func (p *search) lost(s *scratch) [][]int64 {
	if len(s.pending) == 0 {
		return s.count
	}
	for k, columns := range p.spans.columns {
		size := p.spanSize(k, s.classes.levels)
		sums := slices.Grow(s.sums[:0], size)[:size]
		clear(sums)
		s.classes.addTo(sums, k, s.pending)
		for _, j := range columns {
			count := s.count[j]
			n := len(count)
			for rest := range len(sums) / n {
				sum := int64(0)
				for label, rows := range sums[rest*n : (rest+1)*n] {
					count[label] += rows
					sum += rows
				}
				sums[rest] = sum
			}
			sums = sums[:len(sums)/n]
		}
		s.sums = sums
	}
	s.pending = s.pending[:0]
	return s.count
}
