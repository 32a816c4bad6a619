package risk

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// SUDAConfig says which rows are looked for.
type SUDAConfig struct {
	// Quasi names the quasi-identifiers, at least one.
	Quasi []string
	// Fraction is the share of the population that was sampled into the table,
	// in (0, 1).
	Fraction float64
	// MaxSize is the largest size of a minimal unique that is looked for; 0
	// stands for all sizes.
	MaxSize int
}

// SUDA is the special uniques detection of a table: how special each row is
// that is alone in its class. A set of columns whose values only one row has,
// while every smaller set is shared, is a minimal sample unique of the row; a
// row with many and small ones stands out by little knowledge.
type SUDA struct {
	Quasi []string
	// Score of each row is the sum over its minimal sample uniques of (M−s)!
	// for s of the M quasi-identifiers; 0 for a row that is not unique.
	Score []float64
	// DIS of each row is the estimated probability that a match with it is
	// right: DIS-SUDA, which spreads the probability of the whole table,
	// Match, over its uniques by their scores.
	DIS   []float64
	Match float64
	// Uniques is the number of rows alone in their class, Pairs that of rows
	// in classes of two.
	Uniques, Pairs int64
	// Minimal counts the minimal sample uniques of each size; index 0 is of no
	// meaning.
	Minimal []int64
	// Contribution of each quasi-identifier is the share of all scores that
	// comes from minimal sample uniques which contain it.
	Contribution []float64

	start []int    // of a row: its sets are sets[start[row]:start[row+1]]
	sets  []uint32 // bit masks
}

// FindSpecialUniques finds all minimal sample uniques of a table and scores its
// rows. It does not release r. Refused are a column that is missing or named
// twice, and more sets of columns than some four million.
//
// The search walks the sets of columns depth first and drops, with each row
// that is unique by a set, all supersets, as in the recursion of Manning et al.
// Cost: on all cores, the distinct tuples in which a unique row is not yet
// told apart, summed over the sets. Memory grows with the minimal uniques.
//
// Elliot, Manning, Ford (2002). A computational algorithm for handling the
// special uniques problem. International Journal of Uncertainty, Fuzziness and
// Knowledge-Based Systems 10(5), 493–509.
//
// Manning, Haglin, Keane (2008). A recursive search algorithm for statistical
// disclosure assessment. Data Mining and Knowledge Discovery 16, 165–196.
func FindSpecialUniques(
	ctx context.Context, r array.RecordReader, cfg SUDAConfig,
) (*SUDA, error) {
	most, err := setSize("MaxSize", cfg.MaxSize, len(cfg.Quasi))
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: suda: %w", err)
	}
	if !(cfg.Fraction > 0 && cfg.Fraction < 1) {
		return nil, fmt.Errorf("kanon/risk: suda: fraction is %v, want above 0 and below 1", cfg.Fraction)
	}
	if _, err := setCount(len(cfg.Quasi), most); err != nil {
		return nil, fmt.Errorf("kanon/risk: suda: %w", err)
	}
	t, err := tuple.Read(ctx, r, cfg.Quasi, nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: suda: %w", err)
	}
	d := t.Distinct(places(len(cfg.Quasi))...)
	workers, err := sideBySide(ctx, len(cfg.Quasi), func() *specials {
		return newSpecials(t, d, most)
	}, (*specials).part)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: suda: %w", err)
	}
	s := &SUDA{Quasi: slices.Clone(cfg.Quasi), Minimal: make([]int64, most+1)}
	var found []special
	for _, w := range workers {
		found = append(found, w.found...)
	}
	s.keepMinimal(d, found)
	s.score(d, cfg.Fraction)
	return s, nil
}

// special is a set of columns by which a tuple is unique, but not without the
// lowest of them.
type special struct {
	tuple, set uint32
}

// specials looks for sets in one goroutine.
type specials struct {
	refiner *refiner
	single  []bool // the tuple has one row
	most    int
	room    []partition // by the number of columns
	found   []special
}

func newSpecials(t *tuple.Table, d *tuple.Distinct, most int) *specials {
	s := &specials{
		refiner: newRefiner(d.Codes, sizes(t, len(d.Codes))), single: make([]bool, d.Len()),
		most: most, room: make([]partition, most+1),
	}
	for i, n := range d.Rows {
		s.single[i] = n == 1
	}
	s.room[0] = everything(d.Len())
	if d.Len() == 1 && s.single[0] {
		// A table of one row has no set to tell it apart by: the empty one does.
		s.room[0] = partition{}
	}
	return s
}

// part looks at one column, or at two and all sets with lower columns.
func (s *specials) part(set uint32) {
	if low(set) == high(set) {
		s.refine(0, high(set))
		s.take(set)
		return
	}
	if s.most == 1 {
		return
	}
	s.refine(0, high(set))
	s.visit(1<<high(set), low(set), 1)
}

// refine adds a column to the set of a depth and keeps the groups in which
// there is still somebody to find.
func (s *specials) refine(depth, column int) {
	to := &s.room[depth+1]
	s.refiner.refine(&s.room[depth], column, to)
	begin, end, groups := 0, 0, 0
	for _, stop := range to.ends {
		group := to.tuples[begin:stop]
		begin = stop
		if slices.ContainsFunc(group, func(t uint32) bool { return s.single[t] }) {
			end += copy(to.tuples[end:], group)
			to.ends[groups] = end
			groups++
		}
	}
	to.tuples, to.ends = to.tuples[:end], to.ends[:groups]
}

// take notes the tuples that the last refinement left alone.
func (s *specials) take(set uint32) {
	for _, t := range s.refiner.alone {
		if s.single[t] {
			s.found = append(s.found, special{t, set})
		}
	}
}

func (s *specials) visit(set uint32, column, depth int) {
	set |= 1 << column
	s.refine(depth, column)
	s.take(set)
	if depth+1 == s.most || len(s.room[depth+1].ends) == 0 {
		return
	}
	for c := range column {
		s.visit(set, c, depth+1)
	}
}

// keepMinimal keeps the sets of each tuple that contain no other of it. All
// minimal ones are among those found, since a minimal set is not unique
// without its lowest column.
func (s *SUDA) keepMinimal(d *tuple.Distinct, found []special) {
	slices.SortFunc(found, func(a, b special) int {
		if c := cmp.Compare(a.tuple, b.tuple); c != 0 {
			return c
		}
		return cmp.Compare(a.set, b.set) // subsets first
	})
	starts := make([]int, d.Len()+1) // of a tuple
	k := 0
	for t := range d.Len() {
		starts[t] = len(s.sets)
		for ; k < len(found) && found[k].tuple == uint32(t); k++ {
			set := found[k].set
			if !slices.ContainsFunc(s.sets[starts[t]:], func(m uint32) bool { return m&^set == 0 }) {
				s.sets = append(s.sets, set)
			}
		}
	}
	starts[d.Len()] = len(s.sets)
	// A unique tuple has one row, so the sets move to the order of the rows.
	sets := make([]uint32, 0, len(s.sets))
	s.start = make([]int, len(d.Of)+1)
	for row, t := range d.Of {
		s.start[row] = len(sets)
		sets = append(sets, s.sets[starts[t]:starts[t+1]]...)
	}
	s.start[len(d.Of)] = len(sets)
	s.sets = sets
}
