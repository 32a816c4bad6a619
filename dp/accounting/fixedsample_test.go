package accounting

import (
	"math"
	"math/big"
	"testing"
)

// bigMoment is ln B(l) by the binomial sum, in which nearly all digits cancel,
// with 3000 bits: Σ_k C(l,k)·(-1)^(l-k)·w^(k(k-1)/2) for w = e^(μ²).
func bigMoment(mu float64, l int) float64 {
	const bits = 3000
	number := func() *big.Float { return new(big.Float).SetPrec(bits) }
	x := number().SetFloat64(mu)
	x.Mul(x, x)
	w, term := number().SetInt64(1), number().SetInt64(1)
	for i := int64(1); i < 2000; i++ { // the series of e^(μ²)
		term.Mul(term, x)
		term.Quo(term, number().SetInt64(i))
		w.Add(w, term)
	}
	sum := number()
	power, next := number().SetInt64(1), number().SetInt64(1) // w^(k(k-1)/2) and w^k
	for k := 0; k <= l; k++ {
		t := number().SetInt(new(big.Int).Binomial(int64(l), int64(k)))
		t.Mul(t, power)
		if (l-k)%2 == 1 {
			t.Neg(t)
		}
		sum.Add(sum, t)
		power.Mul(power, next)
		next.Mul(next, w)
	}
	mantissa := number()
	exponent := sum.MantExp(mantissa)
	m, _ := mantissa.Float64()
	return math.Log(m) + float64(exponent)*math.Ln2
}

func TestMoments(t *testing.T) {
	for _, mu := range []float64{0.01, 0.1, 0.5, 1, 4} {
		got := logMoments(mu, 256)
		for _, l := range []int{2, 4, 10, 64, 256} {
			if want := bigMoment(mu, l); math.Abs(got[l/2]-want) > 1e-9*max(1, math.Abs(want)) {
				t.Errorf("μ %v, moment %d: %v, want %v", mu, l, got[l/2], want)
			}
		}
		if math.Abs(got[0]) > 1e-14 {
			t.Errorf("μ %v, moment 0: %v", mu, got[0])
		}
	}
}

// Order 2 by hand: ln(1 + q²·min(4(e^(μ²)-1), 2e^(μ²))).
func TestFixedSampleOrder2(t *testing.T) {
	for _, mu := range []float64{0.1, 0.5, 2} {
		r, err := NewRenyi([]float64{1.5, 2}, Step{FixedSample{GaussianDP{mu}, 10, 100}, 1})
		if err != nil {
			t.Fatal(err)
		}
		want := math.Log1p(0.01 * min(4*math.Expm1(mu*mu), 2*math.Exp(mu*mu)))
		if got := r.Divergence(); !near(got[0], want, 1e-9) || !near(got[1], want, 1e-9) {
			t.Errorf("μ %v: %v, want %v for both", mu, got, want)
		}
	}
	all, none := FixedSample{Gaussian{2, 1}, 100, 100}, Gaussian{2, 1}
	sameCurve(t, "everybody", renyiOf(t, Step{all, 3}), renyiOf(t, Step{none, 3}))
}

// The bound holds for the pair of a sum of two people of whom one is looked at:
// N(a,1) with probability 1/2, where the person's value is +μ/2 or -μ/2.
func TestFixedSampleHolds(t *testing.T) {
	for _, mu := range []float64{0.3, 1, 3} {
		r, err := NewRenyi([]float64{1.5, 2, 3, 8, 32}, Step{FixedSample{GaussianDP{mu}, 1, 2}, 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []float64{-mu / 2, 0, mu / 2} {
			density := func(x, own float64) float64 { // its logarithm
				return logAdd(-(x-own)*(x-own)/2, -(x-other)*(x-other)/2) - math.Ln2
			}
			for i, a := range r.Orders() {
				var sum logSum
				const h = 1e-2
				for x := -12 - a*mu; x < 12+a*mu; x += h {
					p, q := density(x, mu/2), density(x, -mu/2)
					sum.add(a*p - (a-1)*q)
				}
				if d := (sum.log() + math.Log(h/math.Sqrt(2*math.Pi))) / (a - 1); d > r.Divergence()[i] {
					t.Errorf("μ %v, order %v: %v, above %v", mu, a, d, r.Divergence()[i])
				}
			}
		}
	}
}
