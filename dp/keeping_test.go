package dp

import (
	"math"
	"math/big"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// closedForm is the probability of the optimal rule with n people (Desfontaines et
// al. 2022, arXiv:2006.03684, Theorem 2): below the crossing a geometric sum of δ,
// above it one less a geometric sum.
func closedForm(epsilon, delta float64, n int) float64 {
	if n == 0 {
		return 0
	}
	e := math.Exp(epsilon)
	crossing := 1 + math.Floor(math.Log((e+2*delta-1)/((e+1)*delta))/epsilon)
	if x := float64(n); x <= crossing {
		return math.Expm1(x*epsilon) / math.Expm1(epsilon) * delta
	}
	p := closedForm(epsilon, delta, int(crossing))
	m := float64(n) - crossing
	inverse := math.Exp(-epsilon)
	// e^(-mε) of what was missing, less δ at each step.
	geometric := -math.Expm1(-m*epsilon) / -math.Expm1(-epsilon)
	return min(1, 1-math.Exp(-m*epsilon)*(1-p)+delta*inverse*geometric)
}

// probability is p(n) as a number, for n from zero on.
func (k keeping) probability(n int) float64 {
	switch {
	case n < 1:
		return 0
	case n > len(k.p):
		return 1
	}
	p := k.p[n-1]
	return float64(p.high)*0x1p-64 + float64(p.low)*0x1p-128
}

func TestKeepingIsTheClosedForm(t *testing.T) {
	for _, c := range []struct {
		epsilon, delta string
	}{{"1", "0.00001"}, {"0.1", "0.000001"}, {"2.5", "0.01"}, {"0.01", "1/1000000000"},
		{"20", "0.001"}, {"1/3", "0.2"}, {"0.001", "0.00001"}} {
		epsilon, _ := new(big.Rat).SetString(c.epsilon)
		delta, _ := new(big.Rat).SetString(c.delta)
		k, err := newKeeping(epsilon, delta)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := epsilon.Float64()
		d, _ := delta.Float64()
		certain := len(k.p) + 1
		for n := 0; n <= 3*certain; n += 1 + n/1000 {
			got, want := k.probability(n), closedForm(e, d, n)
			if math.Abs(got-want) > 1e-9*want+1e-12 {
				t.Fatalf("ε=%s δ=%s, %d people: %v, want %v", c.epsilon, c.delta, n, got, want)
			}
		}
		if k.probability(certain) != 1 || k.probability(certain-1) == 1 {
			t.Errorf("ε=%s δ=%s: certain from %d people on", c.epsilon, c.delta, certain)
		}
	}
}

// The probabilities as they are held satisfy both inequalities exactly, in
// rational numbers, with e^ε within 2^-190 of the truth on the wrong side.
func TestKeepingIsPrivate(t *testing.T) {
	one := new(big.Rat).SetInt64(1)
	unit := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), keepBits))
	for _, c := range [][2]float64{{1, 1e-5}, {0.1, 1e-6}, {3, 0.01}, {0.02, 1e-12}} {
		epsilon, delta := new(big.Rat).SetFloat64(c[0]), new(big.Rat).SetFloat64(c[1])
		k, err := newKeeping(epsilon, delta)
		if err != nil {
			t.Fatal(err)
		}
		// An upper bound of the rounding of the series: less than true e^ε.
		power, term := new(big.Rat).SetInt64(1), new(big.Rat).SetInt64(1)
		for n := int64(1); n < 60; n++ {
			term.Mul(term, epsilon)
			term.Quo(term, new(big.Rat).SetInt64(n))
			power.Add(power, term)
		}
		at := func(n int) *big.Rat {
			if n == 0 {
				return new(big.Rat)
			}
			if n > len(k.p) {
				return one
			}
			x := new(big.Int).SetUint64(k.p[n-1].high)
			x.Or(x.Lsh(x, 64), new(big.Int).SetUint64(k.p[n-1].low))
			return new(big.Rat).Quo(new(big.Rat).SetInt(x), unit)
		}
		for n := 1; n <= len(k.p)+2; n += 1 + n/50 {
			p, q := at(n-1), at(n)
			if p.Cmp(q) > 0 {
				t.Fatalf("%v: fewer people are likelier to be shown at %d", c, n)
			}
			most := new(big.Rat).Mul(power, p)
			if most.Add(most, delta).Cmp(q) < 0 {
				t.Errorf("%v: p(%d) is too large for p(%d)", c, n, n-1)
			}
			most = new(big.Rat).Sub(one, q)
			most.Mul(most, power)
			if most.Add(most, delta).Cmp(new(big.Rat).Sub(one, p)) < 0 {
				t.Errorf("%v: 1-p(%d) is too small for 1-p(%d)", c, n, n-1)
			}
		}
	}
}

func TestKeepingDraws(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 61)
	src := entropy.New()
	k, err := newKeeping(big.NewRat(1, 2), big.NewRat(1, 100))
	if err != nil {
		t.Fatal(err)
	}
	const runs = 20_000
	for n := 0; n <= 3*len(k.p); n++ {
		shown := 0
		for range runs {
			s := selection{fewest: 1, keep: k}
			if yes, _ := s.shows(int64(n), src); yes {
				shown++
			}
		}
		p := closedForm(0.5, 0.01, n)
		if off := math.Abs(float64(shown) - p*runs); off > 5.4*math.Sqrt(runs*p*(1-p))+1e-9 {
			t.Errorf("%d people: shown %d times of %d, want %.0f", n, shown, runs, p*runs)
		}
		if n == 0 && shown > 0 {
			t.Error("a group of nobody is shown")
		}
	}
}
