package exact

import (
	"math/big"
	"testing"
	"testing/cryptotest"

	"github.com/lethe-go/lethe/internal/entropy"
)

// staircaseCells are single integers up to where they become rare.
func staircaseCells(s Staircase) cells {
	const least = 30.0 / draws
	p := func(x uint64) float64 { return (s.beyond(x) - s.beyond(x+1)) / 2 }
	far := uint64(1)
	for far < 400 && p(far) > least && s.beyond(far+1)/2 > least {
		far++
	}
	c := cells{p: []float64{s.beyond(far) / 2}}
	for x := int64(far) - 1; x > 0; x-- {
		c.from = append(c.from, -x)
		c.p = append(c.p, p(uint64(x)))
	}
	c.from = append(c.from, 0)
	c.p = append(c.p, 1-s.beyond(1))
	for x := int64(1); x < int64(far); x++ {
		c.from = append(c.from, x)
		c.p = append(c.p, p(uint64(x)))
	}
	c.from = append(c.from, int64(far))
	c.p = append(c.p, s.beyond(far)/2)
	return c
}

func TestStaircaseChiSquare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 46)
	src := entropy.New()
	for _, test := range some([]struct {
		width, first uint64
		epsilon      *big.Rat
	}{{1, 1, big.NewRat(1, 1)}, {5, 2, big.NewRat(3, 1)}, {7, 7, big.NewRat(1, 2)},
		{40, 3, big.NewRat(5, 1)}}) {
		s := NewStaircase(test.width, test.first, test.epsilon)
		c := staircaseCells(s)
		if p := c.pValue(draws, func() int64 { return s.Sample(src) }); p < alarm {
			t.Errorf("%v: p = %g over %d cells", test, p, len(c.p))
		}
		// Power: a stair that is one too wide, and an ε that is 2 % off.
		if slower || test.width == test.first {
			continue
		}
		wide := NewStaircase(test.width, test.first+1, test.epsilon)
		off := NewStaircase(test.width, test.first, new(big.Rat).Mul(test.epsilon, big.NewRat(102, 100)))
		for name, w := range map[string]Staircase{"width": wide, "epsilon": off} {
			if p := c.pValue(draws, func() int64 { return w.Sample(src) }); p > alarm {
				t.Errorf("%v: a wrong %s passes with p = %g", test, name, p)
			}
		}
	}
}

// Neighbours within the width differ by a factor of e^ε at the most, and by that
// somewhere; at one more the guarantee is lost.
func TestStaircaseIsPrivate(t *testing.T) {
	s := NewStaircase(6, 2, big.NewRat(2, 1))
	p := func(x int64) float64 {
		if x == 0 {
			return 1 - s.beyond(1)
		}
		m := uint64(max(x, -x))
		return (s.beyond(m) - s.beyond(m+1)) / 2
	}
	worst := func(d int64) float64 {
		most := 0.0
		for x := int64(-30); x <= 30; x++ {
			most = max(most, p(x)/p(x+d))
		}
		return most
	}
	const e2 = 7.38905609893065
	if got := worst(6); got > e2*(1+1e-9) || got < e2*(1-1e-9) {
		t.Errorf("a factor of %v at the width, want %v", got, e2)
	}
	if got := worst(7); got < e2*2 {
		t.Errorf("a factor of %v beyond the width", got)
	}
}

func TestStaircaseTail(t *testing.T) {
	for _, s := range []Staircase{
		NewStaircase(1, 1, big.NewRat(1, 1)), NewStaircase(9, 2, big.NewRat(3, 1)),
		NewStaircase(1<<40, 1<<36, big.NewRat(1, 10)),
	} {
		for _, alpha := range []float64{0.9, 0.5, 0.05, 1e-9} {
			w := s.Tail(alpha)
			if got := s.beyond(uint64(w) + 1); got > alpha {
				t.Errorf("P(|X| > %d) = %g, want at most %g", w, got, alpha)
			}
			if w > 0 && s.beyond(uint64(w)) <= alpha*(1-1e-9) {
				t.Errorf("alpha %g: %d is not the least", alpha, w)
			}
		}
	}
}
