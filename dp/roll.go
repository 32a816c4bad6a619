package dp

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/group"
)

// roll numbers the groups that a scan meets in the table, in the order in which it
// meets them. It is as confidential as the table.
type roll struct {
	by     []string
	coders []*column.Coder
	tuples *group.Table // of codes, a word a column; nil for one column
}

func newRoll(g *grouping) *roll {
	r := &roll{by: g.by}
	for _, t := range g.types {
		r.coders = append(r.coders, column.NewCoder(t))
	}
	if len(r.by) > 1 {
		r.tuples = group.New(len(r.by), 0)
	}
	return r
}

// len is how many groups are numbered.
func (r *roll) len() int {
	if r.tuples == nil {
		return r.coders[0].Len()
	}
	return r.tuples.Len()
}

// find writes the group of every row of a batch to out: none for rows with a null.
func (r *roll) find(rec arrow.Record, out []uint32, s *groupScratch) error {
	words := len(r.by)
	s.codes = slices.Grow(s.codes[:0], len(out))[:len(out)]
	s.tuples = slices.Grow(s.tuples[:0], len(out)*words)[:len(out)*words]
	clear(out)
	for c, name := range r.by {
		a, err := columnOf(rec, name)
		if err != nil {
			return err
		}
		if err := r.coders[c].Encode(a, s.codes); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		null, seen := r.coders[c].Null()
		for row, code := range s.codes {
			switch {
			case seen && code == null:
				out[row] = none
			case r.tuples == nil:
				out[row] = code
			default:
				s.tuples[row*words+c] = uint64(code)
			}
		}
	}
	if r.tuples != nil {
		r.number(out, s)
	}
	return nil
}

// number gives the tuples of the rows that are in a group their numbers.
func (r *roll) number(out []uint32, s *groupScratch) {
	words := len(r.by)
	s.rows = s.rows[:0]
	for row, g := range out {
		if g != none {
			copy(s.tuples[len(s.rows)*words:], s.tuples[row*words:(row+1)*words])
			s.rows = append(s.rows, uint32(row))
		}
	}
	numbers := s.codes[:len(s.rows)]
	r.tuples.Add(s.tuples[:len(s.rows)*words], numbers)
	for i, row := range s.rows {
		out[row] = numbers[i]
	}
}

// merge takes in the groups of another roll of the same columns and returns the
// number here of each of the other's.
func (r *roll) merge(o *roll) ([]uint32, error) {
	maps := make([][]uint32, len(r.coders))
	for c := range r.coders {
		var err error
		if maps[c], err = r.coders[c].Merge(o.coders[c]); err != nil {
			return nil, fmt.Errorf("column %q: %w", r.by[c], err)
		}
	}
	if r.tuples == nil {
		return maps[0], nil
	}
	tuples := slices.Clone(o.tuples.Keys())
	for i := range tuples {
		tuples[i] = uint64(maps[i%len(maps)][tuples[i]])
	}
	numbers := make([]uint32, o.tuples.Len())
	r.tuples.Add(tuples, numbers)
	return numbers, nil
}

// code is the code of group g in the column c.
func (r *roll) code(g uint32, c int) uint32 {
	if r.tuples == nil {
		return g
	}
	return uint32(r.tuples.Keys()[int(g)*len(r.by)+c])
}

// sort orders groups by their keys, so that their order does not tell in which
// order the rows were.
func (r *roll) sort(groups []uint32) {
	ranks := make([][]uint32, len(r.coders))
	for c, coder := range r.coders {
		ranks[c] = make([]uint32, coder.Len())
		for rank, code := range coder.Order() {
			ranks[c][code] = uint32(rank)
		}
	}
	slices.SortFunc(groups, func(a, b uint32) int {
		for c := range ranks {
			if by := cmp.Compare(ranks[c][r.code(a, c)], ranks[c][r.code(b, c)]); by != 0 {
				return by
			}
		}
		return 0
	})
}

// set lists the given groups.
func (r *roll) set(groups []uint32) groupSet {
	set := groupSet{by: r.by, size: len(groups)}
	for _, g := range groups {
		for c, coder := range r.coders {
			set.keys = append(set.keys, coder.Text(r.code(g, c)))
		}
	}
	return set
}
