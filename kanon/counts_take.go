package kanon

import (
	"errors"
	"io"
	"slices"
)

// takeBlock is how many tuples are taken at a time.
const takeBlock = 1 << 12

// takeAll counts the tuples of a source, whose codes become those of to.
func (c *Counts) takeAll(src tupleSource, to *renumbering) error {
	return c.takeUntil(src, to, func() bool { return false })
}

// takeUntil counts tuples until it is asked for no more. Another goroutine reads
// ahead, and has ended when it returns.
func (c *Counts) takeUntil(src tupleSource, to *renumbering, enough func() bool) (err error) {
	size := min(takeBlock, c.block())
	filled, free := make(chan *tupleBlock), make(chan *tupleBlock, 2)
	for range cap(free) {
		free <- c.newTupleBlock()
	}
	go func() {
		defer close(filled)
		for b := range free {
			b.fill(src, to, size)
			filled <- b
			if b.err != nil {
				return
			}
		}
	}()
	for done := false; ; {
		b, ok := <-filled
		switch {
		case !ok && errors.Is(err, io.EOF):
			return nil
		case !ok:
			return err
		case done: // what was read ahead
			continue
		}
		if err = c.takeTuples(b); err == nil {
			err = b.err
		}
		if done = err != nil || enough(); done {
			close(free)
		} else {
			free <- b
		}
	}
}

// tupleBlock is some tuples, column by column.
type tupleBlock struct {
	codes [][]uint32
	rows  []int64
	err   error // of the source, behind these
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

// fill reads tuples until they are as many as wanted, or there are no more.
func (b *tupleBlock) fill(src tupleSource, to *renumbering, size int) {
	for len(b.rows) < size {
		t, err := src.next()
		if err != nil {
			b.err = err
			return
		}
		b.add(t, to)
	}
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
