package base32rows

import "golang.org/x/sys/cpu"

// wide tells whether the processor can pick any bytes and any bits of sixty-four
// bytes at a time.
var wide = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI

// wideBytes is the longest row that encodeWide takes: it has 64 characters.
const wideBytes = 40

// The tables of encodeWide: which byte of a row goes where, by how many bits
// each character is shifted, and the characters, twice, because of an index six
// bits count.
var (
	order  = makeOrder()
	shifts = [8]byte{35, 30, 25, 20, 15, 10, 5, 0}
	table  = [64]byte([]byte(alphabet + alphabet))
)

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
func encodeWide(dst, src *byte, n, stride, size, width int)
