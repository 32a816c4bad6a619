package exact

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// responseCells are the probabilities of the answers to a value.
func responseCells(k int, epsilon float64, value int) cells {
	var c cells
	for i := range k {
		if i > 0 {
			c.from = append(c.from, int64(i))
		}
		p := 1 / (math.Exp(epsilon) + float64(k-1))
		if i == value {
			p *= math.Exp(epsilon)
		}
		c.p = append(c.p, p)
	}
	return c
}

// answers draws responses to a value, many at once.
func answers(r Response, src *entropy.Source, value int32) func() int64 {
	var left []int32
	return func() int64 {
		if len(left) == 0 {
			left = slices.Repeat([]int32{value}, 10_000)
			Respond(r, src, left)
		}
		x := left[0]
		left = left[1:]
		return int64(x)
	}
}

func TestRespondChiSquare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 41)
	src := entropy.New()
	for _, test := range some([]struct {
		k, value int
		epsilon  *big.Rat
	}{
		{2, 0, big.NewRat(1, 1)}, {2, 1, big.NewRat(1, 100)}, {3, 1, big.NewRat(5, 2)},
		{10, 9, big.NewRat(1, 1)}, {250, 0, big.NewRat(4, 1)}, {3000, 1234, big.NewRat(6, 1)},
		{7, 3, big.NewRat(12, 1)},
	}) {
		f, _ := test.epsilon.Float64()
		c := responseCells(test.k, f, test.value)
		r := NewResponse(uint64(test.k), test.epsilon)
		if p := c.pValue(draws, answers(r, src, int32(test.value))); p < alarm {
			t.Errorf("%+v: p = %g", test, p)
		}
	}
}

// Every word of 16 bits against what it stands for, and each other value has
// exactly as many words.
func TestRespondWords(t *testing.T) {
	for _, k := range []uint64{2, 3, 10, 256, 1000, 60_000, 100_000} {
		for _, epsilon := range []*big.Rat{big.NewRat(1, 100), big.NewRat(1, 1), big.NewRat(20, 1)} {
			r := NewResponse(k, epsilon)
			if r.high < r.low || r.high > r.low+2 || r.limit < r.high || r.limit > 1<<16 {
				t.Errorf("k = %d, ε = %v: bounds %d, %d, %d", k, epsilon, r.low, r.high, r.limit)
			}
			count := map[uint64]uint32{}
			for word := r.high; word < r.limit; word++ {
				other := uint64(word-r.high) * r.inverse >> 32
				if want := uint64((word - r.high) / r.step); other != want {
					t.Fatalf("k = %d: word %d is %d, want %d", k, word, other, want)
				}
				count[other]++
			}
			for other, n := range count {
				if other >= r.others || n != r.step {
					t.Errorf("k = %d: %d words for %d, want %d", k, n, other, r.step)
				}
			}
		}
	}
}

// The statistic sees a response that is 2 % off, and one that never gives the
// last value.
func TestRespondPower(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 42)
	src := entropy.New()
	c := responseCells(10, 1, 4)
	off := NewResponse(10, big.NewRat(102, 100))
	short := NewResponse(9, big.NewRat(1, 1))
	for name, r := range map[string]Response{"epsilon": off, "a value less": short} {
		p := c.pValue(draws, answers(r, src, 4))
		if p > alarm {
			t.Errorf("%s: a wrong response passes with p = %g", name, p)
		}
	}
}

func TestBits(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 43)
	src := entropy.New()
	for _, p := range []float64{0.5, 1 / (1 + math.E), 1 / (1 + math.Exp(-3))} {
		r := new(big.Rat)
		switch p {
		case 0.5:
		case 1 / (1 + math.E): // the complement of what Share gives
			r = big.NewRat(1, 1)
		default:
			r = big.NewRat(3, 1)
		}
		e := NewEvent(Share(1, r))
		want := p
		if p < 0.5 {
			want = 1 - p
		}
		const words = 20_000
		ones, pairs := 0, 0
		var lanes [64]int
		for range words {
			w := e.Bits(src)
			ones += bits.OnesCount64(w)
			pairs += bits.OnesCount64(w & (w>>1 | w<<63))
			for i := range lanes {
				lanes[i] += int(w >> i & 1)
			}
		}
		if z := zScore(ones, 64*words, want); z > zAlarm {
			t.Errorf("p = %g: %d ones, z = %.1f", want, ones, z)
		}
		// Neighbours are independent: pairs of ones have p². Pairs overlap, so
		// their variance is larger, at most three times.
		if z := zScore(pairs, 64*words, want*want); z > zAlarm*math.Sqrt(3) {
			t.Errorf("p = %g: %d pairs, z = %.1f", want, pairs, z)
		}
		for i, n := range lanes {
			if z := zScore(n, words, want); z > 6 {
				t.Errorf("p = %g: bit %d is one %d times, z = %.1f", want, i, n, z)
			}
		}
	}
}

// Every bit of the answers of three rows, and every pair of bits of one row,
// against their probabilities.
func TestUnary(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 44)
	src := entropy.New()
	const rounds = 200_000
	for _, k := range []int{2, 5, 31} {
		u := NewUnary(k, big.NewRat(1, 1))
		q := 1 / (1 + math.E)
		values := []int32{int32(k - 1), 0, 1}
		packed := make([]byte, (3*k+7)/8)
		ones := make([]int, 3*k)
		both := 0 // the first row's first bit and the last row's true one
		for range rounds {
			u.Answer(src, values, packed)
			bit := func(i int) int { return int(packed[i/8] >> (i % 8) & 1) }
			for i := range ones {
				ones[i] += bit(i)
			}
			both += bit(0) & bit(2*k+1)
			if rest := packed[len(packed)-1] >> ((3*k-1)%8 + 1); rest != 0 {
				t.Fatalf("k = %d: bits after the last are set", k)
			}
		}
		for i, n := range ones {
			p := q
			if i%k == int(values[i/k]) {
				p = 0.5
			}
			if z := zScore(n, rounds, p); z > 6 { // 1e-9 each
				t.Errorf("k = %d: bit %d is one %d times, z = %.1f", k, i, n, z)
			}
		}
		if z := zScore(both, rounds, q/2); z > zAlarm {
			t.Errorf("k = %d: two bits are one %d times, z = %.1f", k, both, z)
		}
	}
}
