package pqfile

import (
	"errors"
	"fmt"
)

type schemaElement struct {
	name       string
	physical   int32 // -1 for a group
	length     int32
	repetition int32
	children   int32
	converted  int32 // -1 when absent
	scale      int32
	precision  int32
	logical    Logical
}

func (f *File) parse(footer []byte, note string) error {
	c := &compact{b: footer}
	var schema []schemaElement
	encrypted := false
	c.fields(func(id int16, wire byte) {
		switch id {
		case 2:
			c.wantList(wire, wireStruct, func() { schema = append(schema, parseElement(c)) })
		case 3:
			f.Rows = c.wantI64(wire)
		case 4:
			c.wantList(wire, wireStruct, func() { f.RowGroups = append(f.RowGroups, parseGroup(c)) })
		case 5:
			c.wantList(wire, wireStruct, func() { f.parseNote(c, note) })
		case 8:
			encrypted = true
			c.skip(wire)
		default:
			c.skip(wire)
		}
	})
	if c.err != nil {
		return fmt.Errorf("its footer cannot be read: %w", c.err)
	}
	if encrypted {
		return errors.New("it is encrypted, which is not supported")
	}
	return f.layOut(schema)
}

func (f *File) parseNote(c *compact, note string) {
	var key, value string
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			key = string(c.wantBinary(wire))
		case 2:
			v := c.wantBinary(wire)
			if key == note {
				value = string(v)
			}
		default:
			c.skip(wire)
		}
	})
	if key == note && note != "" {
		f.Note = value
	}
}

func parseElement(c *compact) schemaElement {
	e := schemaElement{physical: -1, converted: -1}
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			e.physical = c.wantI32(wire)
		case 2:
			e.length = c.wantI32(wire)
		case 3:
			e.repetition = c.wantI32(wire)
		case 4:
			e.name = string(c.wantBinary(wire))
		case 5:
			e.children = c.wantI32(wire)
		case 6:
			e.converted = c.wantI32(wire)
		case 7:
			e.scale = c.wantI32(wire)
		case 8:
			e.precision = c.wantI32(wire)
		case 10:
			e.logical = parseLogical(c, wire)
		default:
			c.skip(wire)
		}
	})
	return e
}

func parseLogical(c *compact, wire byte) (l Logical) {
	c.wantStruct(wire, func(id int16, wire byte) {
		l.Kind = logicalKind(id)
		c.wantStruct(wire, func(field int16, wire byte) {
			switch {
			case l.Kind == Decimal && field == 1:
				l.Scale = c.wantI32(wire)
			case l.Kind == Decimal && field == 2:
				l.Precision = c.wantI32(wire)
			case (l.Kind == Time || l.Kind == Timestamp) && field == 1:
				l.UTC = c.wantBool(wire)
			case (l.Kind == Time || l.Kind == Timestamp) && field == 2:
				c.wantStruct(wire, func(unit int16, wire byte) {
					if unit >= 1 && unit <= 3 {
						l.Unit = Unit(unit)
					}
					c.skip(wire)
				})
			case l.Kind == Integer && field == 1 && wire == wireByte:
				l.Bits = int(c.byte())
			case l.Kind == Integer && field == 2:
				l.Signed = c.wantBool(wire)
			default:
				c.skip(wire)
			}
		})
	})
	return l
}

func logicalKind(id int16) Kind {
	switch id {
	case 1:
		return String
	case 4:
		return Enum
	case 5:
		return Decimal
	case 6:
		return Date
	case 7:
		return Time
	case 8:
		return Timestamp
	case 10:
		return Integer
	case 11:
		return Unknown
	case 12:
		return JSON
	case 13:
		return BSON
	case 14:
		return UUID
	case 15:
		return Float16
	}
	return Other
}

// converted maps the deprecated annotation of older writers.
func converted(e *schemaElement) Logical {
	integer := func(bits int, signed bool) Logical {
		return Logical{Kind: Integer, Bits: bits, Signed: signed}
	}
	switch e.converted {
	case -1:
		return Logical{}
	case 0:
		return Logical{Kind: String}
	case 4:
		return Logical{Kind: Enum}
	case 5:
		return Logical{Kind: Decimal, Precision: e.precision, Scale: e.scale}
	case 6:
		return Logical{Kind: Date}
	case 7:
		return Logical{Kind: Time, Unit: Millis, UTC: true}
	case 8:
		return Logical{Kind: Time, Unit: Micros, UTC: true}
	case 9:
		return Logical{Kind: Timestamp, Unit: Millis, UTC: true}
	case 10:
		return Logical{Kind: Timestamp, Unit: Micros, UTC: true}
	case 11, 12, 13, 14:
		return integer(8<<(e.converted-11), false)
	case 15, 16, 17, 18:
		return integer(8<<(e.converted-15), true)
	case 19:
		return Logical{Kind: JSON}
	case 20:
		return Logical{Kind: BSON}
	case 21:
		return Logical{Kind: Interval}
	}
	return Logical{Kind: Other}
}

func parseGroup(c *compact) (g RowGroup) {
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			c.wantList(wire, wireStruct, func() { g.chunks = append(g.chunks, parseChunk(c)) })
		case 3:
			g.Rows = c.wantI64(wire)
		default:
			c.skip(wire)
		}
	})
	return g
}

func parseChunk(c *compact) (k chunk) {
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			k.external = len(c.wantBinary(wire)) > 0
		case 3:
			c.wantStruct(wire, func(id int16, wire byte) { k.parseMeta(c, id, wire) })
		case 8, 9:
			k.encrypted = true
			c.skip(wire)
		default:
			c.skip(wire)
		}
	})
	return k
}

func (k *chunk) parseMeta(c *compact, id int16, wire byte) {
	switch id {
	case 4:
		k.codec = codec(c.wantI32(wire))
	case 5:
		k.values = c.wantI64(wire)
	case 6:
		k.uncompressed = c.wantI64(wire)
	case 7:
		k.compressed = c.wantI64(wire)
	case 9:
		k.dataOffset = c.wantI64(wire)
	case 11:
		k.dictOffset = c.wantI64(wire)
	case 13:
		c.wantList(wire, wireStruct, func() { k.parseStats(c) })
	default:
		c.skip(wire)
	}
}

func (k *chunk) parseStats(c *compact) {
	var page, enc, count int32
	c.fields(func(id int16, wire byte) {
		switch id {
		case 1:
			page = c.wantI32(wire)
		case 2:
			enc = c.wantI32(wire)
		case 3:
			count = c.wantI32(wire)
		default:
			c.skip(wire)
		}
	})
	if count <= 0 || (page != dataPage && page != dataPageV2) {
		return
	}
	k.stats = true
	if encoding(enc).dictionary() {
		k.statsDict = true
	} else {
		k.statsRest = true
	}
}
