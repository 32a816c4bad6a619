package pqfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	// maxFooter is far above the footers of real files (a few megabytes for
	// thousands of row groups) and bounds what a hostile one makes us hold.
	maxFooter = 128 << 20
)

// Field is a column of the table: a leaf, or a group of them that is nested.
type Field struct {
	Name     string
	Nested   bool // a group or a repeated leaf; cannot be read
	Optional bool // may be null
	Physical Physical
	Width    int // FixedBytes: bytes of a value
	Logical  Logical

	leaf int // index of its (first) column chunk in every row group
}

// RowGroup is a horizontal cut of the table.
type RowGroup struct {
	Rows   int64
	chunks []chunk
}

type chunk struct {
	codec        codec
	values       int64
	uncompressed int64
	compressed   int64
	dataOffset   int64
	dictOffset   int64 // 0 without a dictionary
	encrypted    bool
	external     bool
	// From the encoding statistics, where the writer left them: whether
	// data pages of the kind exist.
	stats     bool
	statsDict bool
	statsRest bool
}

func (c *chunk) start() int64 {
	if c.dictOffset > 0 && c.dictOffset < c.dataOffset {
		return c.dictOffset
	}
	return c.dataOffset
}

// File is an open Parquet file. Its methods may be called concurrently.
type File struct {
	Rows      int64
	Fields    []Field
	RowGroups []RowGroup

	// Notes holds the key-value metadata asked for in Open.
	Note string

	r   io.ReaderAt
	end int64 // where the column data ends
}

// Open reads the footer of the size bytes in r and checks it against the file:
// every column chunk lies inside it and every row group has a chunk of each
// column and the rows it should have. note names the one key of the key-value
// metadata that is kept.
func Open(r io.ReaderAt, size int64, note string) (*File, error) {
	footer, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	f := &File{r: r, end: size - 8 - int64(len(footer))}
	if err := f.parse(footer, note); err != nil {
		return nil, err
	}
	if err := f.validate(); err != nil {
		return nil, err
	}
	return f, nil
}

// With returns f reading its pages from r, which holds the same bytes.
func (f *File) With(r io.ReaderAt) *File {
	g := *f
	g.r = r
	return &g
}

func readFooter(r io.ReaderAt, size int64) ([]byte, error) {
	if size < int64(2*len(magic)+4) {
		return nil, errors.New("it is too short for a Parquet file")
	}
	var head [4]byte
	var tail [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	if string(head[:]) == magicEncrypted || string(tail[4:]) == magicEncrypted {
		return nil, errors.New("it is encrypted, which is not supported")
	}
	if string(head[:]) != magic {
		return nil, errors.New("it is no Parquet file: it does not begin with PAR1")
	}
	if string(tail[4:]) != magic {
		return nil, errors.New("it is cut short: it does not end with PAR1")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if n > size-12 {
		return nil, errors.New("its footer is longer than the file")
	}
	if n > maxFooter {
		return nil, fmt.Errorf("its footer of %d bytes is above the limit of %d", n, maxFooter)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-8-n); err != nil {
		return nil, err
	}
	return footer, nil
}

type schemaElement struct {
	name       string
	physical   int32 // -1 for a group
	length     int32
	repetition int32
	children   int32
	converted  int32 // -1 when absent
	scale      int32
	precision  int32
	logical    Logical
}

func (f *File) parse(footer []byte, note string) error {
	c := &compact{b: footer}
	var schema []schemaElement
	encrypted := false
	c.fields(func(id int16, wire byte) {
		switch id {
		case 2:
			c.wantList(wire, wireStruct, func() { schema = append(schema, parseElement(c)) })
		case 3:
			f.Rows = c.wantI64(wire)
		case 4:
			c.wantList(wire, wireStruct, func() { f.RowGroups = append(f.RowGroups, parseGroup(c)) })
		case 5:
			c.wantList(wire, wireStruct, func() { f.parseNote(c, note) })
		case 8:
			encrypted = true
			c.skip(wire)
		default:
			c.skip(wire)
		}
	})
	if c.err != nil {
		return fmt.Errorf("its footer cannot be read: %w", c.err)
	}
	if encrypted {
		return errors.New("it is encrypted, which is not supported")
	}
	return f.layOut(schema)
}

func (f *File) parseNote(c *compact, note string) {
	var key, value string
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			key = string(c.wantBinary(wire))
		case 2:
			v := c.wantBinary(wire)
			if key == note {
				value = string(v)
			}
		default:
			c.skip(wire)
		}
	})
	if key == note && note != "" {
		f.Note = value
	}
}

