package pqfile

import (
	"encoding/binary"
	"slices"
)

// countOnes counts the rows that are not null.
func countOnes(valid []byte) (n int) {
	for _, v := range valid {
		n += int(v)
	}
	return n
}

// appendFixed appends the values that are not null; valid is nil where none is.
func appendFixed(dst, values, valid []byte, width int) []byte {
	if valid == nil {
		return append(dst, values...)
	}
	dst = slices.Grow(dst, len(values))
	at := len(dst)
	dst = dst[:at+len(values)]
	switch width {
	case 4:
		for i, ok := range valid {
			copy(dst[at:at+4], values[i*4:i*4+4])
			at += 4 * int(ok)
		}
	case 8:
		for i, ok := range valid {
			copy(dst[at:at+8], values[i*8:i*8+8])
			at += 8 * int(ok)
		}
	default:
		for i, ok := range valid {
			copy(dst[at:at+width], values[i*width:(i+1)*width])
			at += width * int(ok)
		}
	}
	return dst[:at]
}

// appendBools appends a bit for each value that is not null.
func appendBools(dst, values, valid []byte) []byte {
	var word byte
	n := 0
	for i, v := range values {
		if valid != nil && valid[i] == 0 {
			continue
		}
		word |= v << (n & 7)
		if n++; n&7 == 0 {
			dst = append(dst, word)
			word = 0
		}
	}
	if n&7 != 0 {
		dst = append(dst, word)
	}
	return dst
}

// appendStrings appends byte strings, each with its length before it.
func appendStrings(dst []byte, s *Strings) []byte {
	dst = slices.Grow(dst, len(s.Data)+4*s.Len())
	for i := range s.Len() {
		v := s.at(i)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v)))
		dst = append(dst, v...)
	}
	return dst
}
