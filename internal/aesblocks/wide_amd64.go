package aesblocks

import (
	"crypto/aes"
	"encoding/binary"
	"math/bits"

	"golang.org/x/sys/cpu"
)

const (
	keyBytes = 32
	rounds   = 14
)

// Wide tells whether the processor encrypts four blocks at a time.
func Wide() bool {
	return cpu.X86.HasAES && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VAES
}

// schedule are the round keys of AES-256.
type schedule [rounds + 1]Block

// expand computes the round keys (FIPS 197, section 5.2). Words are read in the
// order of the machine, in which RotWord is a rotation to the right.
func expand(key *[keyBytes]byte) *schedule {
	const words = keyBytes / 4
	var w [4 * (rounds + 1)]uint32
	for i := range words {
		w[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	constant := uint32(1)
	for i := words; i < len(w); i++ {
		t := w[i-1]
		switch i % words {
		case 0:
			t = subWord(bits.RotateLeft32(t, -8)) ^ constant
			constant <<= 1
		case words / 2:
			t = subWord(t)
		}
		w[i] = w[i-words] ^ t
	}
	s := new(schedule)
	for i, word := range w {
		binary.LittleEndian.PutUint32(s[i/4][i%4*4:], word)
	}
	clear(w[:])
	return s
}

func (s *schedule) encrypt(blocks []Block) {
	if len(blocks) > 0 {
		encryptWide(s, &blocks[0], len(blocks))
	}
}

// subWord applies the S-box to each byte, without a table.
//
//go:noescape
func subWord(w uint32) uint32

// encryptWide encrypts n blocks in their places.
//
//go:noescape
func encryptWide(keys *schedule, blocks *[aes.BlockSize]byte, n int)
