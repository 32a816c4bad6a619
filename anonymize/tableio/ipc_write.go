package tableio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/tempfile"
)

// ipcRows is the number of rows of a written record; fixed, so that the bytes
// do not depend on how the rows came.
const ipcRows = 1 << 16

// ipcEncoder writes the file or the stream format. A dictionary must stand
// before the records that use it and, in the file format, there is one for
// the whole column. What it holds is known only at the end, so the codes of
// tables with dictionaries go to a second temporary file first.
type ipcEncoder struct {
	out     outFile
	file    bool
	fields  []arrow.Field
	columns []*gather
	workers int

	w       recordWriter
	wSchema *arrow.Schema // of the records w takes
	spool   *os.File      // nil without dictionaries
}

type recordWriter interface {
	Write(arrow.Record) error
	Close() error
}

func newIPCEncoder(
	out outFile, schema *arrow.Schema, opts options,
) (*ipcEncoder, error) {
	e := &ipcEncoder{out: out, file: opts.Format == Arrow, workers: opts.Workers}
	e.fields = schema.Fields()
	spooled := make([]arrow.Field, len(e.fields))
	dictionaries := false
	for i, f := range e.fields {
		g, err := newGather(f)
		if err != nil {
			return nil, err
		}
		e.columns = append(e.columns, g)
		spooled[i] = f
		if g.set != nil {
			dictionaries = true
			spooled[i].Type = arrow.PrimitiveTypes.Int32
		}
	}
	e.wSchema = arrow.NewSchema(spooled, nil)
	if !dictionaries {
		w, err := e.final(e.wSchema)
		e.w = w
		return e, err
	}
	spool, err := tempfile.Unnamed(filepath.Dir(out.Name()), filepath.Base(out.Name()))
	if err != nil {
		return nil, err
	}
	e.spool = spool
	e.w = ipc.NewWriter(spool, ipc.WithSchema(e.wSchema))
	return e, nil
}

// final returns the writer of the file itself.
func (e *ipcEncoder) final(schema *arrow.Schema) (recordWriter, error) {
	if !e.file {
		return ipc.NewWriter(e.out, ipc.WithSchema(schema)), nil
	}
	return ipc.NewFileWriter(&counter{w: e.out}, ipc.WithSchema(schema))
}

// counter tells a writer where it is; the library seeks for nothing else.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("a file is written from its beginning to its end")
	}
	return c.n, nil
}

func (e *ipcEncoder) write(rec arrow.Record) error {
	for from := int64(0); from < rec.NumRows(); {
		n := min(rec.NumRows()-from, int64(ipcRows-e.columns[0].rows))
		err := parallel(len(e.columns), e.workers, func(i int) error {
			return e.columns[i].add(rec.Column(i), int(from), int(from+n))
		})
		if err != nil {
			return err
		}
		if from += n; e.columns[0].rows == ipcRows {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the rows collected as one record.
func (e *ipcEncoder) flush() error {
	rows := int64(e.columns[0].rows)
	arrays := make([]arrow.Array, len(e.columns))
	defer func() {
		for _, a := range arrays {
			if a != nil {
				a.Release()
			}
		}
	}()
	for i, g := range e.columns {
		var err error
		if arrays[i], err = g.take(); err != nil {
			return fmt.Errorf("column %q: %w", g.name, err)
		}
	}
	rec := array.NewRecord(e.wSchema, arrays, rows)
	defer rec.Release()
	return e.w.Write(rec)
}

func (e *ipcEncoder) finish() error {
	if e.columns[0].rows > 0 {
		if err := e.flush(); err != nil {
			return err
		}
	}
	if err := e.w.Close(); err != nil {
		return err
	}
	if e.spool == nil {
		return nil
	}
	return e.unspool()
}

// unspool copies the records to the file, with dictionaries in the place of
// codes.
func (e *ipcEncoder) unspool() error {
	if _, err := e.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, err := ipc.NewReader(e.spool)
	if err != nil {
		return err
	}
	defer r.Release()
	dictionaries := make([]arrow.Array, len(e.columns))
	defer func() {
		for _, d := range dictionaries {
			if d != nil {
				d.Release()
			}
		}
	}()
	fields := append([]arrow.Field(nil), e.fields...)
	for i, g := range e.columns {
		if g.set == nil {
			continue
		}
		if dictionaries[i], err = g.set.take(); err != nil {
			return fmt.Errorf("column %q: %w", g.name, err)
		}
		fields[i].Type = dictionaryOf(g.value)
	}
	schema := arrow.NewSchema(fields, nil)
	w, err := e.final(schema)
	if err != nil {
		return err
	}
	rows := 0
	for r.Next() {
		rec := withDictionaries(schema, r.Record(), dictionaries)
		err := w.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
		rows++
	}
	if err := r.Err(); err != nil {
		return err
	}
	return w.Close()
}

// withDictionaries turns columns of codes into dictionary columns.
func withDictionaries(
	schema *arrow.Schema, rec arrow.Record, dictionaries []arrow.Array,
) arrow.Record {
	arrays := make([]arrow.Array, rec.NumCols())
	for i, a := range rec.Columns() {
		if dictionaries[i] == nil {
			a.Retain()
			arrays[i] = a
			continue
		}
		codes := a.Data()
		d := array.NewDataWithDictionary(schema.Field(i).Type, codes.Len(),
			[]*memory.Buffer{codes.Buffers()[0], codes.Buffers()[1]}, codes.NullN(), 0,
			dictionaries[i].Data().(*array.Data))
		arrays[i] = array.NewDictionaryData(d)
		d.Release()
	}
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	return array.NewRecord(schema, arrays, rec.NumRows())
}

func (e *ipcEncoder) discard() error {
	for _, g := range e.columns {
		g.release()
	}
	if e.spool == nil {
		return nil
	}
	spool := e.spool
	e.spool = nil
	return tempfile.Discard(spool)
}
