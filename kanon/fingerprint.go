package kanon

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/internal/column"
)

// Fingerprint tells the rows that were counted from others, by how many of
// them have a combination of quasi-identifiers that falls into each of 4096
// buckets. It does not depend on the order, the batches or the encoding of the
// rows, and those of shards add up to that of the table. It is as confidential
// as counts are. It notices rows that were not counted, but not all: nothing
// keeps a small other table from fitting in among the rows of a large one.
//
// The zero value is of no rows. A Fingerprint is not safe for concurrent use.
type Fingerprint struct {
	rows [fingerprintBuckets]int64
	sums []uint64
}

const fingerprintBuckets = 1 << 12

// Fingerprint adds the rows of a record to f.
func (a *Anonymizer) Fingerprint(rec arrow.Record, f *Fingerprint) error {
	n := int(rec.NumRows())
	if cap(f.sums) < n {
		f.sums = make([]uint64, n)
	}
	sums := f.sums[:n]
	clear(sums)
	for j, q := range a.cfg.Quasi {
		i, err := fieldIndex(rec.Schema(), q.Column)
		if err != nil {
			return err
		}
		if err := column.Hash(rec.Column(i), uint64(j), sums); err != nil {
			return fmt.Errorf("kanon: column %q: %w", q.Column, err)
		}
	}
	for _, s := range sums {
		f.rows[scatter(s)%fingerprintBuckets]++
	}
	return nil
}

// Merge adds the rows of another fingerprint.
func (f *Fingerprint) Merge(other *Fingerprint) {
	for i, n := range other.rows {
		f.rows[i] += n
	}
}

// Rows is the number of rows.
func (f *Fingerprint) Rows() (n int64) {
	for _, rows := range f.rows {
		n += rows
	}
	return n
}

// Covers says whether the rows of part can be some of those of f, or all.
func (f *Fingerprint) Covers(part *Fingerprint) bool {
	for i, n := range part.rows {
		if n > f.rows[i] {
			return false
		}
	}
	return true
}

// MarshalText gives a line of text.
func (f *Fingerprint) MarshalText() ([]byte, error) {
	var b []byte
	for _, n := range f.rows {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return base64.RawStdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what MarshalText wrote.
func (f *Fingerprint) UnmarshalText(text []byte) error {
	bad := errors.New("kanon: malformed fingerprint")
	b, err := base64.RawStdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return bad
	}
	var g Fingerprint
	total := uint64(0)
	for i := range g.rows {
		n, size := binary.Uvarint(b)
		if total += n; size <= 0 || n > math.MaxInt64 || total > math.MaxInt64 {
			return bad
		}
		g.rows[i], b = int64(n), b[size:]
	}
	if len(b) > 0 {
		return bad
	}
	*f = g
	return nil
}
