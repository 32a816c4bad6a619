package exact

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Gaussian is the discrete Gaussian distribution of parameter σ:
// P(X = x) ∝ exp(-x²/(2σ²)) on the integers. Its variance is at most σ², and
// very nearly σ² from σ = 1 on (Canonne, Kamath and Steinke 2020, The discrete
// Gaussian for differential privacy, arXiv:2004.00010, Corollary 9). Added to
// each number of a vector of integers that changes by at most Δ in L2 it is
// Δ²/(2σ²)-zero-concentrated differentially private (ibid.).
//
// A Gaussian is made by NewGaussian; the zero value is not a distribution. It
// is a value that does not change and is safe for concurrent use, with a source
// for each goroutine.
type Gaussian struct {
	laplace  Laplace // of scale t = floor(σ) + 1
	variance *big.Rat
	// center and half are the numbers nearest to σ²/t and 1/(2σ²).
	center, half float64
}

// MaxSigma is the largest σ that NewGaussian takes. It leaves room for a noise
// of 256 σ within the range of Add.
const MaxSigma = 1 << 54

// minVariance keeps the inverse of a variance an ordinary number.
const minVariance = 0x1p-200

// NewGaussian returns the distribution of the variance parameter σ² given,
// which must lie between 2^-200 and the square of MaxSigma. It is used as it
// is, without rounding.
func NewGaussian(variance *big.Rat) (Gaussian, error) {
	if variance.Sign() <= 0 {
		return Gaussian{}, errors.New("exact: the variance of noise must be positive")
	}
	most := new(big.Rat).SetInt64(MaxSigma)
	if variance.Cmp(most.Mul(most, most)) > 0 {
		return Gaussian{}, fmt.Errorf("exact: the variance of noise is above the square of %g",
			float64(MaxSigma))
	}
	v, _ := variance.Float64()
	if v < minVariance {
		return Gaussian{}, fmt.Errorf("exact: the variance of noise is below %g", minVariance)
	}
	root := new(big.Int).Quo(variance.Num(), variance.Denom())
	t := root.Sqrt(root).Uint64() + 1
	g := Gaussian{laplace: Laplace{num: t, den: 1}, variance: new(big.Rat).Set(variance)}
	g.center, _ = new(big.Rat).Quo(variance, rational(t, 1)).Float64()
	inverse := new(big.Rat).Inv(variance)
	g.half, _ = inverse.Mul(inverse, big.NewRat(1, 2)).Float64()
	return g, nil
}

// Variance returns σ², exactly.
func (g Gaussian) Variance() *big.Rat { return new(big.Rat).Set(g.variance) }

// Sample draws from the distribution. Magnitudes of 2^63-1 and above, which
// have a probability below exp(-2^16), are as one.
//
// It follows Canonne, Kamath and Steinke (2020), Algorithm 3: Y of the discrete
// Laplace distribution of scale t = floor(σ) + 1 is kept with probability
// exp(-(|Y| - σ²/t)²/(2σ²)), whose product with exp(-|Y|/t) is exp(-Y²/(2σ²))
// but for a constant. Nearly one in two is kept at the least, three in four for
// large σ.
func (g Gaussian) Sample(src *entropy.Source) int64 {
	for {
		y := g.laplace.Sample(src)
		if BernoulliExp(src, g.exponent(y), func() *big.Rat { return g.exactExponent(y) }) {
			return y
		}
	}
}

// exponent is γ = (|y| - σ²/t)²/(2σ²) with an error below 2^-34 where it is
// below 64, and at least 63 where it is not.
//
// Each operation, and each constant, has a relative error of at most u = 2^-53,
// whether or not products and sums are fused. With d = | |y| - σ²/t | and
// γ < 64, d is below 12σ and, since σ²/t < σ, |y| below 13σ. So d is off by at
// most u·(13σ + σ + 12σ) < 27uσ, which moves d²/(2σ²) by less than
// 12·27u + 365u² < 325u, and the remaining four roundings by less than 4·65u.
// Together below 2^-43. Nothing underflows or overflows: half lies between
// 2^-109 and 2^199, and the square of d below 2^127.
func (g Gaussian) exponent(y int64) float64 {
	d := math.Abs(float64(y)) - g.center
	return d * d * g.half
}

// exactExponent is γ itself.
func (g Gaussian) exactExponent(y int64) *big.Rat {
	magnitude := new(big.Int).SetInt64(y)
	d := new(big.Rat).SetInt(magnitude.Abs(magnitude))
	d.Sub(d, new(big.Rat).Quo(g.variance, g.laplace.Scale()))
	d.Mul(d, d)
	return d.Quo(d, new(big.Rat).Mul(big.NewRat(2, 1), g.variance))
}

// Add returns x plus noise within ±MaxValue, as Laplace.Add does.
func (g Gaussian) Add(src *entropy.Source, x int64) int64 { return add(clamp(x), g.Sample(src)) }

// Tail returns an integer w such that |X| > w has a probability of at most
// alpha: the least one for σ up to 64; above, or where alpha is less than 1e-15,
// at most two and one part in 10^12 more. alpha must lie in (0, 1).
//
// For large σ it uses that the sum of f(x) = exp(-x²/(2σ²)) over the integers
// from m on is at most the integral from m - 1/2 on where f is convex, that is
// from σ on, and at most that from m - 1 on anywhere; and that the sum over all
// integers is at least σ·√(2π), by Poisson's summation formula.
func (g Gaussian) Tail(alpha float64) int64 {
	v, _ := g.variance.Float64()
	sigma := math.Sqrt(v)
	if sigma <= 64 && alpha >= 1e-15 {
		return tailBySum(v, alpha)
	}
	z := math.Sqrt2 * math.Erfcinv(alpha)
	w := math.Ceil(sigma * z * (1 + 1e-12))
	if z > 1 {
		w = math.Ceil(sigma*z*(1+1e-12) - 0.5)
	}
	return int64(max(0, min(w, MaxValue)))
}

// tailBySum adds up probabilities from the far end.
func tailBySum(variance, alpha float64) int64 {
	weight := func(x int64) float64 { return math.Exp(-float64(x) * float64(x) / (2 * variance)) }
	far := int64(12*math.Sqrt(variance)) + 1
	total := 0.0
	for x := far; x > 0; x-- {
		total += 2 * weight(x)
	}
	total++
	sum := 0.0
	for x := far; x > 0; x-- {
		if sum += 2 * weight(x); sum > alpha*total*(1-1e-12) {
			return x
		}
	}
	return 0
}
