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

// grouping numbers the groups of a query. With public keys they are the
// combinations of the keys: the first column varies slowest. Without columns
// there is one group. Without keys they are those met in the table, and each scan
// numbers them for itself; see roll.
type grouping struct {
	by     []string
	types  []column.Type
	keys   [][]string      // by column; nil without public keys
	coders []*column.Coder // by column; the code of a key is its place in keys
	size   int             // -1 without public keys
	// selection is what decides which groups are shown, without public keys.
	selection *selection
}

// newGrouping reads the keys as values of their columns. Keys were checked by
// checkKeys. An error names a key by its place: it may have been copied from
// the table.
func newGrouping(schema *arrow.Schema, by []string, keys map[string][]string) (*grouping, error) {
	g := &grouping{by: slices.Clone(by), size: groupCount(by, keys)}
	var errs []error
	for _, name := range by {
		t, err := columnType(schema, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		g.types = append(g.types, t)
		if g.private() {
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
	}
	return g, errors.Join(errs...)
}

// private says whether the groups are those met in the table.
func (g *grouping) private() bool { return g.size < 0 }

// is says whether g groups by the given columns and keys.
func (g *grouping) is(by []string, keys map[string][]string) bool {
	if !slices.Equal(g.by, by) || g.private() != (groupCount(by, keys) < 0) {
		return false
	}
	for i, name := range by {
		if !g.private() && !slices.Equal(g.keys[i], keys[name]) {
			return false
		}
	}
	return true
}

// groupScratch is memory that a grouping's work on a batch needs.
type groupScratch struct {
	codes  []uint32
	memo   column.Memo
	tuples []uint64
	rows   []uint32
}

// find writes the group of every row of a batch to out, by public keys.
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

// set lists the groups of public keys.
func (g *grouping) set() groupSet {
	set := groupSet{by: g.by, size: g.size}
	for group := range g.size {
		rest, at := group, len(set.keys)
		set.keys = append(set.keys, make([]string, len(g.by))...)
		for c := len(g.by) - 1; c >= 0; c-- {
			set.keys[at+c] = g.keys[c][rest%len(g.keys[c])]
			rest /= len(g.keys[c])
		}
	}
	return set
}

func columnOf(rec arrow.Record, name string) (arrow.Array, error) {
	at := rec.Schema().FieldIndices(name)
	if len(at) != 1 {
		_, err := field(rec.Schema(), name)
		return nil, err
	}
	return rec.Column(at[0]), nil
}
