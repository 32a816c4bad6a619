package lattice

// member is a tuple of a doubtful class.
type member struct {
	class uint32
	tuple uint32
}

// crowds are the bounds of each of n tuples.
func (u *People) crowds(n int) []crowd {
	tuples := make([]uint32, u.Count)
	for _, id := range u.ID {
		tuples[id]++
	}
	crowds := make([]crowd, n)
	for i := range crowds {
		ids := u.ID[u.Start[i]:u.Start[i+1]]
		weight := uint64(0)
		for _, id := range ids {
			weight += weightOne / uint64(tuples[id])
		}
		crowds[i] = crowd{weight: weight, pairs: uint32(len(ids)), most: uint32(len(ids))}
	}
	return crowds
}

// resolve counts the people of the doubtful classes and suppresses those that
// have too few.
func (p *search) resolve(s *scratch, levels []uint8, doubt int) {
	start := make([]uint32, doubt+2)
	s.members = s.members[:0]
	p.eachTuple(s, func(tuple int, class uint32) {
		if m := s.mark[class]; m != 0 && m != markSuppressed {
			s.members = append(s.members, member{class, uint32(tuple)})
			start[m+1]++
		}
	})
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	sorted := make([]member, len(s.members))
	for _, m := range s.members {
		at := &start[s.mark[m.class]]
		sorted[*at] = m
		*at++
	}
	for lo := 0; lo < len(sorted); {
		hi := lo
		for hi < len(sorted) && sorted[hi].class == sorted[lo].class {
			hi++
		}
		if !p.enoughPeople(s, sorted[lo:hi]) {
			s.suppress(int(sorted[lo].class))
		}
		lo = hi
	}
}

// enoughPeople counts the distinct people of the tuples up to K.
func (p *search) enoughPeople(s *scratch, tuples []member) bool {
	seen := s.nextEpoch(p.People.Count)
	n := int64(0)
	for _, m := range tuples {
		for _, id := range p.People.ID[p.People.Start[m.tuple]:p.People.Start[m.tuple+1]] {
			if s.stamp[id] == seen {
				continue
			}
			s.stamp[id] = seen
			if n++; n >= p.K {
				return true
			}
		}
	}
	return n >= p.K
}

func (s *scratch) nextEpoch(people int) uint32 {
	s.epoch++
	if len(s.stamp) < people || s.epoch == 0 {
		s.stamp, s.epoch = make([]uint32, people), 1
	}
	return s.epoch
}

// togetherEnough says whether the suppressed rows are none, or a class that
// could be kept itself. t is what rollUp was given.
func (p *search) togetherEnough(s *scratch, t *table, levels []uint8) bool {
	return s.suppressed == 0 ||
		p.togetherMany(s, levels) && p.togetherDiverse(s, t) && p.togetherSizes(s, levels)
}

func (p *search) togetherMany(s *scratch, levels []uint8) bool {
	if p.People == nil {
		return s.suppressed >= p.K
	}
	var all crowd
	for c := range s.crowd {
		if s.mark[c] == markSuppressed {
			all.add(&s.crowd[c])
		}
	}
	if v := p.verdict(&all); v != doubtful {
		return v == enough
	}
	s.members = s.members[:0]
	p.eachTuple(s, func(tuple int, class uint32) {
		if s.mark[class] == markSuppressed {
			s.members = append(s.members, member{class, uint32(tuple)})
		}
	})
	return p.enoughPeople(s, s.members)
}

// eachTuple calls f with every tuple and its class among those that rollUp
// left in s.
func (p *search) eachTuple(s *scratch, f func(tuple int, class uint32)) {
	for lo := 0; lo < p.tuples(); lo += block {
		n := min(block, p.tuples()-lo)
		s.classes.find(lo, s.to[:n])
		for i, c := range s.to[:n] {
			f(lo+i, c)
		}
	}
}
