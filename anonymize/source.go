package anonymize

import (
	"context"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Source is a table that can be read more than once: the pipeline opens it
// once a pass and expects the same rows in the same order each time.
type Source interface {
	// Open starts a pass over the named columns, in that order; without names,
	// over all of them. The schema of the reader is known before its first
	// record. A name that the table lacks is an error that says which. The
	// caller releases the reader, and cancelling ctx ends it with an error.
	Open(ctx context.Context, columns ...string) (array.RecordReader, error)
}

// Lister is a source that knows its columns without reading a row, those
// included that it cannot read: a policy can drop them, and then they cost
// nothing. Of a source that is no Lister the pipeline learns the columns by
// opening all of them.
type Lister interface {
	// Columns are the names of all columns, in order, and says of each that Open
	// would refuse why, in an error that names it. Both belong to the caller.
	Columns() (names []string, unreadable map[string]error)
}

// Sink takes the records of one table and makes them visible all at once or
// not at all. After an error only Abort may be called; Abort after Commit does
// nothing, so it can be deferred.
type Sink interface {
	// Write appends a record. All records have one schema; a table without
	// rows is written by a single record of no rows. The sink does not keep
	// the record.
	Write(rec arrow.Record) error
	// Seal ends the writing and returns a source that reads back what Commit
	// would publish, so that it can be checked first. What is read is of the
	// kind that was written: a dictionary may come back as its values and a
	// number in another width, but no number as text.
	Seal() (Source, error)
	// Commit publishes what was sealed, durably.
	Commit() error
	// Abort leaves nothing behind.
	Abort() error
}

// Transformer is a pure function of a batch: an output row depends on nothing
// but what the transformer holds and one input row. It is satisfied by
// *kanon.Plan and *pseudonym.Pseudonymizer and safe for concurrent use.
type Transformer interface {
	Schema(in *arrow.Schema) (*arrow.Schema, error)
	Transform(ctx context.Context, rec arrow.Record) (arrow.Record, error)
}

// Digester is a source or a sink that can name the bytes behind it. The
// report carries the digest.
type Digester interface {
	// SHA256 is the hash of the bytes, in lower-case hexadecimal. A sink knows
	// it from Seal on.
	SHA256() (string, error)
}
