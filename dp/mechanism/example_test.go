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
