package kanon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// checkColumn numbers the distinct values of one column over all records of a
// check. It is written for the check alone; the search has its own.
type checkColumn struct {
	name string
	kind string // what the values are; equal values of one kind are one value
	typ  arrow.DataType

	// A value is known by 64 bits where that many hold it, by bytes otherwise.
	words map[uint64]uint32
	bytes map[string]uint32

	recent [256]recentText
}

// recentText is a text with its number.
type recentText struct {
	text   string
	number uint32
}

// nullCode is the number of null; values have those from 1.
const nullCode = 0

func newCheckColumn(name string) *checkColumn {
	return &checkColumn{name: name, words: map[uint64]uint32{}, bytes: map[string]uint32{}}
}

// blockReader writes the numbers of the values of len(out) rows to out, from a
// row on.
type blockReader func(from int, out []uint32)

// block reads n rows into the memory of a block before.
func (r blockReader) block(out []uint32, from, n int) []uint32 {
	out = slices.Grow(out[:0], n)[:n]
	r(from, out)
	return out
}

// reader returns a function that numbers the values of rows of a.
func (c *checkColumn) reader(a arrow.Array) (blockReader, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return c.dictionary(d)
	}
	number, err := c.single(a)
	if err != nil {
		return nil, err
	}
	nulls := a.NullN() > 0
	return func(from int, out []uint32) {
		for i := range out {
			if out[i] = nullCode; !nulls || a.IsValid(from+i) {
				out[i] = number(from + i)
			}
		}
	}, nil
}

// single returns a function that numbers the value of a row of a that is not
// null.
func (c *checkColumn) single(a arrow.Array) (func(row int) uint32, error) {
	kind, number := c.values(a)
	if number == nil {
		return nil, checkable(a.DataType())
	}
	if c.kind != "" && kind != "" && c.kind != kind {
		return nil, fmt.Errorf("%s in one record and %s in another", c.kind, kind)
	}
	if kind != "" {
		c.kind, c.typ = kind, a.DataType()
	}
	return number, nil
}

// dictionary numbers each entry when a row first refers to it.
func (c *checkColumn) dictionary(d *array.Dictionary) (blockReader, error) {
	entries := d.Dictionary()
	number, err := c.single(entries)
	if err != nil {
		return nil, err
	}
	const unknown = math.MaxUint32 // above every number of a value
	if entries.Len() >= math.MaxInt32 {
		return nil, fmt.Errorf("%d entries of a dictionary, want fewer than %d", entries.Len(),
			math.MaxInt32)
	}
	index := d.GetValueIndex
	if short, ok := d.Indices().(*array.Int32); ok { // the usual one, without a look at its type
		values := short.Int32Values()
		index = func(row int) int { return int(values[row]) }
	}
	nulls := d.NullN() > 0
	for row := range d.Len() {
		if i := index(row); (i < 0 || i >= entries.Len()) && !(nulls && d.IsNull(row)) {
			return nil, errors.New("a dictionary index points outside of its dictionary")
		}
	}
	numbers := make([]uint32, entries.Len())
	for i := range numbers {
		numbers[i] = unknown
	}
	return func(from int, out []uint32) {
		for i := range out {
			if nulls && d.IsNull(from+i) {
				out[i] = nullCode
				continue
			}
			entry := index(from + i)
			if numbers[entry] == unknown {
				if numbers[entry] = nullCode; entries.IsValid(entry) {
					numbers[entry] = number(entry)
				}
			}
			out[i] = numbers[entry]
		}
	}, nil
}

// values returns the kind of an array's values, "" where all are null, and a
// function that numbers them. It is nil for a type that is not supported.
func (c *checkColumn) values(a arrow.Array) (kind string, number func(row int) uint32) {
	exact := a.DataType().String() // compared with the same type only
	switch a := a.(type) {
	case *array.Null:
		return "", func(int) uint32 { return nullCode }
	case *array.Boolean:
		return "bool", func(i int) uint32 {
			if a.Value(i) {
				return c.word(1)
			}
			return c.word(0)
		}
	case *array.Int8:
		return "integer", func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Int16:
		return "integer", func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Int32:
		return "integer", func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Int64:
		return "integer", func(i int) uint32 { return c.integer(a.Value(i)) }
	case *array.Uint8:
		return "integer", func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Uint16:
		return "integer", func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Uint32:
		return "integer", func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Uint64:
		return "integer", func(i int) uint32 { return c.unsigned(a.Value(i)) }
	case *array.Float16:
		return "float", func(i int) uint32 { return c.float(float64(a.Value(i).Float32())) }
	case *array.Float32:
		return "float", func(i int) uint32 { return c.float(float64(a.Value(i))) }
	case *array.Float64:
		return "float", func(i int) uint32 { return c.float(a.Value(i)) }
	case *array.Date32:
		return exact, func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Date64:
		return exact, func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Time32:
		return exact, func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Time64:
		return exact, func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Timestamp:
		return exact, func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Duration:
		return exact, func(i int) uint32 { return c.integer(int64(a.Value(i))) }
	case *array.Decimal128:
		return exact, func(i int) uint32 {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:8], uint64(a.Value(i).HighBits()))
			binary.BigEndian.PutUint64(b[8:], a.Value(i).LowBits())
			return c.binary(b[:])
		}
	case *array.String:
		return "text", func(i int) uint32 { return c.text(a.Value(i)) }
	case *array.LargeString:
		return "text", func(i int) uint32 { return c.text(a.Value(i)) }
	case *array.Binary:
		return "binary", func(i int) uint32 { return c.binary(a.Value(i)) }
	case *array.LargeBinary:
		return "binary", func(i int) uint32 { return c.binary(a.Value(i)) }
	case *array.FixedSizeBinary:
		return "binary", func(i int) uint32 { return c.binary(a.Value(i)) }
	}
	return "", nil
}

func (c *checkColumn) integer(v int64) uint32 { return c.word(uint64(v)) }

// unsigned keeps integers beyond int64 apart from negative ones.
func (c *checkColumn) unsigned(v uint64) uint32 {
	if v <= math.MaxInt64 {
		return c.word(v)
	}
	return c.binary(binary.BigEndian.AppendUint64(nil, v))
}

func (c *checkColumn) float(v float64) uint32 {
	switch {
	case v == 0:
		v = 0 // not −0
	case v != v:
		v = math.NaN()
	}
	return c.word(math.Float64bits(v))
}

func (c *checkColumn) word(v uint64) uint32 {
	n, ok := c.words[v]
	if !ok {
		n = c.next()
		c.words[v] = n
	}
	return n
}

// text looks first among the texts that came last, which is quicker where they
// are few.
func (c *checkColumn) text(v string) uint32 {
	place := len(v) % len(c.recent)
	if len(v) > 0 {
		place = (len(v) + 3*int(v[0]) + 5*int(v[len(v)/2]) + 7*int(v[len(v)-1])) % len(c.recent)
	}
	if r := &c.recent[place]; r.number > 0 && r.text == v {
		return r.number
	}
	n, ok := c.bytes[v]
	if !ok {
		n = c.next()
		v = strings.Clone(v) // the record is not kept
		c.bytes[v] = n
		c.recent[place] = recentText{v, n}
	}
	return n
}

func (c *checkColumn) binary(v []byte) uint32 {
	n, ok := c.bytes[string(v)]
	if !ok {
		n = c.next()
		c.bytes[string(v)] = n
	}
	return n
}

func (c *checkColumn) next() uint32 { return uint32(1 + len(c.words) + len(c.bytes)) }

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
