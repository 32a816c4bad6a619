package tableio

import (
	"bufio"
	"bytes"
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
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// csvTable is a CSV file whose header was read. Its types are found in the
// first pass that needs them and kept.
type csvTable struct {
	file    *File
	delim   byte
	columns []string // by name

	mu      sync.Mutex
	types   []textType        // nil until known
	remarks map[string]string // of columns of text, once the types are known
}

func (c *csvTable) names() []string { return c.columns }

// fields are known once the types are.
func (c *csvTable) fields() []arrow.Field {
	fields := make([]arrow.Field, len(c.columns))
	for i, name := range c.columns {
		fields[i] = arrow.Field{Name: name, Type: c.types[i].DataType, Nullable: true}
	}
	return fields
}

// unreadable is nothing: what is no value of another type is text.
func (c *csvTable) unreadable() []error { return make([]error, len(c.columns)) }

// agree has nothing to do: text never comes as a dictionary.
func (c *csvTable) agree(string, arrow.DataType) error { return nil }

func openCSV(t *File, f *content) (table, error) {
	c := &csvTable{file: t}
	if err := foreign(t, f); err != nil {
		return nil, err
	}
	delim, err := c.detect(f)
	if err != nil {
		return nil, err
	}
	c.delim = delim
	head := &block{delim: delim}
	if err := c.head(f, head); err != nil {
		return nil, err
	}
	for i, field := range head.fields {
		name := string(head.text(field))
		if t.opts.NoHeader {
			name = fmt.Sprintf("column%d", i+1)
		}
		if strings.IndexByte(name, 0) >= 0 {
			return nil, errors.New("a name of a column holds a NUL byte; set Encoding where the text " +
				"is UTF-16")
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

// foreign says what a file is that is no text by its first bytes.
func foreign(t *File, f *content) error {
	head := make([]byte, 8)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	for _, other := range []struct{ compression, begin, remedy string }{
		{"gz", "\x1f\x8b", "is compressed with gzip; let its name end in .csv.gz"},
		{"zst", "\x28\xb5\x2f\xfd", "is compressed with Zstandard; let its name end in .csv.zst"},
		{"", "PAR1\x15", "is a Parquet file; let its name end in .parquet"},
		{"", "ARROW1\x00\x00", "is an Arrow file; let its name end in .arrow"},
	} {
		begins := bytes.HasPrefix(head[:n], []byte(other.begin))
		if begins && (other.compression == "" || other.compression != t.opts.compression) {
			return &damaged{errors.New("it " + other.remedy)}
		}
	}
	return nil
}

// head splits the first record of f.
func (c *csvTable) head(f *content, b *block) error {
	text, done, err := c.text(f)
	if err != nil {
		return err
	}
	defer done()
	err = newChunks(text, sampleSize).next(b)
	if err == nil {
		err = b.split(1)
	}
	switch {
	case err == io.EOF, err == nil && len(b.starts) == 0:
		return errors.New("the file is empty")
	case err != nil:
		return err
	}
	b.columns = len(b.fields)
	if bad := badText(b.data[:b.at]); bad < b.at {
		return b.badField(bad)
	}
	return nil
}

// input is an open CSV file with what lies between it and its text.
type input struct {
	chunks *chunks
	f      *content
	close  func()
}

// reader begins to read f from its start.
func (c *csvTable) reader(f *content) (*input, error) {
	text, done, err := c.text(f)
	if err != nil {
		return nil, err
	}
	return &input{f: f, chunks: newChunks(text, chunkSize), close: done}, nil
}

// text is the text of f in UTF-8.
func (c *csvTable) text(f *content) (r io.Reader, done func(), err error) {
	raw, done, err := c.inflated(f)
	if err != nil {
		return nil, nil, err
	}
	if r, err = asUTF8(raw, c.file.opts.Encoding); err != nil {
		done()
		return nil, nil, err
	}
	return r, done, nil
}

// inflated decompresses f by its extension.
func (c *csvTable) inflated(f *content) (r io.Reader, done func(), err error) {
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

// A delimiter is found in that much text, and rows.
const sampleSize, sampleRows = 1 << 16, 20

// detect finds the delimiter: the one that takes the first records apart into
// the most fields, each into as many as the first.
func (c *csvTable) detect(f *content) (byte, error) {
	if d := c.file.opts.Delimiter; d != 0 {
		return byte(d), nil
	}
	text, done, err := c.text(f)
	if err != nil {
		return 0, err
	}
	defer done()
	sample := make([]byte, sampleSize, sampleSize+csvSlack+1)
	n, err := io.ReadFull(text, sample)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	sample = sample[:n]
	if bytes.HasPrefix(sample, byteOrderMark) {
		sample = sample[:copy(sample, sample[len(byteOrderMark):])]
	}
	candidates := ",;\t|"
	if c.file.opts.tabs {
		candidates = "\t,;|"
	}
	best, most := candidates[0], 1
	for i := range len(candidates) {
		b := &block{delim: candidates[i], cut: n == sampleSize}
		b.begin(sample, 1, 0)
		if fields := b.consistent(sampleRows); fields > most {
			best, most = candidates[i], fields
		}
	}
	return best, nil
}

// consistent returns how many fields the first rows records have, 0 where
// they differ. The last record of a block that was cut is not counted.
func (b *block) consistent(rows int) int {
	fields := 0
	for row := range rows {
		err := b.split(1)
		if errors.Is(err, errLong) || err == nil && len(b.starts) == 0 {
			break
		}
		if err != nil || row > 0 && len(b.fields) != fields {
			return 0
		}
		fields = len(b.fields)
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
	builders := make([][]*columnBuilder, c.file.opts.Workers)
	null := newNullTexts(c.file.opts.Null)
	for k, i := range picked {
		fields[k] = arrow.Field{Name: c.columns[i], Type: types[i].DataType, Nullable: true}
		p, err := newTextParser(types[i].DataType, types[i].how)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.columns[i], err)
		}
		for w := range builders {
			builders[w] = append(builders[w], newColumnBuilder(p, i, c.columns[i], null))
		}
	}
	schema := arrow.NewSchema(fields, nil)
	in, err := c.reader(f)
	if err != nil {
		return nil, err
	}
	pass := startBlocks(ctx, c, in, func(worker int, b *block) (arrow.Record, error) {
		return parseBlock(schema, builders[worker], b)
	})
	return newStream(ctx, schema, &csvPass{blocks: pass}), nil
}

// csvPass is the producer of a pass: it cuts the records of blocks to the size
// asked for and adds the name of the file to errors.
type csvPass struct {
	blocks *blockRun[arrow.Record]
	rec    arrow.Record // being cut
	at     int64
}

func (p *csvPass) next() (arrow.Record, error) {
	for p.rec == nil || p.at == p.rec.NumRows() {
		p.drop()
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
		p.rec, p.at = rec, 0
	}
	n := min(int64(p.blocks.table.file.opts.BatchRows), p.rec.NumRows()-p.at)
	cut := p.rec.NewSlice(p.at, p.at+n)
	p.at += n
	return cut, nil
}

func (p *csvPass) drop() {
	if p.rec != nil {
		p.rec.Release()
		p.rec = nil
	}
}

func (p *csvPass) stop() {
	p.drop()
	p.blocks.stop(func(rec arrow.Record) { rec.Release() })
	p.blocks.in.f.Close()
}
