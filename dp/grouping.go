package dp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
)

// none is the group of a row that belongs to none.
const none = ^uint32(0)

// grouping numbers the combinations of the public keys of some columns: the
// first column varies slowest. Without columns there is one group.
type grouping struct {
	by     []string
	keys   [][]string      // by column
	coders []*column.Coder // by column; the code of a key is its place in keys
	size   int
}

// newGrouping reads the keys as values of their columns. Keys were checked by
// checkKeys. An error names a key by its place: it may have been copied from
// the table.
func newGrouping(schema *arrow.Schema, by []string, keys map[string][]string) (*grouping, error) {
	g := &grouping{by: slices.Clone(by), size: 1}
	var errs []error
	for _, name := range by {
		t, err := columnType(schema, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		values := slices.Clone(keys[name])
		coder := column.NewCoder(t)
		for i, text := range values {
			if _, err := coder.AddText(text); err != nil {
				errs = append(errs, fmt.Errorf("keys: entry %d for %q: %w", i+1, name, err))
			}
		}
		g.keys = append(g.keys, values)
		g.coders = append(g.coders, coder)
		g.size *= len(values)
	}
	return g, errors.Join(errs...)
}

// is says whether g groups by the given columns and keys.
func (g *grouping) is(by []string, keys map[string][]string) bool {
	if !slices.Equal(g.by, by) {
		return false
	}
	for i, name := range by {
		if !slices.Equal(g.keys[i], keys[name]) {
			return false
		}
	}
	return true
}

// groupScratch is memory that a grouping's work on a batch needs.
type groupScratch struct {
	codes []uint32
	memo  column.Memo
}

// find writes the group of every row of a batch to out.
func (g *grouping) find(rec arrow.Record, out []uint32, s *groupScratch) error {
	clear(out)
	s.codes = slices.Grow(s.codes[:0], len(out))[:len(out)]
	for i, name := range g.by {
		a, err := columnOf(rec, name)
		if err != nil {
			return err
		}
		if _, err := g.coders[i].Find(a, s.codes, &s.memo); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		n := uint32(len(g.keys[i]))
		for row, code := range s.codes {
			switch {
			case code >= n: // not a key, or null
				out[row] = none
			case out[row] != none:
				out[row] = out[row]*n + code
			}
		}
	}
	return nil
}

// key is the text of the key that group has in the i-th column.
func (g *grouping) key(group, i int) string {
	for j := len(g.keys) - 1; j > i; j-- {
		group /= len(g.keys[j])
	}
	return g.keys[i][group%len(g.keys[i])]
}

func columnOf(rec arrow.Record, name string) (arrow.Array, error) {
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 {
		_, err := field(rec.Schema(), name)
		return nil, err
	}
	return rec.Column(at[0]), nil
}
