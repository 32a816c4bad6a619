// Package accounting says how much privacy releases cost together: the ε that
// any number of differentially private mechanisms have for a δ, and how much
// noise is needed for a given ε.
//
// For a training run call [Training.Epsilon], or [Training.WithNoise] for the
// noise that a budget asks for. For other releases list them as steps:
//
//	loss, err := accounting.NewLossDistribution(0,
//		accounting.Step{Mechanism: accounting.Laplace{Scale: 10, Sensitivity: 1}, Count: 10},
//		accounting.Step{Mechanism: accounting.Gaussian{Sigma: 5, Sensitivity: 1}, Count: 5},
//	)
//	epsilon, err := loss.Epsilon(1e-6)
//
// # Which accountant
//
// The methods of [Gaussian] and [Laplace] are exact, for one run, and for any
// number of Gaussian ones by [Gaussian.Times]; those of [DiscreteGaussian] to a
// few parts in a million. A [LossDistribution] is for any number of runs of all
// mechanisms but [ZCDP], [FixedSample] and [RepeatSelect], for which only [Renyi] knows
// a bound. It exceeds what is exact by a share of about h²/(8s²), with the interval h
// and the standard deviation s of the loss of one run: a few parts in 100,000 where a
// loss varies by a hundred intervals, and far too much where it varies by less than
// one. Renyi is faster, and looser by 10 to 20 % where both are known.
//
// # What is promised
//
// Every ε, δ and noise is an upper bound of what is needed, also after rounding
// to a grid and cutting off what does not fit; to floating-point rounding, for
// which closed forms and transforms are given a margin that is larger than the
// errors measured, though not proved. Losses of different mechanisms add up
// also if what is asked was chosen after seeing earlier answers; the parameters
// of the noise and the number of runs must be fixed beforehand.
//
// # What is not promised
//
// The bounds are those of the mechanisms as they are described, over real
// numbers. A program that adds floating-point Laplace or Gaussian noise has
// weaker guarantees (Mironov 2012, On significance of the least significant
// bits for differential privacy); DiscreteLaplace and DiscreteGaussian can be
// sampled exactly. A sampling rate means Poisson sampling of people, and a
// sensitivity is taken as true.
//
// Wrong parameters are errors, all of them at once. Nothing panics, keeps state
// or starts goroutines.
package accounting
