package kanon

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lethe-go/lethe/internal/column"
)

// Merge adds what another shard counted, which it leaves as it is. Both must
// count the same columns, of the same kinds. To merge counts with themselves
// is an error.
func (c *Counts) Merge(other *Counts) error {
	if err := c.ready(); err != nil {
		return err
	}
	if c == other || other == nil {
		return errors.New("kanon: counts cannot be merged with themselves or nothing")
	}
	if err := other.ready(); err != nil {
		return err
	}
	if !slices.Equal(c.quasi, other.quasi) || c.unit != other.unit {
		return fmt.Errorf("kanon: counts of columns %s and unit %q cannot be merged with counts "+
			"of columns %s and unit %q", quoted(c.quasi), c.unit, quoted(other.quasi), other.unit)
	}
	if !sameValues(c.values, other.values) {
		return errors.New("kanon: counts of other sensitive columns or models cannot be merged")
	}
	if err := c.merge(other); err != nil {
		c.failed = err
		return err
	}
	return nil
}

func (c *Counts) merge(other *Counts) error {
	to := make([][]uint32, len(c.coders))
	for i, coder := range c.coders {
		var err error
		if to[i], err = mergeCoders(c.quasi[i], coder, other.coders[i]); err != nil {
			return err
		}
	}
	if err := c.widen(); err != nil {
		return err
	}
	n := other.tuples.Len()
	keys := make([]uint64, n*c.layout.Words())
	codes := make([]uint32, n)
	for i := range c.coders {
		other.layout.Get(other.tuples.Keys(), i, codes)
		for k, code := range codes {
			codes[k] = to[i][code]
		}
		c.layout.Put(keys, i, codes)
	}
	index := codes
	if err := c.count(keys, index, other.rows, nil); err != nil {
		return err
	}
	if c.people == nil {
		return c.mergeValues(other, index, nil)
	}
	person, err := mergeCoders(c.unit, c.people, other.people)
	if err != nil {
		return err
	}
	for _, part := range [][]uint64{other.pairs.sorted, other.pairs.tail} {
		for _, p := range part {
			c.pairs.tail = append(c.pairs.tail, pairOf(index[p>>32], person[uint32(p)]))
		}
	}
	c.pairs.settle()
	return c.mergeValues(other, index, person)
}

func (c *Counts) mergeValues(other *Counts, tuple, person []uint32) error {
	for i, v := range c.values {
		if err := v.merge(other.values[i], tuple, person); err != nil {
			return err
		}
	}
	return nil
}

// sameValues says whether two counts hold the same of the same columns.
func sameValues(a, b []*valueCounts) bool {
	return slices.EqualFunc(a, b, func(v, w *valueCounts) bool {
		return v.name == w.name && (v.items == nil) == (w.items == nil)
	})
}

func mergeCoders(name string, into, from *column.Coder) ([]uint32, error) {
	to, err := into.Merge(from)
	if err != nil {
		return nil, fmt.Errorf("kanon: column %q: %w", name, err)
	}
	return to, nil
}
