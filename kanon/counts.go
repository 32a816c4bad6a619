package kanon

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/group"
)

// Counts are the distinct combinations of quasi-identifiers of the rows added,
// with how many rows, which people, and which values of the sensitive columns
// that models name, have each. Their memory is in the order of these
// combinations, or bounded, see SpillBeyond. They hold values of the table and
// are as confidential as it is.
//
// Counts are not safe for concurrent use: give each goroutine its own and
// merge them. After an error from Add or Merge they refuse everything but
// UnmarshalBinary, so that a batch counted in part goes unnoticed nowhere.
type Counts struct {
	quasi  []string
	unit   string // empty where rows are counted
	coders []*column.Coder
	people *column.Coder // nil without unit

	layout group.Layout
	tuples *group.Table
	rows   []int64
	total  int64
	pairs  pairLog
	values []*valueCounts // a sensitive column, by name
	failed error

	bound int64 // of the memory of combinations, in bytes; 0 without
	dir   string
	runs  []*os.File // of tuples that are not in memory
	// spilledRows are those of the runs.
	spilledRows Fingerprint

	reserved int      // combinations that there is room for, once they are many
	order    []uint32 // in which they are written

	codes [][]uint32 // a batch, by column: quasi-identifiers, unit, sensitive
	keys  []uint64
	index []uint32
}

// maxTuples bounds the distinct combinations, which are numbered in 32 bits.
const maxTuples = 1<<32 - 1<<20

// countBlock is the number of rows that Add takes at a time.
const countBlock = 1 << 16

