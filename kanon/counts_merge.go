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
	if err := c.alike(other); err != nil {
		return err
	}
	if err := c.merge(other); err != nil {
		c.failed = err
		return err
	}
	return nil
}

// alike refuses counts of other columns or models.
func (c *Counts) alike(other *Counts) error {
	if !slices.Equal(c.quasi, other.quasi) || c.unit != other.unit {
		return fmt.Errorf("kanon: counts of columns %s and unit %q cannot be merged with counts "+
			"of columns %s and unit %q", quoted(c.quasi), c.unit, quoted(other.quasi), other.unit)
	}
	if !sameValues(c.values, other.values) {
		return errors.New("kanon: counts of other sensitive columns or models cannot be merged")
	}
	return nil
}

func (c *Counts) merge(other *Counts) error {
	to, err := c.renumber(other)
	if err != nil {
		return err
	}
	src, err := other.all(false)
	if err != nil {
		return err
	}
	return c.takeAll(src, to)
}

// renumbering gives the codes of other counts here; nil stands for the same.
type renumbering struct {
	columns [][]uint32
	people  []uint32
	values  [][]uint32
}

// renumber takes in the values of other counts.
func (c *Counts) renumber(other *Counts) (*renumbering, error) {
	r := &renumbering{}
	for i, coder := range c.coders {
		to, err := mergeCoders(c.quasi[i], coder, other.coders[i])
		if err != nil {
			return nil, err
		}
		r.columns = append(r.columns, to)
	}
	if c.people != nil {
		var err error
		if r.people, err = mergeCoders(c.unit, c.people, other.people); err != nil {
			return nil, err
		}
	}
	for i, v := range c.values {
		to, err := mergeCoders(v.name, v.coder, other.values[i].coder)
		if err != nil {
			return nil, err
		}
		r.values = append(r.values, to)
	}
	return r, c.widen()
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
