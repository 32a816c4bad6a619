package exact

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Laplace is the discrete Laplace distribution of scale t, also called the
// two-sided geometric: P(X = x) = (1-q)/(1+q)·q^|x| on the integers, with
// q = exp(-1/t). Added to an integer whose value changes by at most Δ it is
// (Δ/t)-differentially private (Ghosh, Roughgarden, Sundararajan 2012,
// doi:10.1137/09076828X).
//
// A Laplace is made by NewLaplace; the zero value is not a distribution. It is
// a value without state and safe for concurrent use, with a source for each
// goroutine.
type Laplace struct {
	num, den uint64 // scale, in lowest terms, both in [1, 2^58]
}

// maxBits is the size of the numerator and of the denominator of a scale. It
// leaves room for a factor of eight.
const maxBits = 58

// MaxScale is the largest scale that NewLaplace takes. It leaves room for a
// noise of 64 scales within the range of Add.
const MaxScale = 1 << 56

// NewLaplace returns the distribution of the scale given, which must be
// positive and at most MaxScale. A scale whose numerator or denominator does
// not fit 58 bits is rounded up to one that does, by a factor of at most
// 1 + 2^-57 above one and by at most 2^-58 below: a larger scale is more noise
// and more privacy, never less. Scale tells the one used.
func NewLaplace(scale *big.Rat) (Laplace, error) {
	if scale.Sign() <= 0 {
		return Laplace{}, errors.New("exact: the scale of noise must be positive")
	}
	if scale.Cmp(new(big.Rat).SetInt64(MaxScale)) > 0 {
		return Laplace{}, fmt.Errorf("exact: the scale of noise is above 2^%d",
			bits.Len64(MaxScale)-1)
	}
	num, den := scale.Num(), scale.Denom()
	if num.BitLen() > maxBits || den.BitLen() > maxBits {
		num, den = roundUp(num, den)
	}
	return Laplace{num: num.Uint64(), den: den.Uint64()}, nil
}

// roundUp returns the least fraction not below num/den whose denominator is the
// largest power of two for which both parts keep within 2^58.
func roundUp(num, den *big.Int) (*big.Int, *big.Int) {
	whole := new(big.Int).Quo(num, den).BitLen()
	shift := uint(maxBits - whole)
	p := new(big.Int).Lsh(num, shift)
	p.Add(p, new(big.Int).Sub(den, big.NewInt(1)))
	p.Quo(p, den)
	r := new(big.Rat).SetFrac(p, new(big.Int).Lsh(big.NewInt(1), shift))
	return r.Num(), r.Denom()
}

// Scale returns the scale used, exactly.
func (l Laplace) Scale() *big.Rat { return rational(l.num, l.den) }

// Sample draws from the distribution. A magnitude above 2^63-1, which has a
// probability below exp(-127), comes out as 2^63-1; see Add for why that costs
// no privacy there.
//
// It follows Canonne, Kamath and Steinke (2020), The discrete Gaussian for
// differential privacy, arXiv:2004.00010, Algorithm 2, with steps of an eighth
// where they have one. With t = num/den: U uniform in 0 … num-1, kept with
// probability exp(-U/(8·num)), and V with P(V = v) ∝ exp(-v/8) make
// X = U + num·V geometric: P(X = x) ∝ exp(-U/(8·num))·exp(-V/8) =
// exp(-x/(8·num)). Its quotient Y = floor(X/(8·den)) is geometric too,
// P(Y = y) ∝ exp(-y·8·den/(8·num)) = exp(-y/t). A fair sign makes it two-sided;
// a negative zero is drawn again, or zero would be twice as likely as it should
// be. The steps make it rare, one in seventeen, that U is not kept.
//
// Digits of uniform numbers stand for the events of exponential probability:
// one word of 64 bits has 32 of them for V, 31 for U and the sign.
func (l Laplace) Sample(src *entropy.Source) int64 {
	for {
		u := src.Uint64n(l.num)
		word := src.Uint64()
		if !l.keep(src, u, uint32(word>>33)) {
			continue
		}
		y := l.quotient(u, eighths(src, uint32(word)))
		if word>>32&1 == 0 {
			return y
		}
		if y != 0 {
			return -y
		}
	}
}

// keep returns true with probability exp(-u/(8·num)), exactly, given the first
// 31 binary digits of a uniform real.
//
// exp(-u/(8·num)) is above 1 - u/(8·num) > 7/8, so that all digits below that
// of 7/8 keep u at once.
func (l Laplace) keep(src *entropy.Source, u uint64, digits uint32) bool {
	if digits < 7<<28 {
		return true
	}
	x, _ := bits.Div64(u, 0, 8*l.num) // u < num, and num <= 2^58
	near := expSeries(x)
	switch low := uint64(digits) << 32; {
	case low+1<<32+slack <= near:
		return true
	case low >= near+slack:
		return false
	}
	return resolve(src, uint64(digits), 31, Exponential(rational(u, 8*l.num)))
}

// quotient returns floor((u + num·v)/(8·den)), or 2^63-1 where that is larger.
func (l Laplace) quotient(u, v uint64) int64 {
	den := 8 * l.den // at most 2^61
	hi, lo := bits.Mul64(l.num, v)
	lo, carry := bits.Add64(lo, u, 0)
	hi += carry // v < 2^64 and u < num, so num·v + u < num·2^64 does not overflow
	switch {
	case hi == 0:
		return int64(lo / den) // den is at least 8
	case hi >= den:
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, den)
	return int64(min(q, math.MaxInt64))
}

// MaxValue bounds the numbers that Add takes and returns.
const MaxValue = 1<<62 - 1

// Add returns x plus noise, moved to the nearer of ±MaxValue where it lies
// outside. For |x| <= MaxValue the result has exactly the distribution of
// x + X moved in the same way, so that the bound is applied after the noise and
// costs no privacy: where Sample cuts a magnitude, to 2^63-1, x plus the noise
// is beyond MaxValue with it as without. Numbers outside are moved in first.
func (l Laplace) Add(src *entropy.Source, x int64) int64 { return add(clamp(x), l.Sample(src)) }

// add is x + noise, moved to the nearer of ±MaxValue where it lies outside, for
// x within them.
func add(x, noise int64) int64 {
	// Neither difference wraps: both are within ±2^63.
	switch {
	case noise > 0 && x > MaxValue-noise:
		return MaxValue
	case noise < 0 && x < -MaxValue-noise:
		return -MaxValue
	}
	return x + noise
}

func clamp(x int64) int64 { return max(-MaxValue, min(x, MaxValue)) }

// Tail returns the least integer w such that |X| > w has a probability of at
// most alpha, up to an excess of one where rounding leaves it open. alpha must
// lie in (0, 1).
//
// P(|X| > w) = 2·q^(w+1)/(1+q), so that w+1 = t·ln(2/(alpha·(1+q))).
func (l Laplace) Tail(alpha float64) int64 {
	t := float64(l.num) / float64(l.den)
	w := t * (math.Ln2 - math.Log(alpha) - math.Log1p(math.Exp(-1/t)))
	w = math.Ceil(w*(1+1e-12)) - 1
	return int64(max(0, min(w, MaxValue)))
}