func parseElement(c *compact) schemaElement {
	e := schemaElement{physical: -1, converted: -1}
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			e.physical = c.wantI32(wire)
		case 2:
			e.length = c.wantI32(wire)
		case 3:
			e.repetition = c.wantI32(wire)
		case 4:
			e.name = string(c.wantBinary(wire))
		case 5:
			e.children = c.wantI32(wire)
		case 6:
			e.converted = c.wantI32(wire)
		case 7:
			e.scale = c.wantI32(wire)
		case 8:
			e.precision = c.wantI32(wire)
		case 10:
			e.logical = parseLogical(c, wire)
		default:
			c.skip(wire)
		}
	})
	return e
}

func parseLogical(c *compact, wire byte) (l Logical) {
	c.wantStruct(wire, func(id int16, wire byte) {
		l.Kind = logicalKind(id)
		c.wantStruct(wire, func(field int16, wire byte) {
			switch {
			case l.Kind == Decimal && field == 1:
				l.Scale = c.wantI32(wire)
			case l.Kind == Decimal && field == 2:
				l.Precision = c.wantI32(wire)
			case (l.Kind == Time || l.Kind == Timestamp) && field == 1:
				l.UTC = c.wantBool(wire)
			case (l.Kind == Time || l.Kind == Timestamp) && field == 2:
				c.wantStruct(wire, func(unit int16, wire byte) {
					if unit >= 1 && unit <= 3 {
						l.Unit = Unit(unit)
					}
					c.skip(wire)
				})
			case l.Kind == Integer && field == 1 && wire == wireByte:
				l.Bits = int(c.byte())
			case l.Kind == Integer && field == 2:
				l.Signed = c.wantBool(wire)
			default:
				c.skip(wire)
			}
		})
	})
	return l
}

func logicalKind(id int16) Kind {
	switch id {
	case 1:
		return String
	case 4:
		return Enum
	case 5:
		return Decimal
	case 6:
		return Date
	case 7:
		return Time
	case 8:
		return Timestamp
	case 10:
		return Integer
	case 11:
		return Unknown
	case 12:
		return JSON
	case 13:
		return BSON
	case 14:
		return UUID
	case 15:
		return Float16
	}
	return Other
}

// converted maps the deprecated annotation of older writers.
func converted(e *schemaElement) Logical {
	integer := func(bits int, signed bool) Logical {
		return Logical{Kind: Integer, Bits: bits, Signed: signed}
	}
	switch e.converted {
	case -1:
		return Logical{}
	case 0:
		return Logical{Kind: String}
	case 4:
		return Logical{Kind: Enum}
	case 5:
		return Logical{Kind: Decimal, Precision: e.precision, Scale: e.scale}
	case 6:
		return Logical{Kind: Date}
	case 7:
		return Logical{Kind: Time, Unit: Millis, UTC: true}
	case 8:
		return Logical{Kind: Time, Unit: Micros, UTC: true}
	case 9:
		return Logical{Kind: Timestamp, Unit: Millis, UTC: true}
	case 10:
		return Logical{Kind: Timestamp, Unit: Micros, UTC: true}
	case 11, 12, 13, 14:
		return integer(8<<(e.converted-11), false)
	case 15, 16, 17, 18:
		return integer(8<<(e.converted-15), true)
	case 19:
		return Logical{Kind: JSON}
	case 20:
		return Logical{Kind: BSON}
	case 21:
		return Logical{Kind: Interval}
	}
	return Logical{Kind: Other}
}

func parseGroup(c *compact) (g RowGroup) {
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			c.wantList(wire, wireStruct, func() { g.chunks = append(g.chunks, parseChunk(c)) })
		case 3:
			g.Rows = c.wantI64(wire)
		default:
			c.skip(wire)
		}
	})
	return g
}

func parseChunk(c *compact) (k chunk) {
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			k.external = len(c.wantBinary(wire)) > 0
		case 3:
			c.wantStruct(wire, func(id int16, wire byte) { k.parseMeta(c, id, wire) })
		case 8, 9:
			k.encrypted = true
			c.skip(wire)
		default:
			c.skip(wire)
		}
	})
	return k
}

