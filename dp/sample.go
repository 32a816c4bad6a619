package dp

import (
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
)

// sample keeps of each person a uniform sample without replacement of at most
// max rows, and of each row what the queries need: a group for each grouping
// and grid steps for each measure.
//
// It is Vitter's Algorithm R (1985, Random sampling with a reservoir, ACM TOMS
// 11(1), doi:10.1145/3147.3165), a reservoir a person. The first max rows are
// kept; the n-th row after that takes the place of a kept one with probability
// max/n, each place being as likely. By induction every set of max of the n
// rows seen is then kept with the same probability, whatever their order.
//
// What is kept of a person depends on that person's rows and on random words
// that nothing else uses. The samples of different people are therefore
// independent, and on a neighbouring table, without one person, those of all
// the others have the same joint distribution. So a mechanism that is ε-
// differentially private for tables that differ in max rows of one person is so
// for all neighbours: for each outcome of the others' samples the two
// probabilities differ by at most e^ε, and so do their averages over it.
//
// Memory is 16 bytes a person and, a kept row, 4 bytes and 4 more for each grouping
// and measure, and 8 for each column whose bounds are to be found.
type sample struct {
	max     uint64
	persons []person
	pages   []page
	n       int // entries in use
	plan    *plan
	held    []bool // by measure: in the pages

	list, other []uint32 // scratch
}

// person is one person's rows: how many were seen, and the list of those kept.
type person struct {
	seen uint64
	head uint32 // entry + 1; 0 ends the list
}

// page holds pageRows entries by column. Pages are never copied or grown.
type page struct {
	next   []uint32 // entry + 1
	groups [][]uint32
	values [][]int32   // by measure; nil where it is not held
	raws   [][]float64 // by number; nil where it is not kept as it is
}

// batch is the rows of a record as a sample takes them.
type batch struct {
	groups  [][]uint32
	values  [][]int32
	numbers [][]float64
}

const (
	pageBits = 13
	pageRows = 1 << pageBits
	pageMask = pageRows - 1
)

func newSample(p *plan) *sample {
	s := &sample{max: uint64(p.unit.MaxRows), plan: p}
	for _, m := range p.measures {
		s.held = append(s.held, m.find == nil)
	}
	return s
}

// forget leaves rows of nobody, with the measures that questions need whose bounds
// are to be found.
func (s *sample) forget() {
	s.persons = nil
	for i := range s.held {
		s.held[i] = s.held[i] && slices.ContainsFunc(s.plan.questions, func(q question) bool {
			return q.loose() && slices.Contains(q.measures, i)
		})
		if !s.held[i] {
			for _, p := range s.pages {
				p.values[i] = nil
			}
		}
	}
}

// grow makes room for the persons 0 … n-1.
func (s *sample) grow(n int) {
	if more := n - len(s.persons); more > 0 {
		s.persons = slices.Grow(s.persons, more)[:n]
	}
}

// add offers row i of a batch to the sample of its person.
func (s *sample) add(p uint32, i int, b *batch, src *entropy.Source) {
	who := &s.persons[p]
	who.seen++
	if who.seen <= s.max {
		s.put(s.link(who), i, b)
		return
	}
	if place := src.Uint64n(who.seen); place < s.max {
		e := who.head
		for ; place > 0; place-- {
			e = s.next(e - 1)
		}
		s.put(e-1, i, b)
	}
}

// link adds an entry to a person's list.
func (s *sample) link(who *person) uint32 {
	if s.n>>pageBits == len(s.pages) {
		s.pages = append(s.pages, s.newPage())
	}
	e := uint32(s.n)
	s.n++
	s.pages[e>>pageBits].next[e&pageMask] = who.head
	who.head = e + 1
	return e
}

