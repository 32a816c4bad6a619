package tableio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/internal/atomicfile"
)

// Writer is a table being written to a file. It satisfies anonymize.Sink and
// anonymize.Digester and is not safe for concurrent use.
type Writer struct {
	name    string
	opts    options
	file    *atomicfile.File
	schema  *arrow.Schema // nil before the first record
	enc     encoder
	sealed  bool
	failure error // why only Abort may follow
}

// encoder writes the records of one schema in one format.
type encoder interface {
	write(rec arrow.Record) error
	// finish writes what is pending and the end of the file.
	finish() error
	// discard frees what the encoder holds; it may follow finish.
	discard() error
}

var (
	_ anonymize.Sink     = (*Writer)(nil)
	_ anonymize.Digester = (*Writer)(nil)
)

// Create starts a table that will appear at path with Commit and not before.
// Its folder must exist. A file already at path is replaced by Commit and
// stays as it is otherwise.
func Create(path string, opts *Options) (*Writer, error) {
	name := filepath.Base(path)
	o, err := resolve(opts, name)
	if err != nil {
		return nil, fmt.Errorf("tableio: %s: %w", name, err)
	}
	f, err := atomicfile.Create(path, 0o644)
	if err != nil {
		return nil, fmt.Errorf("tableio: %w", err)
	}
	return &Writer{name: name, opts: o, file: f}, nil
}

// Write appends the rows of rec, whose buffers are copied. The first record
// gives the schema; its metadata is left out, and that of its fields but for the
// keys of Options.FieldMetadata. A table
// without rows is written by one record without rows.
func (w *Writer) Write(rec arrow.Record) error {
	if w.failure != nil {
		return w.failure
	}
	if w.sealed {
		return fmt.Errorf("tableio: %s: write after it was sealed", w.name)
	}
	if w.schema == nil {
		if err := w.start(rec.Schema()); err != nil {
			return w.fail(err)
		}
	}
	if !sameColumns(w.schema, rec.Schema()) {
		return w.fail(errors.New("the schema of a record differs from that of the first"))
	}
	if err := w.enc.write(rec); err != nil {
		return w.fail(err)
	}
	return nil
}

// fail remembers the first error.
func (w *Writer) fail(err error) error {
	w.failure = wrap(w.name, err)
	return w.failure
}

func (w *Writer) start(schema *arrow.Schema) error {
	names := make([]string, schema.NumFields())
	fields := make([]arrow.Field, schema.NumFields())
	for i, f := range schema.Fields() {
		names[i] = f.Name
		fields[i] = arrow.Field{Name: f.Name, Type: f.Type, Nullable: f.Nullable}
		if f.HasMetadata() {
			fields[i].Metadata = only(f.Metadata, w.opts.FieldMetadata)
		}
	}
	if err := distinct(names); err != nil {
		return err
	}
	w.schema = arrow.NewSchema(fields, nil)
	enc, err := newEncoder(w.file, w.schema, w.opts)
	if err != nil {
		return err
	}
	w.enc = enc
	return nil
}

// only returns those entries of metadata that have one of the keys.
func only(m arrow.Metadata, keys []string) arrow.Metadata {
	var has, values []string
	for _, key := range keys {
		if value, ok := m.GetValue(key); ok {
			has, values = append(has, key), append(values, value)
		}
	}
	return arrow.NewMetadata(has, values)
}

// outFile is where an encoder writes, beside which it may keep other files.
type outFile interface {
	io.Writer
	Name() string
}

