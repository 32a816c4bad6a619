package pqfile

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errRunOut = errors.New("a page holds fewer values than its header says")

// bitsAt reads width (at most 57) bits that start at bit at; bits beyond the
// end of b are zero.
func bitsAt(b []byte, at uint64, width uint) uint64 {
	i := at >> 3
	var word uint64
	if i+8 <= uint64(len(b)) {
		word = binary.LittleEndian.Uint64(b[i:])
	} else {
		for k := uint64(0); i+k < uint64(len(b)); k++ {
			word |= uint64(b[i+k]) << (8 * k)
		}
	}
	return word >> (at & 7) & (1<<width - 1)
}

// hybrid decodes runs of repeated or bit-packed values, the encoding of levels
// and dictionary indexes.
type hybrid struct {
	b     []byte
	width uint
	// The open run: left values, each value, or packed from bit at of packed.
	left   uint64
	repeat bool
	value  uint32
	packed []byte
	at     uint64
}

func newHybrid(b []byte, width uint) (hybrid, error) {
	if width > 32 {
		return hybrid{}, fmt.Errorf("a bit width of %d, want at most 32", width)
	}
	return hybrid{b: b, width: width}, nil
}

func (h *hybrid) open() error {
	head, n := binary.Uvarint(h.b)
	if n <= 0 {
		return errRunOut
	}
	h.b = h.b[n:]
	if h.repeat = head&1 == 0; h.repeat {
		bytes := int(h.width+7) / 8
		if len(h.b) < bytes {
			return errRunOut
		}
		h.value = 0
		for i := range bytes {
			h.value |= uint32(h.b[i]) << (8 * i)
		}
		h.b = h.b[bytes:]
		h.left = head >> 1
		return nil
	}
	// Groups of eight values; a writer may cut the last one short. Without
	// width they take no bytes, and the caller's count bounds them.
	groups := head >> 1
	size := uint64(len(h.b))
	if h.width > 0 && groups <= size/uint64(h.width) {
		size = groups * uint64(h.width)
	}
	if h.width == 0 {
		size = 0
	}
	h.packed, h.b = h.b[:size], h.b[size:]
	h.at, h.left = 0, groups*8
	if h.width > 0 {
		h.left = min(h.left, size*8/uint64(h.width))
	}
	return nil
}

// decode fills dst or fails.
func decode[T uint8 | int32](h *hybrid, dst []T) error {
	for len(dst) > 0 {
		for h.left == 0 {
			if err := h.open(); err != nil {
				return err
			}
		}
		n := len(dst)
		if h.left < uint64(n) {
			n = int(h.left)
		}
		run := dst[:n]
		if h.repeat {
			v := T(h.value)
			for i := range run {
				run[i] = v
			}
		} else {
			unpack(h, run)
		}
		h.left -= uint64(n)
		dst = dst[n:]
	}
	return nil
}

// repeated takes n values at once where they are in one run of repeated ones,
// and nothing otherwise.
func (h *hybrid) repeated(n int) (value uint32, ok bool, err error) {
	for h.left == 0 && n > 0 {
		if err := h.open(); err != nil {
			return 0, false, err
		}
	}
	if !h.repeat || h.left < uint64(n) {
		return 0, false, nil
	}
	h.left -= uint64(n)
	return h.value, true, nil
}

func unpack[T uint8 | int32](h *hybrid, dst []T) {
	b, width, at := h.packed, uint64(h.width), h.at
	mask := uint64(1)<<width - 1
	i := 0
	for ; i < len(dst) && at&7 != 0 && at>>3+8 <= uint64(len(b)); i++ {
		dst[i] = T(binary.LittleEndian.Uint64(b[at>>3:]) >> (at & 7) & mask)
		at += width
	}
	if at&7 == 0 {
		n := unpackEights(dst[i:], b[min(at>>3, uint64(len(b))):], uint(width))
		i += n
		at += uint64(n) * width
	}
	// The word at the last eight bytes is the last that can be loaded whole.
	for ; i < len(dst) && at>>3+8 <= uint64(len(b)); i++ {
		dst[i] = T(binary.LittleEndian.Uint64(b[at>>3:]) >> (at & 7) & mask)
		at += width
	}
	for ; i < len(dst); i++ {
		dst[i] = T(bitsAt(b, at, h.width))
		at += width
	}
	h.at = at
}

// unpackEights unpacks values that begin with b, eight by eight, as long as it
// can load whole words, and returns how many. It leaves widths above 28 alone.
func unpackEights[T uint8 | int32](dst []T, b []byte, width uint) (n int) {
	mask := uint64(1)<<(width&63) - 1
	step := int(width)
	switch {
	case width <= 8:
		for ; len(dst) >= 8 && len(b) >= step+8; dst, b = dst[8:], b[step:] {
			putEight(dst, binary.LittleEndian.Uint64(b), width, mask)
			n += 8
		}
	case width <= 16:
		odd := 4 * (width & 1) // bits of the second half in the byte of the first
		for ; len(dst) >= 8 && len(b) >= step+8; dst, b = dst[8:], b[step:] {
			putFour(dst, binary.LittleEndian.Uint64(b), width, mask)
			putFour(dst[4:], binary.LittleEndian.Uint64(b[width/2:])>>odd, width, mask)
			n += 8
		}
	case width <= 28:
		for ; len(dst) >= 8 && len(b) >= step+8; dst, b = dst[8:], b[step:] {
			for k := uint(0); k < 4; k++ {
				at := 2 * k * width
				x := binary.LittleEndian.Uint64(b[at>>3:]) >> (at & 7)
				dst[2*k], dst[2*k+1] = T(x&mask), T(x>>(width&63)&mask)
			}
			n += 8
		}
	}
	return n
}

func putEight[T uint8 | int32](dst []T, x uint64, width uint, mask uint64) {
	putFour(dst, x, width, mask)
	putFour(dst[4:], x>>(4*width&63), width, mask)
}

func putFour[T uint8 | int32](dst []T, x uint64, width uint, mask uint64) {
	d := dst[:4]
	d[0] = T(x & mask)
	x >>= width & 63
	d[1] = T(x & mask)
	x >>= width & 63
	d[2] = T(x & mask)
	x >>= width & 63
	d[3] = T(x & mask)
}
