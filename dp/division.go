package dp

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/hmac256"
)

// Division says how the people of a table are told apart into parts that different
// machines work on: by a hash of who they are. All shards of a table are divided in
// the same way, so that all rows of a person are in one part. The zero value is
// refused.
type Division struct {
	// Parts is how many there are, from 1 to 65,536. With n people each has about
	// n/Parts of them.
	Parts int
	// Key is that of the hash, at least 16 bytes, drawn anew for each table: who
	// chose the identifiers of people must not have known it, or all could be in one
	// part. It protects nothing else.
	Key []byte
}

const maxParts = 1 << 16

func (d Division) validate() error {
	var errs []error
	if d.Parts < 1 || d.Parts > maxParts {
		errs = append(errs, fmt.Errorf("division: parts is %d, want 1 to %d", d.Parts, maxParts))
	}
	if len(d.Key) < 16 {
		errs = append(errs, fmt.Errorf("division: the key has %d bytes, want at least 16", len(d.Key)))
	}
	return mistakes(errs)
}

// divide sorts the codes of people into the parts.
func (d Division) divide(who *column.Coder, codes []uint32) ([][]uint32, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	mac, err := hmac256.New(d.Key)
	if err != nil {
		return nil, fmt.Errorf("dp: %w", err)
	}
	parts := make([][]uint32, d.Parts)
	var text []byte
	for _, code := range codes {
		text = who.AppendValue(text[:0], code)
		i := binary.BigEndian.Uint64(mac.Digest(text)[:]) % uint64(d.Parts)
		parts[i] = append(parts[i], code)
	}
	return parts, nil
}

// id tells divisions apart.
func (d Division) id() divisionID {
	sum := sha256.Sum256(append([]byte("lethe division "), d.Key...))
	return divisionID(sum[:])
}

type divisionID [16]byte

// part is one of those of a division; the zero value is everyone.
type part struct {
	index, of int
	division  divisionID
}

func (p part) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(p.index))
	b = binary.AppendUvarint(b, uint64(p.of))
	return append(b, p.division[:]...)
}

func (r *scanReader) part() (p part) {
	index, of := r.uvarint(), r.uvarint()
	if of > maxParts || index >= max(1, of) || len(r.b) < len(p.division) {
		r.fail()
		return part{}
	}
	p.index, p.of = int(index), int(of)
	r.b = r.b[copy(p.division[:], r.b):]
	return p
}

var errMixed = errors.New("dp: a shard takes the people of one part of one division; merge those of " +
	"others into shards of their own")

// numbering numbers codes in the order in which they come. The zero value has none.
type numbering struct {
	codes  []uint32
	number []uint32 // by code, plus one
}

// of is the number of a code.
func (n *numbering) of(code uint32) uint32 {
	if int(code) >= len(n.number) {
		n.number = append(n.number, make([]uint32, int(code)+1-len(n.number))...)
	}
	if n.number[code] == 0 {
		n.codes = append(n.codes, code)
		n.number[code] = uint32(len(n.codes))
	}
	return n.number[code] - 1
}

// reset forgets all codes, in the time that it took to number them.
func (n *numbering) reset() {
	for _, code := range n.codes {
		n.number[code] = 0
	}
	n.codes = n.codes[:0]
}
