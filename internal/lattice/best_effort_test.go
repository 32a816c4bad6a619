package lattice

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// solveByEffort has branch and bound solve a problem however small it is. The
// result is nil where none was found.
func solveByEffort(t interface{ Fatal(...any) }, p *Problem, descend bool) *Result {
	s := newSearch(p)
	ss := make([]*scratch, p.Workers)
	for i := range ss {
		ss[i] = s.newScratch()
	}
	s.setBase(ss[0])
	s.setMeasure()
	s.evaluate(ss[0], s.highest())
	if (*s.records.Load())[0].suppressed > p.Limit {
		return nil
	}
	if descend {
		if err := s.descend(context.Background(), ss); err != nil {
			t.Fatal(err)
		}
	}
	bound, err := s.bestEffort(context.Background(), ss)
	if err != nil && !errors.Is(err, ErrNoneFound) {
		t.Fatal(err)
	}
	if s.best == nil {
		return nil
	}
	return s.result(ss[0], bound, 0)
}

// TestBestEffortAgainstEveryVector: with effort enough branch and bound finds
// the optimum and proves it; with little its bound is below the optimum.
func TestBestEffortAgainstEveryVector(t *testing.T) {
	n, loose, found := 600, 0, 0
	if testing.Short() {
		n = 100
	}
	for seed := range uint64(n) {
		p := drawn(rand.New(rand.NewPCG(seed, 3)), 120)
		want := oracle(p)
		p.Effort = 1 << 20
		got := solveByEffort(t, p, seed%2 == 0)
		if (got == nil) != (want == nil) {
			t.Fatalf("seed %d: result %+v, want %+v", seed, got, want)
		}
		if want == nil {
			continue
		}
		found++
		s := newSearch(p)
		s.setBase(s.newScratch())
		s.setMeasure()
		loss := s.measure.loss(want.score)
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }
		if !near(got.Loss, loss) || !got.Exact || got.Bound != got.Loss {
			t.Fatalf("seed %d: %#v: loss %v, bound %v, exact %v, want %v", seed, p.Measure,
				got.Loss, got.Bound, got.Exact, loss)
		}
		p.Effort = 1
		if got = solveByEffort(t, p, false); got == nil {
			continue
		}
		if got.Bound > loss && !near(got.Bound, loss) || got.Bound > got.Loss ||
			got.Exact && got.Bound != got.Loss {
			t.Fatalf("seed %d: %#v: loss %v, bound %v, want %v between", seed, p.Measure,
				got.Loss, got.Bound, loss)
		}
		if !got.Exact {
			loose++
		}
	}
	if found < n/4 || loose < n/50 {
		t.Fatalf("%d of %d problems have a solution, %d a bound below it", found, n, loose)
	}
}

func TestBestEffortIsTheSameForAnyWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawn(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4)), 150)
		p.Effort = rapid.IntRange(1, 60).Draw(t, "effort")
		p.Workers = 1
		want := solveByEffort(t, p, true)
		p.Workers = 3
		got := solveByEffort(t, p, true)
		if (got == nil) != (want == nil) {
			t.Fatalf("%v, want %v", got, want)
		}
		if got != nil && (!slices.Equal(got.Levels, want.Levels) || got.Loss != want.Loss ||
			got.Bound != want.Bound) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// More vectors than the search looks at one by one.
func TestSolveWhatIsTooLargeByBestEffort(t *testing.T) {
	p := large(13, 2000)
	p.Effort = 300
	got, err := Solve(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if got.Exact || got.Bound >= got.Loss || got.Bound <= 0 || got.Candidates != 0 {
		t.Fatalf("%+v", got)
	}
	p.Effort = 3000
	more, err := Solve(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if more.Loss > got.Loss || more.Bound < got.Bound {
		t.Fatalf("with more effort %v to %v, with less %v to %v", more.Bound, more.Loss,
			got.Bound, got.Loss)
	}
}

// A deadline ends the search with what it has.
func TestSolveStopsAtTheDeadline(t *testing.T) {
	p := large(13, 20_000)
	p.Effort = 1 << 30
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	got, err := Solve(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if got.Exact || got.Bound > got.Loss {
		t.Fatalf("%+v", got)
	}
}
