package kanon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/lattice"
)

// maxPasses is how often counts that were spilled are read at most to find a
// plan. Beyond, the best plan found so far is taken.
const maxPasses = 64

// box is the vectors of levels between two, both of them included.
type box struct{ low, high []int }

// spilledSearch finds the best vector of levels for counts that do not fit in
// memory. Where the combinations at the lowest levels of a box are too many, it
// raises levels until they are few enough and searches what lies above; what
// does not is boxes again. A box is done with when it was searched, when its
// highest vector does not satisfy the models, which rules out all below, or
// when none of its vectors can be better than the best found.
type spilledSearch struct {
	*Anonymizer
	counts  *Counts
	domains []*domain
	before  *beforehand
	bounds  [][]float64 // by column and level: 1 + loss at least by MeasureLoss, which steps go by
	least   *lattice.Bounds
	most    int64 // classes that a vector has at most if it satisfies k-anonymity
	memory  int64 // for combinations, and for solving them

	best       *lattice.Result
	passes     int
	estimated  map[string]float64 // by levels: how many combinations there are
	infeasible error              // of the box of all vectors
	// unproved is what the vectors that were not ruled out lose at least, of
	// boxes left open or searched by best effort; infinite without any.
	unproved float64
}

// solveSpilled is Solve for counts of which a part is in files.
func (a *Anonymizer) solveSpilled(
	ctx context.Context, c *Counts, domains []*domain,
) (*Plan, error) {
	if a.cfg.Recoding == Local {
		return a.solveParts(ctx, c, domains)
	}
	if a.cfg.Recoding != Global {
		return nil, fmt.Errorf("kanon: the counts outgrew their memory of %d bytes, in which recoding %q "+
			"cannot be solved; raise it, or choose %q or %q", c.bound, a.cfg.Recoding, Global, Local)
	}
	if a.cfg.Loss.measure() == MeasureDivergence {
		return nil, fmt.Errorf("kanon: the counts outgrew their memory of %d bytes, in which loss %q, "+
			"which is of each combination, cannot be had; raise it, or choose another measure", c.bound,
			MeasureDivergence)
	}
	// The search has use for the memory, and reads one file sooner than many.
	before, err := c.describedInOneFile(domains)
	if err != nil {
		return nil, err
	}
	s := a.newSpilledSearch(c, domains, before)
	limit := int64(math.Floor(a.cfg.MaxSuppression * float64(c.total)))
	s.most = (c.total-limit)/int64(a.k) + limit
	all := box{}
	for _, d := range domains {
		all.low = append(all.low, d.column.Min)
		all.high = append(all.high, d.column.Max)
	}
	if err := s.search(ctx, all); err != nil {
		return nil, err
	}
	switch {
	case s.best == nil && s.infeasible != nil:
		return nil, a.explain(s.infeasible, c)
	case s.best == nil:
		return nil, s.outgrown()
	}
	s.best.Exact, s.best.Bound = s.unproved > s.best.Loss, min(s.unproved, s.best.Loss)
	return a.newPlan(s.countsOfColumn(ctx), before, domains, s.best)
}

// countsOfColumn returns a function that gives the combinations of the values of
// a column with the labels of the others, for the means of classes.
func (s *spilledSearch) countsOfColumn(ctx context.Context) func(column int) (*Counts, error) {
	return func(column int) (*Counts, error) {
		at := slices.Clone(s.best.Levels)
		at[column] = 0
		c, fits, err := s.reduce(ctx, at)
		if err == nil && !fits {
			err = fmt.Errorf("kanon: the counts outgrew their memory of %d bytes, in which the means of "+
				"column %q cannot be taken; raise it, or choose another numeric than %q", s.counts.bound,
				s.domains[column].quasi.Column, NumericMean)
		}
		return c, err
	}
}

func (a *Anonymizer) newSpilledSearch(
	c *Counts, domains []*domain, before *beforehand,
) *spilledSearch {
	s := &spilledSearch{
		Anonymizer: a, counts: c, domains: domains, before: before, memory: c.room(),
		unproved: math.Inf(1), estimated: map[string]float64{},
	}
	for i, d := range domains {
		s.bounds = append(s.bounds, lossBounds(d, before.rows[i], c.total))
	}
	p := a.emptyProblem(c, domains)
	p.Values = before.rows
	s.least = lattice.NewBounds(p)
	return s
}

// lossBounds is, by level, 1 + the loss of a column without any suppression.
func lossBounds(d *domain, rows []int64, total int64) []float64 {
	bounds := make([]float64, len(d.column.Codes))
	n, least := float64(total), d.column.Least
	for level := range bounds {
		sum := d.lossAt(level, rows)
		if bounds[level] = 1; least < 1 {
			bounds[level] += min(1, max(0, (sum-n*least)/(n-n*least)))
		}
	}
	return bounds
}

