package kanon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lethe-go/lethe/internal/lattice"
)

// partWork is a part that is being recoded.
type partWork struct {
	part       *part
	at         []int // levels at which its values are alike
	rows       int64
	people     int
	room       int   // combinations that the plan may list
	limit      int64 // rows that may be suppressed
	iterations int
	workers    int
}

// recode recodes all parts.
func (s *partsSearch) recode(ctx context.Context, root *part) (*Plan, error) {
	found, err := s.recodeLeaves(ctx, root)
	if err == nil {
		err = s.recodePart(ctx, root, root, found)
	}
	var no *lattice.Infeasible
	if errors.As(err, &no) {
		return nil, s.explain(err, s.counts)
	}
	if err != nil {
		return nil, err
	}
	return s.plan(root)
}

// together is how many leaves share what earlier ones have left to be suppressed.
const together = 8

// recodeLeaves recodes each part that is not divided, several at a time. It
// returns none for one that cannot be recoded alone.
func (s *partsSearch) recodeLeaves(ctx context.Context, root *part) ([]*piece, error) {
	found := make([]*piece, len(s.leaves))
	scratch := make([]*peopleNumbers, min(partsAtOnce, runtime.GOMAXPROCS(0)))
	for i := range scratch {
		scratch[i] = new(peopleNumbers)
	}
	for lo := 0; lo < len(s.leaves); lo += together {
		hi := min(lo+together, len(s.leaves))
		works := s.works(root, found[:lo], s.leaves[lo:hi])
		errs := make([]error, len(works))
		var next atomic.Int64
		var wg sync.WaitGroup
		for _, people := range scratch {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(works); i = int(next.Add(1)) - 1 {
					found[lo+i], errs[i] = s.recodeOne(ctx, works[i], people)
				}
			})
		}
		wg.Wait()
		for i, err := range errs {
			var no *lattice.Infeasible
			if errors.As(err, &no) && len(s.leaves) > 1 {
				found[lo+i] = nil
			} else if err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// works are what is to be done for some leaves, behind those that were done.
func (s *partsSearch) works(root *part, done []*piece, leaves []*part) []*partWork {
	var works []*partWork
	rows := int64(0)
	for _, p := range leaves {
		works = append(works, s.work(p))
		rows += p.rows
	}
	if s.cfg.Suppressed != Drop && leaves[0] != root {
		return works // what is starred is a class of all parts together
	}
	left := s.mayLose(done, 0)
	for _, w := range works {
		share := float64(w.rows) / float64(rows)
		w.limit = int64(s.cfg.MaxSuppression*float64(w.rows)) + int64(float64(left)*share)
	}
	return works
}

// mayLose is how many rows may be suppressed beside those of some pieces, of so
// many rows more.
func (s *partsSearch) mayLose(done []*piece, rows int64) int64 {
	suppressed := int64(0)
	for _, d := range done {
		if d != nil {
			suppressed, rows = suppressed+d.suppressed, rows+d.rows
		}
	}
	return max(0, int64(math.Floor(s.cfg.MaxSuppression*float64(rows)))-suppressed)
}

// work is what is to be done for a part, but for what may be suppressed in it.
func (s *partsSearch) work(p *part) *partWork {
	w := &partWork{part: p, at: make([]int, len(s.domains)),
		workers: max(1, runtime.GOMAXPROCS(0)/partsAtOnce)}
	tuples := int64(0)
	for _, leaf := range s.leaves[p.first:p.last] {
		w.rows, tuples, w.room = w.rows+leaf.rows, tuples+leaf.tuples, w.room+int(leaf.budget)
	}
	if tuples > s.whole {
		for j := range w.at {
			w.at[j] = min(s.floor[j], p.fixed[j])
		}
	}
	w.iterations = int(float64(s.cfg.Local.Iterations) * (float64(w.rows) / float64(s.counts.total)))
	return w
}

// recodePart takes a part as those it is divided into were recoded or, where one of
// them cannot be, recodes it in one.
func (s *partsSearch) recodePart(ctx context.Context, root, p *part, found []*piece) error {
	if len(p.below) == 0 && found[p.first] != nil {
		s.done = append(s.done, found[p.first])
		return nil
	}
	done := len(s.done)
	for _, below := range p.below {
		err := s.recodePart(ctx, root, below, found)
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
	if len(p.below) == 0 && p != root {
		return &lattice.Infeasible{}
	}
	w := s.work(p)
	w.workers = runtime.GOMAXPROCS(0)
	if p == root || s.cfg.Suppressed == Drop {
		w.limit = s.mayLose(slices.Concat(s.done, found[p.last:]), w.rows)
	}
	d, err := s.recodeOne(ctx, w, new(peopleNumbers))
	if err == nil {
		s.done = append(s.done, d)
	}
	return err
}

// recodeOne recodes a part in one.
func (s *partsSearch) recodeOne(
	ctx context.Context, w *partWork, people *peopleNumbers,
) (*piece, error) {
	c, err := s.read(ctx, w, people)
	if err != nil {
		return nil, err
	}
	d, err := s.recodeCounts(ctx, c, w)
	if err != nil {
		return nil, err
	}
	d.part, d.rows = w.part, w.rows
	return d, nil
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
	prob.Limit, prob.Workers = w.limit, w.workers
	if err := s.limits(prob, s.counts); err != nil {
		return nil, err
	}
	r, err := s.local.solve(ctx, prob, s.local.linesAt(w.at), w.iterations, int(s.before.tuples))
	if err != nil {
		return nil, fmt.Errorf("kanon: search: %w", err)
	}
	return s.newPiece(w.at, prob, r), nil
}

// coarsen looks for levels at which combinations are few enough.
func (s *partsSearch) coarsen(c *Counts, w *partWork) []int {
	prob := s.problem(c, s.domains)
	f := &coarsener{order: s.local.order, fixed: w.part.fixed, firsts: s.firsts, layout: prob.Layout,
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
// are numbered anew.
func (s *partsSearch) read(
	ctx context.Context, w *partWork, people *peopleNumbers,
) (*Counts, error) {
	c := s.counts.none()
	to := s.atLevels(w.at)
	if s.counts.people != nil && people.number == nil {
		people.number = slices.Repeat([]uint32{math.MaxUint32}, s.counts.people.Len())
	}
	to.people = people.number
	for _, f := range s.files[w.part.first:w.part.last] {
		r := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), spillBuffer)
		src := cancelled(ctx, newTupleReader(r, s.counts.shape(), s.counts.allSizes()))
		if err := c.takeAll(&namedPeople{src, people}, to); err != nil {
			return nil, err
		}
	}
	w.people = len(people.found)
	people.forget()
	return c, nil
}

// peopleNumbers are numbers of some people, in the order in which they come.
type peopleNumbers struct {
	number []uint32 // by person
	found  []uint32
}

func (p *peopleNumbers) forget() {
	for _, person := range p.found {
		p.number[person] = math.MaxUint32
	}
	p.found = p.found[:0]
}

// namedPeople numbers the people that pass.
type namedPeople struct {
	tupleSource
	*peopleNumbers
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
