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
