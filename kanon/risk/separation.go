package risk

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// SeparationConfig says which sets of columns are measured.
type SeparationConfig struct {
	// Columns are the candidates for quasi-identifiers, at least one.
	Columns []string
	// MaxSize is the largest number of columns in a set; 0 stands for all of
	// them. All sets of at most 21 columns are few enough.
	MaxSize int
}

// Separation tells how well each set of columns tells the rows of a table
// apart, for choosing quasi-identifiers: a set that separates nearly all pairs
// of rows identifies nearly everybody.
type Separation struct {
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	// Sets are ordered by the number of columns, then by the order of Columns.
	Sets []ColumnSet `json:"sets"`
}

// ColumnSet is a set of columns and how it tells rows apart. All measures are 0
// for a table without rows.
type ColumnSet struct {
	Columns []string `json:"columns"`
	// Distinction is the number of distinct tuples over the number of rows.
	Distinction float64 `json:"distinction"`
	// Separation is the share of all pairs of rows that differ in at least one
	// of the columns; 1 for a single row.
	Separation float64 `json:"separation"`
	// Unique is the share of rows whose tuple no other row has.
	Unique float64 `json:"unique"`
	mask   uint32
}

// Separate measures all sets of columns of a table. It does not release r.
// Refused are a column that is missing or named twice, and more sets than some
// four million. Cost: the distinct tuples of all columns times the sets, of
// which those that already tell most rows apart cost little; on all cores.
//
// Motwani, Xu (2007). Efficient algorithms for masking and finding
// quasi-identifiers. VLDB.
func Separate(
	ctx context.Context, r array.RecordReader, cfg SeparationConfig,
) (*Separation, error) {
	most, err := setSize("MaxSize", cfg.MaxSize, len(cfg.Columns))
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: separation: %w", err)
	}
	sets, err := setCount(len(cfg.Columns), most)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: separation: %w", err)
	}
	t, err := tuple.Read(ctx, r, cfg.Columns, nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: separation: %w", err)
	}
	d := t.Distinct(places(len(cfg.Columns))...)
	workers, err := sideBySide(ctx, len(cfg.Columns), func() *separator {
		return newSeparator(t, d, most)
	}, (*separator).part)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: separation: %w", err)
	}
	s := &Separation{
		Columns: slices.Clone(cfg.Columns), Rows: int64(t.Rows), Sets: make([]ColumnSet, 0, sets),
	}
	for _, w := range workers {
		for _, found := range w.found {
			s.Sets = append(s.Sets, found.set(s.Columns, float64(t.Rows)))
		}
	}
	slices.SortFunc(s.Sets, func(a, b ColumnSet) int {
		if c := len(a.Columns) - len(b.Columns); c != 0 {
			return c
		}
		// The set with the first column in which they differ comes first.
		if (a.mask^b.mask)&-(a.mask^b.mask)&a.mask != 0 {
			return -1
		}
		return 1
	})
	return s, nil
}

// setSize is how many of n columns a set has at most.
func setSize(name string, most, n int) (int, error) {
	switch {
	case n == 0:
		return 0, errors.New("no columns")
	case most < 0 || most > n:
		return 0, fmt.Errorf("%s is %d, want 0 for all columns or 1 to %d", name, most, n)
	case most == 0:
		return n, nil
	}
	return most, nil
}

// tally sums up the classes of rows by a set of columns.
type tally struct {
	classes int64
	pairs   float64 // of two rows of one class, in order
	unique  int64
}

func (t *tally) add(rows int64) {
	t.classes++
	t.pairs += float64(rows) * float64(rows-1)
	if rows == 1 {
		t.unique++
	}
}

// measured is a set with its tally.
type measured struct {
	mask uint32
	tally
}

