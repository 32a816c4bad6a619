package exact

import (
	"encoding/binary"
	"math/big"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Unary is optimized unary encoding among k values (Wang, Blocki, Li and Jha
// 2017, Locally differentially private protocols for frequency estimation,
// USENIX Security, section 4.2): k bits, of which that of the true value is one
// with probability ½ and each other one with probability 1/(e^ε + 1). It is made
// by NewUnary; the zero value is of no use. It is a value that does not change
// and is safe for concurrent use, with a source for each goroutine.
type Unary struct {
	k    int
	zero Event // that the bit of another value is zero: e^ε/(e^ε + 1)
}

// NewUnary returns unary encoding among k values with parameter epsilon > 0,
// which must not be changed afterwards.
func NewUnary(k int, epsilon *big.Rat) Unary {
	return Unary{k: k, zero: NewEvent(Share(1, epsilon))}
}

// Categories is k.
func (u Unary) Categories() int { return u.k }

// Zero is the probability that the bit of another value than the true one is
// zero.
func (u Unary) Zero() Bounds { return u.zero.bounds }

// Answer writes k bits a value into packed, the lowest of a byte first, and
// zeros after the last one. Values are in 0 … k-1, and packed has
// (k·len(values) + 7)/8 bytes.
func (u Unary) Answer(src *entropy.Source, values []int32, packed []byte) {
	n := u.k * len(values)
	for at := 0; at < len(packed); at += 8 {
		word := ^u.zero.Bits(src)
		if left := n - 8*at; left < 64 {
			word &= 1<<max(0, left) - 1
		}
		if rest := packed[at:]; len(rest) >= 8 {
			binary.LittleEndian.PutUint64(rest, word)
		} else {
			var last [8]byte
			binary.LittleEndian.PutUint64(last[:], word)
			copy(rest, last[:])
		}
	}
	for i, v := range values {
		at := i*u.k + int(v)
		packed[at/8] &^= 1 << (at % 8)
		if src.Coin() {
			packed[at/8] |= 1 << (at % 8)
		}
	}
}