// lossAt is the sum of the shares of the labels of some rows at a level.
func (d *domain) lossAt(level int, rows []int64) float64 {
	sum := 0.0
	for v, n := range rows {
		sum += float64(d.column.Shares[level][d.column.Codes[level][v]] * float64(n))
	}
	return sum
}

// roundingSlack is more than rounding and cutting off can make of a score.
func roundingSlack(score float64) float64 { return 1e-8 * max(1, math.Abs(score)) }

// hopeless says whether no vector of a box can be better than the best.
func (s *spilledSearch) hopeless(b box) bool {
	if s.best == nil {
		return false
	}
	return s.least.Least(b.low) > s.best.Score[0]+roundingSlack(s.best.Score[0])
}

// leave leaves a box open.
func (s *spilledSearch) leave(b box) {
	least := s.least.Least(b.low)
	if !math.IsInf(least, 0) {
		least = max(0, s.least.Loss(least-roundingSlack(least)))
	}
	s.unproved = min(s.unproved, least)
}

func (s *spilledSearch) search(ctx context.Context, b box) error {
	if s.hopeless(b) {
		return nil
	}
	if s.passes >= maxPasses {
		s.leave(b)
		return nil
	}
	at, reduced, err := s.floor(ctx, b)
	if err != nil {
		return err
	}
	if reduced == nil {
		return nil
	}
	result, err := s.solveAbove(ctx, reduced, at, b.high)
	var no *lattice.Infeasible
	switch {
	case errors.As(err, &no):
		if s.infeasible == nil {
			s.infeasible = err
		}
		if no.Everywhere {
			return nil
		}
	case err != nil:
		return err
	default:
		if !result.Exact {
			s.unproved = min(s.unproved, result.Bound)
		}
		if s.best == nil || s.betterResult(result, s.best) {
			s.best = result
		}
	}
	reduced = nil // its memory is the next one's
	for j := range at {
		if at[j] == b.low[j] {
			continue
		}
		rest := box{slices.Clone(b.low), slices.Clone(b.high)}
		copy(rest.low, at[:j])
		rest.high[j] = at[j] - 1
		if err := s.search(ctx, rest); err != nil {
			return err
		}
	}
	return nil
}

// betterResult is the total order by which a result is chosen, see Solve.
func (s *spilledSearch) betterResult(a, b *lattice.Result) bool {
	sum := func(levels []int) (n int) {
		for _, l := range levels {
			n += l
		}
		return n
	}
	heights := func(levels []int) (share float64) {
		for j, l := range levels {
			share += float64(l) / float64(s.domains[j].column.Height)
		}
		return math.Round(share * 1e10) // so that equal ones are equal
	}
	return cmp.Or(slices.Compare(a.Score, b.Score), cmp.Compare(sum(a.Levels), sum(b.Levels)),
		cmp.Compare(heights(a.Levels), heights(b.Levels)), slices.Compare(a.Levels, b.Levels)) < 0
}

// solveAbove finds the best vector between two.
func (s *spilledSearch) solveAbove(
	ctx context.Context, reduced *Counts, low, high []int,
) (*lattice.Result, error) {
	p := s.emptyProblem(reduced, s.domains)
	p.Values = s.before.rows
	if err := s.limits(p, s.counts); err != nil {
		return nil, err
	}
	p.Layout, p.Keys = reduced.layout, reduced.tuples.Keys() // which are of no more use, but their memory
	for j, d := range s.domains {
		reduced.layout.Map(p.Keys, j, d.leaf)
	}
	p.Workers, p.Memory = 1, 8*len(p.Rows)
	for j := range p.Columns {
		p.Columns[j].Min, p.Columns[j].Max = low[j], high[j]
	}
	for i := range s.sensitive {
		sensitive, err := s.sensitive[i].lattice(reduced.values[i], reduced.tuples.Len())
		if err != nil {
			return nil, err
		}
		p.Sensitive = append(p.Sensitive, sensitive)
	}
	reduced.tuples = nil
	result, err := lattice.Solve(ctx, p)
	var no *lattice.Infeasible
	if err != nil && !errors.As(err, &no) {
		err = s.explain(err, s.counts)
	}
	return result, err
}

