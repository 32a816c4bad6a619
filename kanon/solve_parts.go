package kanon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/lethe-go/lethe/internal/lattice"
	"github.com/lethe-go/lethe/internal/recode"
	"github.com/lethe-go/lethe/internal/tempfile"
)

// Local recoding of more combinations than fit in memory goes in four steps. A
// first look at the combinations, at levels at which they do fit, divides them
// into parts (parts.go). The combinations of each part are written to a file of
// its own. Each part is read and, if the plan has no room for that many, values
// are made alike in it until it has (parts_floor.go). Then it is recoded as a
// table that fits in memory is. A part that cannot be recoded alone is recoded
// together with those it was divided from.
//
// Whatever decides is counted over sets of combinations, so that the plan does
// not depend on the order of rows, nor on when and how often they were spilled.
const (
	// partsAtOnce are recoded at a time.
	partsAtOnce = 2
	// planShare is the share of the memory for the combinations that a plan lists,
	// and partShare that of each part that is recoded.
	planShare, partShare = 3, 3
	// maxPart bounds the combinations of a part, so that it is recoded in seconds.
	maxPart = 1 << 18
	// maxLeaves is about how many files parts may take.
	maxLeaves = 512
)

// recoding is what recoding the combinations in one takes: of each its keys, its
// values, a dozen neighbours, and its place in several orders.
func (b *beforehand) recoding(c *Counts) int64 {
	tuple := 160 + 16*int64(c.layout.Words()) + 12*int64(len(c.coders))
	return b.tuples*tuple + 8*(perPair*b.pairs+perCell*b.cells)
}

// recoding is that of counts that are in memory.
func (c *Counts) recoding() int64 {
	b := &beforehand{tuples: int64(c.tuples.Len()), pairs: int64(len(c.pairs.settle()))}
	for _, v := range c.values {
		b.cells += int64(v.cells.Len())
	}
	return b.recoding(c)
}

// partsSearch recodes combinations part by part.
type partsSearch struct {
	*spilledSearch
	local  *localSolver
	firsts [][][]uint32        // by column, level and value: the first value of the label
	tables []lattice.Sensitive // without tuples: criteria, and how often values occur in all
	floor  []int               // levels at which all combinations fit in memory
	leaves []*part
	files  []*os.File // of the combinations of the leaves
	whole  int64      // combinations of a part that is read as it is
	done   []*piece
}

// solveParts is Solve of Local recoding for counts that may outgrow their
// memory.
func (a *Anonymizer) solveParts(
	ctx context.Context, c *Counts, domains []*domain,
) (plan *Plan, err error) {
	// The search has use for the memory, and reads one file sooner than many.
	before, err := c.describedInOneFile(domains)
	if err != nil {
		return nil, err
	}
	search := a.newSpilledSearch(c, domains, before)
	search.memory /= 2 // the first look is at a table that grows, and has dividing to follow
	s := &partsSearch{spilledSearch: search, local: a.newLocalSolver(domains)}
	if before.recoding(c) <= c.room() {
		all, err := s.all(ctx)
		if err != nil {
			return nil, err
		}
		return a.solve(ctx, all, nil)
	}
	if a.cfg.Numeric == NumericMean {
		return nil, fmt.Errorf("kanon: the counts outgrew their memory of %d bytes, in which numeric "+
			"%q cannot be had; raise it, or choose %q or %q", c.bound, NumericMean, NumericMidpoint,
			NumericBounds)
	}
	root, err := s.divide(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, f := range s.files {
			err = errors.Join(err, tempfile.Discard(f))
		}
	}()
	if err := s.writeParts(ctx, root); err != nil {
		return nil, err
	}
	if err := s.compareWithTable(ctx); err != nil {
		return nil, err
	}
	return s.recode(ctx, root)
}

// all reads all combinations into memory.
func (s *partsSearch) all(ctx context.Context) (*Counts, error) {
	src, err := s.pass()
	if err != nil {
		return nil, err
	}
	c := s.counts.none()
	return c, c.takeAll(cancelled(ctx, src), s.atLevels(make([]int, len(s.domains))))
}

