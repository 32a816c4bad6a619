package mechanism

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/cryptotest"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/lethe-go/lethe/internal/entropy"
)

const alarm = 1e-7

// chiSquare is the p-value of counts against probabilities; what is expected
// less than 5 times is put together.
func chiSquare(counts []int, p []float64) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	stat, cells, rare, rareP := 0.0, 0, 0, 0.0
	add := func(k int, p float64) {
		e := p * float64(n)
		stat += (float64(k) - e) * (float64(k) - e) / e
		cells++
	}
	for i, k := range counts {
		if p[i]*float64(n) < 5 {
			rare, rareP = rare+k, rareP+p[i]
			continue
		}
		add(k, p[i])
	}
	if rareP*float64(n) >= 1e-3 {
		add(rare, max(rareP, 5/float64(n))) // too few to tell, and not too many
	} else if rare > 0 {
		return 0
	}
	if cells < 2 {
		return 1
	}
	return distuv.ChiSquared{K: float64(cells - 1)}.Survival(stat)
}

// exactly are the probabilities of the first choice under a rule.
func exactly(rule Rule, rate float64, scores []float64) []float64 {
	most := slices.Max(scores)
	w := make([]float64, len(scores))
	total := 0.0
	for i, s := range scores {
		w[i] = math.Exp(rate * (s - most))
		total += w[i]
	}
	p := make([]float64, len(scores))
	switch rule {
	case Exponential:
		for i := range p {
			p[i] = w[i] / total
		}
	case PermuteAndFlip:
		// Proposition 1 of McKenna and Sheldon: of all orders, those before i
		// failed. The mean over the size of the set before i is an integral:
		// P(i) = w(i)·∫ Π_{j≠i} (1 - x·w(j)) dx over [0, 1].
		for i := range p {
			const steps = 4000
			for k := range steps {
				x, product := (float64(k)+0.5)/steps, 1.0
				for j := range w {
					if j != i {
						product *= 1 - x*w[j]
					}
				}
				p[i] += w[i] * product / steps
			}
		}
	case NoisyMax: // on integers, the first of equal ones
		q := math.Exp(-rate)
		below := func(x float64) float64 { // P(Z <= x)
			if x < 0 {
				return math.Pow(q, -x) / (1 + q)
			}
			return 1 - math.Pow(q, x+1)/(1+q)
		}
		for i := range p {
			for x := -60 / rate; x < 60/rate; x++ {
				x := math.Floor(x)
				product := (1 - q) / (1 + q) * math.Pow(q, math.Abs(x))
				for j := range scores {
					if j < i {
						product *= below(x + scores[i] - scores[j] - 1)
					} else if j > i {
						product *= below(x + scores[i] - scores[j])
					}
				}
				p[i] += product
			}
		}
	}
	return p
}

var scoreLists = [][]float64{
	{0, 0},
	{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
	{5, 5, 5, 1, 1, 9, 9, 3},              // ties
	{1e6, 1e6 - 2, -1e6, 1e6 - 5, 1e6},    // the extremes
	{-1e6, -1e6 + 3, -1e6 + 1, -1e6 + 2},  // none of them is large
	{0.125, 0.25, -0.5, 2.75, 2.75, 2.25}, // between integers
}

func TestSelectionChiSquare(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 81)
	for _, rule := range []Rule{Exponential, PermuteAndFlip, NoisyMax} {
		for _, scores := range scoreLists {
			for _, monotone := range []bool{false, true} {
				rate, unit := 0.5, 1.0
				if monotone {
					rate = 1
				}
				if rule == NoisyMax {
					// On a grid so fine that noise is as good as continuous, the
					// exact sums run over tenths: another check of the same rule.
					unit = 40
				}
				s := must[*Selector](t)(NewSelector(Selection{Rule: rule, Epsilon: 1, Sensitivity: 1,
					Lower: -1e6, Upper: 1e6, Monotone: monotone}))
				scaled := make([]float64, len(scores))
				for i := range scores {
					scaled[i] = scores[i] * unit
				}
				p := exactly(rule, rate/unit, scaled)
				counts := make([]int, len(scores))
				for range draws / 4 {
					counts[must[[]int](t)(s.Choose(scores))[0]]++
				}
				if got := chiSquare(counts, p); got < alarm {
					t.Errorf("%s of %v, monotone %v: p = %g, counts %v, want %.4f",
						rule, scores, monotone, got, counts, p)
				}
			}
		}
	}
}

