package microagg

import (
	"context"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Six points on a line, k = 3: the ends make the classes.
func TestByHand(t *testing.T) {
	p := Points{X: []float64{0, 10, 1, 11, 2, 12}, D: 1}
	want := []int32{0, 1, 0, 1, 0, 1}
	same := func(name string, class []int32, err error) {
		t.Helper()
		for i := range want {
			if err != nil || (class[i] == class[0]) != (want[i] == 0) {
				t.Errorf("%s: %v %v", name, class, err)
				return
			}
		}
		if sse := p.SSE(class); math.Abs(sse-4) > 1e-12 {
			t.Errorf("%s: SSE %v", name, sse)
		}
	}
	class, err := MDAV(context.Background(), p, 3)
	same("mdav", class, err)
	class, err = Partition(context.Background(), p, Options{K: 3, Block: 6, Rounds: 1})
	same("partition", class, err)
	same("univariate", Univariate(p.X, 3), nil)
}

func points(rt *rapid.T, d int) Points {
	n := rapid.IntRange(1, 60).Draw(rt, "n")
	p := Points{D: d, X: make([]float64, n*d)}
	for i := range p.X {
		p.X[i] = float64(rapid.IntRange(-9, 9).Draw(rt, "x")) / 2
	}
	return p
}

// valid checks that a partition has classes of k points at least.
func valid(rt *rapid.T, name string, class []int32, n, k int) {
	count := map[int32]int{}
	for _, c := range class {
		count[c]++
	}
	if len(class) != n {
		rt.Fatalf("%s: %d of %d points", name, len(class), n)
	}
	for c, size := range count {
		if size < min(k, n) || n >= 2*k && size >= 2*k {
			rt.Fatalf("%s: class %d has %d points", name, c, size)
		}
	}
}

// Every method gives classes of k to 2k−1; the search is never worse than what
// it starts from, and the same on any number of cores.
func TestPartitions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := points(rt, rapid.IntRange(1, 4).Draw(rt, "d"))
		k := rapid.IntRange(1, 7).Draw(rt, "k")
		class, err := MDAV(context.Background(), p, k)
		if err != nil {
			rt.Fatal(err)
		}
		valid(rt, "mdav", class, p.Len(), k)
		o := Options{K: k, Block: rapid.IntRange(2*k, 80).Draw(rt, "block"), Rounds: 2, Seed: 3}
		best, err := Partition(context.Background(), p, o)
		if err != nil {
			rt.Fatal(err)
		}
		valid(rt, "partition", best, p.Len(), k)
		if o.Block >= p.Len() && p.SSE(best) > p.SSE(class)*(1+1e-9)+1e-9 {
			rt.Fatalf("SSE %v, of MDAV %v", p.SSE(best), p.SSE(class))
		}
		before := runtime.GOMAXPROCS(1)
		again, err := Partition(context.Background(), p, o)
		runtime.GOMAXPROCS(before)
		if err != nil || !slices.Equal(again, best) {
			rt.Fatalf("one core gives another partition (%v)", err)
		}
	})
}

// The partition on a line is no worse than any other, by brute force over all
// cuts of the sorted values, and than what the other methods find.
func TestUnivariateIsOptimal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := points(rt, 1)
		if p.Len() > 12 {
			p.X = p.X[:12]
		}
		k := rapid.IntRange(1, 4).Draw(rt, "k")
		class := Univariate(p.X, k)
		valid(rt, "univariate", class, p.Len(), k)
		sorted := Points{X: slices.Sorted(slices.Values(p.X)), D: 1}
		n := p.Len()
		least := math.Inf(1)
		for cuts := range 1 << (n - 1) {
			all, size, ok := make([]int32, n), 1, true
			for i := 1; i < n; i++ {
				all[i] = all[i-1]
				if size++; cuts>>(i-1)&1 == 1 {
					all[i]++
					ok = ok && size-1 >= k
					size = 1
				}
			}
			if ok && size >= min(k, n) {
				least = min(least, sorted.SSE(all))
			}
		}
		if got := p.SSE(class); math.Abs(got-least) > 1e-9 {
			rt.Fatalf("%v, k=%d: SSE %v, want %v", p.X, k, got, least)
		}
	})
}

// Many equal points, and points so close that distances are rounding, end.
func TestDegenerate(t *testing.T) {
	p := Points{X: make([]float64, 3000), D: 3}
	for i := range p.X {
		p.X[i] = 1e6 + float64(i%7)*1e-10
	}
	class, err := Partition(context.Background(), p, Options{K: 5, Block: 100, Rounds: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sizes(t, class, 5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Partition(ctx, clusters(2000, 4), Options{K: 5, Block: 100}); err == nil {
		t.Error("a context that is done is ignored")
	}
	if _, err := MDAV(ctx, clusters(200, 4), 5); err == nil {
		t.Error("a context that is done is ignored by MDAV")
	}
}

// So many points that trees fork and blocks are shared out: any number of cores
// gives the same partition.
func TestCoresDoNotMatter(t *testing.T) {
	p := clusters(4000, 4)
	o := Options{K: 3, Block: 100, Rounds: 1, Seed: 5}
	var want []int32
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		got, err := Partition(context.Background(), p, o)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d cores give another partition", cores)
		}
	}
}
