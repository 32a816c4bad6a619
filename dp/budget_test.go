package dp

import (
	"errors"
	"strings"
	"sync"
	"testing"
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

// Laplace noise of ε costs ε²/2 of a total in ρ.
func TestConcentrated(t *testing.T) {
	s, err := New(Config{Total: Budget{Rho: 0.025}, Unit: Unit{Column: "patient", MaxRows: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewScan(visitSchema, Count{Epsilon: 0.1}, Count{Epsilon: 0.2}); err != nil {
		t.Error(err)
	}
	if got := s.Spent(); got != (Budget{Rho: 0.025}) {
		t.Errorf("spent %v", got)
	}
	_, err = s.NewScan(visitSchema, Count{Epsilon: 0.1})
	const want = `dp: budget exhausted: "count" needs ρ=0.005, 0 left`
	if !errors.Is(err, ErrBudget) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
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
