package dp

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimalsFit(t *testing.T) {
	s, err := New(Config{Total: Budget{Epsilon: 0.3}, Unit: Unit{Column: "patient", MaxRows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewScan(visitSchema, Count{Epsilon: 0.1}, Count{Epsilon: 0.2}); err != nil {
		t.Error(err) // in floating point 0.1 + 0.2 > 0.3
	}
	if got := s.Remaining(); got != (Budget{}) {
		t.Errorf("left %v", got)
	}
	if got := s.Spent(); got != (Budget{Epsilon: 0.3}) {
		t.Errorf("spent %v", got)
	}
	if _, err := s.NewScan(visitSchema, Count{Epsilon: 1e-9}); !errors.Is(err, ErrBudget) {
		t.Errorf("beyond the budget: %v", err)
	}
}

func TestExhausted(t *testing.T) {
	s, err := New(Config{Total: Budget{Epsilon: 1}, Unit: Unit{Column: "patient", MaxRows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewScan(visitSchema, Count{Epsilon: 0.6}); err != nil {
		t.Fatal(err)
	}
	_, err = s.NewScan(visitSchema, Mean{Column: "days", Upper: 60, Epsilon: 0.5})
	const want = `dp: budget exhausted: "mean days" needs ε=0.5, 0.4 left`
	if !errors.Is(err, ErrBudget) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	// All or none: the first of two would fit.
	_, err = s.NewScan(visitSchema, Count{Epsilon: 0.3}, countBy(0.2))
	if err == nil || !strings.Contains(err.Error(), `"count by ward" needs ε=0.2, 0.1 left`) {
		t.Errorf("got %v", err)
	}
	if got := s.Remaining().Epsilon; got != 0.4 {
		t.Errorf("a refused scan cost something: %v left", got)
	}
	// A mistake costs nothing either.
	if _, err := s.NewScan(visitSchema, Count{Epsilon: 0.1, By: []string{"ward"}}); err == nil {
		t.Error("groups without keys")
	}
	if got := s.Remaining().Epsilon; got != 0.4 {
		t.Errorf("a mistake cost something: %v left", got)
	}
}

// Whatever is asked: what was granted never sums to more than the total, what
// was refused would have, and all that is left can be spent.
func TestBudgetProperties(t *testing.T) {
	epsilon := rapid.OneOf(
		rapid.Float64Range(1e-9, 2),
		rapid.Map(rapid.IntRange(1, 999), func(n int) float64 { return float64(n) / 1000 }))
	rapid.Check(t, func(t *rapid.T) {
		total := epsilon.Draw(t, "total")
		p := newPurse(Budget{Epsilon: total})
		exact := new(big.Rat)
		for _, e := range rapid.SliceOf(epsilon).Draw(t, "asked") {
			next := new(big.Rat).Add(exact, decimal(e))
			err := p.spend([]Query{Count{Epsilon: e}})
			if fits := next.Cmp(decimal(total)) <= 0; fits != (err == nil) {
				t.Fatalf("fits: %v, answer: %v", fits, err)
			}
			if err == nil {
				exact = next
			}
		}
		if decimal(p.spent().Epsilon).Cmp(exact) < 0 {
			t.Fatalf("spent %v is less than %v", p.spent(), exact)
		}
		if left := p.remaining().Epsilon; left > 0 {
			if err := p.spend([]Query{Count{Epsilon: left}}); err != nil {
				t.Fatalf("what is left cannot be spent: %v", err)
			}
		}
		if left := p.remaining().Epsilon; left < 0 || left > math.Nextafter(total, 0)*1e-15 {
			t.Fatalf("%v left of %v after spending all", left, total)
		}
	})
}

func TestBudgetConcurrently(t *testing.T) {
	s, err := New(Config{Total: Budget{Epsilon: 1}, Unit: Unit{Column: "patient", MaxRows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	granted := make(chan bool, 100)
	for range cap(granted) {
		wg.Go(func() {
			_, err := s.NewScan(visitSchema, Count{Epsilon: 0.1})
			granted <- err == nil
			s.Remaining()
			s.Spent()
		})
	}
	wg.Wait()
	close(granted)
	n := 0
	for ok := range granted {
		if ok {
			n++
		}
	}
	if n != 10 {
		t.Errorf("%d scans of ε = 0.1 for a budget of 1", n)
	}
}
