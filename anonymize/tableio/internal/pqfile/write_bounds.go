package pqfile

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// maxBound is the longest bound that is written. Longer ones help nobody to
// skip pages, and a text need not stand in the footer.
const maxBound = 128

// order is how the format compares the values of a column.
type order int

const (
	bytewise  order = iota // as unsigned bytes from the first
	bigEndian              // as big-endian numbers in two's complement
	unsigned               // little-endian numbers of up to eight bytes
	signed
	floating
)

func orderOf(f *Field) (o order, ok bool) {
	switch f.Physical {
	case Boolean:
		return unsigned, true
	case Int32, Int64:
		if f.Logical.Kind == Integer && !f.Logical.Signed {
			return unsigned, true
		}
		return signed, true
	case Float, Double:
		return floating, true
	case ByteArray:
		return bytewise, f.Logical.Kind != Decimal
	case FixedBytes:
		switch f.Logical.Kind {
		case Decimal:
			return bigEndian, true
		case Float16:
			return floating, true
		}
		return bytewise, true
	}
	return 0, false
}

// bounds finds the least and the greatest of values in the order of the
// format. What is not a number does not count.
type bounds struct {
	order order
	ok    bool // there is an order, and a value
	none  bool // there is no order
	width int

	// By their keys, which are ordered as the values are: whole numbers, or the
	// first eight bytes.
	low, high   uint64
	least, most []byte // byte strings: the values, which are not ours
}

func newBounds(f *Field) *bounds {
	o, ok := orderOf(f)
	return &bounds{order: o, none: !ok, width: f.ValueBytes(), low: math.MaxUint64}
}

// take returns the bounds in memory of their own, false where there are none
// or where they are too long.
func (b *bounds) take() (least, most []byte, ok bool) {
	if !b.ok {
		return nil, nil, false
	}
	if b.order == bytewise || b.order == bigEndian {
		if max(len(b.least), len(b.most)) > maxBound {
			return nil, nil, false
		}
		return append([]byte{}, b.least...), append([]byte{}, b.most...), true
	}
	low, high := b.value(b.low), b.value(b.high)
	if zero := b.sign(); b.order == floating {
		// One zero may stand for both.
		if low == 0 {
			low = zero
		}
		if high == zero {
			high = 0
		}
	}
	return b.bytes(low), b.bytes(high), true
}

// bits is how many tell the whole numbers that were added apart.
func (b *bounds) bits() int { return bits.Len64(b.high - b.low) }

func (b *bounds) bytes(bits uint64) []byte {
	return binary.LittleEndian.AppendUint64(nil, bits)[:b.width]
}

// sign is the bit of the sign of a number.
func (b *bounds) sign() uint64 { return 1 << (8*b.width - 1) }

// key maps the bits of a number to its place; value is the way back.
func (b *bounds) key(bits uint64) uint64 {
	switch {
	case b.order == unsigned:
		return bits
	case b.order == floating && bits&b.sign() != 0:
		return ^bits & (b.sign()<<1 - 1)
	}
	return bits ^ b.sign()
}

func (b *bounds) value(key uint64) uint64 {
	switch {
	case b.order == unsigned:
		return key
	case b.order == floating && key&b.sign() == 0:
		return ^key & (b.sign()<<1 - 1)
	}
	return key ^ b.sign()
}

// infinity is the bits of the greatest number that is one.
func (b *bounds) infinity() uint64 {
	switch b.width {
	case 2:
		return 0x1f << 10
	case 4:
		return 0xff << 23
	}
	return 0x7ff << 52
}

// add takes one value.
func (b *bounds) add(v []byte) {
	switch b.order {
	case bytewise, bigEndian:
		b.addBytes(v)
	default:
		b.addNumber(load(v, b.width))
	}
}

func (b *bounds) addNumber(bits uint64) {
	if b.order == floating && bits&^b.sign() > b.infinity() {
		return
	}
	k := b.key(bits)
	b.low, b.high, b.ok = min(b.low, k), max(b.high, k), true
}

func load(v []byte, width int) uint64 {
	switch width {
	case 8:
		return binary.LittleEndian.Uint64(v)
	case 4:
		return uint64(binary.LittleEndian.Uint32(v))
	case 2:
		return uint64(binary.LittleEndian.Uint16(v))
	}
	return uint64(v[0])
}

// addFixed takes values of a fixed width.
func (b *bounds) addFixed(values []byte) {
	switch {
	case b.none || len(values) == 0:
	case b.order == signed && b.width == 8:
		low, high := int64(math.MaxInt64), int64(math.MinInt64)
		for ; len(values) >= 8; values = values[8:] {
			v := int64(binary.LittleEndian.Uint64(values))
			low, high = min(low, v), max(high, v)
		}
		b.addNumber(uint64(low))
		b.addNumber(uint64(high))
	case b.order == floating && b.width == 8:
		for ; len(values) >= 8; values = values[8:] {
			b.addNumber(binary.LittleEndian.Uint64(values))
		}
	default:
		for ; len(values) > 0; values = values[b.width:] {
			b.add(values[:b.width])
		}
	}
}

// addBools takes Booleans; valid is nil where none is null.
func (b *bounds) addBools(values, valid []byte) {
	for i, v := range values {
		if valid == nil || valid[i] != 0 {
			b.low, b.high, b.ok = min(b.low, uint64(v)), max(b.high, uint64(v)), true
		}
	}
}

// addBytes compares eight bytes first, which mostly tell.
func (b *bounds) addBytes(v []byte) {
	if b.none {
		return
	}
	k := prefix(v)
	if b.order == bigEndian {
		k ^= 1 << 63
	}
	if !b.ok || k < b.low || k == b.low && bytes.Compare(v, b.least) < 0 {
		b.low, b.least = k, v
	}
	if !b.ok || k > b.high || k == b.high && bytes.Compare(v, b.most) > 0 {
		b.high, b.most = k, v
	}
	b.ok = true
}

func prefix(v []byte) uint64 {
	if len(v) >= 8 {
		return binary.BigEndian.Uint64(v)
	}
	k := uint64(0)
	for i, c := range v {
		k |= uint64(c) << (56 - 8*i)
	}
	return k
}
