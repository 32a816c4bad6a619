package hmac256

import (
	"crypto/sha256"
	"encoding/binary"

	"golang.org/x/sys/cpu"
)

// width is how many texts are hashed at a time.
const width = 16

// Wide tells whether the processor hashes sixteen texts at a time.
func Wide() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ
}

// row has one word of each of the texts.
type row [width]uint32

// lanes are the buffers for texts that are hashed side by side.
type lanes struct {
	inner, outer [8]row // states after the padded keys, the same for every text
	state        [8]row
	blocks       [width][sha256.BlockSize]byte
	size         [width]int // of the text in each block, to keep its padding
	words        [16]row    // of the blocks
	last         [16]row    // of the outer blocks
	of           [width]int // the text of each lane
	out          [width][PrefixBytes]byte
}

// newLanes takes the chaining values after the padded keys.
func newLanes(inner, outer []byte) *lanes {
	l := new(lanes)
	for i := range 8 {
		for j := range width {
			l.inner[i][j] = binary.BigEndian.Uint32(inner[4*i:])
			l.outer[i][j] = binary.BigEndian.Uint32(outer[4*i:])
		}
	}
	for j := range width {
		l.size[j] = -1
		l.last[8][j] = 0x80000000
		l.last[15][j] = 8 * (sha256.BlockSize + sha256.Size)
	}
	return l
}

// prefixes is Prefixes of m. Long texts go to the standard library, and so does
// what is left over when that is quicker than lanes that run empty.
func (l *lanes) prefixes(m *MAC, dst [][PrefixBytes]byte, data []byte, spans [][2]int) {
	n := 0
	for i, s := range spans {
		text := data[s[0]:s[1]]
		if len(text) > oneBlock {
			dst[i] = m.prefix(text)
			continue
		}
		l.put(n, text)
		l.of[n] = i
		if n++; n == width {
			l.hash()
			l.store(dst, n)
			n = 0
		}
	}
	const worthwhile = 4
	if n < worthwhile {
		for _, i := range l.of[:n] {
			dst[i] = m.prefix(data[spans[i][0]:spans[i][1]])
		}
		return
	}
	l.hash()
	l.store(dst, n)
}

// put makes the block of a text.
func (l *lanes) put(lane int, text []byte) {
	block := &l.blocks[lane&(width-1)]
	switch size := &l.size[lane&(width-1)]; {
	case *size != len(text):
		pad(block, text)
		*size = len(text)
	case len(text) == 16:
		*(*[16]byte)(block[:]) = [16]byte(text)
	default:
		copy(block[:], text)
	}
}

// hash makes the prefixes of what is in the blocks.
func (l *lanes) hash() {
	transpose(&l.words, &l.blocks)
	l.state = l.inner
	compress(&l.state, &l.words, &constants)
	*(*[8]row)(l.last[:]) = l.state
	l.state = l.outer
	compress(&l.state, &l.last, &constants)
	gather(&l.out, &l.state)
}

// store copies the first n prefixes to where they belong.
func (l *lanes) store(dst [][PrefixBytes]byte, n int) {
	if at := l.of[0]; n == width && l.of[width-1]-at == width-1 { // none in between
		*(*[width][PrefixBytes]byte)(dst[at:]) = l.out
		return
	}
	for lane, i := range l.of[:n] {
		dst[i] = l.out[lane]
	}
}

// constants are those of SHA-256 (FIPS 180-4, section 4.2.2).
var constants = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

// transpose sets words[i][j] to word i of block j, which is big-endian.
//
//go:noescape
func transpose(words *[16]row, blocks *[width][sha256.BlockSize]byte)

// compress hashes one block of each text, given by its words, into the states; k
// are the constants.
//
//go:noescape
func compress(state *[8]row, words *[16]row, k *[64]uint32)

// gather sets out[j] to the first four words of state j, big-endian.
//
//go:noescape
func gather(out *[width][PrefixBytes]byte, state *[8]row)
