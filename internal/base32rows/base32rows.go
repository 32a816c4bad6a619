// Package base32rows writes rows of bytes of one size as base32 of the alphabet
// A-Z, 2-7 without padding (RFC 4648), as many characters at a time as the
// processor can.
package base32rows

import "encoding/binary"

// EncodedLen is how many characters stand for n bytes.
func EncodedLen(n int) int { return (8*n + 4) / 5 }

// Encode writes n rows, one after the other: row i is the size bytes of src
// from i*stride on, and dst gets its EncodedLen(size) characters. Both must be long
// enough, and dst and src must not overlap.
func Encode(dst, src []byte, n, stride, size int) {
	width := EncodedLen(size)
	if n <= 0 || size <= 0 {
		return
	}
	dst, src = dst[:n*width], src[:(n-1)*stride+size]
	if wide && size <= wideBytes {
		encodeWide(&dst[0], &src[0], n, stride, size, width, &constants)
		return
	}
	for i := range n {
		Append(dst[i*width:i*width], src[i*stride:][:size])
	}
}

// Tokens is Encode for rows of sixteen bytes: dst gets 26 characters for each.
func Tokens(dst []byte, tokens [][16]byte) {
	const size, width = 16, 26
	if len(tokens) == 0 {
		return
	}
	dst = dst[:len(tokens)*width]
	if wide {
		encodeWide(&dst[0], &tokens[0][0], len(tokens), size, size, width, &constants)
		return
	}
	for i := range tokens {
		Append(dst[i*width:i*width], tokens[i][:])
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// Append appends the base32 of src to dst.
func Append(dst, src []byte) []byte {
	for len(src) >= 5 {
		bits := uint64(binary.BigEndian.Uint32(src))<<8 | uint64(src[4])
		dst = binary.BigEndian.AppendUint64(dst, expand(bits))
		src = src[5:]
	}
	bits := uint64(0)
	for i, b := range src {
		bits |= uint64(b) << (32 - 8*i)
	}
	for i := range EncodedLen(len(src)) {
		dst = append(dst, alphabet[bits>>(35-5*i)&31])
	}
	return dst
}

// expand returns forty bits as eight characters, the first in the highest byte,
// without a table: the bits are spread to five a byte, and then 'A' is added to
// each, or 24 where the value is 26 or more and a digit follows.
func expand(x uint64) uint64 {
	const ones = 0x0101010101010101
	x = x>>20&0xfffff<<32 | x&0xfffff
	x = x&0x000ffc00_000ffc00<<6 | x&0x000003ff_000003ff
	x = x&0x03e003e0_03e003e0<<3 | x&0x001f001f_001f001f
	digit := (x + (128-26)*ones) >> 7 & ones
	return x + 'A'*ones - ('A'-24)*digit
}
