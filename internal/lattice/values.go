package lattice

import (
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/criterion"
)

// Sensitive is a column whose values in a class are judged. A tuple has cells,
// one an item: those of tuple i are Item[Start[i]:Start[i+1]], each item once.
type Sensitive struct {
	Start []int
	Item  []uint32
	// Rows are the rows of each cell, in which case an item is a value and the
	// histogram of a class counts rows. Where Rows is nil an item is a value
	// of one person, Value says which value, and the histogram of a class
	// counts each of its items once.
	Rows  []int64
	Value []uint32
	// Values is how many values there are. They are numbered in the order in
	// which an ordered distance takes them.
	Values   int
	Criteria []criterion.Criterion
	// Table is how often each value occurs in the table, where the tuples are
	// not all of it; nil where they are.
	Table *criterion.Whole
	// Rest asks that what is in no class kept satisfies the criteria as one
	// class, too, if there is any. Rows are those of a population then.
	Rest bool
}

func (c *Sensitive) items() int {
	if c.Rows == nil {
		return len(c.Value)
	}
	return c.Values
}

// judge is what is known of a sensitive column before any class is counted.
type judge struct {
	least int // distinct values in a class at least, by any criterion
	whole *criterion.Whole
}

// Whole is how often each value occurs in the table.
func (c *Sensitive) Whole() *criterion.Whole {
	if c.Table != nil {
		return c.Table
	}
	count := make([]int64, c.Values)
	for i, item := range c.Item {
		if c.Rows != nil {
			count[item] += c.Rows[i]
		}
	}
	for _, v := range c.Value {
		count[v]++
	}
	return criterion.NewWhole(count)
}

func newJudge(c *Sensitive) judge {
	j := judge{whole: c.Whole()}
	for _, criterion := range c.Criteria {
		j.least = max(j.least, criterion.Distinct())
	}
	return j
}

// cells are those of the classes of a table, as in Sensitive.
type cells struct {
	start []int
	item  []uint32
	rows  []int64
}

func (c *cells) bytes() int { return 8*len(c.start) + 4*len(c.item) + 8*len(c.rows) }

// failing is a class that fails a criterion though it has distinct values
// enough, with how many of its rows were counted as suppressed already.
type failing struct {
	class int
	lost  int64
}

// valuesScratch is the part of a scratch that judges values.
type valuesScratch struct {
	into     []uint32               // by class of the table rolled up: its class
	start    []int                  // of by
	by       []uint32               // classes of the table rolled up, by their class
	hist     []*criterion.Histogram // a sensitive column
	items    []uint32               // of the class in the histogram last made
	item     []uint32               // of cells being merged
	itemRows []int64
	met      [][]uint32 // by sensitive column and item: the turn it was met in
	turn     uint32
	lack     []int64 // by class: rows lost at least plus one, 0 where none fails
	failing  []failing
}

func (p *search) newValuesScratch() valuesScratch {
	var v valuesScratch
	for i := range p.Sensitive {
		c := &p.Sensitive[i]
		v.hist = append(v.hist, criterion.NewHistogram(p.judges[i].whole))
		v.met = append(v.met, nil)
		if c.Rows == nil {
			v.met[i] = make([]uint32, c.items())
		}
	}
	return v
}

// regroup sorts the classes that were rolled up by the class they came into.
func (s *scratch) regroup() {
	n := len(s.rows)
	s.start = slices.Grow(s.start[:0], n+2)[:n+2]
	clear(s.start)
	for _, c := range s.into {
		s.start[c+2]++
	}
	for i := 2; i < len(s.start); i++ {
		s.start[i] += s.start[i-1]
	}
	s.by = slices.Grow(s.by[:0], len(s.into))[:len(s.into)]
	for i, c := range s.into {
		s.by[s.start[c+1]] = uint32(i)
		s.start[c+1]++
	}
	s.start = s.start[:n+1]
}

// parts are the classes rolled up into a class.
func (s *scratch) parts(class int) []uint32 { return s.by[s.start[class]:s.start[class+1]] }

// tally makes the histogram of sensitive column k over some classes of t.
func (p *search) tally(s *scratch, t *table, k int, classes []uint32) *criterion.Histogram {
	h := s.hist[k]
	h.Reset()
	from := &t.cells[k]
	if p.Sensitive[k].Rows == nil {
		p.tallyOnce(s, from, k, classes)
		return h
	}
	for _, c := range classes {
		for i := from.start[c]; i < from.start[c+1]; i++ {
			h.Add(from.item[i], from.rows[i])
		}
	}
	s.items = append(s.items[:0], h.Present()...)
	return h
}

