package lattice

import (
	"math"
	"math/bits"
	"slices"
)

// record is what counting the classes at a vector of levels taught.
type record struct {
	levels []uint8
	packed uint64
	// suppressed is how many rows are suppressed in this vector and in all
	// below at least.
	suppressed int64
	// part[j][l] is the part of a bound for the vectors below this one that
	// have column j at level l; nil where suppressed rules them out.
	part [][]float64
}

// candidate is a vector that satisfies the models.
type candidate struct {
	levels     []uint8
	suppressed int64
	score      score
}

// better is the total order by which the result is chosen: less loss, then
// lower levels in all, then lower ones for the height of their hierarchies,
// then lower levels in the first columns.
func (c *candidate) better(o *candidate, columns []Column) bool {
	if o == nil {
		return true
	}
	if d := c.score.compare(o.score); d != 0 {
		return d < 0
	}
	if a, b := levelSum(c.levels), levelSum(o.levels); a != b {
		return a < b
	}
	if a, b := heightSum(c.levels, columns), heightSum(o.levels, columns); a != b {
		return a < b
	}
	return slices.Compare(c.levels, o.levels) < 0
}

// heightSum adds up the levels over their heights, so far as rounding leaves
// equal sums equal.
func heightSum(levels []uint8, columns []Column) float64 {
	sum := 0.0
	for j, l := range levels {
		sum += float64(l) / float64(max(1, columns[j].Height))
	}
	return math.Round(sum * 1e10)
}

func levelSum(levels []uint8) int {
	sum := 0
	for _, l := range levels {
		sum += int(l)
	}
	return sum
}

// evaluate counts the classes at a vector of levels, records what follows for
// those below and takes the vector for the best where it is.
func (p *search) evaluate(s *scratch, levels []uint8) *record {
	p.evaluated.Add(1)
	t := p.source(s, levels)
	rec := &record{levels: slices.Clone(levels), packed: p.pack(levels)}
	if !p.rollUp(s, t, levels, p.most) {
		rec.suppressed = p.Limit + 1
		p.publish(rec)
		return rec
	}
	doubt := s.scan(p, levels, p.Limit)
	if doubt > 0 && p.mayBeBest(s, levels) {
		p.resolve(s, levels, doubt)
	}
	s.failing = s.failing[:0]
	if len(p.Sensitive) > 0 && p.mayBeBest(s, levels) {
		p.judgeClasses(s, t, p.Limit)
	}
	if rec.suppressed = s.suppressed; rec.suppressed <= p.Limit {
		p.measure.learn(rec, s)
	} // which rules out all below otherwise, whatever they lose
	p.publish(rec)
	s.suppressFailing(p)
	if p.mayBeBest(s, levels) {
		p.limitSizes(s, levels)
	}
	if p.mayBeBest(s, levels) && p.restEnough(s, t, levels) {
		p.offer(&candidate{slices.Clone(levels), s.suppressed, p.measure.score(s, levels)})
	}
	return rec
}

// mostClasses is how many classes there are at most where no more than the
// limit is suppressed: of K rows each those that are kept, of one row the
// others.
func (p *search) mostClasses() int {
	if p.K < 1 || slices.Min(p.Rows) < 1 { // a class may have no row
		return math.MaxInt
	}
	limit := min(p.Limit, p.n)
	return int((p.n-limit)/p.K + limit)
}

// restEnough says whether what is suppressed is as the problem asks.
func (p *search) restEnough(s *scratch, t *table, levels []uint8) bool {
	return (!p.Together || p.togetherEnough(s, t, levels)) &&
		p.restHolds(s, t, func(c *Sensitive) bool { return c.Rest })
}

// mayBeBest says whether the vector in s is within the limit and may lose as
// little as the best so far.
func (p *search) mayBeBest(s *scratch, levels []uint8) bool {
	return s.suppressed <= p.Limit && p.measure.bound(s, levels) <= p.bar()
}

// verdicts on a class
const (
	enough = iota
	tooFew
	doubtful
)

func (p *search) verdict(c *crowd) int {
	switch {
	case int64(c.pairs) < p.K:
		return tooFew
	case c.weight > p.weightBar, int64(c.most) >= p.K:
		return enough
	}
	return doubtful
}

// scan suppresses the classes that are too small, and marks the doubtful ones.
// It stops where the limit is passed.
func (s *scratch) scan(p *search, levels []uint8, limit int64) (doubt int) {
	s.forget(p, levels)
	if p.People == nil {
		few := int64(0) // first alone, as most vectors fail here
		for _, n := range s.rows {
			if n < p.K {
				few += n
			}
		}
		if few > limit {
			s.suppressed = few
			return 0
		}
	}
	s.mark = slices.Grow(s.mark[:0], len(s.rows))[:len(s.rows)]
	clear(s.mark)
	if p.People == nil {
		for c, n := range s.rows {
			if n < p.K {
				s.suppress(c)
			}
		}
		return 0
	}
	for c := range s.crowd {
		switch p.verdict(&s.crowd[c]) {
		case tooFew:
			if s.suppress(c); s.suppressed > limit {
				return doubt
			}
		case doubtful:
			doubt++
			s.mark[c] = uint32(doubt)
		}
	}
	return doubt
}

// markSuppressed is the mark of a class that is suppressed.
const markSuppressed = ^uint32(0)

func (s *scratch) suppress(class int) {
	s.lose(class, s.rows[class])
	s.mark[class] = markSuppressed
}

// excluded says whether what is known of coarser vectors rules this one out:
// by the limit, or by a loss above the bar. Each column takes the best of its
// bounds.
func (p *search) excluded(levels []uint8, records []*record, bound []float64) bool {
	bar := p.bar()
	for j, l := range levels {
		bound[j] = p.measure.first(j, int(l))
	}
	packed := p.pack(levels)
	for i := len(records) - 1; i >= 0; i-- {
		r := records[i]
		if !p.above(r, packed, levels) {
			continue
		}
		if r.suppressed > p.Limit {
			return true
		}
		for j, l := range levels {
			bound[j] = max(bound[j], r.part[j][l])
		}
		if p.measure.join(bound) > bar {
			return true
		}
	}
	return false
}

// pack puts the levels side by side, a free bit above each, where they fit.
func (p *search) pack(levels []uint8) uint64 {
	if p.guards == 0 {
		return 0
	}
	v := uint64(0)
	for j, l := range levels {
		v |= uint64(l) << p.shifts[j]
	}
	return v
}

// above says whether a record is of a vector that is nowhere lower. The free
// bits stay set exactly where no borrow came from a lower level.
func (p *search) above(r *record, packed uint64, levels []uint8) bool {
	if p.guards != 0 {
		return ((r.packed|p.guards)-packed)&p.guards == p.guards
	}
	for j, l := range levels {
		if r.levels[j] < l {
			return false
		}
	}
	return true
}

func (p *search) layPacked() {
	shift := uint(0)
	guards := uint64(0)
	for j := range p.Columns {
		p.shifts = append(p.shifts, shift)
		shift += uint(bits.Len(uint(p.Columns[j].Max)))
		if shift >= 64 {
			return
		}
		guards |= 1 << shift
		shift++
	}
	p.guards = guards
}