func (m measured) set(columns []string, rows float64) ColumnSet {
	s := ColumnSet{mask: m.mask, Separation: 1}
	for i, name := range columns {
		if m.mask>>i&1 == 1 {
			s.Columns = append(s.Columns, name)
		}
	}
	if rows == 0 {
		s.Separation = 0
		return s
	}
	s.Distinction = float64(m.classes) / rows
	s.Unique = float64(m.unique) / rows
	if rows > 1 {
		s.Separation = 1 - m.pairs/(rows*(rows-1))
	}
	return s
}

// separator measures sets of columns in one goroutine.
type separator struct {
	refiner *refiner
	rows    []int64 // of a tuple
	most    int
	room    []partition // by the number of columns
	found   []measured
}

func newSeparator(t *tuple.Table, d *tuple.Distinct, most int) *separator {
	s := &separator{
		refiner: newRefiner(d.Codes, sizes(t, len(d.Codes))), rows: d.Rows,
		most: most, room: make([]partition, most+1),
	}
	s.room[0] = everything(d.Len())
	return s
}

// sizes are the numbers of codes of the first n columns.
func sizes(t *tuple.Table, n int) []int {
	var all []int
	for _, c := range t.Columns[:n] {
		all = append(all, c.Coder.Len())
	}
	return all
}

// everything is one group of n tuples.
func everything(n int) (p partition) {
	for i := range n {
		p.tuples = append(p.tuples, uint32(i))
	}
	if n > 0 {
		p.ends = []int{n}
	}
	return p
}

// part measures one column, or two and all sets with lower columns.
func (s *separator) part(set uint32) {
	if s.most == 1 && low(set) != high(set) {
		return
	}
	lone := s.refine(0, high(set), tally{})
	if low(set) == high(set) {
		s.record(set, 1, lone)
		return
	}
	s.visit(1<<high(set), low(set), 1, lone)
}

// refine adds a column to the set of a depth. It returns the tally of the
// tuples that are alone by now, given those that were before.
func (s *separator) refine(depth, column int, lone tally) tally {
	s.refiner.refine(&s.room[depth], column, &s.room[depth+1])
	for _, t := range s.refiner.alone {
		lone.add(s.rows[t])
	}
	return lone
}

func (s *separator) visit(set uint32, column, depth int, lone tally) {
	set |= 1 << column
	lone = s.refine(depth, column, lone)
	s.record(set, depth+1, lone)
	if depth+1 == s.most {
		return
	}
	for c := range column {
		s.visit(set, c, depth+1, lone)
	}
}

// record adds the groups of a set to the tuples alone in it.
func (s *separator) record(set uint32, depth int, all tally) {
	p := &s.room[depth]
	begin := 0
	for _, end := range p.ends {
		rows := int64(0)
		for _, t := range p.tuples[begin:end] {
			rows += s.rows[t]
		}
		all.add(rows)
		begin = end
	}
	s.found = append(s.found, measured{set, all})
}

// Keys returns the minimal sets among those measured that reach both a
// distinction and a separation: no set with a column less does. With 1 and 1
// they are the keys of the table, which tell every row apart. Both measures
// grow with the set.
func (s *Separation) Keys(distinction, separation float64) []ColumnSet {
	var keys []ColumnSet
	for _, set := range s.Sets { // smaller ones first
		if set.Distinction < distinction || set.Separation < separation {
			continue
		}
		if !slices.ContainsFunc(keys, func(k ColumnSet) bool { return k.mask&^set.mask == 0 }) {
			keys = append(keys, set)
		}
	}
	return keys
}

// Set returns the measures of the set of the named columns, in any order. It is
// false where the set was not measured.
func (s *Separation) Set(columns ...string) (ColumnSet, bool) {
	mask := uint32(0)
	for _, name := range columns {
		i := slices.Index(s.Columns, name)
		if i < 0 {
			return ColumnSet{}, false
		}
		mask |= 1 << i
	}
	for _, set := range s.Sets {
		if set.mask == mask {
			return set, bits.OnesCount32(mask) == len(columns)
		}
	}
	return ColumnSet{}, false
}
