package base32rows

import "golang.org/x/sys/cpu"

// wide tells whether the processor can pick any bytes and any bits of sixty-four
// bytes at a time.
var wide = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI

// wideBytes is the longest row that encodeWide takes: it has 64 characters.
const wideBytes = 40

// tables are what encodeWide looks up.
type tables struct {
	order      [64]byte // which byte of a row goes where
	characters [64]byte // the alphabet twice, because of an index six bits count
	shifts     [8]byte  // by how many bits each character is shifted
}

var constants = tables{makeOrder(), [64]byte([]byte(alphabet + alphabet)),
	[8]byte{35, 30, 25, 20, 15, 10, 5, 0}}

// makeOrder reverses each five bytes into the lower ones of a word, so that the
// word is their number of forty bits.
func makeOrder() (order [64]byte) {
	for i := range order {
		order[i] = byte(i/8*5 + max(4-i%8, 0))
	}
	return order
}

// encodeWide is Encode for rows of at most wideBytes.
//
//go:noescape
func encodeWide(dst, src *byte, n, stride, size, width int, t *tables)
