package exact

import (
	"math"
	"math/big"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// bigExp returns exp(-num/den)·2^63 to 200 binary digits.
func bigExp(num, den uint64) *big.Float {
	const prec = 300
	x := new(big.Float).SetPrec(prec).Quo(
		new(big.Float).SetPrec(prec).SetUint64(num),
		new(big.Float).SetPrec(prec).SetUint64(den))
	sum := new(big.Float).SetPrec(prec).SetInt64(1)
	term := new(big.Float).SetPrec(prec).SetInt64(1)
	for k := int64(1); k < 80; k++ {
		term.Mul(term, x)
		term.Quo(term, new(big.Float).SetInt64(-k))
		sum.Add(sum, term)
	}
	return sum.Mul(sum, new(big.Float).SetMantExp(big.NewFloat(1), 63))
}

var fractions = [][2]uint64{
	{1, 2}, {1, 3}, {2, 3}, {1, 1 << 62}, {1<<62 - 1, 1 << 62}, {1, 1<<62 - 1},
	{355, 452}, {1e15, 1e15 + 1}, {999_999_937, 1_000_000_007}, {1, 7}, {6, 7},
}

// The bound that the sampler relies on, against a series in 300 digits.
func TestExpFractionError(t *testing.T) {
	check := func(num, den uint64) {
		t.Helper()
		got := new(big.Float).SetPrec(300).SetUint64(expFraction(num, den))
		d, _ := got.Sub(got, bigExp(num, den)).Float64()
		if math.Abs(d) >= slack {
			t.Errorf("exp(-%d/%d): error %g·2^-63, bound %g", num, den, d, float64(slack))
		}
	}
	for _, f := range fractions {
		check(f[0], f[1])
	}
	for num := uint64(1); num < 1000; num++ {
		check(num, 1000)
	}
}

func TestExpBounds(t *testing.T) {
	for _, f := range append(fractions, [2]uint64{1, 1}) {
		for _, precision := range []uint{48, 112, 176} {
			lo, hi := expBounds(precision, f[0], f[1])
			want := bigExp(f[0], f[1])
			want.SetMantExp(want, int(precision)-63)
			if want.Cmp(new(big.Float).SetInt(lo)) < 0 || want.Cmp(new(big.Float).SetInt(hi)) > 0 {
				t.Errorf("exp(-%d/%d)·2^%d = %.40g is outside [%v, %v]",
					f[0], f[1], precision, want, lo, hi)
			}
			if d := new(big.Int).Sub(hi, lo); d.BitLen() > 13 {
				t.Errorf("bounds at %d digits are %v apart", precision, d)
			}
		}
	}
}

// The digits given decide alone except where they are those of exp(-num/den).
func TestBelowExpDecides(t *testing.T) {
	src := entropy.New()
	for _, f := range append(fractions, [2]uint64{1, 1}) {
		first, _ := new(big.Float).SetMantExp(bigExp(f[0], f[1]), 32-63).Uint64()
		if first == 0 || first >= 1<<32-2 {
			continue
		}
		for range 20 {
			if !belowExp(src, first-1, 32, f[0], f[1]) {
				t.Errorf("digits below those of exp(-%d/%d) are not below it", f[0], f[1])
			}
			if belowExp(src, first+1, 32, f[0], f[1]) {
				t.Errorf("digits above those of exp(-%d/%d) are below it", f[0], f[1])
			}
		}
	}
}

// With no digits given the slow path is itself a sampler, so its frequencies
// must be right too, although it is hardly ever taken.
func TestSlowPathFrequencies(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 11)
	src := entropy.New()
	for _, f := range [][2]uint64{{1, 1}, {1, 3}, {5, 7}, {1, 1000}} {
		const n = 20_000
		hits := 0
		for range n {
			if belowExp(src, 0, 0, f[0], f[1]) {
				hits++
			}
		}
		p := math.Exp(-float64(f[0]) / float64(f[1]))
		if z := zScore(hits, n, p); z > zAlarm {
			t.Errorf("exp(-%d/%d): %d of %d, z = %.1f", f[0], f[1], hits, n, z)
		}
	}
}

func TestInvE(t *testing.T) {
	lo, hi := expBounds(112, 1, 1)
	lo.Rsh(lo, 80)
	hi.Rsh(hi, 80)
	if lo.Uint64() != invE || hi.Uint64() != invE {
		t.Errorf("floor(2^32/e) = %#x, the constant is %#x", lo, uint64(invE))
	}
}

func TestBernoulliExp(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 12)
	src := entropy.New()
	for range 1000 {
		if !BernoulliExp(src, 0, 9) {
			t.Fatal("exp(0) failed")
		}
	}
	for _, f := range [][2]uint64{{1, 2}, {1, 1}, {7, 2}, {1, 100_000}, {5, 1}, {1 << 61,
		1 << 62}} {
		const n = 1_000_000
		hits := 0
		for range n {
			if BernoulliExp(src, f[0], f[1]) {
				hits++
			}
		}
		p := math.Exp(-float64(f[0]) / float64(f[1]))
		if z := zScore(hits, n, p); z > zAlarm {
			t.Errorf("exp(-%d/%d): %d of %d, z = %.1f", f[0], f[1], hits, n, z)
		}
		// Power: the same count against a probability 2 % off is refused.
		if p > 0.1 && zScore(hits, n, p*0.98) < zAlarm {
			t.Errorf("exp(-%d/%d): a probability 2 %% off passes", f[0], f[1])
		}
	}
}

// zAlarm is the deviation that a normal variable exceeds with probability 1e-7.
const zAlarm = 5.33

func zScore(hits, n int, p float64) float64 {
	sd := math.Sqrt(float64(n) * p * (1 - p))
	return math.Abs(float64(hits)-float64(n)*p) / (sd + 0.5)
}
