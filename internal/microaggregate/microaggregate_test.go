package microaggregate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestMDAVByHand(t *testing.T) {
	// The mean is 5.4; 12 is farthest, with 11 and 10; 0 is farthest from 12,
	// with 1 and 2. What is left is a class of its own.
	p := Points{N: 7, D: 1, X: []float64{0, 12, 1, 11, 2, 10, 2.1}}
	class, err := MDAV(context.Background(), p, 3)
	if want := []int32{0, 1, 0, 1, 0, 1, 0}; err != nil || !slices.Equal(class, want) {
		t.Fatalf("got %v, %v, want %v", class, err, want)
	}
	class, err = MDAV(context.Background(), p, 2)
	if want := []int32{0, 1, 0, 1, 2, 2, 2}; err != nil || !slices.Equal(class, want) {
		t.Fatalf("got %v, %v, want %v", class, err, want)
	}
}

func TestSSEByHand(t *testing.T) {
	p := Points{N: 4, D: 2, X: []float64{0, 0, 2, 0, 10, 1, 10, 3}}
	within, total := SSE(p, []int32{0, 0, 1, 1})
	// The mean of all is (5.5, 1).
	if want := 2*(5.5*5.5+1) - 5.5*5.5 + 3.5*3.5 + 2*4.5*4.5 + 4; within != 4 || total != want {
		t.Errorf("got %v and %v, want 4 and %v", within, total, want)
	}
}

// best is the least SSE of a partition, found by trying all.
func best(p Points, k int) float64 {
	class := make([]int32, p.N)
	least := math.Inf(1)
	var try func(i int, classes int32)
	try = func(i int, classes int32) {
		if i == p.N {
			size := make([]int, classes)
			for _, c := range class {
				size[c]++
			}
			if slices.Min(size) >= k {
				within, _ := SSE(p, class)
				least = min(least, within)
			}
			return
		}
		for c := range classes + 1 {
			class[i] = c
			try(i+1, max(classes, c+1))
		}
	}
	try(0, 0)
	return least
}

func drawPoints(t *rapid.T, n, d int) Points {
	p := Points{N: n, D: d, X: make([]float64, n*d)}
	for i := range p.X {
		p.X[i] = float64(rapid.IntRange(-20, 20).Draw(t, "x")) / 4
	}
	return p
}

func TestUnivariateIsOptimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 4).Draw(t, "k")
		p := drawPoints(t, rapid.IntRange(k, 8).Draw(t, "n"), 1)
		class := Univariate(p, k)
		got, _ := SSE(p, class)
		if want := best(p, k); math.Abs(got-want) > 1e-9 {
			t.Fatalf("loses %v, want %v", got, want)
		}
	})
}

func TestPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 6).Draw(t, "k")
		n := rapid.IntRange(k, 90).Draw(t, "n")
		p := drawPoints(t, n, rapid.IntRange(1, 3).Draw(t, "d"))
		rounds := rapid.IntRange(0, 40).Draw(t, "rounds")
		seed := rapid.Uint64().Draw(t, "seed")
		class, err := Improved(context.Background(), p, k, rounds, seed, 1)
		if err != nil {
			t.Fatal(err)
		}
		size := map[int32]int{}
		for i, c := range class {
			if int(c) > len(size) {
				t.Fatalf("class %d occurs at %d before %d", c, i, len(size))
			}
			size[c]++
		}
		for c, m := range size {
			if m < k || n >= 2*k && m >= 2*k {
				t.Fatalf("class %d of %d points, want %d to %d", c, m, k, 2*k-1)
			}
		}
		start, err := MDAV(context.Background(), p, k)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := SSE(p, start) // n is at most atOnce
		after, _ := SSE(p, class)
		if after > before+1e-6 {
			t.Fatalf("loses %v, MDAV %v", after, before)
		}
		again, _ := Improved(context.Background(), p, k, rounds, seed, 3)
		if !slices.Equal(class, again) {
			t.Fatal("depends on the number of workers")
		}
	})
}

// TestImprovedIsNearOptimal compares with the optimum of small problems.
func TestImprovedIsNearOptimal(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ratio, n := 0.0, 60
	for range n {
		p := Points{N: 9, D: 2}
		for range p.N * p.D {
			p.X = append(p.X, rng.NormFloat64())
		}
		class, err := Improved(context.Background(), p, 2, 200, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := SSE(p, class)
		ratio += got / best(p, 2) / float64(n)
	}
	if ratio > 1.01 {
		t.Errorf("%.4f times the optimum on average, want at most 1.01", ratio)
	}
}

func TestEqualPoints(t *testing.T) {
	p := Points{N: 5000, D: 3, X: make([]float64, 15000)}
	class, err := Improved(context.Background(), p, 5, 100, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	checkSizes(t, class, 5)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := clusters(2000, 2)
	if _, err := MDAV(ctx, p, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("MDAV: %v", err)
	}
	if _, err := Improved(ctx, p, 3, 10, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Improved: %v", err)
	}
}

// clusters are points of 40 clusters, lognormal in each coordinate.
func clusters(n, d int) Points {
	rng := rand.New(rand.NewPCG(1, 2))
	center := make([]float64, 40*d)
	for i := range center {
		center[i] = rng.NormFloat64()
	}
	x := make([][]float64, d)
	for range n {
		c := rng.IntN(40)
		for j := range d {
			x[j] = append(x[j], math.Exp(center[c*d+j]+0.3*rng.NormFloat64()))
		}
	}
	return scores(x)
}

func BenchmarkClusters(b *testing.B) {
	for _, n := range []int{30_000, 300_000} {
		if testing.Short() && n > 30_000 {
			break
		}
		p := clusters(n, 8)
		b.Run(map[int]string{30_000: "30k", 300_000: "300k"}[n], func(b *testing.B) {
			for range b.N {
				class, err := Improved(context.Background(), p, 5, 0, 1, 2)
				b.ReportMetric(loss(p, must(b, class, err)), "loss%")
			}
		})
	}
}
