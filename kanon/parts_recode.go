package kanon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/lattice"
)

// partWork is a part that is being recoded.
type partWork struct {
	at         []int // levels at which its values are alike
	fixed      []int // see part
	people     int
	room       int   // combinations that the plan may list
	limit      int64 // rows that may be suppressed
	iterations int
}

// recode recodes all parts.
func (s *partsSearch) recode(ctx context.Context, root *part) (*Plan, error) {
	err := s.recodePart(ctx, root, root)
	var no *lattice.Infeasible
	if errors.As(err, &no) {
		return nil, s.explain(err, s.counts)
	}
	if err != nil {
		return nil, err
	}
	return s.plan(root)
}

// recodePart recodes a part by those it is divided into or, where one of them
// cannot be recoded, in one.
func (s *partsSearch) recodePart(ctx context.Context, root, p *part) error {
	done := len(s.done)
	for _, below := range p.below {
		err := s.recodePart(ctx, root, below)
		var no *lattice.Infeasible
		if errors.As(err, &no) {
			clear(s.done[done:])
			s.done = s.done[:done]
			break
		}
		if err != nil {
			return err
		}
	}
	if len(s.done) > done {
		return nil
	}
	return s.recodeWhole(ctx, root, p)
}

// recodeWhole recodes a part in one.
func (s *partsSearch) recodeWhole(ctx context.Context, root, p *part) error {
	w := &partWork{at: make([]int, len(s.domains)), fixed: p.fixed}
	rows, tuples := int64(0), int64(0)
	for _, leaf := range s.leaves[p.first:p.last] {
		rows, tuples, w.room = rows+leaf.rows, tuples+leaf.tuples, w.room+int(leaf.budget)
	}
	if tuples > s.whole {
		for j := range w.at {
			w.at[j] = min(s.floor[j], p.fixed[j])
		}
	}
	w.iterations = int(float64(s.cfg.Local.Iterations) * (float64(rows) / float64(s.counts.total)))
	if p == root || s.cfg.Suppressed == Drop { // what is starred is a class of all parts together
		suppressed, all := int64(0), rows
		for _, d := range s.done {
			suppressed, all = suppressed+d.suppressed, all+d.rows
		}
		w.limit = int64(math.Floor(s.cfg.MaxSuppression*float64(all))) - suppressed
	}
	c, people, err := s.read(ctx, p, w.at)
	if err != nil {
		return err
	}
	w.people = people
	done, err := s.recodeCounts(ctx, c, w)
	if err != nil {
		return err
	}
	done.part, done.rows = p, rows
	s.done = append(s.done, done)
	return nil
}

// recodeCounts recodes the combinations of a part: as they are if the plan has
// room for them, and otherwise at levels at which it has.
func (s *partsSearch) recodeCounts(ctx context.Context, c *Counts, w *partWork) (*piece, error) {
	if c.tuples.Len() > w.room {
		w.at = s.coarsen(c, w)
		coarser := s.counts.none()
		to := s.atLevels(w.at)
		to.people = identity(w.people)
		if err := coarser.takeAll(c.held(false), to); err != nil {
			return nil, err
		}
		c = coarser
	}
	prob := s.problemOf(c, w.at, w.people)
	prob.Limit = w.limit
	r, err := s.local.solve(ctx, prob, s.local.linesAt(w.at), w.iterations)
	if err != nil {
		return nil, fmt.Errorf("kanon: search: %w", err)
	}
	return s.newPiece(w.at, prob, r), nil
}

// coarsen looks for levels at which combinations are few enough.
func (s *partsSearch) coarsen(c *Counts, w *partWork) []int {
	prob := s.problem(c, s.domains)
	f := &coarsener{order: s.local.order, fixed: w.fixed, firsts: s.firsts, layout: prob.Layout,
		keys: prob.Keys, room: w.room}
	codes := make([]uint32, len(prob.Rows))
	for j, d := range s.domains {
		prob.Layout.Get(prob.Keys, j, codes)
		rows := make([]int64, d.size())
		for i, n := range prob.Rows {
			rows[codes[i]] += n
		}
		var losses []float64
		for level := range d.column.Codes {
			losses = append(losses, d.lossAt(max(level, d.column.Min), rows))
		}
		f.losses = append(f.losses, losses)
	}
	return f.floor(w.at)
}

// read counts the combinations of a part that are alike at some levels. People
// are numbered anew; it returns how many there are.
func (s *partsSearch) read(ctx context.Context, p *part, at []int) (*Counts, int, error) {
	c := s.counts.none()
	to := s.atLevels(at)
	named := &namedPeople{number: s.people}
	if s.counts.people != nil && named.number == nil {
		named.number = slices.Repeat([]uint32{math.MaxUint32}, s.counts.people.Len())
		s.people = named.number
	}
	to.people = named.number
	for _, f := range s.files[p.first:p.last] {
		r := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), spillBuffer)
		named.tupleSource = cancelled(ctx, newTupleReader(r, s.counts.shape(), s.counts.allSizes()))
		if err := c.takeAll(named, to); err != nil {
			return nil, 0, err
		}
	}
	for _, person := range named.found {
		named.number[person] = math.MaxUint32
	}
	return c, len(named.found), nil
}

// namedPeople numbers people in the order in which they come.
type namedPeople struct {
	tupleSource
	number []uint32
	found  []uint32
}

func (n *namedPeople) next() (*counted, error) {
	t, err := n.tupleSource.next()
	if err != nil {
		return nil, err
	}
	for _, p := range t.people {
		if n.number[p] == math.MaxUint32 {
			n.number[p] = uint32(len(n.found))
			n.found = append(n.found, p)
		}
	}
	return t, nil
}

// problemOf is the problem of a part, whose values are alike at some levels.
func (s *partsSearch) problemOf(c *Counts, at []int, people int) *lattice.Problem {
	prob := s.problem(c, s.domains)
	codes := make([]uint32, len(prob.Rows))
	for j := range prob.Columns {
		column := &prob.Columns[j]
		column.Min = max(column.Min, at[j])
		if s.domains[j].line != nil {
			continue
		}
		// Above the level of one label for all there is nothing to look for.
		prob.Layout.Get(prob.Keys, j, codes)
		for column.Max > column.Min && oneLabel(column.Codes[column.Max-1], codes) {
			column.Max--
		}
	}
	if prob.People != nil {
		prob.People.Count = people
	}
	for i := range s.sensitive {
		sensitive := s.sensitive[i].tuples(newSensitiveDomain(c.values[i]), c.tuples.Len())
		sensitive.Table, sensitive.Criteria = s.tables[i].Table, s.tables[i].Criteria
		prob.Sensitive = append(prob.Sensitive, sensitive)
	}
	return prob
}

// oneLabel says whether all values have the same label.
func oneLabel(codes, values []uint32) bool {
	for _, v := range values {
		if codes[v] != codes[values[0]] {
			return false
		}
	}
	return true
}
