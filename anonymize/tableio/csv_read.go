package tableio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// csvTable is a CSV file whose header was read. Its types are found in the
// first pass that needs them and kept.
type csvTable struct {
	file    *File
	delim   byte
	columns []string // by name

	mu    sync.Mutex
	types []arrow.DataType // nil until known
}

func (c *csvTable) names() []string { return c.columns }

// fields are known once the types are.
func (c *csvTable) fields() []arrow.Field {
	fields := make([]arrow.Field, len(c.columns))
	for i, name := range c.columns {
		fields[i] = arrow.Field{Name: name, Type: c.types[i], Nullable: true}
	}
	return fields
}

// unreadable is nothing: what is no value of another type is text.
func (c *csvTable) unreadable() []error { return make([]error, len(c.columns)) }

// agree has nothing to do: text never comes as a dictionary.
func (c *csvTable) agree(string, arrow.DataType) error { return nil }

func openCSV(t *File, f *content) (table, error) {
	c := &csvTable{file: t}
	delim, err := c.detect(f)
	if err != nil {
		return nil, err
	}
	c.delim = delim
	in, err := c.reader(f)
	if err != nil {
		return nil, err
	}
	defer in.close()
	var head block
	head.reset(0)
	if err := in.scan.record(&head); err == io.EOF {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, err
	}
	head.columns = len(head.quoted)
	if err := head.checkText(); err != nil {
		return nil, err
	}
	for i := range head.columns {
		name := string(head.field(0, i))
		if t.opts.NoHeader {
			name = fmt.Sprintf("column%d", i+1)
		}
		c.columns = append(c.columns, name)
	}
	if t.opts.names != nil {
		if len(t.opts.names) != len(c.columns) {
			return nil, &line{1, fmt.Errorf("%d fields, want %d", len(c.columns), len(t.opts.names))}
		}
		c.columns = t.opts.names
	}
	if err := distinct(c.columns); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(t.opts.Types)) {
		if !slices.Contains(c.columns, name) {
			return nil, fmt.Errorf("a type is declared for column %q, which is not there", name)
		}
	}
	return c, nil
}

// input is an open CSV file with what lies between it and its text.
type input struct {
	scan  *scanner
	f     *content
	close func()
}

// reader begins to read f from its start.
func (c *csvTable) reader(f *content) (*input, error) {
	text, done, err := c.text(f)
	if err != nil {
		return nil, err
	}
	in := &input{f: f, scan: newScanner(text, c.delim), close: done}
	in.scan.skipBOM()
	return in, nil
}

// text decompresses f by its extension.
func (c *csvTable) text(f *content) (r io.Reader, done func(), err error) {
	switch c.file.opts.compression {
	case "gz":
		z, err := gzip.NewReader(bufio.NewReader(f.text()))
		if err != nil {
			var failed *unreadable
			if errors.As(err, &failed) {
				return nil, nil, err
			}
			return nil, nil, &damaged{errors.New("it is not compressed with gzip")}
		}
		return &inflating{z}, func() { z.Close() }, nil
	case "zst":
		z, err := zstd.NewReader(f.text(), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			return nil, nil, err
		}
		return &inflating{z}, z.Close, nil
	}
	return f.text(), func() {}, nil
}

// inflating calls errors of decompression damage.
type inflating struct{ r io.Reader }

func (z *inflating) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	var failed *unreadable
	if err != nil && err != io.EOF && !errors.As(err, &failed) {
		err = &damaged{fmt.Errorf("it cannot be decompressed: %w", err)}
	}
	return n, err
}

// detect finds the delimiter: the one that takes the first records apart into
// the most fields, each into as many as the first.
func (c *csvTable) detect(f *content) (byte, error) {
	if d := c.file.opts.Delimiter; d != 0 {
		return byte(d), nil
	}
	const sampleSize, sampleRows = 1 << 16, 20
	text, done, err := c.text(f)
	if err != nil {
		return 0, err
	}
	defer done()
	sample := make([]byte, sampleSize)
	n, err := io.ReadFull(text, sample)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	candidates := ",;\t|"
	if c.file.opts.tabs {
		candidates = "\t,;|"
	}
	best, most := candidates[0], 1
	for i := range len(candidates) {
		s := newScanner(strings.NewReader(string(sample[:n])), candidates[i])
		s.skipBOM()
		if fields := s.consistent(sampleRows, n == sampleSize); fields > most {
			best, most = candidates[i], fields
		}
	}
	return best, nil
}

// consistent returns how many fields the first rows records have, 0 where
// they differ. The last record of a sample that was cut is not counted.
func (s *scanner) consistent(rows int, cut bool) int {
	var b block
	b.reset(0)
	fields := 0
	for row := range rows {
		before := len(b.quoted)
		err := s.record(&b)
		if err == io.EOF || cut && s.eof && s.at == s.n {
			break
		}
		got := len(b.quoted) - before
		if err != nil || row > 0 && got != fields {
			return 0
		}
		fields = got
	}
	return fields
}

