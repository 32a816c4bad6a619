package accounting_test

import (
	"fmt"

	"github.com/lethe-go/lethe/dp/accounting"
)

// A model is trained for 20 epochs on 60,000 people in batches of 256. What does
// that cost, and how much noise would cost 1?
func Example() {
	run := accounting.Training{
		NoiseMultiplier: 1.1,
		SamplingRate:    256.0 / 60_000,
		Steps:           20 * 60_000 / 256,
		Interval:        1e-3,
	}
	epsilon, err := run.Epsilon(1e-5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("epsilon %.3f\n", epsilon)

	target := accounting.EpsilonDelta{Epsilon: 1, Delta: 1e-5}
	careful, err := run.WithNoise(target)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("epsilon 1 with noise multiplier %.3f\n", careful.NoiseMultiplier)
	// Output:
	// epsilon 1.323
	// epsilon 1 with noise multiplier 1.311
}

// Statistics and a training run from the same people cost together less than
// their ε add up to.
func ExampleNewLossDistribution() {
	loss, err := accounting.NewLossDistribution(1e-3,
		accounting.Step{Mechanism: accounting.DiscreteLaplace{Scale: 10, Sensitivity: 1}, Count: 20},
		accounting.Step{Count: 1000, Mechanism: accounting.Sampled{
			Mechanism: accounting.Gaussian{Sigma: 1, Sensitivity: 1}, Rate: 0.01}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	epsilon, err := loss.Epsilon(1e-6)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", epsilon)
	// Output: 2.890
}

func ExampleGaussianSigma() {
	sigma, err := accounting.GaussianSigma(accounting.EpsilonDelta{Epsilon: 1, Delta: 1e-5}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", sigma)
	// Output: 3.7306
}

// A hundred counts, with Laplace noise each, for a total of ε = 1.
func ExampleLeastNoise() {
	target := accounting.EpsilonDelta{Epsilon: 1, Delta: 1e-6}
	scale, err := accounting.LeastNoise(target, func(scale float64) (accounting.Curve, error) {
		one := accounting.Laplace{Scale: scale, Sensitivity: 1}
		return accounting.NewLossDistribution(1e-3, accounting.Step{Mechanism: one, Count: 100})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f\n", scale)
	// Output: 41.5
}

func ExampleNewRenyi() {
	bound, err := accounting.NewRenyi(nil,
		accounting.Step{Mechanism: accounting.ZCDP{Rho: 0.02}, Count: 5},
		accounting.Step{Mechanism: accounting.Gaussian{Sigma: 10, Sensitivity: 1}, Count: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	epsilon, err := bound.Epsilon(1e-5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", epsilon)
	// Output: 2.0680
}

// A training run that costs ε = 1.33 for one person, as it is seen by groups of
// three.
func ExampleGaussian_SampledGroup() {
	group := accounting.Gaussian{Sigma: 1, Sensitivity: 1}.SampledGroup(0.01, 3)
	loss, err := accounting.NewLossDistribution(1e-3, accounting.Step{Mechanism: group, Count: 500})
	if err != nil {
		fmt.Println(err)
		return
	}
	epsilon, err := loss.Epsilon(1e-5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", epsilon)
	// Output: 4.499
}

// The best of about ten training runs, of which only one is shown.
func ExampleRepeatSelect() {
	run := accounting.Step{Count: 500, Mechanism: accounting.Sampled{
		Mechanism: accounting.Gaussian{Sigma: 2, Sensitivity: 1}, Rate: 0.01}}
	for _, step := range []accounting.Step{run,
		{Mechanism: accounting.RepeatSelect{Run: []accounting.Step{run}, Mean: 10, Shape: 1}, Count: 1}} {
		bound, err := accounting.NewRenyi(nil, step)
		if err != nil {
			fmt.Println(err)
			return
		}
		epsilon, err := bound.Epsilon(1e-5)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.3f\n", epsilon)
	}
	// Output:
	// 0.479
	// 1.060
}

// Batches of a training run that never hold more than 150 people.
func ExampleTruncatedSample() {
	loss, err := accounting.NewLossDistribution(1e-3, accounting.Step{Count: 500,
		Mechanism: accounting.TruncatedSample{
			Mechanism: accounting.Gaussian{Sigma: 1, Sensitivity: 1},
			Rate:      0.01, Most: 150, People: 10_000}})
	if err != nil {
		fmt.Println(err)
		return
	}
	epsilon, err := loss.Epsilon(1e-5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", epsilon)
	// Output: 1.328
}
