package local

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Estimates are without bias, and intervals hold the truth as often as they say.
func TestEstimates(t *testing.T) {
	if slower {
		t.Skip("SKIPPED: long; run it without -race")
	}
	cryptotest.SetGlobalRandom(t, 53)
	rng := rand.New(rand.NewPCG(5, 3))
	categories := []string{"a", "b", "c", "d"}
	const rows, rounds, alpha = 400, 400, 0.1
	values, numbers := make([]string, rows), make([]string, rows)
	truth, mean := map[string]float64{}, 0.0
	for i := range values {
		values[i] = categories[rng.IntN(2)*rng.IntN(4)]
		truth[values[i]] += 1.0 / rows
		x := rng.IntN(140)
		numbers[i] = fmt.Sprint(x)
		mean += float64(min(x, 100)) / rows
	}
	mem := memory.DefaultAllocator
	in := build(t, mem, arrow.BinaryTypes.String, values...)
	num := build(t, mem, arrow.PrimitiveTypes.Int64, numbers...)
	rr := RandomizedResponse{Epsilon: 1.5, Categories: categories}
	ue := UnaryEncoding{Epsilon: 1.5, Categories: categories}
	noise := Noise{Epsilon: 2, Lower: 0, Upper: 100}
	check := func(name string, want float64, draw func() Estimate) {
		t.Helper()
		sum, spread, missed := 0.0, 0.0, 0
		for range rounds {
			e := draw()
			sum += e.Value / rounds
			spread += e.Deviation / rounds
			if want < e.Lower || want > e.Upper {
				missed++
			}
		}
		if z := math.Abs(sum-want) / (spread / math.Sqrt(rounds)); z > 5.4 {
			t.Errorf("%s: %.4f on average, want %.4f, z = %.1f", name, sum, want, z)
		}
		// 400 rounds of at most 10 %: 40, and 5.4 standard deviations of 6 more.
		if missed > 72 || missed == 0 {
			t.Errorf("%s: the interval misses the truth %d times of %d", name, missed, rounds)
		}
	}
	for i, c := range categories {
		check("response "+c, truth[c], func() Estimate {
			out, _ := apply(t, mem, rr, in)
			f, err := rr.Frequencies(alpha, out)
			if err != nil || f[i].Category != c {
				t.Fatal(f, err)
			}
			return f[i].Share
		})
		check("unary "+c, truth[c], func() Estimate {
			out, _ := apply(t, mem, ue, in)
			half, rest := array.NewSlice(out, 0, 150), array.NewSlice(out, 150, rows)
			f, err := ue.Frequencies(alpha, half, rest)
			if err != nil {
				t.Fatal(err)
			}
			return f[i].Share
		})
	}
	check("noise", mean, func() Estimate {
		out, _ := apply(t, mem, noise, num)
		e, err := noise.Mean(alpha, out)
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}

func TestEstimatesRefuse(t *testing.T) {
	mem := memory.DefaultAllocator
	rr := RandomizedResponse{Epsilon: 1, Categories: []string{"a", "b"}}
	ue := UnaryEncoding{Epsilon: 1, Categories: []string{"a", "b"}}
	noise := Noise{Epsilon: 1, Upper: 1}
	other := build(t, mem, arrow.BinaryTypes.String, "canary")
	for name, err := range map[string]error{
		"no rows":         second(rr.Frequencies(0.1)),
		"no unary rows":   second(ue.Frequencies(0.1)),
		"no numbers":      second(noise.Mean(0.1)),
		"alpha":           second(rr.Frequencies(0, build(t, mem, arrow.BinaryTypes.String, "a"))),
		"another column":  second(rr.Frequencies(0.1, other)),
		"no lists":        second(ue.Frequencies(0.1, other)),
		"no floats":       second(noise.Mean(0.1, other)),
		"no categories":   second(RandomizedResponse{}.Frequencies(0.1, other)),
		"no lists at all": second(UnaryEncoding{}.Frequencies(0.1, other)),
		"no bounds":       second(Noise{}.Mean(0.1, other)),
		"no digits":       second(ue.Frequencies(0.1, build(t, mem, arrow.BinaryTypes.String, "01", "2x"))),
		"too many digits": second(ue.Frequencies(0.1, build(t, mem, arrow.BinaryTypes.String, "011"))),
		"no text": second(ue.Frequencies(0.1,
			build(t, mem, arrow.BinaryTypes.String, "01", array.NullValueStr))),
	} {
		if err == nil || strings.Contains(err.Error(), "canary") ||
			!strings.HasPrefix(err.Error(), "local: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
