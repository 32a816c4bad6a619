package kanon

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"sort"
)

// heldTuples are the tuples of Counts that are in memory.
type heldTuples struct {
	c     *Counts
	order []uint32 // numbers of tuples; nil for that of counting
	pairs []uint64
	cells [][]uint32 // by sensitive column: cells by tuple, value and person
	at    int
	tuple counted
}

// held lists the tuples in memory, in ascending order if they are to be sorted.
// They are sorted in memory that is used again.
func (c *Counts) held(sorted bool) *heldTuples {
	h := &heldTuples{c: c}
	if sorted {
		h.order = c.inOrder()
	}
	h.tuple.codes = make([]uint32, len(c.coders))
	h.tuple.cells = make([][]countedCell, len(c.values))
	if c.people != nil {
		h.pairs = c.pairs.settle()
	}
	for _, v := range c.values {
		h.cells = append(h.cells, v.inOrder())
	}
	return h
}

// inOrder lists the numbers of the tuples by their keys.
func (c *Counts) inOrder() []uint32 {
	n := c.tuples.Len()
	c.order = slices.Grow(c.order[:0], max(n, c.reserved))[:n]
	for i := range c.order {
		c.order[i] = uint32(i)
	}
	(&keyOrder{c.tuples.Keys(), c.layout.Words()}).sort(c.order)
	return c.order
}

// inOrder lists the cells by tuple, value and person.
func (v *valueCounts) inOrder() []uint32 {
	order := make([]uint32, v.cells.Len())
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		s, t := v.cells.Keys()[a]>>32, v.cells.Keys()[b]>>32
		if s != t {
			return cmp.Compare(s, t)
		}
		return v.cell(a).compare(v.cell(b))
	})
	return order
}

// cell is the cell of a number.
func (v *valueCounts) cell(i uint32) countedCell {
	item := uint32(v.cells.Keys()[i])
	if v.items == nil {
		return countedCell{value: item, rows: v.rows[i]}
	}
	pair := v.items.Keys()[item]
	return countedCell{value: uint32(pair >> 32), person: uint32(pair)}
}

func (h *heldTuples) next() (*counted, error) {
	n, c, t := uint32(h.at), h.c, &h.tuple
	if h.at == c.tuples.Len() {
		return nil, io.EOF
	}
	if h.order != nil {
		n = h.order[h.at]
	}
	h.at++
	w := c.layout.Words()
	key := c.tuples.Keys()[int(n)*w : int(n+1)*w]
	for i := range t.codes {
		t.codes[i] = c.layout.Code(key, i)
	}
	t.rows = c.rows[n]
	if c.people != nil {
		t.people = t.people[:0]
		lo, _ := slices.BinarySearch(h.pairs, pairOf(n, 0))
		for _, p := range h.pairs[lo:] {
			if uint32(p>>32) != n {
				break
			}
			t.people = append(t.people, uint32(p))
		}
	}
	for i, v := range c.values {
		t.cells[i] = t.cells[i][:0]
		order, keys := h.cells[i], v.cells.Keys()
		lo := sort.Search(len(order), func(k int) bool { return keys[order[k]]>>32 >= uint64(n) })
		for _, k := range order[lo:] {
			if keys[k]>>32 != uint64(n) {
				break
			}
			t.cells[i] = append(t.cells[i], v.cell(k))
		}
	}
	return t, nil
}

// mergedTuples merges sources of ascending tuples into one: what was counted of
// a tuple that several have is added up.
type mergedTuples struct {
	heads []*mergeHead // a heap by the codes of their tuples
	tuple counted
	old   counted // memory to be used again
}

type mergeHead struct {
	from  tupleSource
	tuple *counted
	at    int // among the sources, for a total order
}

// mergeTuples begins to read the sources.
func mergeTuples(sources []tupleSource) (*mergedTuples, error) {
	m := &mergedTuples{}
	for i, s := range sources {
		h := &mergeHead{from: s, at: i}
		switch err := h.advance(); {
		case err == nil:
			m.heads = append(m.heads, h)
		case !errors.Is(err, io.EOF):
			return nil, err
		}
	}
	for i := len(m.heads)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m, nil
}

func (h *mergeHead) advance() (err error) {
	h.tuple, err = h.from.next()
	return err
}

func (m *mergedTuples) less(i, j int) bool {
	a, b := m.heads[i], m.heads[j]
	if c := compareCodes(a.tuple.codes, b.tuple.codes); c != 0 {
		return c < 0
	}
	return a.at < b.at
}

// sink moves head i down to its place.
func (m *mergedTuples) sink(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.heads) && m.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heads[i], m.heads[least] = m.heads[least], m.heads[i]
		i = least
	}
}

func (m *mergedTuples) next() (*counted, error) {
	if len(m.heads) == 0 {
		return nil, io.EOF
	}
	m.tuple.set(m.heads[0].tuple)
	for {
		if err := m.pop(); err != nil {
			return nil, err
		}
		if len(m.heads) == 0 || compareCodes(m.heads[0].tuple.codes, m.tuple.codes) != 0 {
			return &m.tuple, nil
		}
		m.tuple.add(m.heads[0].tuple, &m.old)
	}
}

// pop moves the first source on.
func (m *mergedTuples) pop() error {
	err := m.heads[0].advance()
	if errors.Is(err, io.EOF) {
		last := len(m.heads) - 1
		m.heads[0] = m.heads[last]
		m.heads = m.heads[:last]
		err = nil
	}
	if err == nil && len(m.heads) > 0 {
		m.sink(0)
	}
	return err
}

// set copies another tuple.
func (t *counted) set(o *counted) {
	t.codes = append(t.codes[:0], o.codes...)
	t.rows = o.rows
	t.people = append(t.people[:0], o.people...)
	for len(t.cells) < len(o.cells) {
		t.cells = append(t.cells, nil)
	}
	for i, cells := range o.cells {
		t.cells[i] = append(t.cells[i][:0], cells...)
	}
}

// add adds what was counted of the same tuple elsewhere. old is memory.
func (t *counted) add(o, old *counted) {
	t.rows += o.rows
	if len(o.people) > 0 {
		t.people, old.people = union(old.people[:0], t.people, o.people), t.people
	}
	for len(old.cells) < len(t.cells) {
		old.cells = append(old.cells, nil)
	}
	for i, cells := range o.cells {
		t.cells[i], old.cells[i] = addCells(old.cells[i][:0], t.cells[i], cells), t.cells[i]
	}
}

// union appends the ascending numbers of a and b, each once.
func union(dst, a, b []uint32) []uint32 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			dst, a = append(dst, a[0]), a[1:]
		case a[0] > b[0]:
			dst, b = append(dst, b[0]), b[1:]
		default:
			dst, a, b = append(dst, a[0]), a[1:], b[1:]
		}
	}
	return append(append(dst, a...), b...)
}

func addCells(dst, a, b []countedCell) []countedCell {
	for len(a) > 0 && len(b) > 0 {
		switch c := a[0].compare(b[0]); {
		case c < 0:
			dst, a = append(dst, a[0]), a[1:]
		case c > 0:
			dst, b = append(dst, b[0]), b[1:]
		default:
			both := a[0]
			both.rows += b[0].rows
			dst, a, b = append(dst, both), a[1:], b[1:]
		}
	}
	return append(append(dst, a...), b...)
}
