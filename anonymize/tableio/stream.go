package tableio

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// producer makes the records of one pass over a table.
type producer interface {
	// next returns a record the caller releases, or io.EOF.
	next() (arrow.Record, error)
	// stop ends all goroutines and closes the file. It is called once.
	stop()
}

// stream is a pass over a table. It adds what every pass has in common:
// counting references, cancellation, and stopping the producer exactly once.
type stream struct {
	refs   atomic.Int64
	ctx    context.Context
	schema *arrow.Schema
	from   producer // nil once stopped
	rec    arrow.Record
	err    error
}

func newStream(ctx context.Context, schema *arrow.Schema, from producer) array.RecordReader {
	s := &stream{ctx: ctx, schema: schema, from: from}
	s.refs.Store(1)
	return s
}

// Retain adds a reference.
func (s *stream) Retain() { s.refs.Add(1) }

// Release drops a reference; the last ends the pass wherever it is.
func (s *stream) Release() {
	if s.refs.Add(-1) == 0 {
		s.drop()
		s.stop()
	}
}

// Schema is known before the first record.
func (s *stream) Schema() *arrow.Schema { return s.schema }

// Record is the current record, valid until the next call of Next.
func (s *stream) Record() arrow.Record { return s.rec }

// Err is what ended the pass, nil at its regular end.
func (s *stream) Err() error { return s.err }

// Next moves to the next record.
func (s *stream) Next() bool {
	s.drop()
	if s.from == nil {
		return false
	}
	err := s.ctx.Err()
	if err == nil {
		s.rec, err = s.from.next()
	}
	if err == nil {
		return true
	}
	s.rec = nil
	if cause := context.Cause(s.ctx); cause != nil {
		err = cause
	}
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.err = err
	}
	s.stop()
	return false
}

func (s *stream) drop() {
	if s.rec != nil {
		s.rec.Release()
		s.rec = nil
	}
}

func (s *stream) stop() {
	if s.from != nil {
		s.from.stop()
		s.from = nil
	}
}