// NewCounts starts counting tables of the given schema. It fails if the schema
// lacks a column of the configuration, has one twice, or one is of a type that
// cannot be a quasi-identifier or that its hierarchy does not take.
func (a *Anonymizer) NewCounts(schema *arrow.Schema) (*Counts, error) {
	c := &Counts{quasi: a.columns(), unit: a.cfg.Unit}
	var errs []error
	coder := func(name string) *column.Coder {
		i, err := fieldIndex(schema, name)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		t, err := column.TypeOf(schema.Field(i).Type)
		if err != nil {
			errs = append(errs, fmt.Errorf("kanon: column %q: %w", name, err))
			return nil
		}
		return column.NewCoder(t)
	}
	for i, name := range c.quasi {
		found := coder(name)
		c.coders = append(c.coders, found)
		if found != nil {
			errs = append(errs, a.cfg.Quasi[i].accepts(found))
		}
	}
	if c.unit != "" {
		c.people = coder(c.unit)
	}
	for i := range a.sensitive {
		s := &a.sensitive[i]
		found := coder(s.name)
		if found == nil {
			continue
		}
		c.values = append(c.values, newValueCounts(s.name, found, c.unit != "" && s.frequencies))
		errs = append(errs, s.accepts(found))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.start()
	return c, nil
}

// accepts asks the hierarchy for the labels of no values, so that a column of
// a type it does not take is refused before a table is read.
func (q Quasi) accepts(coder *column.Coder) error {
	none := coder.Array(memory.DefaultAllocator, nil)
	defer none.Release()
	labels, err := q.Hierarchy.Generalize(none, 1)
	if err != nil {
		return fmt.Errorf("kanon: column %q: %w", q.Column, err)
	}
	if labels != nil {
		labels.Release()
	}
	return nil
}

func (c *Counts) start() {
	c.layout = group.NewLayout(c.sizes())
	c.tuples = group.New(c.layout.Words(), 0)
}

// fieldIndex finds a column by its name, which must be there once.
func fieldIndex(schema *arrow.Schema, name string) (int, error) {
	switch at := schema.FieldIndices(name); len(at) {
	case 0:
		return 0, fmt.Errorf("kanon: column %q is not in the table", name)
	case 1:
		return at[0], nil
	default:
		return 0, fmt.Errorf("kanon: column %q is in the table %d times", name, len(at))
	}
}

// Rows is the number of rows counted.
func (c *Counts) Rows() int64 { return c.total }

// sizes is how many codes each column has, at least one.
func (c *Counts) sizes() []int {
	sizes := make([]int, len(c.coders))
	for i, coder := range c.coders {
		sizes[i] = max(1, coder.Len())
	}
	return sizes
}

// Add counts the rows of a record. Its columns are found by name and may be
// encoded in any way that keeps their kind; other columns are ignored. A null
// in the unit's column is an error. The record is not kept.
func (c *Counts) Add(rec arrow.Record) error {
	if err := c.ready(); err != nil {
		return err
	}
	block := int64(c.block())
	for lo := int64(0); lo < rec.NumRows(); lo += block {
		part := rec.NewSlice(lo, min(rec.NumRows(), lo+block))
		err := c.add(part)
		part.Release()
		if err != nil {
			c.failed = err
			return err
		}
	}
	return nil
}

func (c *Counts) ready() error {
	if c.tuples == nil {
		return errors.New("kanon: counts come from NewCounts or UnmarshalBinary")
	}
	if c.failed != nil {
		return fmt.Errorf("kanon: these counts failed before and are incomplete: %w", c.failed)
	}
	return nil
}

func (c *Counts) add(rec arrow.Record) error {
	n := int(rec.NumRows())
	for i, name := range c.quasi {
		if err := c.encode(rec, name, c.coders[i], i); err != nil {
			return err
		}
	}
	if c.people != nil {
		if err := c.encode(rec, c.unit, c.people, len(c.quasi)); err != nil {
			return err
		}
		if null, seen := c.people.Null(); seen {
			rows := 0
			for _, code := range c.codes[len(c.quasi)] {
				if code == null {
					rows++
				}
			}
			return fmt.Errorf("kanon: unit column %q: %d rows are null, want a person in every row",
				c.unit, rows)
		}
	}
	if err := c.widen(); err != nil {
		return err
	}
	c.keys = slices.Grow(c.keys[:0], n*c.layout.Words())[:n*c.layout.Words()]
	clear(c.keys)
	for i := range c.quasi {
		c.layout.Put(c.keys, i, c.codes[i])
	}
	c.index = slices.Grow(c.index[:0], n)[:n]
	var people []uint32
	if c.people != nil {
		people = c.codes[len(c.quasi)]
	}
	if err := c.count(c.keys, c.index, nil, people); err != nil {
		return err
	}
	for i, v := range c.values {
		slot := len(c.quasi) + 1 + i
		if err := c.encode(rec, v.name, v.coder, slot); err != nil {
			return err
		}
		if err := v.add(c.index, c.codes[slot], people, nil); err != nil {
			return err
		}
	}
	return c.spillWhereFull()
}

func (c *Counts) encode(rec arrow.Record, name string, coder *column.Coder, slot int) error {
	i, err := fieldIndex(rec.Schema(), name)
	if err != nil {
		return err
	}
	n := int(rec.NumRows())
	for len(c.codes) <= slot {
		c.codes = append(c.codes, nil)
	}
	c.codes[slot] = slices.Grow(c.codes[slot][:0], n)[:n]
	if err := coder.Encode(rec.Column(i), c.codes[slot]); err != nil {
		return fmt.Errorf("kanon: column %q: %w", name, err)
	}
	return nil
}

// widen makes room in the keys for codes that have become too many. Tuples
// keep their numbers.
func (c *Counts) widen() error {
	sizes := c.sizes()
	fits := true
	for i, size := range sizes {
		fits = fits && size <= c.layout.Size(i)
	}
	if fits {
		return nil
	}
	if c.reserved > 0 { // two tables at once are more than there is room for
		if err := c.spill(); err != nil {
			return err
		}
	}
	old, n := c.layout, c.tuples.Len()
	c.layout = group.NewLayout(sizes)
	keys := make([]uint64, n*c.layout.Words())
	codes := make([]uint32, n)
	for i := range sizes {
		old.Get(c.tuples.Keys(), i, codes)
		c.layout.Put(keys, i, codes)
	}
	c.tuples = group.New(c.layout.Words(), n)
	c.tuples.Add(keys, codes)
	return nil
}

// count adds tuples by their keys: rows[i] rows each, or one where rows is
// nil, and the person of each where there are people.
func (c *Counts) count(keys []uint64, index []uint32, rows []int64, people []uint32) error {
	if c.tuples.Len()+len(index) > maxTuples {
		return fmt.Errorf("kanon: more than %d combinations of quasi-identifiers", maxTuples)
	}
	c.tuples.Add(keys, index)
	for len(c.rows) < c.tuples.Len() {
		c.rows = append(c.rows, 0)
	}
	if rows == nil {
		for _, t := range index {
			c.rows[t]++
		}
		c.total += int64(len(index))
	}
	for i, n := range rows {
		c.rows[index[i]] += n
		c.total += n
	}
	if c.people != nil && people != nil {
		c.pairs.add(index, people)
	}
	return nil
}
