package tableio

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

const (
	// groupRows is the number of rows of a row group: large enough for
	// dictionaries to pay, small enough to hold a wide table.
	groupRows = 1 << 17
	// chunkRows is handed to a column writer at a time. Pages end between
	// chunks only, so it is fixed for the bytes to be.
	chunkRows = 1 << 13
)

// parquetEncoder collects a row group, then writes it column by column.
type parquetEncoder struct {
	out     io.Writer
	schema  *arrow.Schema
	columns []*gather
	workers int
	w       *parquet.GenericWriter[any] // nil before the first row group
	leaves  []int                       // column writer of each column
}

func newParquetEncoder(
	out io.Writer, schema *arrow.Schema, opts options,
) (*parquetEncoder, error) {
	e := &parquetEncoder{out: out, schema: schema, workers: opts.Workers}
	for _, f := range schema.Fields() {
		g, err := newGather(f)
		if err != nil {
			return nil, err
		}
		if _, err := leafNode(g.value); err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		e.columns = append(e.columns, g)
	}
	return e, nil
}

func (e *parquetEncoder) write(rec arrow.Record) error {
	for from := int64(0); from < rec.NumRows(); {
		n := min(rec.NumRows()-from, int64(groupRows-e.columns[0].rows))
		err := parallel(len(e.columns), e.workers, func(i int) error {
			return e.columns[i].add(rec.Column(i), int(from), int(from+n))
		})
		if err != nil {
			return err
		}
		from += n
		if e.columns[0].rows == groupRows {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *parquetEncoder) finish() error {
	if e.columns[0].rows > 0 || e.w == nil {
		if err := e.flush(); err != nil {
			return err
		}
	}
	return e.w.Close()
}

func (e *parquetEncoder) discard() error {
	for _, g := range e.columns {
		g.release()
	}
	return nil
}

// unwritable turns a panic of the encoder into an error.
func unwritable(err *error) {
	if p := recover(); p != nil {
		*err = errors.New("the encoder gave up")
	}
}

// flush writes a row group. The first one also decides which columns are
// dictionary-encoded.
func (e *parquetEncoder) flush() (err error) {
	defer unwritable(&err)
	if e.w == nil {
		if err := e.begin(); err != nil {
			return err
		}
	}
	if e.columns[0].rows == 0 {
		return nil
	}
	writers := e.w.ColumnWriters()
	err = parallel(len(e.columns), e.workers, func(i int) (err error) {
		defer unwritable(&err)
		defer e.columns[i].forget()
		if err = writeLeaf(writers[e.leaves[i]], e.columns[i], e.leaves[i]); err != nil {
			return fmt.Errorf("column %q: %w", e.columns[i].name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.w.Flush()
}

func (e *parquetEncoder) begin() error {
	group := parquet.Group{}
	names := make([]string, len(e.columns))
	for i, g := range e.columns {
		node, err := leafNode(g.value)
		if err != nil {
			return err
		}
		if g.set != nil && g.value.ID() != arrow.BOOL || g.repetitive() {
			node = parquet.Encoded(node, &parquet.RLEDictionary)
		}
		if g.nullable || g.value.ID() == arrow.NULL {
			node = parquet.Optional(node)
		}
		group[g.name], names[i] = node, g.name
	}
	schema := parquet.NewSchema("table", orderedGroup{group, names})
	for i := range names {
		e.leaves = append(e.leaves, i)
	}
	options := []parquet.WriterOption{
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		// Bounds stand in the footer; in every page header they say no more.
		parquet.DataPageStatistics(false),
		parquet.CreatedBy("lethe", "1", "0"),
		parquet.KeyValueMetadata(noteKey, noteOf(e.schema)),
	}
	for name, node := range group {
		if node.Type().Kind() == parquet.FixedLenByteArray {
			options = append(options, parquet.SkipPageBounds(name))
		}
	}
	options = append([]parquet.WriterOption{schema}, options...)
	e.w = parquet.NewGenericWriter[any](e.out, options...)
	for i, path := range schema.Columns() {
		if len(path) != 1 || path[0] != names[i] {
			return errors.New("the columns cannot be laid out in order")
		}
	}
	return nil
}

// repetitive says whether the text collected so far is worth a dictionary.
func (g *gather) repetitive() bool {
	if g.set != nil || g.width > 0 || g.value.ID() == arrow.NULL {
		return false
	}
	const maxBytes = 1 << 20
	limit := (g.rows-g.nulls)/4 + 1
	seen := make(map[string]struct{})
	size := 0
	for i := range g.rows {
		if g.valid[i] == 0 {
			continue
		}
		v := g.entry(i)
		if _, ok := seen[string(v)]; ok {
			continue
		}
		size += len(v)
		if len(seen) == limit || size > maxBytes {
			return false
		}
		seen[string(v)] = struct{}{}
	}
	return true
}

// orderedGroup is a group whose fields keep the order of the table;
// parquet.Group sorts them by name.
type orderedGroup struct {
	parquet.Group
	names []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	at := make(map[string]int, len(g.names))
	for i, n := range g.names {
		at[n] = i
	}
	slices.SortFunc(fields, func(a, b parquet.Field) int { return at[a.Name()] - at[b.Name()] })
	return fields
}
