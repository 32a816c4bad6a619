package exact

import (
	"math/big"
	"math/bits"

	"github.com/lethe-go/lethe/internal/entropy"
)

// slack bounds the error of expNear and expSeries, in units of 2^-63.
const slack = 1 << 31

// decision is what the first digits of a uniform number tell.
type decision int

const (
	below decision = iota
	above
	open // more digits are needed
)

// compare says where a uniform real u in [0, 1), of which the first 32 binary
// digits are word, lies to a number that is near·2^-63 but for an error below
// slack: u·2^63 lies in [word, word+1)·2^31.
func compare(word uint32, near uint64) decision {
	low := uint64(word) << 31
	switch {
	case low+1<<31+slack <= near:
		return below
	case low >= near+slack:
		return above
	}
	return open
}

// BernoulliExp returns true with probability exp(-r), exactly, for the r >= 0
// that exactly returns. gamma must be within 2^-34 of r, or at least 63 where r
// is; exactly is called about once in a thousand million draws, where 4 bytes
// of randomness do not decide.
func BernoulliExp(src *entropy.Source, gamma float64, exactly func() *big.Rat) bool {
	word := src.Uint32()
	switch compare(word, expNear(gamma)) {
	case below:
		return true
	case above:
		return false
	}
	return resolve(src, uint64(word), 32, Exponential(exactly()))
}

// expNear returns 2^63·exp(-γ) with an error below slack for every real γ >= 0
// that is within 2^-34 of gamma, or at least 63 where gamma is at least 64.
//
// This is a floating-point filter: what it returns only says for which digits
// the answer is known already. Error: that of expSeries is below
// 1 481 185 378 with γ as it is given, and 2^29 = 536 870 912 more for what γ
// is off, because exp(-γ) falls by less than that. The product with 2^64·e^-n,
// rounded down, and the shift add less than 2. Together below
// 2 018 056 292 < 2^31 = 2 147 483 648. Beyond 44 all is below slack.
func expNear(gamma float64) uint64 {
	if !(gamma < float64(len(wholeExp)+1)) {
		return 0
	}
	n := int(gamma)
	// Exact: the difference of a number and its integer part is a number below
	// one, and 2^64 times it an integer that has 53 digits.
	e := expSeries(uint64((gamma - float64(n)) * 0x1p64))
	if n == 0 {
		return e
	}
	e, _ = bits.Mul64(e, wholeExp[n-1])
	return e
}

// expSeries returns 2^63·exp(-x/2^64) with an error below 1 481 185 378, which
// includes that of an x rounded down.
//
// It is the Taylor series of exp(-X), X = x/2^64 in [0, 1), cut after the 12th
// power and evaluated by Horner's rule in integers: p(12) = c(12) and
// p(k) = c(k) - floor(x·p(k+1)/2^64) with c(k) = floor(2^63/k!).
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
func expSeries(x uint64) uint64 {
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

// wholeExp holds floor(2^64·e^-n) for n = 1 … 43.
var wholeExp = [43]uint64{
	0x5E2D58D8B3BCDF1A, 0x22A555477F03973F, 0x0CBED86667585764, 0x04B0556E084F3D1D,
	0x01B993FE00D53761, 0x00A2728F889EA6AE, 0x003BC2D73849531D, 0x0015FC21041027AC,
	0x0008167912932A2C, 0x0002F9AF36AC8F93, 0x000118354238F676, 0x0000671530ED0EF2,
	0x000025EC0A77303B, 0x00000DF3637ED80B, 0x00000521D72889FB, 0x000001E355BBAEE8,
	0x000000B1CF18BAD3, 0x00000041698A31A6, 0x000000181056FF2C, 0x00000008DA432AF9,
	0x0000000341B61A1B, 0x0000000132B48BF1, 0x0000000070D49F90, 0x0000000029820F1F,
	0x000000000F451BD2, 0x00000000059E14A9, 0x0000000002110A53, 0x0000000000C29F80,
	0x000000000047990A, 0x00000000001A56E0, 0x000000000009B090, 0x000000000003908C,
	0x0000000000014FB5, 0x0000000000007B80, 0x0000000000002D6E, 0x00000000000010B6,
	0x0000000000000626, 0x0000000000000243, 0x00000000000000D5, 0x000000000000004E,
	0x000000000000001C, 0x000000000000000A, 0x0000000000000003,
}

// expBounds returns integers lo <= 2^precision·exp(-r) <= hi for r >= 0. They
// are close together: less than 2^12 apart for r <= 1 at the precisions used.
//
// With n the whole part of r, exp(-r) is the product of exp(-(r-n)) and n times
// exp(-1), whose bounds are multiplied, lower ones rounded down and upper ones
// up.
func expBounds(precision uint, r *big.Rat) (lo, hi *big.Int) {
	whole, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if !whole.IsInt64() || whole.Int64() > int64(precision) {
		// exp(-r) < 2^-r < 2^-precision
		return new(big.Int), big.NewInt(1)
	}
	lo, hi = expFraction(precision, rest, r.Denom())
	if whole.Sign() == 0 {
		return lo, hi
	}
	lo1, hi1 := expFraction(precision, big.NewInt(1), big.NewInt(1))
	round := new(big.Int).Lsh(big.NewInt(1), precision)
	round.Sub(round, big.NewInt(1))
	for range whole.Int64() {
		lo.Mul(lo, lo1).Rsh(lo, precision)
		hi.Mul(hi, hi1).Add(hi, round).Rsh(hi, precision)
	}
	return lo, hi
}

// expFraction returns integers lo <= 2^precision·exp(-a/b) <= hi for
// 0 <= a <= b; lo is not negative.
//
// The k-th term t(k) = floor(t(k-1)·a/(b·k)) of the series is short of the real
// one by less than k, because its predecessor's lack enters with a factor of at
// most one and the floor adds less than one. The sum stops at the first term n
// that is zero, whose real value is below n+1; the alternating rest is at most
// that. The error is below 1 + 2 + … + n + (n+1) <= (n+1)².
func expFraction(precision uint, a, b *big.Int) (lo, hi *big.Int) {
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
	lo, hi = new(big.Int).Sub(sum, err), sum.Add(sum, err)
	if lo.Sign() < 0 {
		lo.SetInt64(0)
	}
	return lo, hi
}

// rational is num/den.
func rational(num, den uint64) *big.Rat {
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(num), new(big.Int).SetUint64(den))
}