func (s *sample) newPage() page {
	p := page{next: make([]uint32, pageRows)}
	for range s.plan.groupings {
		p.groups = append(p.groups, make([]uint32, pageRows))
	}
	p.values = make([][]int32, len(s.plan.measures))
	for i, held := range s.held {
		if held {
			p.values[i] = make([]int32, pageRows)
		}
	}
	p.raws = make([][]float64, len(s.plan.numbers))
	for i, kept := range s.plan.kept {
		if kept {
			p.raws[i] = make([]float64, pageRows)
		}
	}
	return p
}

func (s *sample) next(e uint32) uint32 { return s.pages[e>>pageBits].next[e&pageMask] }

// put writes row i of a batch to an entry.
func (s *sample) put(e uint32, i int, b *batch) {
	p, at := &s.pages[e>>pageBits], e&pageMask
	for j, g := range b.groups {
		p.groups[j][at] = g[i]
	}
	for j, v := range p.values {
		if v != nil {
			v[at] = b.values[j][i]
		}
	}
	for j, x := range p.raws {
		if x != nil {
			x[at] = b.numbers[j][i]
		}
	}
}

// eachPage calls f with every page and how many of its rows are in use.
func (s *sample) eachPage(f func(p *page, n int)) {
	for i := range s.pages {
		if n := min(pageRows, s.n-i*pageRows); n > 0 {
			f(&s.pages[i], n)
		}
	}
}

// entries appends the entries of a person to buf.
func (s *sample) entries(who person, buf []uint32) []uint32 {
	for e := who.head; e != 0; e = s.next(e - 1) {
		buf = append(buf, e-1)
	}
	return buf
}

// merge takes in the sample of further rows of person p, as if they had been
// added one by one: what is kept is a uniform sample of all rows seen. maps are
// those of copy.
//
// Of the n+m rows, a uniform sample of max holds a number of the first n that
// is the number of white balls among max drawn from n white and m black ones;
// drawing ball by ball gives it exactly. Given that number h, its part of the
// first n is a uniform set of h of them, as is a uniform choice of h from the
// max already chosen uniformly; and so for the others.
func (s *sample) merge(
	p uint32, from *sample, more person, maps [][]uint32, src *entropy.Source,
) {
	who := &s.persons[p]
	s.other = from.entries(more, s.other[:0])
	n, m := who.seen, more.seen
	who.seen += m
	if who.seen <= s.max {
		for _, e := range s.other {
			s.copy(s.link(who), from, e, maps)
		}
		return
	}
	mine := uint64(0)
	for range s.max {
		if src.Bernoulli(n, n+m) {
			n--
			mine++
		} else {
			m--
		}
	}
	s.list = s.entries(*who, s.list[:0])
	shuffle(s.list, int(mine), src)
	shuffle(s.other, int(s.max-mine), src)
	free := s.list[mine:]
	for i, e := range s.other[:s.max-mine] {
		if i < len(free) {
			s.copy(free[i], from, e, maps)
		} else {
			s.copy(s.link(who), from, e, maps)
		}
	}
}

// copy takes an entry over from another sample. maps renumber the groups of a
// grouping, where they are not nil.
func (s *sample) copy(e uint32, from *sample, other uint32, maps [][]uint32) {
	p, at := &s.pages[e>>pageBits], e&pageMask
	q, there := &from.pages[other>>pageBits], other&pageMask
	for j := range p.groups {
		g := q.groups[j][there]
		if g != none && maps[j] != nil {
			g = maps[j][g]
		}
		p.groups[j][at] = g
	}
	for j, v := range p.values {
		if v != nil {
			v[at] = q.values[j][there]
		}
	}
	for j, x := range p.raws {
		if x != nil {
			x[at] = q.raws[j][there]
		}
	}
}

// shuffle moves a uniform choice of k to the front.
func shuffle(list []uint32, k int, src *entropy.Source) {
	for i := range k {
		j := i + int(src.Uint64n(uint64(len(list)-i)))
		list[i], list[j] = list[j], list[i]
	}
}
