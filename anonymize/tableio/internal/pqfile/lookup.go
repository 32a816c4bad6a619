package pqfile

import (
	"fmt"
	"unsafe"
)

// lookUpStep is how many indexes are decoded before they are looked up, so that
// they stay in the nearest cache.
const lookUpStep = 1 << 10

// LookUp decodes values that are indexes of the dictionary as what the caller
// has made of its entries, each of width bytes: all of them, in order.
func (c *Chunk) LookUp(dst, entries []byte, width int) error {
	if len(entries) < c.dictLen*width {
		return fmt.Errorf("%d bytes for the %d entries of a dictionary", len(entries), c.dictLen)
	}
	switch width {
	case 1:
		return lookUp(c, dst, entries)
	case 2:
		return lookUp(c, as[uint16](dst), as[uint16](entries))
	case 4:
		return lookUp(c, as[uint32](dst), as[uint32](entries))
	case 8:
		return lookUp(c, as[uint64](dst), as[uint64](entries))
	}
	for n := len(dst) / width; n > 0; {
		codes := c.codes[:min(n, lookUpStep)]
		if err := c.Indexes(codes); err != nil {
			return err
		}
		for _, v := range codes {
			dst = dst[copy(dst, entries[int(v)*width:(int(v)+1)*width]):]
		}
		n -= len(codes)
	}
	return nil
}

func lookUp[T uint8 | uint16 | uint32 | uint64](c *Chunk, dst, entries []T) error {
	entries = entries[:c.dictLen]
	for len(dst) > 0 {
		codes := c.codes[:min(len(dst), lookUpStep)]
		if err := c.unchecked(codes); err != nil {
			return err
		}
		part := dst[:len(codes)]
		for i, v := range codes {
			if uint(uint32(v)) >= uint(len(entries)) {
				return errIndex
			}
			part[i] = entries[uint32(v)]
		}
		dst = dst[len(codes):]
	}
	return nil
}

// as sees bytes as numbers in the order of bytes of the machine, which Arrow and
// this package take for that of the file.
func as[T any](b []byte) []T {
	var one T
	n := len(b) / int(unsafe.Sizeof(one))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}
