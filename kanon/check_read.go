package kanon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// checkBlock is how many rows are handled column by column at a time.
const checkBlock = 1 << 14

// checkedBlock is the numbers of the values of a block of rows, by column.
type checkedBlock struct {
	values [][]uint32
	rows   int
}

func newCheckedBlock(columns int) *checkedBlock {
	return &checkedBlock{values: make([][]uint32, columns)}
}

// AddAll counts the rows of all records of r, as Add does with each, and while
// it counts some it reads the next. It ends with an error, too, when ctx is done
// or r fails. It does not release r.
func (c *Checker) AddAll(ctx context.Context, r array.RecordReader) error {
	if c.err == nil {
		c.err = c.addAll(ctx, r)
	}
	return c.err
}

// blocksAhead is how many blocks may wait to be counted.
const blocksAhead = 2

// addAll numbers values, which is of columns only, and has another goroutine
// count their numbers, which is of all the rest, block after block.
func (c *Checker) addAll(ctx context.Context, r array.RecordReader) error {
	if _, err := c.find(r.Schema()); err != nil {
		return err
	}
	numbered, free := make(chan *checkedBlock, blocksAhead), make(chan *checkedBlock, blocksAhead+2)
	for range cap(free) {
		free <- newCheckedBlock(len(c.columns))
	}
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for b := range numbered {
			c.count(b)
			free <- b
		}
	}()
	defer func() {
		close(numbered)
		<-counted
	}()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("kanon: check: %w", err)
		}
		if err := c.read(r.Record(), free, func(b *checkedBlock) { numbered <- b }); err != nil {
			return err
		}
	}
	if err := errors.Join(r.Err(), ctx.Err()); err != nil {
		return fmt.Errorf("kanon: check: %w", err)
	}
	return nil
}

func (c *Checker) add(rec arrow.Record) error {
	free := make(chan *checkedBlock, 1)
	free <- c.block
	return c.read(rec, free, func(b *checkedBlock) {
		c.count(b)
		free <- b
	})
}

// read numbers the values of a record in blocks that are free, and gives these
// to take.
func (c *Checker) read(
	rec arrow.Record, free <-chan *checkedBlock, take func(*checkedBlock),
) error {
	at, err := c.find(rec.Schema())
	if err != nil {
		return err
	}
	if c.population != nil {
		return errors.New("kanon: check: rows after the population; add the table first")
	}
	if c.rows+rec.NumRows() >= math.MaxUint32 { // so that no number of a pair overflows
		return fmt.Errorf("kanon: check: more than %d rows", uint32(math.MaxUint32-1))
	}
	refused := func(column *checkColumn, err error) error {
		return fmt.Errorf("kanon: check: column %q: %w", column.name, err)
	}
	read := make([]blockReader, len(at))
	for i, column := range c.columns {
		if read[i], err = column.reader(rec.Column(at[i])); err != nil {
			return refused(column, err)
		}
	}
	for from := 0; from < int(rec.NumRows()); from += checkBlock {
		b := <-free
		b.rows = min(checkBlock, int(rec.NumRows())-from)
		for i, column := range c.columns {
			if b.values[i], err = read[i].block(b.values[i], from, b.rows); err != nil {
				return refused(column, err)
			}
		}
		if c.cfg.Unit != "" {
			if err := c.noNullUnit(b.values[len(b.values)-1], from); err != nil {
				return err
			}
		}
		take(b)
	}
	c.rows += rec.NumRows()
	return nil
}

// count numbers the classes of the rows of a block and counts what is in each.
func (c *Checker) count(b *checkedBlock) {
	q, s := len(c.cfg.Quasi), len(c.values)
	c.ids = slices.Grow(c.ids[:0], b.rows)[:b.rows]
	c.classes.classes(b.values[:q], c.ids)
	var people []uint32
	if c.cfg.Unit != "" {
		people = b.values[q+s]
		c.countPeople(c.ids, people)
	}
	for i, values := range b.values[q : q+s] {
		c.values[i].count(c.ids, values, people, c.classes.len())
	}
}