// floor returns levels in a box whose combinations fit in memory, and these.
// Without any it returns none, and remembers where the box stays open.
func (s *spilledSearch) floor(ctx context.Context, b box) ([]int, *Counts, error) {
	at := slices.Clone(b.low)
	for first := true; ; first = false {
		// At the lowest levels of all they do not fit, or nothing was spilled.
		if !first || !slices.Equal(at, s.lowest()) || slices.Equal(at, b.high) ||
			s.bytesAtLowest() <= s.memory {
			reduced, fits, err := s.reduce(ctx, at)
			if err != nil || fits {
				return at, reduced, err
			}
			if slices.Equal(at, b.high) {
				// Too many classes are proof that most of them are too small.
				if int64(reduced.tuples.Len()) <= s.most {
					s.leave(b)
				}
				return nil, nil, nil
			}
		}
		next, err := s.raise(ctx, at, b.high)
		if err != nil {
			return nil, nil, err
		}
		at = next
	}
}

func lowestLevels(domains []*domain) []int {
	low := make([]int, len(domains))
	for j, d := range domains {
		low[j] = d.column.Min
	}
	return low
}

func (s *spilledSearch) lowest() []int { return lowestLevels(s.domains) }

// bytesAtLowest is what the combinations take if no level is above 0, and
// nothing otherwise.
func (s *spilledSearch) bytesAtLowest() int64 {
	if slices.Max(s.lowest()) > 0 {
		return 0
	}
	return s.before.tuples * s.counts.solvedBytes()
}

// solvedBytes is what a combination takes while it is solved: its key, rows and
// slot, and, twice over, its labels, with what counting classes takes.
func (c *Counts) solvedBytes() int64 {
	return 56 + 16*int64(c.layout.Words()) + 4*int64(len(c.coders))
}

// solved is what solving some counts takes: of people and cells, half as much
// again as counting them.
func (c *Counts) solved() int64 {
	return int64(c.tuples.Len())*c.solvedBytes() + c.bytesBeside()*3/2
}

// reduce counts the combinations at some levels, each under one value of every
// label. It stops where they do not fit.
func (s *spilledSearch) reduce(
	ctx context.Context, levels []int,
) (reduced *Counts, fits bool, err error) {
	c := s.counts
	d := c.none()
	if n, ok := s.estimated[fmt.Sprint(levels)]; ok {
		d.reserved = int(min(1.05*n, float64(s.memory/c.solvedBytes())))
		d.reserve()
	}
	to := s.atLevels(levels)
	src, err := s.pass()
	if err != nil {
		return nil, false, err
	}
	err = d.takeUntil(cancelled(ctx, src), to, func() bool { return s.outgrows(d) })
	return d, !s.outgrows(d), err
}

// outgrows says whether solving some counts takes too much memory.
func (s *spilledSearch) outgrows(c *Counts) bool {
	return c.solved() > s.memory
}

// none is counts of the same values, people and columns without any rows.
func (c *Counts) none() *Counts {
	d := &Counts{quasi: c.quasi, unit: c.unit, coders: c.coders, people: c.people}
	for _, v := range c.values {
		d.values = append(d.values, newValueCounts(v.name, v.coder, v.items != nil))
	}
	d.start()
	return d
}

// atLevels makes of each value the first one of its label at a level of its
// column.
func (s *spilledSearch) atLevels(levels []int) *renumbering {
	to := &renumbering{}
	for j, domain := range s.domains {
		to.columns = append(to.columns, domain.representatives(levels[j]))
	}
	if s.counts.people != nil {
		to.people = identity(s.counts.people.Len())
	}
	for _, v := range s.counts.values {
		to.values = append(to.values, identity(v.coder.Len()))
	}
	return to
}

func (s *spilledSearch) pass() (tupleSource, error) {
	s.passes++
	return s.counts.all(true)
}

// cancelledTuples end with the error of a context.
type cancelledTuples struct {
	tupleSource
	ctx context.Context
	n   int
}

func (b *cancelledTuples) next() (*counted, error) {
	if b.n++; b.n%takeBlock == 0 {
		if err := b.ctx.Err(); err != nil {
			return nil, fmt.Errorf("kanon: %w", err)
		}
	}
	return b.tupleSource.next()
}

// cancelled ends a source with the error of ctx.
func cancelled(ctx context.Context, src tupleSource) tupleSource {
	return &cancelledTuples{tupleSource: src, ctx: ctx}
}

// representatives is, for each code, that of the first value with its label at
// a level.
func (d *domain) representatives(level int) []uint32 {
	code := func(leaf int) uint32 {
		if leaf < len(d.order) {
			return d.order[leaf]
		}
		null, _ := d.coder.Null()
		return null
	}
	to := make([]uint32, d.coder.Len())
	for leaf, first := range d.firstValues(level) {
		to[code(leaf)] = code(int(first))
	}
	return to
}

func identity(n int) []uint32 {
	to := make([]uint32, n)
	for i := range to {
		to[i] = uint32(i)
	}
	return to
}
