package lattice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lethe-go/lethe/internal/criterion"
)

// MaxCandidates is how many vectors of levels the search is ready to look at
// one by one, once the first bound has ruled out the others. Each costs some
// microseconds to compare with what is known, which is seconds in all, and a
// few of a hundred have their classes counted, at about a millisecond each.
// Where there are more, the search is one of best effort.
const MaxCandidates = 2 << 20

// Infeasible is the error of a problem without a solution. Classes and Rows
// are those that fail at the highest levels, where the fewest do.
type Infeasible struct {
	Classes int
	Rows    int64
	// Small are the classes that are too small, and Criteria those that fail
	// each criterion of each column, whatever else they do; nil where another
	// search than that of levels failed.
	Small    int
	Criteria [][]int
	// Everywhere says that no vector below the highest levels can do better.
	Everywhere bool
}

func (e *Infeasible) Error() string {
	return fmt.Sprintf("%d classes of %d rows are too small at the highest levels", e.Classes, e.Rows)
}

// search is a Problem being solved.
type search struct {
	*Problem
	n         int64       // rows
	most      int         // classes of a vector that is within the limit
	rows      [][][]int64 // by column, level and label
	measure   measuring
	spans     spans
	steps     [][][][]uint32
	order     []int  // columns, those of most values first
	whole     *table // the tuples
	base      *table // the classes at the lowest levels allowed
	prefixes  prefixes
	weightBar uint64
	judges    []judge // a sensitive column
	shifts    []uint
	guards    uint64
	evaluated atomic.Int64

	mu      sync.Mutex
	best    *candidate
	limit   atomic.Uint64 // bits of the bar
	frozen  bool          // the bar
	seen    map[string]bool
	records atomic.Pointer[[]*record]
}

// Solve finds the best vector of levels, or, where there are too many or the
// deadline of ctx comes first, the best of those it has looked at. The result
// does not depend on the order of tuples or the number of workers, nor on
// anything but the deadline. It fails with an *Infeasible, with an
// ErrNoneFound or with the error of ctx; when that is its deadline, only where
// nothing was found.
func Solve(ctx context.Context, prob *Problem) (*Result, error) {
	p := newSearch(prob)
	scratches := make([]*scratch, max(1, p.Workers))
	for i := range scratches {
		scratches[i] = p.newScratch()
	}
	p.setBase(scratches[0])
	p.setMeasure()
	p.evaluate(scratches[0], p.highest())
	if (*p.records.Load())[0].suppressed > p.Limit { // as little as there can be anywhere
		return nil, p.infeasible(scratches[0])
	}
	bound, candidates, err := p.run(ctx, scratches)
	switch {
	case err != nil && (p.best == nil || !errors.Is(err, context.DeadlineExceeded)):
		return nil, err
	case p.best == nil:
		return nil, p.infeasible(scratches[0])
	}
	return p.result(scratches[0], bound, candidates), nil
}

// run looks for the best vector: at all candidates where that is possible, by
// best effort otherwise. Whether it ends or is stopped, no vector has a lower
// value than bound.
func (p *search) run(
	ctx context.Context, ss []*scratch,
) (bound float64, candidates int, err error) {
	bound = p.firstBound(p.lowest())
	if err := p.descend(ctx, ss); err != nil {
		return bound, 0, err
	}
	list, few := p.enumerate()
	if !few {
		bound, err = p.bestEffort(ctx, ss)
		return bound, 0, err
	}
	candidates = len(list) / len(p.Columns)
	if err := p.visit(ctx, ss, list); err != nil {
		return bound, candidates, err
	}
	if p.best != nil {
		bound = p.best.score.value
	}
	return bound, candidates, nil
}

func newSearch(prob *Problem) *search {
	p := &search{Problem: prob, seen: map[string]bool{}}
	p.limit.Store(math.Float64bits(math.Inf(1)))
	p.records.Store(new([]*record))
	for _, n := range p.Rows {
		p.n += n
	}
	p.most = p.mostClasses()
	p.weightBar = uint64(max(p.K-1, 0)) * weightOne
	codes := make([]uint32, p.tuples())
	for j := range p.Columns {
		c := &p.Columns[j]
		var values []int64
		if p.Values != nil {
			values = p.Values[j]
		} else {
			values = make([]int64, len(c.Codes[0]))
			p.Layout.Get(p.Keys, j, codes)
			for i, v := range codes {
				values[v] += p.Rows[i]
			}
		}
		p.rows = append(p.rows, p.rowsByLabel(j, values))
		p.steps = append(p.steps, stepsOf(c))
		p.order = append(p.order, j)
	}
	slices.SortStableFunc(p.order, func(a, b int) int {
		return cmp.Compare(len(p.Columns[b].Codes[0]), len(p.Columns[a].Codes[0]))
	})
	for i := range p.Sensitive {
		p.judges = append(p.judges, newJudge(&p.Sensitive[i]))
	}
	p.spans = newSpans(p.Columns)
	p.layPacked()
	return p
}

func (p *search) newScratch() *scratch {
	return &scratch{
		classes:       newClasses(p),
		to:            make([]uint32, block),
		losses:        losses{count: make([][]int64, len(p.Columns))},
		part:          make([]float64, len(p.Columns)),
		bound:         make([]float64, len(p.Columns)),
		valuesScratch: p.newValuesScratch(),
	}
}

