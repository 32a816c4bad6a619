package lattice

import (
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
	// factor[j][l] is a bound of 1 + x_j for the vectors below this one that
	// have column j at level l.
	factor [][]float64
}

// candidate is a vector that satisfies the models.
type candidate struct {
	levels     []uint8
	suppressed int64
	product    float64 // of 1 + x_j, cut off
	columns    []float64
}

// better is the total order by which the result is chosen: less loss, then
// lower levels in all, then lower levels in the first columns.
func (c *candidate) better(o *candidate) bool {
	if o == nil {
		return true
	}
	if c.product != o.product {
		return c.product < o.product
	}
	if a, b := levelSum(c.levels), levelSum(o.levels); a != b {
		return a < b
	}
	return slices.Compare(c.levels, o.levels) < 0
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
func (p *search) evaluate(s *scratch, levels []uint8) {
	p.evaluated.Add(1)
	t := p.prefix(s, levels)
	p.rollUp(s, t, levels)
	doubt := s.scan(p, levels, p.Limit)
	rec := &record{levels: slices.Clone(levels), packed: p.pack(levels)}
	sums := p.sums(s, levels)
	if doubt > 0 && s.suppressed <= p.Limit && p.product(sums) <= p.bar() {
		p.resolve(s, levels, doubt)
		sums = p.sums(s, levels)
	}
	s.failing = s.failing[:0]
	if len(p.Sensitive) > 0 && s.suppressed <= p.Limit && p.product(sums) <= p.bar() {
		p.judgeClasses(s, t, p.Limit)
		sums = p.sums(s, levels)
	}
	p.learn(rec, s, sums)
	if len(s.failing) > 0 {
		s.suppressFailing(p)
		sums = p.sums(s, levels)
	}
	if s.suppressed > p.Limit || p.product(sums) > p.bar() {
		return
	}
	if p.Together && !p.togetherEnough(s, t, levels) {
		return
	}
	c := &candidate{
		levels: slices.Clone(levels), suppressed: s.suppressed,
		product: 1, columns: make([]float64, len(levels)),
	}
	for j, sum := range sums {
		c.columns[j] = cut(normal(sum, p.columns[j].least, p.n))
		c.product *= 1 + c.columns[j]
	}
	p.offer(c)
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

// scan adds up the rows of the classes that are too small, by label, and marks
// the doubtful ones. It stops where the limit is passed.
func (s *scratch) scan(p *search, levels []uint8, limit int64) (doubt int) {
	for j, l := range levels {
		n := len(p.Columns[j].Shares[l])
		s.count[j] = slices.Grow(s.count[j][:0], n)[:n]
		clear(s.count[j])
	}
	s.suppressed = 0
	s.mark = slices.Grow(s.mark[:0], len(s.rows))[:len(s.rows)]
	clear(s.mark)
	if p.People == nil {
		for c, n := range s.rows {
			if n < p.K {
				if s.suppress(p, c); s.suppressed > limit {
					break
				}
			}
		}
		return 0
	}
	for c := range s.crowd {
		switch p.verdict(&s.crowd[c]) {
		case tooFew:
			if s.suppress(p, c); s.suppressed > limit {
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

func (s *scratch) suppress(p *search, class int) {
	s.lose(p, class, s.rows[class])
	s.mark[class] = markSuppressed
}

// lose counts rows of a class as suppressed.
func (s *scratch) lose(p *search, class int, rows int64) {
	w := p.Layout.Words()
	key := s.index.Keys()[class*w : (class+1)*w]
	for j := range s.count {
		s.count[j][p.Layout.Code(key, j)] += rows
	}
	s.suppressed += rows
}

// sums are L_j. The order of summing is that of the labels, so that they do
// not depend on the order of tuples.
func (p *search) sums(s *scratch, levels []uint8) []float64 {
	for j, l := range levels {
		sum := float64(s.suppressed)
		shares, rows := p.Columns[j].Shares[l], p.columns[j].rows[l]
		for c, n := range s.count[j] {
			sum += shares[c] * float64(rows[c]-n)
		}
		s.sum[j] = sum
	}
	return s.sum
}

func (p *search) product(sums []float64) float64 {
	product := 1.0
	for j, sum := range sums {
		product *= 1 + normal(sum, p.columns[j].least, p.n)
	}
	return product
}

// learn fills the bounds for the vectors below and publishes the record.
func (p *search) learn(rec *record, s *scratch, sums []float64) {
	rec.suppressed = s.suppressed
	if rec.suppressed > p.Limit { // which rules out all below, whatever they lose
		p.publish(rec)
		return
	}
	n := float64(rec.suppressed)
	rec.factor = make([][]float64, len(rec.levels))
	for j, l := range rec.levels {
		c := &p.columns[j]
		rec.factor[j] = make([]float64, l+1)
		rec.factor[j][l] = 1 + normal(sums[j], c.least, p.n)
		for low := range int(l) {
			// The shares that the rows of S have at the lower level, at most.
			have := 0.0
			for label, share := range c.below[l][low] {
				have += share * float64(s.count[j][label])
			}
			most := min(have, c.top[low].largest(rec.suppressed))
			rec.factor[j][low] = 1 + normal(c.total[low]+n-most, c.least, p.n)
		}
	}
	p.publish(rec)
}

// excluded says whether what is known of coarser vectors rules this one out:
// by the limit, or by a loss above the bar. Each column takes the best of its
// bounds.
func (p *search) excluded(levels []uint8, records []*record, bound []float64) bool {
	bar := p.bar()
	for j, l := range levels {
		bound[j] = 1 + normal(p.columns[j].total[l], p.columns[j].least, p.n)
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
		product := 1.0
		for j, l := range levels {
			bound[j] = max(bound[j], r.factor[j][l])
			product *= bound[j]
		}
		if product > bar {
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
