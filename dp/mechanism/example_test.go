package mechanism_test

import (
	"fmt"
	"math"

	"github.com/lethe-go/lethe/dp/accounting"
	"github.com/lethe-go/lethe/dp/mechanism"
)

// A sum of amounts, of which one person has at most 60.
func ExampleNew() {
	noise, err := mechanism.New(mechanism.Laplace{
		Epsilon: 0.5, Sensitivity: 60, Lower: 0, Upper: 1e6})
	if err != nil {
		panic(err)
	}
	total, err := noise.Float(48_211.50)
	if err != nil {
		panic(err)
	}
	width, err := noise.HalfWidth(1e-9)
	if err != nil {
		panic(err)
	}
	fmt.Println(math.Abs(total-48_211.50) <= width, width < 2600)
	// Output: true true
}

// Seven counts in which one person appears up to three times.
func ExampleDiscreteGaussian() {
	noise, err := mechanism.New(mechanism.DiscreteGaussian{Rho: 0.1, Sensitivity: 3, Numbers: 7})
	if err != nil {
		panic(err)
	}
	counts, err := noise.Ints([]int64{120, 80, 0, 14, 951, 3, 77})
	if err != nil {
		panic(err)
	}
	loss, err := accounting.NewRenyi(nil, accounting.Step{Mechanism: noise.Mechanism(), Count: 1})
	if err != nil {
		panic(err)
	}
	epsilon, err := loss.Epsilon(1e-6)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d counts, epsilon %.2f\n", len(counts), epsilon)
	// Output: 7 counts, epsilon 2.14
}

// The most frequent of five illnesses; a person has at most one of each.
func ExampleNewSelector() {
	selector, err := mechanism.NewSelector(mechanism.Selection{
		Rule: mechanism.PermuteAndFlip, Epsilon: 1, Sensitivity: 1, Upper: 1e6, Monotone: true})
	if err != nil {
		panic(err)
	}
	chosen, err := selector.Choose([]float64{120, 80, 4711, 14, 951})
	if err != nil {
		panic(err)
	}
	fmt.Println("candidate", chosen[0])
	// Output: candidate 2
}

// Which days had more than 100 admissions, until two are found.
func ExampleNewSparseVector() {
	days, err := mechanism.NewSparseVector(mechanism.AboveThreshold{
		Epsilon: 2, Threshold: 100, Sensitivity: 1, Upper: 1e4, Count: 2, Monotone: true})
	if err != nil {
		panic(err)
	}
	for day, admissions := range []float64{20, 900, 15, 700, 800} {
		above, err := days.Above(admissions)
		if err != nil {
			fmt.Println(err)
			break
		}
		if above {
			fmt.Println("day", day)
		}
	}
	// Output:
	// day 1
	// day 3
	// mechanism: above threshold: all answers are given; start another one at its own cost
}

// A yes or no that nobody can be held to.
func ExampleNewResponder() {
	responder, err := mechanism.NewResponder(mechanism.RandomizedResponse{Epsilon: 1, Categories: 2})
	if err != nil {
		panic(err)
	}
	yes := 0
	for range 10_000 {
		answer, err := responder.Answer(1)
		if err != nil {
			panic(err)
		}
		yes += answer
	}
	fmt.Println(yes > 6800, yes < 7800) // e/(e+1) = 73 %
	// Output: true true
}

// One bit for each of six categories.
func ExampleNewUnaryResponder() {
	responder, err := mechanism.NewUnaryResponder(mechanism.UnaryEncoding{Epsilon: 1, Categories: 6})
	if err != nil {
		panic(err)
	}
	bits, err := responder.Answer(4)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(bits), "bits")
	// Output: 6 bits
}