// setBase makes the classes at the lowest levels allowed, from which all
// others follow.
func (p *search) setBase(s *scratch) {
	t := &table{levels: make([]uint8, len(p.Columns)), rows: p.Rows}
	for k := range p.spans.columns {
		t.spans = append(t.spans, p.numbers(k, p.Keys, p.tuples()))
	}
	for i := range p.Sensitive {
		c := &p.Sensitive[i]
		t.cells = append(t.cells, cells{start: c.Start, item: c.Item, rows: c.Rows})
	}
	if u := p.People; u != nil {
		t.crowd = u.crowds(p.tuples())
	}
	p.whole, p.base = t, t
	if low := p.lowest(); levelSum(low) > 0 {
		p.rollUp(s, t, low, math.MaxInt)
		p.base = p.keep(s, t, low)
		if p.base.len() == t.len() { // numbered alike, so that tuples are found by it as well
			p.base.rows, p.whole = t.rows, p.base
		}
	}
	memory := p.Memory
	if memory == 0 {
		memory = max(32<<20, p.base.bytes())
	}
	p.prefixes = prefixes{asked: map[string]int{}, limit: memory}
}

// setMeasure prepares the measure, for which it takes the classes of setBase.
func (p *search) setMeasure() {
	m := p.Measure
	if m == nil {
		m = plain()
	}
	p.measure = m.prepare(p)
}

// plain is the Measure where none is given.
func plain() ByColumn { return ByColumn{Loss: Shares{Factors{1, 1}}} }

func (p *search) lowest() []uint8 {
	levels := make([]uint8, len(p.Columns))
	for j := range levels {
		levels[j] = uint8(p.Columns[j].Min)
	}
	return levels
}

func (p *search) highest() []uint8 {
	levels := make([]uint8, len(p.Columns))
	for j := range levels {
		levels[j] = uint8(p.Columns[j].Max)
	}
	return levels
}

// bar is the value above which a vector cannot be the best.
func (p *search) bar() float64 { return math.Float64frombits(p.limit.Load()) }

func (p *search) offer(c *candidate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.better(p.best, p.Columns) {
		p.best = c
		if !p.frozen {
			p.limit.Store(math.Float64bits(p.slack(c.score.value)))
		}
	}
}

// slack is a value that no bound of an equal one exceeds by rounding, or by
// cutting off.
func (p *search) slack(value float64) float64 {
	return value + float64(len(p.Columns)+10)*2e-10*max(1, math.Abs(value))
}

func (p *search) publish(r *record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[string(r.levels)] = true
	// Readers hold the slice as it was; what is appended lies beyond its end.
	all := append(*p.records.Load(), r)
	p.records.Store(&all)
}

func (p *search) known(levels []uint8) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[string(levels)]
}

// each calls f for 0 to n-1 on all workers and returns when all have ended. It
// stops early when ctx is cancelled.
func (p *search) each(ctx context.Context, ss []*scratch, n int, f func(s *scratch, i int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, s := range ss[:min(len(ss), max(n, 1))] {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(s, i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// infeasible says how far the highest levels are from satisfying the models.
func (p *search) infeasible(s *scratch) error {
	top := p.highest()
	p.suppressAll(s, top)
	e := &Infeasible{Rows: s.suppressed, Classes: s.countSuppressed(),
		Everywhere: (*p.records.Load())[0].suppressed > p.Limit}
	if doubt := s.scan(p, top, p.n); doubt > 0 {
		p.resolve(s, top, doubt)
	}
	e.Small = s.countSuppressed()
	s.regroup()
	e.Criteria = make([][]int, len(p.Sensitive))
	for k := range p.Sensitive {
		e.Criteria[k] = make([]int, len(p.Sensitive[k].Criteria))
		for c, rows := range s.rows {
			if rows == 0 {
				continue
			}
			h := p.tally(s, p.base, k, s.parts(c))
			for i := range p.Sensitive[k].Criteria {
				if !criterion.Hold(p.Sensitive[k].Criteria[i:i+1], h) {
					e.Criteria[k][i]++
				}
			}
		}
	}
	return e
}

// countSuppressed counts the classes that are suppressed and have rows.
func (s *scratch) countSuppressed() (n int) {
	for c, m := range s.mark {
		if m == markSuppressed && s.rows[c] > 0 {
			n++
		}
	}
	return n
}

// suppressAll counts the classes at a vector of levels and suppresses all that
// fail, whatever the limit.
func (p *search) suppressAll(s *scratch, levels []uint8) {
	p.rollUp(s, p.base, levels, math.MaxInt)
	if doubt := s.scan(p, levels, p.n); doubt > 0 {
		p.resolve(s, levels, doubt)
	}
	p.judgeClasses(s, p.base, p.n)
	s.suppressFailing(p)
	p.limitSizes(s, levels)
}

func (p *search) result(s *scratch, bound float64, candidates int) *Result {
	b := p.best
	p.suppressAll(s, b.levels)
	r := &Result{
		Suppressed: b.suppressed,
		Loss:       p.measure.loss(b.score),
		Exact:      bound >= b.score.value,
		Evaluated:  int(p.evaluated.Load()),
		Candidates: candidates,
		Score:      append([]float64{b.score.value}, b.score.rank...),
	}
	switch {
	case r.Exact:
		r.Bound = r.Loss
	case math.IsInf(bound, -1):
		r.Bound = bound
	default:
		bound -= p.slack(bound) - bound
		r.Bound = min(r.Loss, p.measure.loss(score{value: bound}))
	}
	for j, l := range b.levels {
		r.Levels = append(r.Levels, int(l))
		column := plain().Loss.prepare(p, j)
		r.Columns = append(r.Columns, column.at(int(l), p.lost(s)[j], s.suppressed))
	}
	kept := make([]int, 0, len(s.rows)-s.countSuppressed())
	r.KeptRows = make([]int64, 0, cap(kept))
	for c, rows := range s.rows {
		if s.mark[c] != markSuppressed {
			kept = append(kept, c)
			r.KeptRows = append(r.KeptRows, rows)
		}
	}
	r.Kept = s.classes.keys(kept)
	return r
}
