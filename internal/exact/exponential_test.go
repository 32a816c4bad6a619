package exact

import (
	"math"
	"math/big"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// bigExp returns exp(-r)·2^63 to some 250 binary digits.
func bigExp(r *big.Rat) *big.Float {
	const prec = 500
	x := new(big.Float).SetPrec(prec).SetRat(r)
	sum := new(big.Float).SetPrec(prec).SetInt64(1)
	term := new(big.Float).SetPrec(prec).SetInt64(1)
	for k := int64(1); k < 30 || term.Sign() != 0 && term.MantExp(nil) > -300; k++ {
		term.Mul(term, x)
		term.Quo(term, new(big.Float).SetInt64(-k))
		sum.Add(sum, term)
	}
	return sum.Mul(sum, new(big.Float).SetMantExp(big.NewFloat(1), 63))
}

var fractions = []*big.Rat{
	big.NewRat(1, 2), big.NewRat(1, 3), big.NewRat(2, 3), big.NewRat(1, 1<<62), big.NewRat(1, 1),
	big.NewRat(1<<62-1, 1<<62), big.NewRat(1, 1<<62-1), big.NewRat(355, 452),
	big.NewRat(1e15, 1e15+1), big.NewRat(999_999_937, 1_000_000_007), big.NewRat(1, 7),
	big.NewRat(7, 6), big.NewRat(25, 2), big.NewRat(43, 1), big.NewRat(131, 3), big.NewRat(60, 1),
	new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 90)),
}

// The bound that the samplers rely on, against a series in 500 digits, also
// where what is given is off by as much as is allowed.
func TestExpNearError(t *testing.T) {
	check := func(r *big.Rat) {
		t.Helper()
		want := bigExp(r)
		f, _ := r.Float64()
		for _, gamma := range []float64{f, f + 0x1p-34, max(0, f-0x1p-34)} {
			got := new(big.Float).SetPrec(300).SetUint64(expNear(gamma))
			d, _ := got.Sub(got, want).Float64()
			if math.Abs(d) >= slack {
				t.Errorf("exp(-%v) at %v: error %g·2^-63, bound %g", r, gamma, d, float64(slack))
			}
		}
	}
	for _, f := range fractions {
		check(f)
	}
	for num := range int64(300) {
		check(big.NewRat(num, 300))
		check(big.NewRat(num, 19))
	}
	for _, gamma := range []float64{44, 64, 1e6, 1e300, math.Inf(1)} {
		if got := expNear(gamma); got != 0 {
			t.Errorf("exp(-%v) is near %d", gamma, got)
		}
	}
}

func TestExpBounds(t *testing.T) {
	for _, r := range fractions {
		for _, precision := range []uint{48, 112, 176} {
			lo, hi := expBounds(precision, r)
			want := bigExp(r)
			want.SetMantExp(want, int(precision)-63)
			if want.Cmp(new(big.Float).SetInt(lo)) < 0 || want.Cmp(new(big.Float).SetInt(hi)) > 0 {
				t.Errorf("exp(-%v)·2^%d = %.40g is outside [%v, %v]", r, precision, want, lo, hi)
			}
			if d := new(big.Int).Sub(hi, lo); d.BitLen() > 14 {
				t.Errorf("bounds of exp(-%v) at %d digits are %v apart", r, precision, d)
			}
		}
	}
	lo, hi := expBounds(48, new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), 99), big.NewInt(3)))
	if lo.Sign() != 0 || hi.Cmp(big.NewInt(1)) != 0 {
		t.Errorf("bounds of next to nothing are %v and %v", lo, hi)
	}
}

// The digits given decide alone except where they are those of exp(-r).
func TestResolveDecides(t *testing.T) {
	src := entropy.New()
	for _, r := range fractions {
		first, _ := new(big.Float).SetMantExp(bigExp(r), 32-63).Uint64()
		if first == 0 || first >= 1<<32-2 {
			continue
		}
		for range 20 {
			if !resolve(src, first-1, 32, Exponential(r)) {
				t.Errorf("digits below those of exp(-%v) are not below it", r)
			}
			if resolve(src, first+1, 32, Exponential(r)) {
				t.Errorf("digits above those of exp(-%v) are below it", r)
			}
		}
	}
}

