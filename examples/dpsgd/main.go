// Dpsgd plans a differentially private training run: what it costs, and how
// much noise, which batches or how many steps a budget allows.
package main

import (
	"fmt"
	"os"

	"github.com/lethe-go/lethe/dp/accounting"
)

func main() {
	const people, batch, epochs, delta = 60_000, 256, 20, 1e-5
	run := accounting.Training{
		NoiseMultiplier: 1.1,
		SamplingRate:    float64(batch) / people, // each person joins a batch by its own coin
		Steps:           epochs * people / batch,
		Interval:        1e-3,
	}
	epsilon, err := run.Epsilon(delta)
	check(err)
	fmt.Printf("as planned: epsilon %.3f with delta %g\n", epsilon, delta)

	budget := accounting.EpsilonDelta{Epsilon: 1, Delta: delta}
	noise, err := run.WithNoise(budget)
	check(err)
	rate, err := run.WithSamplingRate(budget)
	check(err)
	steps, err := run.WithSteps(budget)
	check(err)
	fmt.Printf("epsilon 1 by a noise multiplier of %.3f,\n", noise.NoiseMultiplier)
	fmt.Printf("by batches of %.0f, or by %d steps\n", rate.SamplingRate*people, steps.Steps)

	// Before training, 20 counts were published about the same people.
	counts := accounting.Step{Count: 20,
		Mechanism: accounting.DiscreteLaplace{Scale: 50, Sensitivity: 1}}
	published, err := accounting.NewLossDistribution(run.Interval, counts)
	check(err)
	trained, err := noise.Loss()
	check(err)
	both, err := published.Compose(trained)
	check(err)
	epsilon, err = both.Epsilon(delta)
	check(err)
	fmt.Printf("together with 20 counts: epsilon %.3f\n", epsilon)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
