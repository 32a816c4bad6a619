package dp

import "slices"

// spots are the numbers of rows at the places of each group, bins or leaves, of
// those places that have any. They take no memory for groups with few rows, of
// which there may be as many as there are rows.
type spots struct {
	start []int    // by group, where its places start; one more at the end
	place []uint32 // ascending within a group
	rows  []int64
}

// group are the rows of one group.
func (s *spots) group(g int) leaves {
	return leaves{s.place[s.start[g]:s.start[g+1]], s.rows[s.start[g]:s.start[g+1]]}
}

// leaves are places in ascending order, and the rows at each, at least one.
type leaves struct {
	place []uint32
	rows  []int64
}

// spots counts the rows of a question by the places of its numbers. There are so
// many places; placed writes that of each number, or none for one that has no place.
func (v *view) spots(q *question, places int, placed func(x []int32, out []uint32)) *spots {
	var at [pageRows]uint32
	every := func(f func(g, place uint32)) {
		v.rows(q, func(groups []uint32, x, _ []int32) {
			placed(x, at[:len(x)])
			for i, g := range groups {
				if place := at[i]; g != none && place != none {
					f(g, place)
				}
			}
		})
	}
	end := make([]int, v.met(q)+1) // first the rows of each group, then where they end
	every(func(g, _ uint32) { end[g+1]++ })
	for g := range end[1:] {
		end[g+1] += end[g]
	}
	all := make([]uint32, end[len(end)-1])
	next := slices.Clone(end)
	every(func(g, place uint32) {
		all[next[g]] = place
		next[g]++
	})
	s := &spots{start: make([]int, 1, len(end))}
	counts := make([]int64, places)
	for g := range end[1:] {
		s.add(all[end[g]:end[g+1]], counts)
	}
	return s
}

// add appends a group with rows at the given places, which it puts in order. counts
// has a zero for each place.
func (s *spots) add(at []uint32, counts []int64) {
	if len(at) < len(counts)/8 {
		slices.Sort(at)
		for i, place := range at {
			if i > 0 && place == at[i-1] {
				s.rows[len(s.rows)-1]++
				continue
			}
			s.place, s.rows = append(s.place, place), append(s.rows, 1)
		}
	} else {
		for _, place := range at {
			counts[place]++
		}
		for place, n := range counts {
			if n > 0 {
				s.place, s.rows = append(s.place, uint32(place)), append(s.rows, n)
			}
		}
		clear(counts)
	}
	s.start = append(s.start, len(s.place))
}

// of are the spots of the given groups.
func (s *spots) of(groups []uint32) *spots {
	out := &spots{start: make([]int, 1, len(groups)+1)}
	for _, g := range groups {
		of := s.group(int(g))
		out.place, out.rows = append(out.place, of.place...), append(out.rows, of.rows...)
		out.start = append(out.start, len(out.place))
	}
	return out
}

// merge are the rows of both, of a number of groups, where to is the number of each
// group of the other, nil for the same. Groups that one of them does not have have no
// rows in it.
func (s *spots) merge(o *spots, to []uint32, groups int) *spots {
	from := make([]int, groups) // group of the other, plus one
	for g := range o.start[1:] {
		if to == nil {
			from[g] = g + 1
		} else {
			from[to[g]] = g + 1
		}
	}
	out := &spots{start: make([]int, 1, groups+1)}
	for g := range groups {
		var a, b leaves
		if g < len(s.start)-1 {
			a = s.group(g)
		}
		if from[g] > 0 {
			b = o.group(from[g] - 1)
		}
		out.both(a, b)
	}
	return out
}

// both appends a group with the rows of two.
func (s *spots) both(a, b leaves) {
	for len(a.place)+len(b.place) > 0 {
		place, rows := uint32(none), int64(0) // none is the largest number
		for _, l := range []leaves{a, b} {
			if len(l.place) > 0 {
				place = min(place, l.place[0])
			}
		}
		for _, l := range []*leaves{&a, &b} {
			if len(l.place) > 0 && l.place[0] == place {
				rows += l.rows[0]
				l.place, l.rows = l.place[1:], l.rows[1:]
			}
		}
		s.place, s.rows = append(s.place, place), append(s.rows, rows)
	}
	s.start = append(s.start, len(s.place))
}
