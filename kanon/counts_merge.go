package kanon

import (
	"errors"
	"fmt"
	"io"
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

// takeBlock is how many tuples are taken at a time.
const takeBlock = 1 << 12

// takeAll counts the tuples of a source, whose codes become those of to.
func (c *Counts) takeAll(src tupleSource, to *renumbering) error {
	b := c.newTupleBlock()
	for {
		t, err := src.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			b.add(t, to)
		}
		if err != nil || len(b.rows) == takeBlock {
			if err := c.takeTuples(b); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// tupleBlock is some tuples, column by column.
type tupleBlock struct {
	codes [][]uint32
	rows  []int64
	// The tuple of each person, and the person.
	of, people []uint32
	cells      []cellBlock
}

type cellBlock struct {
	of, values, people []uint32
	rows               []int64
}

func (c *Counts) newTupleBlock() *tupleBlock {
	return &tupleBlock{codes: make([][]uint32, len(c.coders)), cells: make([]cellBlock, len(c.values))}
}

func (b *tupleBlock) add(t *counted, to *renumbering) {
	n := uint32(len(b.rows))
	for i, code := range t.codes {
		b.codes[i] = append(b.codes[i], to.columns[i][code])
	}
	b.rows = append(b.rows, t.rows)
	for _, p := range t.people {
		b.of, b.people = append(b.of, n), append(b.people, to.people[p])
	}
	for i, cells := range t.cells {
		d := &b.cells[i]
		for _, cell := range cells {
			d.of = append(d.of, n)
			d.values = append(d.values, to.values[i][cell.value])
			d.rows = append(d.rows, cell.rows)
			if len(t.people) > 0 {
				d.people = append(d.people, to.people[cell.person])
			}
		}
	}
}

// takeTuples counts the tuples of a block and empties it.
func (c *Counts) takeTuples(b *tupleBlock) error {
	n := len(b.rows)
	c.keys = slices.Grow(c.keys[:0], n*c.layout.Words())[:n*c.layout.Words()]
	clear(c.keys)
	for i := range b.codes {
		c.layout.Put(c.keys, i, b.codes[i])
		b.codes[i] = b.codes[i][:0]
	}
	c.index = slices.Grow(c.index[:0], n)[:n]
	if err := c.count(c.keys, c.index, b.rows, nil); err != nil {
		return err
	}
	number := func(of []uint32) {
		for i, k := range of {
			of[i] = c.index[k]
		}
	}
	if c.people != nil {
		number(b.of)
		c.pairs.add(b.of, b.people)
	}
	for i, v := range c.values {
		d := &b.cells[i]
		number(d.of)
		rows := d.rows
		if v.items != nil {
			rows = nil
		}
		if err := v.add(d.of, d.values, d.people, rows); err != nil {
			return err
		}
		d.of, d.values, d.people, d.rows = d.of[:0], d.values[:0], d.people[:0], d.rows[:0]
	}
	b.rows, b.of, b.people = b.rows[:0], b.of[:0], b.people[:0]
	return c.spillWhereFull()
}