// With no digits given the slow path is itself a sampler, so its frequencies
// must be right too, although it is hardly ever taken.
func TestSlowPathFrequencies(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 11)
	src := entropy.New()
	for _, r := range []*big.Rat{
		big.NewRat(1, 1), big.NewRat(1, 3), big.NewRat(5, 7), big.NewRat(1, 1000), big.NewRat(5, 2),
	} {
		const n = 20_000
		hits := 0
		for range n {
			if resolve(src, 0, 0, Exponential(r)) {
				hits++
			}
		}
		f, _ := r.Float64()
		if z := zScore(hits, n, math.Exp(-f)); z > zAlarm {
			t.Errorf("exp(-%v): %d of %d, z = %.1f", r, hits, n, z)
		}
	}
}

// The tables, against bounds in big integers.
func TestTables(t *testing.T) {
	floor := func(bits uint, r *big.Rat) uint64 {
		t.Helper()
		lo, hi := expBounds(bits+64, r)
		lo.Rsh(lo, 64)
		if lo.Cmp(hi.Rsh(hi, 64)) != 0 {
			t.Fatalf("exp(-%v) is not known to %d digits", r, bits)
		}
		return lo.Uint64()
	}
	for i, got := range wholeExp {
		if want := floor(64, big.NewRat(int64(i+1), 1)); got != want {
			t.Errorf("floor(2^64·e^-%d) is %#x, the table has %#x", i+1, want, got)
		}
	}
	for i, got := range expEighths[:eighthsCount] {
		if want := floor(32, big.NewRat(int64(i+1), 8)); uint64(got) != want {
			t.Errorf("floor(2^32·e^(-%d/8)) is %#x, the table has %#x", i+1, want, got)
		}
	}
	if expEighths[eighthsCount-1] != lastEighth {
		t.Error("lastEighth is not the last of the table")
	}
	for z := range 19 {
		if got, want := z*5678>>10, int(8*math.Ln2*float64(z)); got != want {
			t.Errorf("%d leading zeros: starts at %d, want %d", z, got, want)
		}
	}
}

// Of all words, eighths must count what a plain loop counts; only the words of
// the table itself need more digits.
func TestEighthsCounts(t *testing.T) {
	src := entropy.New()
	plain := func(word uint32) (v uint64, same bool) {
		for _, threshold := range expEighths[:eighthsCount] {
			if word < threshold {
				v++
			}
			same = same || word == threshold
		}
		return v, same
	}
	check := func(word uint32) {
		t.Helper()
		want, same := plain(word)
		got := eighths(src, word)
		good := got == want || same && got == want+1
		switch { // below the last one it starts again, with anything on top
		case word == lastEighth:
			good = good || got > want
		case word < lastEighth:
			good = got >= eighthsCount
		}
		if !good {
			t.Fatalf("word %#x: %d, want %d", word, got, want)
		}
	}
	for _, threshold := range expEighths[:eighthsCount] {
		for word := threshold - 2; word <= threshold+2; word++ {
			check(word)
		}
	}
	for word := uint64(0); word < 1<<32; word += 40_009 {
		check(uint32(word))
	}
	for z := range 32 {
		check(1 << z)
		check(1<<z - 1)
	}
}

func TestEighthsChiSquare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 13)
	src := entropy.New()
	q := math.Exp(-1.0 / 8)
	var c cells
	for v := range int64(80) {
		c.from = append(c.from, v+1)
		c.p = append(c.p, math.Pow(q, float64(v))*(1-q))
	}
	c.p = append(c.p, math.Pow(q, 80))
	if p := c.pValue(draws, func() int64 { return int64(eighths(src, src.Uint32())) }); p < alarm {
		t.Errorf("p = %g", p)
	}
	// Past the table it starts again.
	far := 0
	for range 100_000 {
		if eighths(src, 0) >= 2*eighthsCount-40 {
			far++
		}
	}
	if z := zScore(far, 100_000, math.Pow(q, eighthsCount-40)); z > zAlarm {
		t.Errorf("%d of 100000 words of zeros come out far, z = %.1f", far, z)
	}
}

