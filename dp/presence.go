package dp

import (
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
)

// groupsOf lists the distinct groups of a grouping that a person's entries are in,
// sorted, in buf.
func (s *sample) groupsOf(entries []uint32, grouping int, buf []uint32) []uint32 {
	for _, e := range entries {
		if g := s.pages[e>>pageBits].groups[grouping][e&pageMask]; g != none {
			buf = append(buf, g)
		}
	}
	if len(buf) > 1 {
		slices.Sort(buf)
		buf = slices.Compact(buf)
	}
	return buf
}

// boundGroups leaves each person in at most most groups of a grouping, chosen
// uniformly from those of the kept rows, and takes the person's other rows out of
// their groups; without limit for a most of zero. As it looks at one person at a
// time, what is said of the sample remains true. It adds to counts, unless they are
// nil, the number of people who then are in each group.
func (s *sample) boundGroups(grouping, most int, counts []int64, src *entropy.Source) {
	for _, who := range s.persons {
		s.list = s.entries(who, s.list[:0])
		if counts == nil && len(s.list) <= most {
			continue
		}
		s.other = s.groupsOf(s.list, grouping, s.other[:0])
		kept := s.other
		if most > 0 && len(kept) > most {
			shuffle(kept, most, src)
			kept = kept[:most]
			slices.Sort(kept)
			for _, e := range s.list {
				g := &s.pages[e>>pageBits].groups[grouping][e&pageMask]
				if _, ok := slices.BinarySearch(kept, *g); !ok {
					*g = none
				}
			}
		}
		if counts != nil {
			for _, g := range kept {
				counts[g]++
			}
		}
	}
}

// people is the number of people of whom a row was seen.
func (s *sample) people() int64 {
	n := int64(0)
	for _, who := range s.persons {
		if who.seen > 0 {
			n++
		}
	}
	return n
}
