package risk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/tuple"
)

// NullsMatch counts, for each row, the rows that agree with it wherever neither
// is null: what an attacker is left with who takes a null for any value. A row
// counts itself. Rows in which the other's null stands against a value are
// counted with the weight of alpha, from 0 to 1.
//
// It is a check beside the classes, in which null is a value like others, and
// no measure of anonymity: rows that match a row need not match each other, so
// that they are no class, and a count of k does not hide a row among k.
//
// It does not release r. Cost: for each two sets of columns that are null
// together in some row, the distinct tuples with them.
func NullsMatch(
	ctx context.Context, r array.RecordReader, quasi []string, alpha float64,
) ([]float64, error) {
	var errs []error
	if len(quasi) == 0 || len(quasi) > maxColumns {
		errs = append(errs, fmt.Errorf("kanon/risk: %d quasi-identifiers, want 1 to %d",
			len(quasi), maxColumns))
	}
	if !(alpha >= 0 && alpha <= 1) {
		errs = append(errs, fmt.Errorf("kanon/risk: alpha is %v, want 0 to 1", alpha))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t, err := tuple.Read(ctx, r, quasi, nil)
	if err != nil {
		return nil, fmt.Errorf("kanon/risk: nulls: %w", err)
	}
	d := t.Distinct(places(len(quasi))...)
	m := newMatcher(t, d)
	found := make([]float64, d.Len())
	for _, a := range m.patterns {
		for _, b := range m.patterns {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("kanon/risk: nulls: %w", err)
			}
			weight := 1.0
			if b&^a != 0 { // the other has a null where this row has a value
				weight = alpha
			}
			m.match(a, b, weight, found)
		}
	}
	of := make([]float64, t.Rows)
	for row, tuple := range d.Of {
		of[row] = found[tuple]
	}
	return of, nil
}

// matcher has the tuples by which of their columns are null.
type matcher struct {
	d        *tuple.Distinct
	of       map[uint32][]uint32 // tuples of a pattern
	patterns []uint32            // ascending
}

func newMatcher(t *tuple.Table, d *tuple.Distinct) *matcher {
	m := &matcher{d: d, of: map[uint32][]uint32{}}
	for i := range d.Len() {
		pattern := uint32(0)
		for j, codes := range d.Codes {
			if null, seen := t.Columns[j].Coder.Null(); seen && codes[i] == null {
				pattern |= 1 << j
			}
		}
		m.of[pattern] = append(m.of[pattern], uint32(i))
	}
	for pattern := range m.of {
		m.patterns = append(m.patterns, pattern)
	}
	slices.Sort(m.patterns)
	return m
}

// match adds to the tuples of pattern a the rows of those of pattern b that
// agree in the columns that are null in neither.
func (m *matcher) match(a, b uint32, weight float64, found []float64) {
	key := func(i uint32) string {
		var k []byte
		for j, codes := range m.d.Codes {
			if (a|b)>>j&1 == 0 {
				c := codes[i]
				k = append(k, byte(c), byte(c>>8), byte(c>>16), byte(c>>24))
			}
		}
		return string(k)
	}
	rows := map[string]int64{}
	for _, i := range m.of[b] {
		rows[key(i)] += m.d.Rows[i]
	}
	for _, i := range m.of[a] {
		found[i] += weight * float64(rows[key(i)])
	}
}
