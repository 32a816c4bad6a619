package tableio

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/anonymize/tableio/internal/pqfile"
)

const (
	// groupRows is the number of rows of a row group: large enough for
	// dictionaries to pay, small enough to hold a wide table.
	groupRows = 1 << 17
	// groupBytes ends a row group of wide rows early, though not within
	// groupStep rows: where it ends depends on the rows alone.
	groupBytes = 64 << 20
	groupStep  = 1 << 13
)

// parquetEncoder collects a row group, then writes it column by column.
type parquetEncoder struct {
	columns []*parquetColumn
	workers int
	w       *pqfile.Writer
}

// parquetColumn is a column of the row group that is collected.
type parquetColumn struct {
	*gather
	field pqfile.Field
	store convert
	fixed []byte // scratch: stored values
}

func newParquetEncoder(
	out io.Writer, schema *arrow.Schema, opts options,
) (*parquetEncoder, error) {
	e := &parquetEncoder{workers: opts.Workers}
	var fields []pqfile.Field
	for _, f := range schema.Fields() {
		c, err := newParquetColumn(f)
		if err != nil {
			return nil, err
		}
		e.columns, fields = append(e.columns, c), append(fields, c.field)
	}
	w, err := pqfile.NewWriter(out, fields, noteKey, noteOf(schema), opts.Workers)
	e.w = w
	return e, err
}

func newParquetColumn(f arrow.Field) (*parquetColumn, error) {
	g, err := newGather(f)
	if err != nil {
		return nil, err
	}
	field, store, err := storedType(g.value)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", f.Name, err)
	}
	field.Name, field.Optional = f.Name, f.Nullable || g.value.ID() == arrow.NULL
	return &parquetColumn{gather: g, field: field, store: store}, nil
}

func (e *parquetEncoder) write(rec arrow.Record) error {
	for from := int64(0); from < rec.NumRows(); {
		rows := e.columns[0].rows
		n := min(rec.NumRows()-from, int64(groupStep-rows%groupStep))
		err := parallel(len(e.columns), e.workers, func(i int) error {
			return e.columns[i].add(rec.Column(i), int(from), int(from+n))
		})
		if err != nil {
			return err
		}
		from += n
		if e.full() {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// full says whether the row group ends here.
func (e *parquetEncoder) full() bool {
	rows := e.columns[0].rows
	if rows%groupStep != 0 {
		return false
	}
	size := 0
	for _, c := range e.columns {
		size += c.size()
	}
	return rows == groupRows || size >= groupBytes
}

// finish writes the last row group, of which a table without rows has none.
func (e *parquetEncoder) finish() error {
	if e.columns[0].rows > 0 {
		if err := e.flush(); err != nil {
			return err
		}
	}
	return e.w.Close()
}

func (e *parquetEncoder) discard() error {
	for _, c := range e.columns {
		c.release()
	}
	return nil
}

// unwritable turns a panic of the encoder into an error.
func unwritable(err *error) {
	if p := recover(); p != nil {
		*err = errors.New("the encoder gave up")
	}
}

// flush writes a row group.
func (e *parquetEncoder) flush() (err error) {
	defer unwritable(&err)
	err = parallel(len(e.columns), e.workers, func(i int) (err error) {
		defer unwritable(&err)
		c := e.columns[i]
		defer c.forget()
		v, err := c.values()
		if err == nil {
			err = e.w.Encode(i, v)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.w.EndGroup()
}

// values are the rows collected, as the column stores them. They are good
// until the next row is added.
func (c *parquetColumn) values() (*pqfile.Values, error) {
	v := &pqfile.Values{Valid: c.valid, Nulls: c.nulls}
	if c.value.ID() == arrow.NULL {
		clear(v.Valid)
		v.Nulls = c.rows
		return v, nil
	}
	from := c.gather
	if c.set != nil {
		from, v.Codes = c.set, c.codes
	}
	if c.width == 0 {
		v.Strings = pqfile.Strings{Offsets: from.ends, Data: from.data}
		return v, nil
	}
	v.Fixed = from.fixed
	if c.store != nil {
		size := from.rows * c.field.ValueBytes()
		c.fixed = slices.Grow(c.fixed[:0], size)[:size]
		v.Fixed = c.fixed
		if err := c.store(v.Fixed, from.fixed); err != nil {
			return nil, err
		}
	}
	if c.value.ID() == arrow.BOOL && v.Codes != nil { // Parquet has no dictionary of these
		c.fixed = c.fixed[:0]
		for i, code := range v.Codes {
			b := byte(0)
			if v.Valid[i] != 0 {
				b = from.fixed[code]
			}
			c.fixed = append(c.fixed, b)
		}
		v.Fixed, v.Codes = c.fixed, nil
	}
	return v, nil
}