func (k *chunk) parseMeta(c *compact, id int16, wire byte) {
	switch id {
	case 4:
		k.codec = codec(c.wantI32(wire))
	case 5:
		k.values = c.wantI64(wire)
	case 6:
		k.uncompressed = c.wantI64(wire)
	case 7:
		k.compressed = c.wantI64(wire)
	case 9:
		k.dataOffset = c.wantI64(wire)
	case 11:
		k.dictOffset = c.wantI64(wire)
	case 13:
		c.wantList(wire, wireStruct, func() { k.parseStats(c) })
	default:
		c.skip(wire)
	}
}

func (k *chunk) parseStats(c *compact) {
	var page, enc, count int32
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			page = c.wantI32(wire)
		case 2:
			enc = c.wantI32(wire)
		case 3:
			count = c.wantI32(wire)
		default:
			c.skip(wire)
		}
	})
	if count <= 0 || (page != dataPage && page != dataPageV2) {
		return
	}
	k.stats = true
	if encoding(enc).dictionary() {
		k.statsDict = true
	} else {
		k.statsRest = true
	}
}

// layOut turns the flattened schema tree into fields.
func (f *File) layOut(schema []schemaElement) error {
	if len(schema) == 0 || schema[0].physical >= 0 {
		return errors.New("it has no schema")
	}
	leaf := 0
	at := 1
	for range schema[0].children {
		if at >= len(schema) {
			return errors.New("its schema is cut short")
		}
		e := &schema[at]
		next, leaves, ok := span(schema, at)
		if !ok {
			return errors.New("its schema is malformed")
		}
		field := Field{Name: e.name, leaf: leaf, Optional: e.repetition == 1}
		field.Nested = e.physical < 0 || e.repetition == 2
		if !field.Nested {
			field.Physical, field.Width = Physical(e.physical), int(e.length)
			field.Logical = e.logical
			if field.Logical.Kind == None || field.Logical.Kind == Other {
				if l := converted(e); l.Kind != None {
					field.Logical = l
				}
			}
		}
		f.Fields = append(f.Fields, field)
		at, leaf = next, leaf+leaves
	}
	if at != len(schema) {
		return errors.New("its schema is malformed")
	}
	for i := range f.RowGroups {
		if len(f.RowGroups[i].chunks) != leaf {
			return fmt.Errorf("row group %d has %d column chunks, want %d",
				i, len(f.RowGroups[i].chunks), leaf)
		}
	}
	return nil
}

// span returns where the subtree at begins ends and how many leaves it has.
// It counts open children instead of recursing.
func span(schema []schemaElement, at int) (next, leaves int, ok bool) {
	for open := int64(1); open > 0; open-- {
		if at >= len(schema) {
			return 0, 0, false
		}
		e := &schema[at]
		switch {
		case e.physical >= 0 && e.children <= 0:
			leaves++
		case e.physical >= 0 || e.children < 0:
			return 0, 0, false
		default:
			open += int64(e.children)
		}
		at++
	}
	return at, leaves, true
}

func (f *File) validate() error {
	rows := int64(0)
	for i := range f.RowGroups {
		g := &f.RowGroups[i]
		if g.Rows < 0 || rows+g.Rows < rows {
			return fmt.Errorf("row group %d has %d rows", i, g.Rows)
		}
		rows += g.Rows
		for j := range f.Fields {
			if f.Fields[j].Nested {
				continue
			}
			if err := f.validateChunk(g, &g.chunks[f.Fields[j].leaf]); err != nil {
				return fmt.Errorf("row group %d, column %q: %w", i, f.Fields[j].Name, err)
			}
		}
	}
	if rows != f.Rows {
		return fmt.Errorf("its row groups hold %d rows, its footer says %d", rows, f.Rows)
	}
	return nil
}

func (f *File) validateChunk(g *RowGroup, k *chunk) error {
	switch {
	case k.encrypted:
		return nil // refused when it is read; the other columns may be fine
	case k.external:
		return errors.New("its data is in another file, which is not supported")
	case k.values != g.Rows:
		return fmt.Errorf("%d values in %d rows", k.values, g.Rows)
	case k.compressed < 0 || k.uncompressed < 0 || k.dataOffset < 0 || k.dictOffset < 0:
		return errors.New("a negative size")
	case g.Rows == 0:
		return nil
	case k.start() < 4 || k.start() > f.end || k.compressed > f.end-k.start():
		return errors.New("it lies outside the file")
	}
	return nil
}
