// Package entropy hands out random words of crypto/rand from a buffer, and the
// few exact integer distributions everything else is made of.
//
// A Source belongs to one session or one worker; there is none at package
// level and none takes a seed. Tests make it deterministic with
// [testing/cryptotest.SetGlobalRandom].
package entropy

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// bufferSize is large enough that a call to the operating system costs little
// a byte (measured: 374 MB/s at 512 bytes, 460 MB/s at 4 KiB, no more beyond),
// and small enough that little unused randomness lies in memory.
const bufferSize = 4096

// Source is a buffered reader of crypto/rand. Its zero value is ready to use.
// It must not be copied after first use, since two copies would hand out the
// same words, and it is not safe for concurrent use.
//
// No method returns an error: since Go 1.24 crypto/rand ends the program when
// the operating system has no randomness to give, and there is nothing a
// caller could do instead. A word is wiped from the buffer as it is handed
// out, so that a look into memory later does not tell noise already added.
type Source struct {
	buf  []byte // nil until first used
	next int    // buf[:next] is handed out and zero
	// coins are single bits not yet handed out, under a leading one that marks
	// the end; zero or one means there are none.
	coins uint64
}

// New returns a source with an empty buffer.
func New() *Source { return new(Source) }

// fill replaces the buffer. What was left of it is given up.
func (s *Source) fill() {
	if s.buf == nil {
		s.buf = make([]byte, bufferSize)
	}
	rand.Read(s.buf) // never fails, see Source
	s.next = 0
}

// Uint64 returns a uniform word of 64 bits.
func (s *Source) Uint64() uint64 {
	if len(s.buf)-s.next < 8 {
		s.fill()
	}
	b := s.buf[s.next : s.next+8]
	v := binary.LittleEndian.Uint64(b)
	clear(b)
	s.next += 8
	return v
}

// Uint32 returns a uniform word of 32 bits.
func (s *Source) Uint32() uint32 {
	if len(s.buf)-s.next < 4 {
		s.fill()
	}
	b := s.buf[s.next : s.next+4]
	v := binary.LittleEndian.Uint32(b)
	clear(b)
	s.next += 4
	return v
}

// Read fills p with uniform bytes, straight from crypto/rand. The caller wipes p
// after use.
func (s *Source) Read(p []byte) { rand.Read(p) } // never fails, see Source

// Coin returns true with probability one half. It uses one bit.
func (s *Source) Coin() bool {
	if s.coins <= 1 {
		s.coins = uint64(s.Uint32()) | 1<<32
	}
	heads := s.coins&1 == 1
	s.coins >>= 1
	return heads
}

// Uint64n returns a uniform integer in [0, n), exactly. n = 0 stands for 2^64.
//
// It multiplies a random word by n and rejects the words that would make some
// results more likely than others (Lemire 2019, Fast random integer generation
// in an interval, ACM TOMACS 29(1), arXiv:1805.10941, Algorithm 5). With W bits
// a word, floor(word·n / 2^W) = r for either floor(2^W/n) or one more words;
// those with word·n mod 2^W below 2^W mod n are exactly the ones too many.
func (s *Source) Uint64n(n uint64) uint64 {
	switch {
	case n == 1:
		return 0
	case n == 0:
		return s.Uint64()
	case n <= 1<<32-1:
		return uint64(s.uint32n(uint32(n)))
	}
	hi, lo := bits.Mul64(s.Uint64(), n)
	if lo < n { // only then can lo be below 2^64 mod n, which is below n
		for reject := -n % n; lo < reject; {
			hi, lo = bits.Mul64(s.Uint64(), n)
		}
	}
	return hi
}

// uint32n is Uint64n in words of 32 bits, for half the randomness.
func (s *Source) uint32n(n uint32) uint32 {
	m := uint64(s.Uint32()) * uint64(n)
	if uint32(m) < n {
		for reject := -n % n; uint32(m) < reject; {
			m = uint64(s.Uint32()) * uint64(n)
		}
	}
	return uint32(m >> 32)
}

// Bernoulli returns true with probability num/den, exactly: never for num = 0
// and always for num >= den. A den of zero stands for 2^64.
func (s *Source) Bernoulli(num, den uint64) bool {
	if num >= den && den != 0 {
		return true
	}
	return s.Uint64n(den) < num
}
