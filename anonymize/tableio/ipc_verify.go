package tableio

import (
	"encoding/binary"
	"errors"
)

// The metadata of the IPC formats are flatbuffers: tables that point at each
// other by offsets. The library follows them as they are, allocates as many
// fields as a vector claims to have and recurses as deep as they lead, which
// may be in a circle. Neither running out of memory nor out of stack can be
// recovered from, so a schema is walked here first, with a budget that no
// schema written by anybody exceeds.

var errSchema = errors.New("its schema is malformed")

const (
	maxNesting = 64
	// slack is how often more a schema may visit a byte than it has bytes.
	slack = 16
)

// Numbers of the fields of the tables that are walked.
const (
	slotFooterSchema   = 1
	slotMessageKind    = 1
	slotMessageHeader  = 2
	slotSchemaFields   = 1
	slotSchemaMeta     = 2
	slotFieldName      = 0
	slotFieldTypeKind  = 2
	slotFieldType      = 3
	slotFieldChildren  = 5
	slotFieldMeta      = 6
	slotUnionTypeIDs   = 1
	kindSchema         = 1
	kindUnion          = 14
	kindBinaryView     = 23
	kindUtf8View       = 24
	bytesOfOffset      = 4
	bytesOfUnionTypeID = 4
)

// flat walks a flatbuffer. The first error sticks.
type flat struct {
	b    []byte
	left int // budget of bytes to visit
	err  error
}

func newFlat(b []byte) *flat { return &flat{b: b, left: slack * (len(b) + 1024)} }

func (f *flat) fail() {
	if f.err == nil {
		f.err = errSchema
	}
}

func (f *flat) u16(at int) int {
	if f.err != nil || at < 0 || at > len(f.b)-2 {
		f.fail()
		return 0
	}
	return int(binary.LittleEndian.Uint16(f.b[at:]))
}

func (f *flat) u32(at int) int {
	if f.err != nil || at < 0 || at > len(f.b)-4 {
		f.fail()
		return 0
	}
	return int(binary.LittleEndian.Uint32(f.b[at:]))
}

// follow returns where the offset at at leads.
func (f *flat) follow(at int) int { return at + f.u32(at) }

// slot returns where field number n of the table at table is, 0 if it is not.
func (f *flat) slot(table, n int) int {
	vtable := table - int(int32(f.u32(table)))
	size := f.u16(vtable)
	if at := 4 + 2*n; f.err == nil && at+2 <= size {
		if off := f.u16(vtable + at); off != 0 {
			return table + off
		}
	}
	return 0
}

// vector returns where the elements of a vector begin and how many they are.
func (f *flat) vector(slot, size int) (at, n int) {
	if slot == 0 || f.err != nil {
		return 0, 0
	}
	at = f.follow(slot)
	n = f.u32(at)
	at += 4
	if f.err == nil && n > (len(f.b)-at)/size {
		f.fail()
	}
	if f.left -= n * size; f.left < 0 {
		f.fail()
	}
	if f.err != nil {
		return 0, 0
	}
	return at, n
}

func (f *flat) schema(table int) error {
	at, n := f.vector(f.slot(table, slotSchemaFields), bytesOfOffset)
	for i := 0; i < n && f.err == nil; i++ {
		f.field(f.follow(at+i*bytesOfOffset), 1)
	}
	f.metadata(f.slot(table, slotSchemaMeta))
	return f.err
}

func (f *flat) field(table, depth int) {
	if depth > maxNesting {
		f.fail()
		return
	}
	f.vector(f.slot(table, slotFieldName), 1)
	f.metadata(f.slot(table, slotFieldMeta))
	if kind := f.slot(table, slotFieldTypeKind); kind != 0 && kind < len(f.b) {
		switch f.b[kind] {
		case kindUnion:
			if t := f.slot(table, slotFieldType); t != 0 {
				f.vector(f.slot(f.follow(t), slotUnionTypeIDs), bytesOfUnionTypeID)
			}
		case kindBinaryView, kindUtf8View:
			if f.err == nil {
				f.err = errors.New("it holds columns of views, which are not supported")
			}
		}
	}
	at, n := f.vector(f.slot(table, slotFieldChildren), bytesOfOffset)
	for i := 0; i < n && f.err == nil; i++ {
		f.field(f.follow(at+i*bytesOfOffset), depth+1)
	}
}

// metadata walks a vector of pairs of strings.
func (f *flat) metadata(slot int) {
	at, n := f.vector(slot, bytesOfOffset)
	for i := 0; i < n && f.err == nil; i++ {
		pair := f.follow(at + i*bytesOfOffset)
		f.vector(f.slot(pair, 0), 1)
		f.vector(f.slot(pair, 1), 1)
	}
}

// verifyMessage walks the schema in a message, if it holds one.
func verifyMessage(b []byte) error {
	f := newFlat(b)
	message := f.follow(0)
	kind := f.slot(message, slotMessageKind)
	header := f.slot(message, slotMessageHeader)
	if f.err != nil || kind == 0 || kind >= len(b) || header == 0 {
		return errSchema
	}
	if b[kind] != kindSchema {
		return nil
	}
	return f.schema(f.follow(header))
}

// verifyFooter walks the schema in a footer.
func verifyFooter(b []byte) error {
	f := newFlat(b)
	slot := f.slot(f.follow(0), slotFooterSchema)
	if f.err != nil || slot == 0 {
		return errSchema
	}
	return f.schema(f.follow(slot))
}
