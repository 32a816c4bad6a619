package dp

import (
	"errors"
	"math"
	"math/big"

	"gonum.org/v1/gonum/integrate/quad"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// noise is a discrete distribution on the integers, symmetric about zero.
type noise interface {
	// Add returns x plus noise.
	Add(src *entropy.Source, x int64) int64
	// Tail returns w such that the noise is larger in magnitude with a
	// probability of at most alpha.
	Tail(alpha float64) int64
}

// sensitivity is by how much all rows of one person together can change a
// vector of integers: in L1, and in L2, squared.
type sensitivity struct{ l1, l2squared *big.Rat }

// steepest is the sensitivity of a vector to which a person adds up to rows
// vectors of an L1 norm of at most each. The L2 norm of a vector is at most its
// L1 norm, and reaches it where all falls on one number.
func steepest(rows int, each int64) sensitivity {
	l1 := new(big.Rat).SetInt64(int64(rows))
	l1.Mul(l1, new(big.Rat).SetInt64(each))
	return sensitivity{l1: l1, l2squared: new(big.Rat).Mul(l1, l1)}
}

// ones is the sensitivity of a vector of which a person changes at most n
// numbers, each by one.
func ones(n int) sensitivity {
	l1 := new(big.Rat).SetInt64(int64(n))
	return sensitivity{l1: l1, l2squared: l1}
}

// noise is what makes a vector of integers private for the loss.
//
// Discrete Laplace noise of scale l1/ε on each number is ε-differentially
// private: the probability of any noisy vector y is a product of factors
// ∝ exp(-|y-x|·ε/l1), whose ratio for x and x' is at most exp(Σ|x-x'|·ε/l1).
// Gaussian noise of variance l2²/(2ρ) on each is ρ-zero-concentrated differentially
// private (Canonne, Kamath and Steinke 2020, arXiv:2004.00010, Theorem 14); see also
// rhoFor.
func (l loss) noise(s sensitivity) (noise, error) {
	if l.rho != nil {
		variance := new(big.Rat).Quo(s.l2squared, l.rho)
		n, err := newGaussian(variance.Mul(variance, big.NewRat(1, 2)))
		if err != nil {
			return nil, errors.New("rho, or epsilon with delta, is too small for exact noise, " +
				"or too large; change it or max_rows")
		}
		return n, nil
	}
	n, err := exact.NewLaplace(new(big.Rat).Quo(s.l1, l.epsilon))
	if err != nil {
		return nil, errors.New("epsilon is too small for exact noise; raise it or lower max_rows")
	}
	return n, nil
}

// scaleOf is the scale t of Laplace noise, which is its mean absolute value, or
// the standard deviation of Gaussian noise.
func scaleOf(n noise) float64 {
	switch n := n.(type) {
	case exact.Laplace:
		t, _ := n.Scale().Float64()
		return t
	case gaussian:
		return n.sigma()
	}
	return 0
}

// blend turns weights into the scale of Σ wᵢ·Xᵢ, for independent Xᵢ of one noise:
// its mean absolute value for Laplace noise, its standard deviation for Gaussian
// noise.
type blend struct {
	scale    float64
	gaussian bool
	x, w     []float64 // nodes and weights of the integral below
}

func newBlend(n noise) *blend {
	b := &blend{scale: scaleOf(n)}
	if _, b.gaussian = n.(gaussian); !b.gaussian {
		const nodes = 48
		b.x, b.w = make([]float64, nodes), make([]float64, nodes)
		quad.Legendre{}.FixedLocations(b.x, b.w, 0, math.Pi/2)
		for i := range b.x {
			s, c := math.Sincos(b.x[i])
			b.x[i], b.w[i] = s*s/(c*c), b.w[i]/(s*s)*2/math.Pi
		}
	}
	return b
}

// of is the scale for the weights.
//
// For S with the characteristic function φ, E|S| = 2/π·∫(1-φ(u))/u²·du over the
// positive numbers. That of Laplace noise of scale s is 1/(1+s²u²), and u = tan θ
// makes the integral one of (1-φ)/sin²θ over [0, π/2], which is smooth.
func (b *blend) of(weights ...float64) float64 {
	squares, most := 0.0, 0.0
	for _, w := range weights {
		squares += w * w
		most = max(most, math.Abs(w))
	}
	if b.gaussian || most == 0 {
		return b.scale * math.Sqrt(squares)
	}
	sum := 0.0
	for i, tan2 := range b.x {
		phi := 1.0
		for _, w := range weights {
			phi /= 1 + (w/most)*(w/most)*tan2
		}
		sum += b.w[i] * (1 - phi)
	}
	return b.scale * most * sum
}
