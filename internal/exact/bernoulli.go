package exact

import (
	"math/big"
	"math/bits"

	"github.com/lethe-go/lethe/internal/entropy"
)

// BernoulliExp returns true with probability exp(-num/den), exactly. den must
// not be zero.
//
// The integer part of num/den is paid off by that many draws of probability
// 1/e, all of which must succeed, the rest by one draw.
func BernoulliExp(src *entropy.Source, num, den uint64) bool {
	for whole := num / den; whole > 0; whole-- {
		if !bernoulliExp1(src) {
			return false
		}
	}
	return bernoulliExpFraction(src, num%den, den)
}

// invE is floor(2^32/e): 1/e = 0.0101111000101101010110001101100010110011… in
// binary digits.
const invE = 0x5E2D58D8

// bernoulliExp1 returns true with probability exactly 1/e.
//
// Think of the word as the first 32 binary digits of a uniform real u in
// [0, 1); then u < 1/e has the probability wanted. Digits below those of 1/e
// decide for true and above for false; only equal digits leave it open.
func bernoulliExp1(src *entropy.Source) bool {
	switch word := src.Uint32(); {
	case word < invE:
		return true
	case word > invE:
		return false
	default:
		return belowExp(src, uint64(word), 32, 1, 1)
	}
}

// slack bounds the error of expFraction.
const slack = 1 << 31

// bernoulliExpFraction returns true with probability exactly exp(-num/den), for
// num < den. As above it compares the digits of a uniform real, of which only
// the first 32 are drawn at once, with an interval that is known to hold
// exp(-num/den), and draws more only if the two overlap.
func bernoulliExpFraction(src *entropy.Source, num, den uint64) bool {
	if num == 0 {
		return true
	}
	e := expFraction(num, den)
	word := uint64(src.Uint32())
	switch { // u·2^63 lies in [word, word+1)·2^31
	case (word+1)<<31 <= e-slack:
		return true
	case word<<31 >= e+slack:
		return false
	default:
		return belowExp(src, word, 32, num, den)
	}
}

// expFraction returns 2^63·exp(-num/den) with an error below slack, for
// num < den. That is as good as needed: 2^-32, the first digit not drawn yet.
//
// It is the Taylor series of exp(-X), X = num/den in [0, 1), cut after the 12th
// power and evaluated by Horner's rule in integers: p(12) = c(12) and
// p(k) = c(k) - floor(x·p(k+1)/2^64) with c(k) = floor(2^63/k!) and
// x = floor(2^64·X).
//
// No step underflows: 0 <= p(k) <= c(k), since p(k+1) <= c(k+1) <= c(k) and
// x < 2^64.
//
// Error. Let P(k) = 2^63/k! - X·P(k+1) be the same in real numbers. In
// p(k) - P(k) the rounding of c(k) adds a number in (-1, 0], the floor one in
// [0, 1), the rounding of x at most p(k+1)/2^64 <= 1/2, and p(k+1) - P(k+1)
// enters with a factor X < 1. So |p(k) - P(k)| <= |p(k+1) - P(k+1)| + 3/2, and
// |p(0) - P(0)| <= 1 + 12·3/2 = 19. The terms that P(0) lacks alternate and
// fall, so that they sum to at most the first, 2^63/13! < 1 481 185 359.
// Together below 2^31 = 2 147 483 648.
func expFraction(num, den uint64) uint64 {
	x, _ := bits.Div64(num, 0, den)
	const one = 1 << 63
	p := uint64(one / 479001600) // 12!
	for _, c := range [12]uint64{
		one / 39916800, one / 3628800, one / 362880, one / 40320,
		one / 5040, one / 720, one / 120, one / 24, one / 6, one / 2, one, one,
	} {
		hi, _ := bits.Mul64(x, p)
		p = c - hi
	}
	return p
}

// belowExp says whether a uniform real whose first `digits` binary digits are
// prefix is below exp(-num/den), for num <= den. It draws further digits until
// that is decided, which happens with probability one.
func belowExp(src *entropy.Source, prefix uint64, digits uint, num, den uint64) bool {
	u := new(big.Int).SetUint64(prefix)
	for {
		// Both sides in units of 2^-(digits+16).
		lo, hi := expBounds(digits+16, num, den)
		below := new(big.Int).Lsh(u, 16)
		above := new(big.Int).Add(u, big.NewInt(1))
		above.Lsh(above, 16)
		if above.Cmp(lo) <= 0 {
			return true
		}
		if below.Cmp(hi) >= 0 {
			return false
		}
		u.Lsh(u, 64)
		u.Or(u, new(big.Int).SetUint64(src.Uint64()))
		digits += 64
	}
}

// expBounds returns integers lo <= 2^precision·exp(-num/den) <= hi that are
// less than 2^12 apart at the precisions used, for num <= den.
//
// The k-th term t(k) = floor(t(k-1)·num/(den·k)) of the series is short of the
// real one by less than k, because its predecessor's lack enters with a factor
// of at most one and the floor adds less than one. The sum stops at the first
// term n that is zero, whose real value is below n+1; the alternating rest is
// at most that. The error is below 1 + 2 + … + n + (n+1) <= (n+1)².
func expBounds(precision uint, num, den uint64) (lo, hi *big.Int) {
	a, b := new(big.Int).SetUint64(num), new(big.Int).SetUint64(den)
	term := new(big.Int).Lsh(big.NewInt(1), precision)
	sum := new(big.Int).Set(term)
	n := int64(0)
	for divisor := new(big.Int); term.Sign() > 0; {
		n++
		term.Mul(term, a)
		term.Quo(term, divisor.Mul(b, big.NewInt(n)))
		if n%2 == 1 {
			sum.Sub(sum, term)
		} else {
			sum.Add(sum, term)
		}
	}
	err := big.NewInt((n + 1) * (n + 1))
	return new(big.Int).Sub(sum, err), new(big.Int).Add(sum, err)
}
