package recode

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
)

// solver is a Problem being solved. Its items are the tuples, those alike at
// the lowest levels taken together.
type solver struct {
	*Problem
	axes []*axis
	m    int
	n    int64 // rows
	unit float64
	lost int64 // cost of a suppressed row

	limit int64 // rows that may be suppressed

	item  []uint32     // of each tuple
	nodes []uint32     // of each item, m of them
	rows  []int64      // of each item
	steps [][][]uint32 // see stepsUp
	judge *judge
	pairs *pairTable
}

func newSolver(p *Problem) *solver {
	s := &solver{Problem: p, m: len(p.Columns), limit: p.Limit}
	for _, n := range p.Rows {
		s.n += n
	}
	// Costs of all rows add up within 63 bits, those of forbidden nodes too, and
	// a cost is below 2^32.
	free := 61 - bits.Len64(uint64(s.n)) - 2*bits.Len(uint(s.m+2))
	s.unit = float64(int64(1) << max(4, min(25, free)))
	for j := range p.Columns {
		var span *Span
		if p.Spans != nil {
			span = p.Spans[j]
		}
		s.axes = append(s.axes, newAxis(&p.Columns[j], span, s.unit, s.forbidden()))
		s.lost += int64(math.Round((1 - p.Columns[j].Least) * s.unit))
	}
	s.pairs = s.newPairTable()
	s.steps = s.stepsUp()
	s.takeItems()
	s.judge = newJudge(s)
	return s
}

// takeItems merges the tuples that are alike at the lowest levels. Items are
// numbered in the order of their keys, whatever the order of tuples.
func (s *solver) takeItems() {
	n := len(s.Rows)
	w := s.Layout.Words()
	keys := append([]uint64(nil), s.Keys...)
	for j := range s.Columns {
		if c := &s.Columns[j]; c.Min > 0 {
			s.Layout.Map(keys, j, c.Codes[c.Min])
		}
	}
	order := sortedTuples(keys, w)
	sorted := make([]uint64, 0, len(keys))
	for _, t := range order {
		sorted = append(sorted, keys[int(t)*w:(int(t)+1)*w]...)
	}
	table := group.New(w, n)
	number := make([]uint32, n)
	table.Add(sorted, number)
	s.item = make([]uint32, n)
	for i, t := range order {
		s.item[t] = number[i]
	}
	items := table.Len()
	s.rows = make([]int64, items)
	s.nodes = make([]uint32, items*s.m)
	codes := make([]uint32, n)
	for i, it := range s.item {
		s.rows[it] += s.Rows[i]
	}
	for j, a := range s.axes {
		s.Layout.Get(s.Keys, j, codes)
		leaf := make([]uint32, len(s.Columns[j].Codes[0]))
		for v := range leaf {
			leaf[v] = a.leaf(uint32(v))
		}
		for i, it := range s.item {
			s.nodes[int(it)*s.m+j] = leaf[codes[i]]
		}
	}
}

// sortedTuples are the numbers of keys of w words in ascending order.
func sortedTuples(keys []uint64, w int) []uint32 {
	order := make([]uint32, len(keys)/w)
	for i := range order {
		order[i] = uint32(i)
	}
	if w == 1 {
		slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) })
		return order
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return slices.Compare(keys[int(a)*w:(int(a)+1)*w], keys[int(b)*w:(int(b)+1)*w])
	})
	return order
}

// stepsUp are the maps from the codes of the lowest level to those of each
// level from there on, by column.
func (s *solver) stepsUp() [][][]uint32 {
	all := make([][][]uint32, s.m)
	for j := range s.Columns {
		c := &s.Columns[j]
		for l := c.Min; l <= c.Max; l++ {
			step := make([]uint32, len(c.Shares[c.Min]))
			for v, low := range c.Codes[c.Min] {
				step[low] = c.Codes[l][v]
			}
			all[j] = append(all[j], step)
		}
	}
	return all
}

// low is the code of an item at the lowest level of a column.
func (s *solver) low(item, column int) uint32 {
	return s.axes[column].low(s.nodes[item*s.m+column])
}

func (s *solver) items() int { return len(s.rows) }

// at are the nodes of an item.
func (s *solver) at(item int32) []uint32 { return s.nodes[int(item)*s.m : (int(item)+1)*s.m] }

// joinInto makes a vector of nodes the lowest above itself and another.
func (s *solver) joinInto(to, from []uint32) {
	for j, a := range s.axes {
		if to[j] != from[j] {
			to[j] = a.join(to[j], from[j])
		}
	}
}

// price is the cost of a row at a vector of nodes.
func (s *solver) price(nodes []uint32) (sum int64) {
	for j, a := range s.axes {
		sum += a.price(nodes[j])
	}
	return sum
}

// priceJoin is the cost of a row at the lowest nodes above two vectors.
func (s *solver) priceJoin(x, y []uint32) (sum int64) {
	for j, a := range s.axes {
		if a.tab != nil {
			sum += int64(a.pair[int(x[j])*a.n+int(y[j])])
		} else {
			sum += a.price(a.join(x[j], y[j]))
		}
	}
	return sum
}

// forbidden is the cost of a node that must not be used: more than a row can
// lose.
func (s *solver) forbidden() int64 { return int64(s.m+1) * int64(s.unit) }

// allowed says whether no node of a vector is forbidden.
func (s *solver) allowed(nodes []uint32) bool { return s.price(nodes) < s.forbidden() }

// cover is the lowest vector of nodes above some items.
func (s *solver) cover(to []uint32, items []int32) {
	copy(to, s.at(items[0]))
	for _, it := range items[1:] {
		s.joinInto(to, s.at(it))
	}
}
