package tableio

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// delimiter is what separates fields on writing.
func (o *options) delimiter() rune {
	switch {
	case o.Delimiter != 0:
		return o.Delimiter
	case o.tabs:
		return '\t'
	}
	return ','
}

// csvEncoder writes text. Lines end in LF.
type csvEncoder struct {
	w       *bufio.Writer
	z       io.Closer // of the compressor, nil without
	delim   byte
	nulls   []string
	workers int
	schema  *arrow.Schema
	buffers [][]byte
}

// lineRows is how many rows a worker renders at a time.
const lineRows = 1 << 12

func newCSVEncoder(out io.Writer, schema *arrow.Schema, opts options) (*csvEncoder, error) {
	e := &csvEncoder{
		delim: byte(opts.delimiter()), nulls: opts.Null, workers: opts.Workers, schema: schema,
	}
	for _, f := range schema.Fields() {
		dt := f.Type
		if d, ok := dt.(*arrow.DictionaryType); ok {
			dt = d.ValueType
		}
		if _, err := newTextParser(dt, notation{}); err != nil {
			return nil, fmt.Errorf("column %q: type %s cannot be written as CSV", f.Name, f.Type)
		}
	}
	for _, n := range e.nulls {
		if strings.IndexByte(n, e.delim) >= 0 {
			return nil, fmt.Errorf("the null text %q holds the delimiter", n)
		}
	}
	switch opts.compression {
	case "gz":
		z := gzip.NewWriter(out)
		out, e.z = z, z
	case "zst":
		z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		out, e.z = z, z
	}
	// Compressors see blocks of one size, whatever the rows came in.
	e.w = bufio.NewWriterSize(out, 1<<16)
	if !opts.NoHeader {
		var head []byte
		for i, f := range schema.Fields() {
			if i > 0 {
				head = append(head, e.delim)
			}
			head = e.appendText(head, f.Name)
		}
		if _, err := e.w.Write(append(head, '\n')); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *csvEncoder) write(rec arrow.Record) error {
	columns := make([]renderer, rec.NumCols())
	for i := range columns {
		f := e.schema.Field(i)
		r, err := e.renderer(rec.Column(i))
		if err != nil {
			return fmt.Errorf("column %q: %w", f.Name, err)
		}
		if !f.Nullable && rec.Column(i).NullN() > 0 {
			return fmt.Errorf("column %q: a null, but the field is not nullable", f.Name)
		}
		columns[i] = r
	}
	rows := int(rec.NumRows())
	for len(e.buffers) < e.workers {
		e.buffers = append(e.buffers, nil)
	}
	for from := 0; from < rows; from += lineRows * e.workers {
		parts := min(e.workers, (rows-from+lineRows-1)/lineRows)
		err := parallel(parts, e.workers, func(k int) error {
			start := from + k*lineRows
			e.buffers[k] = e.lines(e.buffers[k][:0], columns, start, min(start+lineRows, rows))
			return nil
		})
		if err != nil {
			return err
		}
		for k := range parts {
			if _, err := e.w.Write(e.buffers[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *csvEncoder) lines(dst []byte, columns []renderer, from, to int) []byte {
	for row := from; row < to; row++ {
		for k, c := range columns {
			if k > 0 {
				dst = append(dst, e.delim)
			}
			dst = c(dst, row)
		}
		dst = append(dst, '\n')
	}
	return dst
}

func (e *csvEncoder) finish() error {
	if err := e.w.Flush(); err != nil {
		return err
	}
	if z := e.z; z != nil {
		e.z = nil
		return z.Close()
	}
	return nil
}

func (e *csvEncoder) discard() error {
	// A compressor holds memory only, and what it would still write is of no
	// use, so its error is none either.
	if z := e.z; z != nil {
		e.z = nil
		_ = z.Close()
	}
	return nil
}

// appendText appends a field of text, in quotes where it could be taken for
// something else.
func (e *csvEncoder) appendText(dst []byte, s string) []byte {
	quote := isNull(stringBytes(s), e.nulls) || s == "" ||
		strings.HasPrefix(s, "\ufeff") || s[0] == ' ' || s[len(s)-1] == ' '
	for i := 0; i < len(s) && !quote; i++ {
		c := s[i]
		quote = c == e.delim || c == '"' || c == '\n' || c == '\r'
	}
	if !quote {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		dst = append(append(dst, s[:i]...), '"', '"')
		s = s[i+1:]
	}
	return append(append(dst, s...), '"')
}

// textTypes declares the types under which a CSV file reads back as it was
// written.
func textTypes(schema *arrow.Schema) map[string]arrow.DataType {
	types := make(map[string]arrow.DataType, schema.NumFields())
	for _, f := range schema.Fields() {
		types[f.Name] = f.Type
		if d, ok := f.Type.(*arrow.DictionaryType); ok {
			types[f.Name] = d.ValueType
		}
	}
	return types
}
