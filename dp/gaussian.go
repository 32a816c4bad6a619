package dp

import (
	"math"
	"math/big"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// gaussian is Gaussian noise for integers: discrete Gaussian noise on a grid so fine
// that it is as good as continuous, rounded to integers.
//
// An integer x with such noise is x·2^bits with discrete Gaussian noise, divided by
// 2^bits and rounded, which looks only at the noisy number: the noise loses no more
// than that on the fine grid. Discrete Gaussian noise of a standard deviation of a few
// integers is known to be ρ-zero-concentrated differentially private like continuous
// noise, but where a person changes several numbers no more than that is known, and
// the (ε, δ) that follows asks for about 8 % more noise than is needed.
type gaussian struct {
	fine exact.Gaussian
	bits uint
}

const (
	// fineBits is how fine the grid is: σ has at least 2^fineBits steps, unless it is
	// far below one integer.
	fineBits = 48
	mostBits = 60
)

func newGaussian(variance *big.Rat) (gaussian, error) {
	v, _ := variance.Float64()
	_, exponent := math.Frexp(math.Sqrt(v)) // σ is in [2^(exponent-1), 2^exponent)
	bits := uint(max(0, min(fineBits+1-exponent, mostBits)))
	scale := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 2*bits))
	fine, err := exact.NewGaussian(scale.Mul(scale, variance))
	return gaussian{fine, bits}, err
}

// Add returns x plus noise. It does not overflow: x is at most 2^61 in magnitude, and
// rounded noise at most 2^62.
func (g gaussian) Add(src *entropy.Source, x int64) int64 {
	if g.bits == 0 {
		return g.fine.Add(src, x)
	}
	n := g.fine.Sample(src)
	if n < 0 {
		return x - g.round(-n)
	}
	return x + g.round(n)
}

// round rounds a number of steps, at least zero, to integers, and halves up, so that
// rounded noise is symmetric.
func (g gaussian) round(n int64) int64 {
	return int64((uint64(n) + 1<<g.bits>>1) >> g.bits)
}

// Tail returns w such that the noise is larger in magnitude with a probability of at
// most alpha.
func (g gaussian) Tail(alpha float64) int64 { return g.round(g.fine.Tail(alpha)) }

// unrounded is the standard deviation before rounding.
func (g gaussian) unrounded() float64 {
	v, _ := g.fine.Variance().Float64()
	return math.Ldexp(math.Sqrt(v), -int(g.bits))
}

// sigma is the standard deviation, that of the rounding included.
func (g gaussian) sigma() float64 {
	if g.bits == 0 {
		return g.unrounded()
	}
	return math.Hypot(g.unrounded(), 1/math.Sqrt(12))
}

// logMoment is an upper bound of ln E(e^(λX)).
//
// Without rounding the noise is subgaussian: it is at most λ²σ²/2 (Canonne, Kamath and
// Steinke 2020, arXiv:2004.00010). With it and φ the density of N(0, σ²),
//
//	Σ e^(λk)·∫ φ(k+u) du = e^(λ²σ²/2)·∫ e^(-λu)·θ(u-λσ²) du,   |u| ≤ 1/2,
//
// where θ(v) = Σ φ(k+v) is largest for v = 0, where it is 1 + 2·Σ e^(-2π²σ²n²) over the
// positive n by Poisson's formula, and at most 1 + φ(0) as φ falls on either side. The
// integral of e^(-λu) is at most e^(λ²/24). What the fine grid differs from continuous
// noise is less than a millionth of a millionth.
func (g gaussian) logMoment(lambda float64) float64 {
	rounded, sigma := g.sigma(), g.unrounded()
	if g.bits == 0 {
		return lambda * lambda * sigma * sigma / 2
	}
	r := math.Exp(-2 * math.Pi * math.Pi * sigma * sigma)
	theta := min(2*r/(1-r*r*r), 1/(math.Sqrt(2*math.Pi)*sigma))
	return lambda*lambda*rounded*rounded/2 + math.Log1p(theta) + 1e-12
}
