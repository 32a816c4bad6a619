package kanon

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
)

// Fingerprint tells the rows that were counted from others, by how many of
// them have a combination of quasi-identifiers that falls into each of 4096
// buckets. It does not depend on the order, the batches or the encoding of the
// rows, and those of shards add up to that of the table. It is as confidential
// as counts are. It notices rows that were not counted, but not all: nothing
// keeps a small other table from fitting in among the rows of a large one.
//
// That of Counts is compared with that of the rows which Plan.TransformCounting
// was given. The zero value is of no rows. A Fingerprint is not safe for
// concurrent use.
type Fingerprint struct {
	rows [fingerprintBuckets]int64
}

const fingerprintBuckets = 1 << 12

// add adds combinations by the sums of what their values are hashed to: rows[i]
// rows each, or one where rows is nil.
func (f *Fingerprint) add(sums []uint64, rows []int64) {
	for i, s := range sums {
		n := int64(1)
		if rows != nil {
			n = rows[i]
		}
		f.rows[scatter(s)%fingerprintBuckets] += n
	}
}

// Fingerprint is that of the rows counted. It takes a look at each combination
// that is in memory.
func (c *Counts) Fingerprint() (*Fingerprint, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	f := c.spilledRows
	c.addHeld(&f)
	return &f, nil
}

// addHeld adds the rows of the combinations in memory.
func (c *Counts) addHeld(f *Fingerprint) {
	hashes := make([][]uint64, len(c.coders))
	for j, coder := range c.coders {
		hashes[j] = coder.Hashes(uint64(j))
	}
	keys, w := c.tuples.Keys(), c.layout.Words()
	codes, sums := make([]uint32, takeBlock), make([]uint64, takeBlock)
	for lo := 0; lo < len(c.rows); lo += takeBlock {
		rows := c.rows[lo:min(lo+takeBlock, len(c.rows))]
		n := len(rows)
		clear(sums)
		for j := range hashes {
			c.layout.Get(keys[lo*w:(lo+n)*w], j, codes[:n])
			for i, code := range codes[:n] {
				sums[i] += hashes[j][code]
			}
		}
		f.add(sums[:n], rows)
	}
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