// divide looks for the parts.
func (s *partsSearch) divide(ctx context.Context) (*part, error) {
	for _, d := range s.domains {
		var levels [][]uint32
		for level := range d.column.Codes {
			levels = append(levels, d.firstValues(level))
		}
		s.firsts = append(s.firsts, levels)
	}
	seen, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	b, n := s.before, s.before.tuples
	s.whole = max(1, s.counts.room()/partShare/max(1, b.recoding(s.counts)/n))
	d := &divider{order: s.local.order, floor: s.floor, tuples: seen.rows,
		most: max(min(maxPart, s.whole), n/maxLeaves)}
	codes := make([]uint32, len(seen.rows))
	for j, domain := range s.domains {
		d.columns = append(d.columns, &domain.column)
		d.whole = append(d.whole, !s.local.divisible(j))
		d.free = append(d.free, domain.line != nil)
		seen.layout.Get(seen.tuples.Keys(), j, codes)
		values := make([]uint32, len(codes))
		for i, code := range codes {
			values[i] = domain.leaf[code]
		}
		d.codes = append(d.codes, values)
	}
	return d.divide(), nil
}

// look counts the combinations that are alike at the lowest levels at which they
// fit in memory: its rows are combinations.
func (s *partsSearch) look(ctx context.Context) (*Counts, error) {
	c := s.counts
	var high []int
	for _, d := range s.domains {
		high = append(high, d.column.Max)
	}
	s.floor = s.lowest()
	for fits := s.before.tuples*c.solvedBytes() <= s.memory; ; fits = false {
		if !fits {
			if slices.Equal(s.floor, high) {
				return nil, s.outgrown()
			}
			next, err := s.raise(ctx, s.floor, high)
			if err != nil {
				return nil, err
			}
			s.floor = next
		}
		src, err := s.pass()
		if err != nil {
			return nil, err
		}
		d := &Counts{quasi: c.quasi, coders: c.coders}
		d.start()
		err = d.takeUntil(cancelled(ctx, &bareTuples{from: src}), s.atLevels(s.floor),
			func() bool { return s.outgrows(d) })
		if err != nil || !s.outgrows(d) {
			return d, err
		}
	}
}

// bareTuples are tuples of one row each, and of nobody.
type bareTuples struct {
	from  tupleSource
	tuple counted
}

func (b *bareTuples) next() (*counted, error) {
	t, err := b.from.next()
	if err != nil {
		return nil, err
	}
	b.tuple = counted{codes: t.codes, rows: 1}
	return &b.tuple, nil
}

// outgrown is the error where levels cannot be raised any more.
func (s *spilledSearch) outgrown() error {
	return fmt.Errorf("kanon: the combinations outgrow the memory of %d bytes even at the highest "+
		"levels; raise it", s.counts.bound)
}

// divisible says whether labels of a column that stand for disjoint sets of
// values are never written alike, so that parts that differ in it have no class
// in common.
func (l *localSolver) divisible(j int) bool {
	d := l.domains[j]
	f := l.faces[slices.Index(l.order, j)]
	below := map[uint32]int{} // by face: the first value of the last label
	for level := d.column.Min; level <= d.column.Max; level++ {
		codes := d.column.Codes[level]
		for v, first := range d.firstValues(level) {
			if int(first) != v {
				continue
			}
			face := f.of(recode.Label{Level: level, Code: codes[v]})
			if value, ok := below[face]; ok && codes[value] != codes[v] {
				return false
			}
			below[face] = v
		}
	}
	return true
}

// compareWithTable counts how often each sensitive value occurs in all rows.
func (s *partsSearch) compareWithTable(ctx context.Context) error {
	if len(s.sensitive) == 0 {
		return nil
	}
	src, err := s.pass()
	if err != nil {
		return err
	}
	c := s.counts.none()
	to := s.atLevels(make([]int, len(s.domains)))
	for j := range to.columns {
		to.columns[j] = make([]uint32, len(to.columns[j])) // all one
	}
	if err := c.takeAll(cancelled(ctx, src), to); err != nil {
		return err
	}
	for i := range s.sensitive {
		all, err := s.sensitive[i].lattice(c.values[i], c.tuples.Len())
		if err != nil {
			return err
		}
		s.tables = append(s.tables, lattice.Sensitive{Table: all.Whole(), Criteria: all.Criteria})
	}
	return nil
}