// A rule of the wrong ε, and one that prefers the first of equal candidates,
// are seen.
func TestSelectionPower(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 82)
	scores := []float64{5, 5, 5, 1, 1, 9, 9, 3}
	for _, rule := range []Rule{Exponential, PermuteAndFlip, NoisyMax} {
		s := must[*Selector](t)(NewSelector(Selection{Rule: rule, Epsilon: 1.1, Sensitivity: 1,
			Lower: -1e6, Upper: 1e6}))
		scaled := make([]float64, len(scores))
		for i := range scores {
			scaled[i] = scores[i] * 40
		}
		p := exactly(rule, 0.5/40, scaled)
		off, first := make([]int, len(scores)), make([]int, len(scores))
		rng := rand.New(rand.NewPCG(8, 2))
		for range draws / 4 {
			off[must[[]int](t)(s.Choose(scores))[0]]++
			u, i := rng.Float64(), 0
			for ; i < len(p)-1 && u >= p[i]; i++ {
				u -= p[i]
			}
			if i == 6 && rng.Float64() < 0.05 {
				i = 5
			}
			first[i]++
		}
		if got := chiSquare(off, p); got > alarm {
			t.Errorf("%s: a tenth more ε passes with p = %g", rule, got)
		}
		if got := chiSquare(first, p); got > alarm {
			t.Errorf("%s: a preference for the first of equals passes with p = %g", rule, got)
		}
	}
}

// The second of two choices, given the first.
func TestTopK(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 83)
	scores := []float64{3, 1, 2, 0}
	s := must[*Selector](t)(NewSelector(Selection{Rule: Exponential, Epsilon: 4, Sensitivity: 1,
		Upper: 10, Count: 2}))
	if got := s.Step(); got.Count != 2 || s.Cost().Epsilon != 4 ||
		fmt.Sprint(got.Mechanism) != "exponential(epsilon 2)" {
		t.Errorf("costs %v times %d, %v", got.Mechanism, got.Count, s.Cost())
	}
	counts := make([]int, 16)
	for range draws {
		chosen := must[[]int](t)(s.Choose(scores))
		counts[4*chosen[0]+chosen[1]]++
	}
	p := make([]float64, 16)
	first := exactly(Exponential, 1, scores)
	for i := range scores {
		rest := slices.Delete(slices.Clone(scores), i, i+1)
		for j, q := range exactly(Exponential, 1, rest) {
			if j >= i {
				j++
			}
			p[4*i+j] = first[i] * q
		}
	}
	if got := chiSquare(counts, p); got < alarm {
		t.Errorf("p = %g, counts %v", got, counts)
	}
	all := must[*Selector](t)(NewSelector(Selection{Rule: PermuteAndFlip, Epsilon: 1, Sensitivity: 1,
		Upper: 10, Count: 4}))
	chosen := must[[]int](t)(all.Choose(scores))
	slices.Sort(chosen)
	if !slices.Equal(chosen, []int{0, 1, 2, 3}) {
		t.Errorf("all of four are %v", chosen)
	}
}

func TestSparseVectorStops(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 84)
	s := must[*SparseVector](t)(NewSparseVector(AboveThreshold{Epsilon: 20, Threshold: 50,
		Sensitivity: 1, Upper: 100, Count: 2, Monotone: true}))
	for _, test := range []struct {
		query float64
		want  bool
	}{{10, false}, {20, false}, {90, true}, {5, false}, {100, true}} {
		if got := must[bool](t)(s.Above(test.query)); got != test.want {
			t.Errorf("%v is above: %v", test.query, got)
		}
	}
	for range 3 {
		if above, err := s.Above(0); above || !errors.Is(err, ErrStopped) {
			t.Errorf("after the last answer: %v, %v", above, err)
		}
	}
}

// What the noise of a sparse vector is: P(above) against the sum over both
// noises, far below, at and far above the threshold.
func TestSparseVectorProbabilities(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 85)
	plan := must[sparsePlan](t)(AboveThreshold{
		Epsilon: 1, Threshold: 5, Sensitivity: 1, Upper: 30}.plan())
	b1 := (1 + math.Cbrt(4))
	b2 := 2 / (1 - 1/b1)
	tail := func(x, b float64) float64 { // P(noise of scale b >= x)
		if x > 0 {
			return math.Exp(-x/b) / 2
		}
		return 1 - math.Exp(x/b)/2
	}
	for _, query := range []float64{0, 5, 6, 20} {
		want := 0.0
		for r := -80.0; r < 80; r += 0.01 {
			want += 0.01 * math.Exp(-math.Abs(r)/b1) / (2 * b1) * tail(5+r-query, b2)
		}
		n := 0
		src := entropy.New()
		for range draws / 4 {
			if must[bool](t)(plan.start(src).Above(query)) {
				n++
			}
		}
		if z := math.Abs(float64(n)-want*draws/4) / math.Sqrt(want*(1-want)*draws/4); z > 5.4 {
			t.Errorf("%v is above %d times of %d, want %.4f, z = %.1f", query, n, draws/4, want, z)
		}
	}
}
