package kanon

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// checkColumn numbers the distinct values of one column over all records of a
// check. It is written for the check alone; the search has its own.
type checkColumn struct {
	name string
	kind string // what the values are; equal values of one kind are one value
	typ  arrow.DataType

	// A value is known by 64 bits where that many hold it, by bytes otherwise,
	// which no column has both of. Integers beyond int64 have a table of their
	// own.
	words, beyond *wordNumbers
	texts         *textNumbers

	block   []uint64 // words of a block of rows
	strings []string // or texts
	rows    []int    // of it that are not null
	numbers []uint32 // of them
	entries []uint32 // numbers of the entries of a dictionary
}

// nullCode is the number of null; values have those from 1.
const nullCode = 0

func newCheckColumn(name string) *checkColumn {
	return &checkColumn{name: name, words: newWordNumbers(), beyond: newWordNumbers(),
		texts: newTextNumbers()}
}

// distinct is how many values there are, without null.
func (c *checkColumn) distinct() int { return c.words.len() + c.beyond.len() + c.texts.len() }

// blockReader writes the numbers of the values of len(out) rows to out, from a
// row on. Of one column only the reader that was made last is used.
type blockReader func(from int, out []uint32) error

// block reads n rows into the memory of a block before.
func (r blockReader) block(out []uint32, from, n int) ([]uint32, error) {
	out = slices.Grow(out[:0], n)[:n]
	return out, r(from, out)
}

// reader returns a function that numbers the values of rows of a.
func (c *checkColumn) reader(a arrow.Array) (blockReader, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return c.dictionary(d)
	}
	return c.plain(a)
}

// plain is the reader of an array that is no dictionary.
func (c *checkColumn) plain(a arrow.Array) (blockReader, error) {
	kind, read := c.values(a)
	if read == nil {
		return nil, checkable(a.DataType())
	}
	if c.kind != "" && kind != "" && c.kind != kind {
		return nil, fmt.Errorf("%s in one record and %s in another", c.kind, kind)
	}
	if kind != "" {
		c.kind, c.typ = kind, a.DataType()
	}
	return read, nil
}

// unknown is the number of an entry of a dictionary that no row has referred
// to: above every number of a value.
const unknown = math.MaxUint32

// dictionary numbers each entry when a row first refers to it.
func (c *checkColumn) dictionary(d *array.Dictionary) (blockReader, error) {
	entries := d.Dictionary()
	number, err := c.plain(entries)
	if err != nil {
		return nil, err
	}
	if entries.Len() >= math.MaxInt32 {
		return nil, fmt.Errorf("%d entries of a dictionary, want fewer than %d", entries.Len(),
			math.MaxInt32)
	}
	c.entries = slices.Grow(c.entries[:0], entries.Len())[:entries.Len()]
	for i := range c.entries {
		c.entries[i] = unknown
	}
	switch index := d.Indices().(type) {
	case *array.Int8:
		return entriesAt(c.entries, index.Int8Values(), d, number), nil
	case *array.Int16:
		return entriesAt(c.entries, index.Int16Values(), d, number), nil
	case *array.Int32:
		return entriesAt(c.entries, index.Int32Values(), d, number), nil
	case *array.Int64:
		return entriesAt(c.entries, index.Int64Values(), d, number), nil
	case *array.Uint8:
		return entriesAt(c.entries, index.Uint8Values(), d, number), nil
	case *array.Uint16:
		return entriesAt(c.entries, index.Uint16Values(), d, number), nil
	case *array.Uint32:
		return entriesAt(c.entries, index.Uint32Values(), d, number), nil
	case *array.Uint64:
		return entriesAt(c.entries, index.Uint64Values(), d, number), nil
	}
	return nil, fmt.Errorf("indexes of a dictionary of type %s are not supported",
		d.Indices().DataType())
}

type wholeNumber interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// entriesAt reads the numbers of entries by the indexes of rows.
func entriesAt[I wholeNumber](
	entries []uint32, index []I, d *array.Dictionary, number blockReader,
) blockReader {
	nulls := d.NullN() > 0
	return func(from int, out []uint32) error {
		for i, entry := range index[from : from+len(out)] {
			if nulls && d.IsNull(from+i) {
				out[i] = nullCode
				continue
			}
			if uint64(entry) >= uint64(len(entries)) { // negative ones, too
				return errors.New("a dictionary index points outside of its dictionary")
			}
			if entries[entry] == unknown {
				if err := number(int(entry), entries[entry:][:1]); err != nil {
					return err
				}
			}
			out[i] = entries[entry]
		}
		return nil
	}
}

// checkable refuses a type whose values the check cannot compare.
func checkable(t arrow.DataType) error {
	if d, ok := t.(*arrow.DictionaryType); ok {
		if d.ValueType.ID() == arrow.DICTIONARY {
			return fmt.Errorf("type %s is not supported", t)
		}
		return checkable(d.ValueType)
	}
	switch t.ID() {
	case arrow.NULL, arrow.BOOL, arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64,
		arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL128,
		arrow.DATE32, arrow.DATE64, arrow.TIME32, arrow.TIME64, arrow.TIMESTAMP, arrow.DURATION,
		arrow.STRING, arrow.LARGE_STRING, arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY:
		return nil
	}
	return fmt.Errorf("type %s is not supported", t)
}
