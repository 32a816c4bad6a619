package tableio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/anonymize"
)

// Memory is a table held in memory: a source, for tests and for scripts that
// have their table already. It is safe for concurrent use.
type Memory struct {
	schema  *arrow.Schema
	records []arrow.Record
}

// Buffer is a sink that keeps what is written in memory. It is not safe for
// concurrent use.
type Buffer struct {
	schema    *arrow.Schema
	records   []arrow.Record
	sealed    bool
	committed bool
}

var (
	_ anonymize.Source = (*Memory)(nil)
	_ anonymize.Sink   = (*Buffer)(nil)
)

// FromTable returns a source of the rows of t, which it retains. Release lets
// go of them.
func FromTable(t arrow.Table) *Memory {
	m := &Memory{schema: t.Schema()}
	r := array.NewTableReader(t, defaultBatchRows)
	defer r.Release()
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		m.records = append(m.records, rec)
	}
	return m
}

// FromRecords returns a source of records of one schema, which it retains.
func FromRecords(schema *arrow.Schema, records ...arrow.Record) (*Memory, error) {
	for i, r := range records {
		if !sameColumns(schema, r.Schema()) {
			return nil, fmt.Errorf("tableio: the schema of record %d differs", i)
		}
	}
	m := &Memory{schema: schema}
	for _, r := range records {
		r.Retain()
		m.records = append(m.records, r)
	}
	return m, nil
}

// Release lets go of the table. Passes that are open keep their rows.
func (m *Memory) Release() {
	for _, r := range m.records {
		r.Release()
	}
	m.records = nil
}

// Open starts a pass over the named columns, all of them without names.
func (m *Memory) Open(ctx context.Context, columns ...string) (array.RecordReader, error) {
	names := make([]string, m.schema.NumFields())
	for i, f := range m.schema.Fields() {
		names[i] = f.Name
	}
	err := distinct(names)
	var picked []int
	if err == nil {
		picked, err = pick(names, columns)
	}
	if err != nil {
		return nil, fmt.Errorf("tableio: table in memory: %w", err)
	}
	schema := project(m.schema, picked)
	p := &memoryPass{schema: schema, picked: picked}
	for _, r := range m.records {
		r.Retain()
		p.records = append(p.records, r)
	}
	return newStream(ctx, schema, p), nil
}

func project(schema *arrow.Schema, picked []int) *arrow.Schema {
	fields := make([]arrow.Field, len(picked))
	for k, i := range picked {
		fields[k] = schema.Field(i)
	}
	meta := schema.Metadata()
	return arrow.NewSchema(fields, &meta)
}

// projectRecord returns the picked columns of rec, which the caller releases.
func projectRecord(schema *arrow.Schema, rec arrow.Record, picked []int) arrow.Record {
	columns := make([]arrow.Array, len(picked))
	for k, i := range picked {
		columns[k] = rec.Column(i)
	}
	return array.NewRecord(schema, columns, rec.NumRows())
}

type memoryPass struct {
	schema  *arrow.Schema
	picked  []int
	records []arrow.Record
}

func (p *memoryPass) next() (arrow.Record, error) {
	if len(p.records) == 0 {
		return nil, io.EOF
	}
	rec := p.records[0]
	p.records = p.records[1:]
	defer rec.Release()
	return projectRecord(p.schema, rec, p.picked), nil
}

func (p *memoryPass) stop() {
	for _, r := range p.records {
		r.Release()
	}
	p.records = nil
}

// NewBuffer returns an empty sink in memory.
func NewBuffer() *Buffer { return &Buffer{} }

// Write retains rec.
func (b *Buffer) Write(rec arrow.Record) error {
	if b.sealed {
		return errors.New("tableio: table in memory: write after it was sealed")
	}
	if b.schema == nil {
		b.schema = rec.Schema()
	}
	if !sameColumns(b.schema, rec.Schema()) {
		return errors.New("tableio: table in memory: the schema of a record differs from the first")
	}
	rec.Retain()
	b.records = append(b.records, rec)
	return nil
}

// Seal returns a source of the rows written so far. It is of no use after
// Abort or Release.
func (b *Buffer) Seal() (anonymize.Source, error) {
	if b.sealed {
		return nil, errors.New("tableio: table in memory: sealed already")
	}
	if b.schema == nil {
		return nil, errors.New("tableio: table in memory: nothing was written; " +
			"write a record without rows for an empty table")
	}
	b.sealed = true
	return &Memory{schema: b.schema, records: b.records}, nil
}

// Commit makes the table available to Table.
func (b *Buffer) Commit() error {
	if !b.sealed {
		return errors.New("tableio: table in memory: commit before it was sealed")
	}
	b.committed = true
	return nil
}

// Abort drops the rows. After Commit it does nothing.
func (b *Buffer) Abort() error {
	if !b.committed {
		b.Release()
	}
	return nil
}

// Table returns the committed table, which the caller releases, or nil.
func (b *Buffer) Table() arrow.Table {
	if !b.committed {
		return nil
	}
	return array.NewTableFromRecords(b.schema, b.records)
}

// Release lets go of the rows.
func (b *Buffer) Release() {
	for _, r := range b.records {
		r.Release()
	}
	b.records = nil
}

// collect reads all of a source.
func collect(ctx context.Context, src anonymize.Source) (arrow.Table, error) {
	r, err := src.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	var records []arrow.Record
	defer func() {
		for _, rec := range records {
			rec.Release()
		}
	}()
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		records = append(records, rec)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return array.NewTableFromRecords(r.Schema(), records), nil
}
