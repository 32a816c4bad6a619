package pqfile

import (
	"encoding/binary"
	"errors"
)

// Wire types of the compact protocol.
const (
	wireTrue   = 1
	wireFalse  = 2
	wireByte   = 3
	wireI16    = 4
	wireI32    = 5
	wireI64    = 6
	wireDouble = 7
	wireBinary = 8
	wireList   = 9
	wireSet    = 10
	wireMap    = 11
	wireStruct = 12
)

// maxDepth is above anything the format nests (a footer needs seven).
const maxDepth = 32

var (
	errShort     = errors.New("it ends too early")
	errMalformed = errors.New("its metadata is malformed")
)

// compact reads Thrift's compact protocol from memory. The first error sticks
// and every later read returns zero, so callers check err once. Nothing is
// allocated by a length the input states: strings alias the input, and a list
// grows with the elements that are really there.
type compact struct {
	b     []byte
	pos   int
	depth int
	err   error
}

func (c *compact) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *compact) byte() byte {
	if c.err != nil {
		return 0
	}
	if c.pos >= len(c.b) {
		c.fail(errShort)
		return 0
	}
	v := c.b[c.pos]
	c.pos++
	return v
}

func (c *compact) uvarint() uint64 {
	if c.err != nil {
		return 0
	}
	v, n := binary.Uvarint(c.b[c.pos:])
	switch {
	case n > 0:
		c.pos += n
		return v
	case n == 0:
		c.fail(errShort)
	default:
		c.fail(errMalformed)
	}
	return 0
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func (c *compact) i64() int64 { return unzigzag(c.uvarint()) }

func (c *compact) i32() int32 {
	v := c.i64()
	if int64(int32(v)) != v {
		c.fail(errMalformed)
		return 0
	}
	return int32(v)
}

// binary returns bytes that alias the input.
func (c *compact) binary() []byte {
	n := c.uvarint()
	if c.err != nil {
		return nil
	}
	if n > uint64(len(c.b)-c.pos) {
		c.fail(errShort)
		return nil
	}
	v := c.b[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return v
}

// fields calls f for each field of a struct; f consumes the value or calls
// skip. Booleans carry their value in the type.
func (c *compact) fields(f func(id int16, wire byte)) {
	c.depth++
	if c.depth > maxDepth {
		c.fail(errMalformed)
	}
	id := int16(0)
	for c.err == nil {
		h := c.byte()
		if h == 0 {
			break
		}
		if delta := h >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(c.i64())
		}
		if c.err == nil {
			f(id, h&0x0f)
		}
	}
	c.depth--
}

// list calls f for each element of a list or set. Every element takes a byte
// at least, so a count beyond the bytes left is refused at once.
func (c *compact) list(f func(wire byte)) {
	h := c.byte()
	n := uint64(h >> 4)
	if n == 15 {
		n = c.uvarint()
	}
	if c.err == nil && n > uint64(len(c.b)-c.pos) {
		c.fail(errShort)
	}
	c.depth++
	if c.depth > maxDepth {
		c.fail(errMalformed)
	}
	for ; n > 0 && c.err == nil; n-- {
		f(h & 0x0f)
	}
	c.depth--
}

func (c *compact) skip(wire byte) {
	switch wire {
	case wireTrue, wireFalse:
	case wireByte:
		c.byte()
	case wireI16, wireI32, wireI64:
		c.uvarint()
	case wireDouble:
		for range 8 {
			c.byte()
		}
	case wireBinary:
		c.binary()
	case wireList, wireSet:
		c.list(c.skipElement)
	case wireMap:
		c.skipMap()
	case wireStruct:
		c.fields(func(_ int16, wire byte) { c.skip(wire) })
	default:
		c.fail(errMalformed)
	}
}

// skipElement differs from skip in that a boolean in a list takes a byte.
func (c *compact) skipElement(wire byte) {
	if wire == wireTrue || wire == wireFalse {
		c.byte()
		return
	}
	c.skip(wire)
}

func (c *compact) skipMap() {
	n := c.uvarint()
	if n == 0 {
		return
	}
	kinds := c.byte()
	if c.err == nil && n > uint64(len(c.b)-c.pos) {
		c.fail(errShort)
	}
	c.depth++
	if c.depth > maxDepth {
		c.fail(errMalformed)
	}
	for ; n > 0 && c.err == nil; n-- {
		c.skipElement(kinds >> 4)
		c.skipElement(kinds & 0x0f)
	}
	c.depth--
}

// The following read a field of a known type and fail on any other.

func (c *compact) wantI32(wire byte) int32 {
	if wire != wireI32 {
		c.fail(errMalformed)
		return 0
	}
	return c.i32()
}

func (c *compact) wantI64(wire byte) int64 {
	if wire != wireI64 {
		c.fail(errMalformed)
		return 0
	}
	return c.i64()
}

func (c *compact) wantBool(wire byte) bool {
	if wire != wireTrue && wire != wireFalse {
		c.fail(errMalformed)
	}
	return wire == wireTrue
}

func (c *compact) wantBinary(wire byte) []byte {
	if wire != wireBinary {
		c.fail(errMalformed)
		return nil
	}
	return c.binary()
}

func (c *compact) wantStruct(wire byte, f func(id int16, wire byte)) {
	if wire != wireStruct {
		c.fail(errMalformed)
		return
	}
	c.fields(f)
}

func (c *compact) wantList(wire, element byte, f func()) {
	if wire != wireList {
		c.fail(errMalformed)
		return
	}
	c.list(func(got byte) {
		if got != element {
			c.fail(errMalformed)
			return
		}
		f()
	})
}
