package budget_test

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/dp/budget"
)

// A total in ρ pays for Gaussian noise what it costs, and for Laplace noise of
// ε half its square.
func ExampleFilter() {
	filter, err := budget.NewFilter(budget.Budget{Rho: 0.05})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = filter.Spend(
		budget.Charge{Name: "count by ward", Cost: budget.Cost{Epsilon: 0.2}},
		budget.Charge{Name: "sum of bills", Cost: budget.Cost{Epsilon: 0.8, Delta: 1e-6, Rho: 0.02}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("left:", filter.Remaining())
	err = filter.Spend(budget.Charge{Name: "count by day", Cost: budget.Cost{Epsilon: 0.2}})
	fmt.Println(errors.Is(err, budget.ErrExhausted), err)
	// Output:
	// left: ρ=0.01
	// true budget exhausted: "count by day" needs ρ=0.02, 0.01 left
}

// Nobody is a patient of two hospitals, so that each hospital's statistics have
// the same budget at the price of one.
func ExampleFilter_Partition() {
	filter, err := budget.NewFilter(budget.Budget{Epsilon: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	hospitals, err := filter.Partition("by hospital", budget.Budget{Epsilon: 0.6}, 3, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range hospitals {
		err := h.Spend(budget.Charge{Name: "count", Cost: budget.Cost{Epsilon: 0.5}})
		fmt.Println(h.Remaining(), err)
	}
	fmt.Println(filter.Remaining())
	// Output:
	// ε=0.1 <nil>
	// ε=0.1 <nil>
	// ε=0.1 <nil>
	// ε=0.4
}

func ExampleOdometer() {
	meter, err := budget.NewOdometer(budget.Rho)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 10 {
		err := meter.Spend(budget.Charge{Name: "gradient", Cost: budget.Cost{Rho: 0.001}})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	loss, err := meter.Loss(1e-6)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v so far, a loss of at most %.2f\n", meter.Spent(), loss)
	// Output: ρ=0.01 so far, a loss of at most 1.11
}

// Where all noise is Gaussian the same budget buys less of it.
func ExampleGaussianTotal() {
	total, err := budget.GaussianTotal(1, 1e-6)
	if err != nil {
		panic(err)
	}
	filter, err := budget.NewFilter(total)
	if err != nil {
		panic(err)
	}
	quarter := budget.Cost{Rho: total.Rho / 4, Gaussian: true}
	for i := range 4 {
		if err := filter.Spend(budget.Charge{Name: fmt.Sprint("count ", i), Cost: quarter}); err != nil {
			panic(err)
		}
	}
	epsilon, err := filter.Spent().EpsilonAt(1e-6)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.6f\n", epsilon)
	// Output: 1.000000
}