func (c *csvTable) open(
	ctx context.Context, f *content, columns []string,
) (array.RecordReader, error) {
	r, err := c.start(ctx, f, columns)
	if err != nil {
		f.Close()
	}
	return r, err
}

func (c *csvTable) start(
	ctx context.Context, f *content, columns []string,
) (array.RecordReader, error) {
	picked, err := pick(c.columns, columns)
	if err != nil {
		return nil, err
	}
	types, err := c.infer(ctx, f)
	if err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, len(picked))
	parsers := make([]*columnParser, len(picked))
	for k, i := range picked {
		fields[k] = arrow.Field{Name: c.columns[i], Type: types[i], Nullable: true}
		p, err := newTextParser(types[i])
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.columns[i], err)
		}
		parsers[k] = &columnParser{p, i, c.columns[i], c.file.opts.Null}
	}
	schema := arrow.NewSchema(fields, nil)
	in, err := c.reader(f)
	if err != nil {
		return nil, err
	}
	rows := c.file.opts.BatchRows
	pass := startBlocks(ctx, c, in, rows, func(b *block) (arrow.Record, error) {
		return parseBlock(schema, parsers, b)
	})
	return newStream(ctx, schema, &csvPass{pass}), nil
}

// csvPass is the producer of a pass; it adds the name of the file to errors.
type csvPass struct{ blocks *blockRun[arrow.Record] }

func (p *csvPass) next() (arrow.Record, error) {
	rec, err := p.blocks.next()
	if err == io.EOF {
		if err := p.blocks.table.file.unchanged(p.blocks.in.f); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	if err != nil {
		return nil, p.blocks.table.file.wrap(err)
	}
	return rec, nil
}

func (p *csvPass) stop() {
	p.blocks.stop(func(rec arrow.Record) { rec.Release() })
	p.blocks.in.f.Close()
}

func isNull(v []byte, nulls []string) bool {
	for _, n := range nulls {
		if string(v) == n {
			return true
		}
	}
	return false
}

// columnParser makes arrays of one column.
type columnParser struct {
	*textParser
	column int
	name   string
	nulls  []string
}

func parseBlock(schema *arrow.Schema, parsers []*columnParser, b *block) (arrow.Record, error) {
	arrays := make([]arrow.Array, 0, len(parsers))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for _, p := range parsers {
		a, err := p.array(b)
		if err != nil {
			return nil, err
		}
		arrays = append(arrays, a)
	}
	return array.NewRecord(schema, arrays, int64(b.rows)), nil
}

func (p *columnParser) array(b *block) (arrow.Array, error) {
	switch {
	case p.dt.ID() == arrow.NULL:
		for row := range b.rows {
			if !isNull(b.field(row, p.column), p.nulls) {
				return nil, p.wrong(b, row)
			}
		}
		return array.NewNull(b.rows), nil
	case p.parse == nil:
		return p.text(b)
	}
	v := &validity{bits: make([]byte, bitutil.BytesForBits(int64(b.rows))), rows: b.rows}
	out := make([]byte, b.rows*p.width)
	for row := range b.rows {
		field := b.field(row, p.column)
		if isNull(field, p.nulls) {
			v.nulls++
			continue
		}
		if !p.parse(out[row*p.width:(row+1)*p.width], field) {
			return nil, p.wrong(b, row)
		}
		v.bits[row>>3] |= 1 << (row & 7)
	}
	if p.dt.ID() == arrow.BOOL {
		packed := make([]byte, bitutil.BytesForBits(int64(b.rows)))
		for row, x := range out {
			packed[row>>3] |= x << (row & 7)
		}
		out = packed
	}
	return newArray(p.dt, v, memory.NewBufferBytes(out)), nil
}

func (p *columnParser) wrong(b *block, row int) error {
	return &line{b.lines[row], fmt.Errorf("column %q: not %s", p.name, p.what)}
}

// text is a column of text, where a field in quotes is never null.
func (p *columnParser) text(b *block) (arrow.Array, error) {
	v := &validity{bits: make([]byte, bitutil.BytesForBits(int64(b.rows))), rows: b.rows}
	ends := make([]int64, 1, b.rows+1)
	total := 0
	for row := range b.rows {
		total += len(b.field(row, p.column))
	}
	data := make([]byte, 0, total)
	for row := range b.rows {
		field := b.field(row, p.column)
		if !b.quoted[row*b.columns+p.column] && isNull(field, p.nulls) {
			v.nulls++
		} else {
			v.bits[row>>3] |= 1 << (row & 7)
			data = append(data, field...)
		}
		ends = append(ends, int64(len(data)))
	}
	return stringArray(p.dt, v, ends, data)
}
