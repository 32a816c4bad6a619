package pqfile

import (
	"encoding/binary"
	"slices"

	deltas "github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// appendLengths appends the byte strings from to to that are not null in
// DELTA_LENGTH_BYTE_ARRAY: first how long they are, then all bytes. It is
// smaller than lengths between the bytes, and compressing finds no repetition
// there that is none of the text.
func (c *chunkWriter) appendLengths(s *Strings, valid []byte, from, to int) (err error) {
	c.codes = slices.Grow(c.codes[:0], to-from)
	for i := from; i < to; i++ {
		if valid == nil || valid[i-from] != 0 {
			c.codes = append(c.codes, int32(s.Offsets[i+1]-s.Offsets[i]))
		}
	}
	if c.packed, err = new(deltas.BinaryPackedEncoding).EncodeInt32(c.packed, c.codes); err != nil {
		return err
	}
	c.body = append(c.body, c.packed...)
	if valid == nil {
		c.body = append(c.body, s.Data[s.Offsets[from]:s.Offsets[to]]...)
		return nil
	}
	for i, ok := range valid {
		if ok != 0 {
			c.body = append(c.body, s.at(from+i)...)
		}
	}
	return nil
}

// appendIntegers appends integers, of which there is at least one and b knows
// the bounds: in DELTA_BINARY_PACKED where that takes at most three quarters of
// the bits.
func (c *chunkWriter) appendIntegers(values []byte, b *bounds) (_ format.Encoding, err error) {
	if b.bits()+1 > c.width*6 {
		c.body = append(c.body, values...)
		return format.Plain, nil
	}
	var e deltas.BinaryPackedEncoding
	if c.width == 4 {
		c.codes = slices.Grow(c.codes[:0], len(values)/4)
		for ; len(values) >= 4; values = values[4:] {
			c.codes = append(c.codes, int32(binary.LittleEndian.Uint32(values)))
		}
		c.packed, err = e.EncodeInt32(c.packed, c.codes)
	} else {
		c.longs = slices.Grow(c.longs[:0], len(values)/8)
		for ; len(values) >= 8; values = values[8:] {
			c.longs = append(c.longs, int64(binary.LittleEndian.Uint64(values)))
		}
		c.packed, err = e.EncodeInt64(c.packed, c.longs)
	}
	c.body = append(c.body, c.packed...)
	return format.DeltaBinaryPacked, err
}
