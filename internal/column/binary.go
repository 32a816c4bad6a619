package column

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
)

var errMalformed = errors.New("malformed column of values")

// AppendBinary appends the Coder in a form that DecodeCoder reads: the type,
// the number of codes, the code of null plus one, and the values by code.
func (c *Coder) AppendBinary(b []byte) []byte {
	b = c.appendHead(b, c.Len(), c.null)
	for i := range uint32(c.Len()) {
		b = c.appendValue(b, i)
	}
	return b
}

// AppendSome appends the values of some codes, each of them once, in the form of
// AppendBinary, where their codes are their places in the list.
func (c *Coder) AppendSome(b []byte, codes []uint32) []byte {
	null := -1
	if c.null >= 0 {
		null = slices.Index(codes, uint32(c.null))
	}
	b = c.appendHead(b, len(codes), int64(null))
	for _, code := range codes {
		b = c.appendValue(b, code)
	}
	return b
}

// AppendValue appends bytes that tell the value of a code from the others of its
// type, whatever Coder holds it. Null has none.
func (c *Coder) AppendValue(b []byte, code uint32) []byte {
	if c.text != nil && int64(code) != c.null {
		return append(b, c.text.at(code)...)
	}
	return c.appendValue(b, code)
}

func (c *Coder) appendHead(b []byte, codes int, null int64) []byte {
	b = appendBytes(b, []byte(c.typ.String()))
	b = binary.AppendUvarint(b, uint64(codes))
	return binary.AppendUvarint(b, uint64(null+1))
}

func (c *Coder) appendValue(b []byte, code uint32) []byte {
	switch {
	case int64(code) == c.null:
		return b
	case c.text != nil:
		return appendBytes(b, c.text.at(code))
	}
	return binary.LittleEndian.AppendUint64(b, c.words.Keys()[code])
}

func appendBytes(b, s []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// DecodeCoder reads what AppendBinary wrote and returns the bytes behind it.
// Any bytes may be given: what is cut short, repeats a value or holds one that
// the type does not have is an error, and no more memory is taken than the
// bytes given account for.
func DecodeCoder(b []byte) (*Coder, []byte, error) {
	r := reader{b: b}
	t, err := ParseType(string(r.bytes()))
	n, null := r.uvarint(), r.uvarint()
	if err != nil || r.bad || n > maxCodes || null > n {
		return nil, nil, errMalformed
	}
	c := NewCoder(t)
	for i := range n {
		if i+1 == null {
			c.reserveNull()
			continue
		}
		if code := c.decodeValue(&r); r.bad || uint64(code) != i {
			return nil, nil, errMalformed
		}
	}
	return c, r.b, nil
}

func (c *Coder) decodeValue(r *reader) uint32 {
	if c.text != nil {
		s := r.bytes()
		if c.typ.Kind == Decimal && len(s) != decimalSize {
			r.bad = true
		}
		if r.bad {
			return group.None
		}
		return c.text.add(s)
	}
	w := r.word()
	switch c.typ.Kind {
	case Null:
		r.bad = true
	case Boolean:
		r.bad = r.bad || w > 1
	case Float:
		r.bad = r.bad || floatWord(math.Float64frombits(w)) != w
	}
	if r.bad {
		return group.None
	}
	return c.addWord(w)
}

// reader takes bytes from the front; once something is missing it is bad and
// gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

func (r *reader) word() uint64 {
	s := r.take(8)
	if s == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(s)
}
