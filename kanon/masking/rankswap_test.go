package masking

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/internal/entropy"
)

func TestRankSwapProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 80).Draw(rt, "n")
		values := rapid.SliceOfN(rapid.IntRange(0, 30), n, n).Draw(rt, "values")
		null := rapid.IntRange(-1, 30).Draw(rt, "null")
		window := rapid.Float64Range(0.001, 1).Draw(rt, "window")
		text := make([]string, n)
		for i, v := range values {
			if text[i] = fmt.Sprint(v); v == null {
				text[i] = "null"
			}
		}
		in := tableOf(t, []arrow.Field{field("x", arrow.PrimitiveTypes.Int16)}, join(text))
		defer in.Release()
		out, done, err := RankSwap{Columns: []string{"x"}, Window: window}.Apply(context.Background(), in)
		if err != nil {
			rt.Fatal(err)
		}
		defer out.Release()
		before, after := texts(t, in, "x"), texts(t, out, "x")
		for i := range before {
			if (before[i] == "(null)") != (after[i] == "(null)") {
				rt.Fatalf("row %d: a null moved", i)
			}
		}
		slices.Sort(before)
		slices.Sort(after)
		if !slices.Equal(before, after) {
			rt.Fatal("values are lost")
		}
		if done[0].Values > 0 && done[0].Window != max(1, int64(window*float64(done[0].Values))) {
			rt.Fatalf("%+v", done[0])
		}
	})
}

func TestRankSwapStaysWithinWindow(t *testing.T) {
	// Distinct values, so that ranks are known.
	n := 500
	in := tableOf(t, []arrow.Field{field("x", arrow.FixedWidthTypes.Date32)},
		ints(n, func(i int) int { return i * 7919 % n }))
	defer in.Release()
	out, done, err := RankSwap{Columns: []string{"x"}, Window: 0.05}.Apply(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	c, _ := whole(out, "x")
	moved := 0
	for i := range n {
		was, is := i*7919%n, int(date(c, i))
		if d := was - is; d > 25 || d < -25 {
			t.Fatalf("rank %d became %d, want at most 25 apart", was, is)
		} else if d != 0 {
			moved++
		}
	}
	if int64(n-moved) != done[0].Kept || done[0].Window != 25 || moved < n*9/10 {
		t.Errorf("%d moved, %+v", moved, done[0])
	}
}

// TestPairsAreUniform draws the partner of the first rank: a chi-square test at
// 1e-7, which must see one that never takes the last.
func TestPairsAreUniform(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	rng := entropy.New()
	const window, draws = 8, 80_000
	count := make([]int, window)
	for range draws {
		count[pairs(rng, 30, window)[0]-1]++
	}
	// The quantile of chi-square with 7 degrees of freedom.
	const limit = 46.3
	if x := chiSquare(count, draws); x > limit {
		t.Errorf("chi-square is %.1f, want at most %v", x, limit)
	}
	count[0] += count[window-1]
	count[window-1] = 0
	if x := chiSquare(count, draws); x <= limit {
		t.Errorf("the test has no power: %.1f", x)
	}
}

func chiSquare(count []int, n int) float64 {
	want, x := float64(n)/float64(len(count)), 0.0
	for _, c := range count {
		x += math.Pow(float64(c)-want, 2) / want
	}
	return x
}

func TestRankSwapRefusals(t *testing.T) {
	in := tableOf(t, []arrow.Field{field("text", arrow.BinaryTypes.String)}, `["`+canary+`"]`)
	defer in.Release()
	_, _, err := RankSwap{}.Apply(context.Background(), in)
	wantError(t, err, "no column", "window is 0")
	_, _, err = RankSwap{Columns: []string{"text"}, Window: 2}.Apply(context.Background(), in)
	wantError(t, err, "window is 2")
	_, _, err = RankSwap{Columns: []string{"text", "y"}, Window: 1}.Apply(context.Background(), in)
	wantError(t, err, `"text" is utf8`, `"y" is not in the table`)
}

func TestFreeRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		f := newFreeRanks(n)
		free := make([]int, n)
		for i := range free {
			free[i] = i
		}
		for len(free) > 0 {
			for k, i := range free {
				if f.nth(k) != i || !f.has(i) || f.below(i) != k {
					t.Fatalf("free rank %d of %v: nth %d, has %v, below %d", i, free, f.nth(k), f.has(i),
						f.below(i))
				}
			}
			k := rapid.IntRange(0, len(free)-1).Draw(t, "drop")
			f.drop(free[k])
			if f.has(free[k]) {
				t.Fatal("still there")
			}
			free = slices.Delete(free, k, k+1)
		}
	})
}

func BenchmarkRankSwap(b *testing.B) {
	n := 1_000_000
	in := tableOf(b, []arrow.Field{field("x", arrow.PrimitiveTypes.Int32)},
		ints(n, func(i int) int { return i * 7919 % n }))
	defer in.Release()
	for range b.N {
		out, _, err := RankSwap{Columns: []string{"x"}, Window: 0.05}.Apply(context.Background(), in)
		if err != nil {
			b.Fatal(err)
		}
		out.Release()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