func TestExponentialEvents(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 12)
	src := entropy.New()
	always := NewEvent(Exponential(new(big.Rat)))
	never := NewEvent(Exponential(new(big.Rat).SetInt64(1_000_000)))
	for range 1000 {
		if !always.Sample(src) || never.Sample(src) ||
			!BernoulliExp(src, 0, func() *big.Rat { return new(big.Rat) }) {
			t.Fatal("an impossible outcome")
		}
	}
	for _, r := range []*big.Rat{big.NewRat(1, 2), big.NewRat(1, 1), big.NewRat(7, 2),
		big.NewRat(1, 100_000), big.NewRat(5, 1), big.NewRat(1<<61, 1<<62-1)} {
		const n = 1_000_000
		hits, same := 0, 0
		e := NewEvent(Exponential(r))
		f, _ := r.Float64()
		for range n {
			if e.Sample(src) {
				hits++
			}
			if BernoulliExp(src, f, func() *big.Rat { return r }) {
				same++
			}
		}
		p := math.Exp(-f)
		if z := max(zScore(hits, n, p), zScore(same, n, p)); z > zAlarm {
			t.Errorf("exp(-%v): %d and %d of %d, z = %.1f", r, hits, same, n, z)
		}
		// Power: the same count against a probability 2 % off is refused.
		if p > 0.1 && zScore(hits, n, p*0.98) < zAlarm {
			t.Errorf("exp(-%v): a probability 2 %% off passes", r)
		}
	}
}

func TestShare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 14)
	src := entropy.New()
	for _, test := range []struct {
		others uint64
		r      *big.Rat
	}{{1, new(big.Rat)}, {1, big.NewRat(1, 1)}, {9, big.NewRat(1, 1)}, {1000, big.NewRat(13, 2)},
		{0, big.NewRat(1, 1)}, {3, big.NewRat(100, 1)}} {
		f, _ := test.r.Float64()
		p := 1 / (1 + float64(test.others)*math.Exp(-f))
		for _, precision := range []uint{48, 128} {
			lo, hi := Share(test.others, test.r)(precision)
			low, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(lo), -int(precision)).Float64()
			high, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(hi), -int(precision)).Float64()
			if low > p*(1+1e-15) || high < p*(1-1e-15) || high-low > 1e-9 {
				t.Errorf("%v: %.17g is outside [%.17g, %.17g]", test, p, low, high)
			}
		}
		const n = 500_000
		hits := 0
		e := NewEvent(Share(test.others, test.r))
		for range n {
			if e.Sample(src) {
				hits++
			}
		}
		if z := zScore(hits, n, p); z > zAlarm {
			t.Errorf("%v: %d of %d, z = %.1f", test, hits, n, z)
		}
	}
}

// The first digits decide for the words that Cut says, and no others.
func TestCut(t *testing.T) {
	e := NewEvent(Share(9, big.NewRat(1, 1)))
	for _, digits := range []uint{8, 16, 32} {
		low, high := e.Cut(digits)
		p := 1 / (1 + 9/math.E)
		if want := uint64(math.Ldexp(p, int(digits))); low != want || high != want+1 {
			t.Errorf("%d digits: open from %d to %d, want %d", digits, low, high, want)
		}
	}
}

// zAlarm is the deviation that a normal variable exceeds with probability 1e-7.
const zAlarm = 5.33

func zScore(hits, n int, p float64) float64 {
	sd := math.Sqrt(float64(n) * p * (1 - p))
	return math.Abs(float64(hits)-float64(n)*p) / (sd + 0.5)
}
