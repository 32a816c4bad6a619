package tableio

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// nullTexts are the texts that stand for null.
type nullTexts struct {
	texts   []string
	longest int
}

func newNullTexts(texts []string) nullTexts {
	n := nullTexts{texts: texts, longest: -1}
	for _, t := range texts {
		n.longest = max(n.longest, len(t))
	}
	return n
}

func (n *nullTexts) has(v []byte) bool { return len(v) <= n.longest && isNull(v, n.texts) }

func isNull(v []byte, nulls []string) bool {
	for _, n := range nulls {
		if string(v) == n {
			return true
		}
	}
	return false
}

// columnBuilder makes arrays of one column of blocks. Its memory is used again
// for the next block, and arrays are copies of it.
type columnBuilder struct {
	*textParser
	column int
	name   string
	null   nullTexts

	rows  int
	nulls []int32 // rows
	fixed []byte  // values, rows × width
	ends  []int32 // of texts in data, after a first 0
	data  []byte
}

func newColumnBuilder(p *textParser, column int, name string, null nullTexts) *columnBuilder {
	return &columnBuilder{textParser: p, column: column, name: name, null: null, ends: []int32{0}}
}

// add appends the column's fields of the stretch at hand.
func (c *columnBuilder) add(b *block) error {
	row := -1
	switch {
	case c.dt.ID() == arrow.INT64:
		row = c.addIntegers(b)
	case c.parse != nil:
		row = c.addValues(b)
	case c.dt.ID() == arrow.NULL:
		row = c.addNulls(b)
	default:
		c.addTexts(b)
	}
	if row >= 0 {
		return b.wrong(b.starts[row], fmt.Errorf("column %q: not %s", c.name, c.what))
	}
	c.rows += len(b.starts)
	return nil
}

// addIntegers appends integers; like addValues and addNulls it returns the row
// where there is none, or -1.
func (c *columnBuilder) addIntegers(b *block) int {
	rows, at := len(b.starts), len(c.fixed)
	c.fixed = slices.Grow(c.fixed, 8*rows)[:at+8*rows]
	out := c.fixed[at:]
	for row, i := 0, c.column; row < rows; row, i = row+1, i+b.columns {
		v := b.text(b.fields[i])
		n, ok := uint64(0), false
		if c.null.has(v) {
			c.nulls = append(c.nulls, int32(c.rows+row))
		} else if n, ok = shortInteger(v); !ok {
			if n, ok = parseInteger(v, true, 64); !ok {
				return row
			}
		}
		binary.LittleEndian.PutUint64(out[8*row:], n)
	}
	return -1
}

// shortInteger reads integers that are not long, and says whether it did.
func shortInteger(v []byte) (uint64, bool) {
	sign := uint64(0)
	if len(v) > 1 && v[0] == '-' {
		sign, v = ^uint64(0), v[1:]
	}
	if len(v) == 0 || len(v) > 18 {
		return 0, false
	}
	n := uint64(0)
	for _, c := range v {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		n = n*10 + d
	}
	return n ^ sign - sign, true
}

func (c *columnBuilder) addValues(b *block) int {
	rows, at := len(b.starts), len(c.fixed)
	c.fixed = slices.Grow(c.fixed, c.width*rows)[:at+c.width*rows]
	out := c.fixed[at:]
	for row, i := 0, c.column; row < rows; row, i = row+1, i+b.columns {
		dst := out[c.width*row : c.width*(row+1)]
		v := b.text(b.fields[i])
		if c.null.has(v) {
			c.nulls = append(c.nulls, int32(c.rows+row))
			clear(dst)
		} else if !c.parse(dst, v) {
			return row
		}
	}
	return -1
}

func (c *columnBuilder) addNulls(b *block) int {
	for row := range b.starts {
		if !c.null.has(b.text(b.fields[row*b.columns+c.column])) {
			return row
		}
	}
	return -1
}

// addTexts appends texts; a field in quotes is never null.
func (c *columnBuilder) addTexts(b *block) {
	rows, last := len(b.starts), len(b.fields)-1
	if rows == 0 {
		return
	}
	at := len(c.data)
	// No column has more bytes than all of them together.
	room := int(b.fields[last].to&spanEnd) - b.starts[0] + csvSlack
	data := slices.Grow(c.data, room)[:at+room]
	ends := slices.Grow(c.ends, rows)
	whole := b.data[:len(b.data)+csvSlack]
	for row, i := 0, c.column; row < rows; row, i = row+1, i+b.columns {
		s := b.fields[i]
		switch n := int(s.to) - int(s.from); {
		case s.to&hasDoubled != 0:
			at += copy(data[at:], b.text(s))
		case s.to&inQuotes == 0 && c.null.has(b.data[s.from:s.to]):
			c.nulls = append(c.nulls, int32(c.rows+row))
		case uint(n) <= csvSlack: // as most are; what is copied beyond is written over
			src, dst := whole[s.from:s.from+csvSlack], data[at:at+csvSlack]
			binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
			binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(src[8:]))
			at += n
		default:
			at += copy(data[at:], b.data[s.from:s.to&spanEnd])
		}
		ends = append(ends, int32(at))
	}
	c.data, c.ends = data[:at], ends
}

// array returns the rows as an array and forgets them.
func (c *columnBuilder) array() arrow.Array {
	defer c.reset()
	if c.dt.ID() == arrow.NULL {
		return array.NewNull(c.rows)
	}
	v := &validity{rows: c.rows, nulls: len(c.nulls)}
	if v.nulls > 0 {
		v.bits = make([]byte, bitutil.BytesForBits(int64(c.rows)))
		bitutil.SetBitsTo(v.bits, 0, int64(c.rows), true)
		for _, row := range c.nulls {
			bitutil.ClearBit(v.bits, int(row))
		}
	}
	switch {
	case c.dt.ID() == arrow.BOOL:
		bits := make([]byte, bitutil.BytesForBits(int64(c.rows)))
		for row, x := range c.fixed {
			bits[row>>3] |= x << (row & 7)
		}
		return newArray(c.dt, v, memory.NewBufferBytes(bits))
	case c.parse != nil:
		return newArray(c.dt, v, copied(c.fixed))
	case c.dt.ID() == arrow.LARGE_STRING:
		ends := make([]int64, len(c.ends))
		for i, e := range c.ends {
			ends[i] = int64(e)
		}
		return newArray(c.dt, v, copied(arrow.Int64Traits.CastToBytes(ends)), copied(c.data))
	}
	return newArray(c.dt, v, copied(arrow.Int32Traits.CastToBytes(c.ends)), copied(c.data))
}

func copied(b []byte) *memory.Buffer { return memory.NewBufferBytes(append([]byte{}, b...)) }

func (c *columnBuilder) reset() {
	c.rows = 0
	c.nulls, c.fixed, c.ends, c.data = c.nulls[:0], c.fixed[:0], c.ends[:1], c.data[:0]
}

// parseBlock makes a record of a block.
func parseBlock(schema *arrow.Schema, columns []*columnBuilder, b *block) (arrow.Record, error) {
	for _, c := range columns {
		c.reset() // after an error
	}
	rows := 0
	err := b.each(func() error {
		rows += len(b.starts)
		for _, c := range columns {
			if err := c.add(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	arrays := make([]arrow.Array, len(columns))
	for i, c := range columns {
		arrays[i] = c.array()
	}
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	return array.NewRecord(schema, arrays, int64(rows)), nil
}
