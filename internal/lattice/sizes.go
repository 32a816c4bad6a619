package lattice

import (
	"cmp"
	"slices"
)

// SizeLimit is a condition on the sizes of all classes that are kept, and not
// on one of them. Where it does not hold, the smallest classes are suppressed,
// all of a size together, until it does. What a vector suppresses so says
// nothing of those below it.
type SizeLimit interface {
	// Holds is asked of sizes in ascending order, in rows or people. It holds
	// of none, and is safe for concurrent use.
	Holds(sizes []SizeCount) bool
}

// SizeCount says how many classes have a size.
type SizeCount struct{ Size, Classes int64 }

// limitSizes suppresses the smallest classes of the vector in s for the limits
// of sizes.
func (p *search) limitSizes(s *scratch, levels []uint8) {
	if len(p.Sizes) == 0 {
		return
	}
	size := p.classSizes(s, levels)
	sizes := s.countSizes(size)
	least := int64(0)
	for len(sizes) > 0 && !p.holdSizes(sizes) {
		least = sizes[0].Size + 1
		sizes = sizes[1:]
	}
	for c, n := range size {
		if n < least && s.mark[c] != markSuppressed {
			s.suppress(c)
		}
	}
}

func (p *search) holdSizes(sizes []SizeCount) bool {
	for _, limit := range p.Sizes {
		if !limit.Holds(sizes) {
			return false
		}
	}
	return true
}

// togetherSizes says whether the limits hold with the suppressed rows as one
// class more.
func (p *search) togetherSizes(s *scratch, levels []uint8) bool {
	if len(p.Sizes) == 0 {
		return true
	}
	sizes := s.countSizes(p.classSizes(s, levels))
	all := SizeCount{s.suppressed, 1}
	if p.People != nil {
		var suppressed []member
		p.eachTuple(s, func(tuple int, class uint32) {
			if s.mark[class] == markSuppressed {
				suppressed = append(suppressed, member{0, uint32(tuple)})
			}
		})
		all.Size = p.countPeople(s, suppressed)
	}
	at, found := slices.BinarySearchFunc(sizes, all.Size,
		func(c SizeCount, n int64) int { return cmp.Compare(c.Size, n) })
	if found {
		sizes[at].Classes++
	} else {
		sizes = slices.Insert(sizes, at, all)
	}
	return p.holdSizes(sizes)
}

// countSizes counts the classes kept by their size.
func (s *scratch) countSizes(size []int64) []SizeCount {
	var kept []int64
	for c, n := range size {
		if s.mark[c] != markSuppressed {
			kept = append(kept, n)
		}
	}
	slices.Sort(kept)
	var sizes []SizeCount
	for _, n := range kept {
		if k := len(sizes); k > 0 && sizes[k-1].Size == n {
			sizes[k-1].Classes++
		} else {
			sizes = append(sizes, SizeCount{n, 1})
		}
	}
	return sizes
}

// classSizes are the rows, or the people, of each class in s.
func (p *search) classSizes(s *scratch, levels []uint8) []int64 {
	if p.People == nil {
		return s.rows
	}
	var members []member
	p.eachTuple(s, func(tuple int, class uint32) {
		members = append(members, member{class, uint32(tuple)})
	})
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.tuple, b.tuple))
	})
	sizes := make([]int64, len(s.rows))
	for lo := 0; lo < len(members); {
		hi := lo
		for hi < len(members) && members[hi].class == members[lo].class {
			hi++
		}
		sizes[members[lo].class] = p.countPeople(s, members[lo:hi])
		lo = hi
	}
	return sizes
}

// countPeople counts the distinct people of some tuples.
func (p *search) countPeople(s *scratch, tuples []member) (n int64) {
	seen := s.nextEpoch(p.People.Count)
	for _, m := range tuples {
		for _, id := range p.People.ID[p.People.Start[m.tuple]:p.People.Start[m.tuple+1]] {
			if s.stamp[id] != seen {
				s.stamp[id] = seen
				n++
			}
		}
	}
	return n
}