func newEncoder(
	f outFile, schema *arrow.Schema, opts options,
) (_ encoder, err error) {
	var e encoder
	switch opts.Format {
	case Parquet:
		e, err = newParquetEncoder(f, schema, opts)
	case CSV:
		e, err = newCSVEncoder(f, schema, opts)
	default:
		e, err = newIPCEncoder(f, schema, opts)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// sameColumns compares all but the metadata.
func sameColumns(a, b *arrow.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for i, f := range a.Fields() {
		g := b.Field(i)
		if f.Name != g.Name || f.Nullable != g.Nullable || !sameType(f.Type, g.Type) {
			return false
		}
	}
	return true
}

// sameType compares types. Those of dictionaries are taken apart, because the
// library compares them by memory (v15.0.2), and a timestamp type that was
// asked for its time zone once remembers it there.
func sameType(a, b arrow.DataType) bool {
	d, ok := a.(*arrow.DictionaryType)
	if !ok {
		return arrow.TypeEqual(a, b)
	}
	e, ok := b.(*arrow.DictionaryType)
	return ok && d.Ordered == e.Ordered && arrow.TypeEqual(d.IndexType, e.IndexType) &&
		sameType(d.ValueType, e.ValueType)
}

// Seal ends the writing and returns a source that reads back what Commit will
// publish. The bytes are on the disk then. The source is of no use after
// Commit or Abort.
func (w *Writer) Seal() (anonymize.Source, error) {
	if w.failure != nil {
		return nil, w.failure
	}
	if w.sealed {
		return nil, fmt.Errorf("tableio: %s is sealed already", w.name)
	}
	if w.schema == nil {
		return nil, w.fail(errors.New("nothing was written; write a record without rows " +
			"for an empty table"))
	}
	if err := w.enc.finish(); err != nil {
		return nil, w.fail(err)
	}
	if err := w.file.Seal(); err != nil {
		return nil, w.fail(err)
	}
	if err := w.enc.discard(); err != nil {
		return nil, w.fail(err)
	}
	w.sealed = true
	opts := w.opts.Options
	if opts.Format == CSV {
		opts.Delimiter = w.opts.delimiter()
		opts.Encoding, opts.Decimal, opts.Dates = "", 0, ""
		opts.Types = textTypes(w.schema)
	}
	var names []string
	if opts.Format == CSV && opts.NoHeader {
		for _, f := range w.schema.Fields() {
			names = append(names, f.Name)
		}
	}
	src, err := openFile(w.file.Name(), w.name, &opts, names)
	if err != nil {
		return nil, w.fail(err)
	}
	return src, nil
}

// Commit publishes the sealed table under its name, durably.
func (w *Writer) Commit() error {
	if w.failure != nil {
		return w.failure
	}
	if !w.sealed {
		return fmt.Errorf("tableio: %s: commit before it was sealed", w.name)
	}
	if err := w.file.Commit(); err != nil {
		return w.fail(err)
	}
	return nil
}

// Abort leaves nothing behind. After Commit it does nothing.
func (w *Writer) Abort() error {
	var err error
	if w.enc != nil {
		err = w.enc.discard()
	}
	if err = errors.Join(err, w.file.Abort()); err != nil {
		return wrap(w.name, err)
	}
	if w.failure == nil && !w.sealed {
		w.failure = fmt.Errorf("tableio: %s: the table was aborted", w.name)
	}
	return nil
}

// SHA256 is the hash of the bytes of the file, known once it is sealed.
func (w *Writer) SHA256() (string, error) {
	sum, err := w.file.SHA256()
	if err != nil {
		return "", fmt.Errorf("tableio: %s: %w", w.name, err)
	}
	return sum, nil
}

// ReadTable reads the whole file at path into memory. The caller releases the
// table.
func ReadTable(ctx context.Context, path string, opts *Options) (arrow.Table, error) {
	f, err := Open(path, opts)
	if err != nil {
		return nil, err
	}
	return collect(ctx, f)
}

// WriteTable writes a table to the file at path, which appears complete or not
// at all.
func WriteTable(ctx context.Context, path string, t arrow.Table, opts *Options) (err error) {
	w, err := Create(path, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Abort()) }()
	r, err := FromTable(t).Open(ctx)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
		if err := w.Write(r.Record()); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if _, err := w.Seal(); err != nil {
		return err
	}
	return w.Commit()
}
