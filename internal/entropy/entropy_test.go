package entropy

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"math"
	"testing"
	"testing/cryptotest"

	"gonum.org/v1/gonum/stat/distuv"
)

// alarm is the probability that one statistical test here fails a right build.
// The tests run on a fixed stream, so that a build which passed once passes
// always.
const alarm = 1e-7

func TestWordsAreThoseOfCryptoRand(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	want := make([]byte, 3*bufferSize)
	rand.Read(want)
	cryptotest.SetGlobalRandom(t, 1)
	s := New()
	var got []byte
	for len(got) < len(want) {
		got = binary.LittleEndian.AppendUint64(got, s.Uint64())
	}
	if !bytes.Equal(got, want) {
		t.Error("the words handed out are not the bytes of crypto/rand in order")
	}
}

func TestHandedOutBytesAreWiped(t *testing.T) {
	var s Source
	for range 100 {
		s.Uint64()
		s.Uint32()
		s.Coin()
		if len(bytes.Trim(s.buf[:s.next], "\x00")) != 0 {
			t.Fatal("bytes handed out are still in the buffer")
		}
	}
}

func TestOddWordsNeverReadPastTheBuffer(t *testing.T) {
	var s Source
	for i := range 3 * bufferSize {
		if i%3 == 0 {
			s.Uint64()
		} else {
			s.Uint32()
		}
	}
}

func TestSourcesDoNotShareWords(t *testing.T) {
	a, b := New(), New()
	seen := map[uint64]bool{}
	for range 1000 {
		seen[a.Uint64()] = true
		seen[b.Uint64()] = true
	}
	if len(seen) != 2000 { // collision of 64-bit words: 1e-13
		t.Errorf("%d distinct words of 2000", len(seen))
	}
}

// chiSquare returns the p-value of counts against probabilities.
func chiSquare(counts []int, p []float64) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	x := 0.0
	for i, c := range counts {
		e := p[i] * float64(n)
		x += (float64(c) - e) * (float64(c) - e) / e
	}
	return distuv.ChiSquared{K: float64(len(p) - 1)}.Survival(x)
}

func uniform(n int) []float64 {
	p := make([]float64, n)
	for i := range p {
		p[i] = 1 / float64(n)
	}
	return p
}

func TestUint64n(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 2)
	s := New()
	// 2^33 + 2^31 has the widest rejection of 32-bit words; 3·2^62 the widest of
	// 64-bit words. They are looked at in 5, 6 or 7 equal parts.
	for _, test := range []struct {
		n     uint64
		cells int
	}{{1, 1}, {2, 2}, {3, 3}, {6, 6}, {7, 7}, {1000, 10}, {3 << 30, 6}, {1<<32 - 1, 5},
		{1 << 32, 4}, {5 << 31, 5}, {3 << 62, 6}, {1<<63 + 1, 4}, {0, 4}} {
		counts := make([]int, test.cells)
		for range 400_000 {
			v := s.Uint64n(test.n)
			if test.n != 0 && v >= test.n {
				t.Fatalf("Uint64n(%d) = %d", test.n, v)
			}
			f := float64(v) / float64(test.n)
			if test.n == 0 {
				f = float64(v) / (1 << 64)
			}
			counts[min(int(f*float64(test.cells)), test.cells-1)]++
		}
		if test.cells == 1 {
			continue
		}
		if p := chiSquare(counts, uniform(test.cells)); p < alarm {
			t.Errorf("Uint64n(%d): p = %g, counts %v", test.n, p, counts)
		}
	}
}

// The statistic above must see what it is there for: word mod n.
func TestUint64nPower(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 3)
	s := New()
	counts := make([]int, 6)
	const n = 3 << 62
	for range 400_000 {
		v := s.Uint64() % n
		counts[v/(n/6)]++
	}
	if p := chiSquare(counts, uniform(6)); p > alarm {
		t.Errorf("a modulo bias passes with p = %g", p)
	}
}

// Small words make the rejection visible: every result of 8-bit Lemire has the
// same number of accepted words. This is the proof of the method, by
// exhaustion, on the smallest machine.
func TestRejectionByExhaustion(t *testing.T) {
	for n := 1; n < 256; n++ {
		counts := make([]int, n)
		reject := 256 % n
		for w := range 256 {
			if m := w * n; m%256 >= reject {
				counts[m/256]++
			}
		}
		for _, c := range counts {
			if c != 256/n {
				t.Fatalf("n = %d: counts %v", n, counts)
			}
		}
	}
}

func TestBernoulli(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 4)
	s := New()
	for range 1000 {
		if s.Bernoulli(0, 5) || !s.Bernoulli(5, 5) || !s.Bernoulli(6, 5) {
			t.Fatal("an impossible outcome")
		}
	}
	for _, test := range []struct{ num, den uint64 }{
		{1, 2}, {1, 3}, {99, 100}, {1, 1000}, {1 << 40, 3 << 40}, {1 << 63, 0}, {3, 1<<63 + 5},
	} {
		const n = 400_000
		hits := 0
		for range n {
			if s.Bernoulli(test.num, test.den) {
				hits++
			}
		}
		den := float64(test.den)
		if test.den == 0 {
			den = 1 << 64
		}
		p := float64(test.num) / den
		if z := zScore(hits, n, p); z > 5.4 { // 1e-7 two-sided is 5.33
			t.Errorf("Bernoulli(%d, %d): %d of %d, z = %.1f", test.num, test.den, hits, n, z)
		}
	}
}

func TestCoin(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 5)
	s := New()
	// Four tosses in a row, so that a coin stuck or repeated is seen.
	counts := make([]int, 16)
	for range 200_000 {
		v := 0
		for range 4 {
			v <<= 1
			if s.Coin() {
				v |= 1
			}
		}
		counts[v]++
	}
	if p := chiSquare(counts, uniform(16)); p < alarm {
		t.Errorf("p = %g, counts %v", p, counts)
	}
}

func zScore(hits, n int, p float64) float64 {
	sd := math.Sqrt(float64(n) * p * (1 - p))
	return math.Abs(float64(hits)-float64(n)*p) / (sd + 1)
}

func BenchmarkUint64(b *testing.B) {
	s := New()
	b.SetBytes(8)
	for b.Loop() {
		s.Uint64()
	}
}

func BenchmarkUint64n(b *testing.B) {
	s := New()
	for b.Loop() {
		s.Uint64n(1000)
	}
}