func (p *search) tallyOnce(s *scratch, from *cells, k int, classes []uint32) {
	h, value, met := s.hist[k], p.Sensitive[k].Value, s.met[k]
	if s.turn++; s.turn == 0 {
		for _, m := range s.met {
			clear(m)
		}
		s.turn = 1
	}
	s.items = s.items[:0]
	for _, c := range classes {
		for _, item := range from.item[from.start[c]:from.start[c+1]] {
			if met[item] == s.turn {
				continue
			}
			met[item] = s.turn
			s.items = append(s.items, item)
			h.Add(value[item], 1)
		}
	}
}

// mergeCells makes the cells of the classes that rollUp made of t.
func (p *search) mergeCells(s *scratch, t *table) []cells {
	if len(t.cells) == 0 {
		return nil
	}
	s.regroup()
	merged := make([]cells, len(t.cells))
	for k := range merged {
		m := &merged[k]
		m.start = make([]int, 1, len(s.rows)+1)
		item, rows := s.item[:0], s.itemRows[:0]
		for c := range s.rows {
			h := p.tally(s, t, k, s.parts(c))
			item = append(item, s.items...)
			if p.Sensitive[k].Rows != nil {
				for _, v := range s.items {
					rows = append(rows, h.Count(v))
				}
			}
			m.start = append(m.start, len(item))
		}
		// Copied, because what is kept must not be larger than it is.
		m.item, m.rows = slices.Clone(item), slices.Clone(rows)
		s.item, s.itemRows = item, rows
	}
	return merged
}

// judgeClasses judges the values of the classes that rollUp made of t and that
// are not suppressed. It suppresses those with too few distinct values, lists
// in s.failing the others that fail, and counts as suppressed the rows of
// these that are so in every vector below as well. It stops where the limit is
// passed.
func (p *search) judgeClasses(s *scratch, t *table, limit int64) {
	s.failing = s.failing[:0]
	if len(p.Sensitive) == 0 {
		return
	}
	s.regroup()
	s.lack = slices.Grow(s.lack[:0], len(s.rows))[:len(s.rows)]
	clear(s.lack)
	for k := range p.Sensitive {
		for c, rows := range s.rows {
			if s.mark[c] == markSuppressed {
				continue
			}
			h := p.tally(s, t, k, s.parts(c))
			if h.Distinct() < p.judges[k].least {
				if s.suppress(c); s.suppressed > limit {
					return
				}
				continue
			}
			if holds, lost := p.Sensitive[k].judge(h, rows); !holds {
				s.lack[c] = max(s.lack[c], 1+lost)
			}
		}
	}
	for c, lack := range s.lack {
		if lack > 0 && s.mark[c] != markSuppressed {
			s.failing = append(s.failing, failing{c, lack - 1})
			s.lose(c, lack-1)
		}
	}
}

// suppressFailing suppresses what is left of the classes that fail.
func (s *scratch) suppressFailing(p *search) {
	for _, f := range s.failing {
		s.lose(f.class, s.rows[f.class]-f.lost)
		s.mark[f.class] = markSuppressed
	}
	s.failing = s.failing[:0]
}

// judge says whether a class satisfies the criteria and, where not, how many
// of its rows are suppressed in every vector below. That rests on histograms
// adding up when classes merge; where they do not, it is nothing.
func (c *Sensitive) judge(h *criterion.Histogram, rows int64) (holds bool, lost int64) {
	holds = true
	most := 0.0
	for _, criterion := range c.Criteria {
		if ok, bound := criterion.Judge(h); !ok {
			holds = false
			most = max(most, bound)
		}
	}
	if c.Rows == nil {
		return holds, 0
	}
	if most >= float64(rows) { // or infinite
		return holds, rows
	}
	return holds, max(0, int64(math.Ceil(most-boundSlack-rowSlack*float64(h.Total()))))
}

// What rounding may add to a bound of rows, and more.
const (
	boundSlack = 1e-6
	rowSlack   = 1e-9 // a row of the class
)

// togetherDiverse says whether the suppressed rows satisfy the criteria as one
// class.
func (p *search) togetherDiverse(s *scratch, t *table) bool {
	return p.restHolds(s, t, func(*Sensitive) bool { return true })
}

// restHolds says whether what is suppressed satisfies the criteria of some of
// the columns as one class, where it is anything.
func (p *search) restHolds(s *scratch, t *table, of func(*Sensitive) bool) bool {
	var classes []uint32
	for i, c := range s.into {
		if s.mark[c] == markSuppressed {
			classes = append(classes, uint32(i))
		}
	}
	for k := range p.Sensitive {
		if !of(&p.Sensitive[k]) {
			continue
		}
		h := p.tally(s, t, k, classes)
		if h.Total() == 0 {
			continue
		}
		if !criterion.Hold(p.Sensitive[k].Criteria, h) {
			return false
		}
	}
	return true
}
