package exact

import (
	"math/big"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Bounds knows a probability p to any precision: integers
// lo <= 2^precision·p <= hi, whose distance in units of 2^-precision falls
// towards zero as precision grows. It does not write to what it is made of and
// is safe for concurrent use.
type Bounds func(precision uint) (lo, hi *big.Int)

// Exponential is the probability exp(-r) for r >= 0. r must not be changed
// afterwards.
func Exponential(r *big.Rat) Bounds {
	return func(precision uint) (lo, hi *big.Int) { return expBounds(precision, r) }
}

// Share is the probability 1/(1 + others·exp(-r)) for r >= 0: that of one
// outcome among others that are less likely by the factor exp(-r) each. r must
// not be changed afterwards.
func Share(others uint64, r *big.Rat) Bounds {
	return func(precision uint) (lo, hi *big.Int) {
		one := new(big.Int).Lsh(big.NewInt(1), precision)
		square := new(big.Int).Lsh(one, precision)
		part := func(weight *big.Int) *big.Int { // 2^precision·(1 + others·exp(-r))
			return weight.Add(weight.Mul(weight, new(big.Int).SetUint64(others)), one)
		}
		lo, hi = expBounds(precision, r)
		most, least := part(hi), part(lo)
		lo = new(big.Int).Quo(square, most)
		hi = square.Add(square, new(big.Int).Sub(least, big.NewInt(1)))
		return lo, hi.Quo(hi, least)
	}
}

// Event is an event of known probability, ready to be drawn many times. It is
// made by NewEvent; the zero value is of no use. It is a value that does not
// change and is safe for concurrent use, with a source for each goroutine.
type Event struct {
	low, high uint64 // see Cut, for 32 digits
	bounds    Bounds
}

// NewEvent returns the event of the probability given.
func NewEvent(p Bounds) Event {
	e := Event{bounds: p}
	e.low, e.high = e.Cut(32)
	return e
}

// Cut says which first digits of a uniform real u in [0, 1) tell whether u is
// below p: integers below low that it is, integers from high on that it is not.
// Between them, most often one integer, Resolve decides.
func (e Event) Cut(digits uint) (low, high uint64) {
	lo, hi := e.bounds(digits + 32)
	// [word, word+1)·2^32 is below lo, or not below hi.
	hi.Add(hi, big.NewInt(1<<32-1))
	return lo.Rsh(lo, 32).Uint64(), hi.Rsh(hi, 32).Uint64()
}

// Resolve returns true with the probability of the event, exactly, given the
// first digits of a uniform real.
func (e Event) Resolve(src *entropy.Source, prefix uint64, digits uint) bool {
	return resolve(src, prefix, digits, e.bounds)
}

// Sample returns true with the probability of the event, exactly. It uses 4
// bytes of randomness but for one draw in a thousand million.
func (e Event) Sample(src *entropy.Source) bool {
	word := src.Uint32()
	switch {
	case uint64(word) < e.low:
		return true
	case uint64(word) >= e.high:
		return false
	}
	return e.Resolve(src, uint64(word), 32)
}

// Bits returns 64 independent draws of the event, one a bit. It uses about one
// byte of randomness for each.
//
// Each bit compares its own uniform number with p, digit by digit from the
// first, and a word holds the next digit of all 64. At a digit of p that is one
// those are below p whose digit is zero, at one that is zero those are not whose
// digit is one; the others go on.
func (e Event) Bits(src *entropy.Source) uint64 {
	drawn, undecided := uint64(0), ^uint64(0)
	if e.high != e.low+1 { // p is next to a multiple of 2^-32
		for i := range 64 {
			if e.Sample(src) {
				drawn |= 1 << i
			}
		}
		return drawn
	}
	for digit := uint64(1 << 31); digit > 0 && undecided != 0; digit >>= 1 {
		word := src.Uint64()
		if e.low&digit != 0 {
			drawn |= undecided &^ word
			undecided &= word
		} else {
			undecided &^= word
		}
	}
	for ; undecided != 0; undecided &= undecided - 1 {
		if e.Resolve(src, e.low, 32) {
			drawn |= undecided & -undecided
		}
	}
	return drawn
}

// resolve says whether a uniform real whose first `digits` binary digits are
// prefix is below p. It draws further digits until that is decided, which
// happens with probability one.
func resolve(src *entropy.Source, prefix uint64, digits uint, p Bounds) bool {
	u := new(big.Int).SetUint64(prefix)
	for {
		// Both sides in units of 2^-(digits+16).
		lo, hi := p(digits + 16)
		from := new(big.Int).Lsh(u, 16)
		to := new(big.Int).Add(u, big.NewInt(1))
		to.Lsh(to, 16)
		if to.Cmp(lo) <= 0 {
			return true
		}
		if from.Cmp(hi) >= 0 {
			return false
		}
		u.Lsh(u, 64)
		u.Or(u, new(big.Int).SetUint64(src.Uint64()))
		digits += 64
	}
}
