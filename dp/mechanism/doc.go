// Package mechanism has the parts that differential privacy is made of, one
// release at a time: noise for a number, a vector or an Arrow column, private
// choices among candidates, questions of which only some are answered, and
// randomized responses. It is for those who know how much one person changes
// what they release; package dp finds that out for tables by itself, and
// bounds it.
//
// Call [New] for noise, [NewSelector] for a choice, [NewSparseVector] for
// thresholds, [NewResponder] and [NewUnaryResponder] for answers that are
// randomized one by one:
//
//	noise, err := mechanism.New(mechanism.Laplace{
//		Epsilon: 0.5, Sensitivity: 60, Lower: 0, Upper: 1e6})
//	total, err := noise.Float(sum)
//
// # What is promised
//
// Two inputs are neighbours if one person turns one into the other. Where
// neighbours differ by at most the sensitivity given, a release is
// differentially private with the parameters given, exactly: noise is an integer
// on a grid, drawn without rounding errors, real numbers are rounded to the grid
// first and that is paid for in the sensitivity, so that the last digits of a
// result tell nothing (Mironov 2012, On significance of the least significant
// bits for differential privacy), nor does its precision (Haney, Desfontaines,
// Hartman, Shrestha and Hay 2022, Precision-based attacks and interval refining:
// how to break, then fix, differential privacy on finite computers).
//
// No error and no panic depends on the data. Numbers outside the bounds given
// are moved into them, and what is not a number is the lower bound, so that a
// NaN or an infinity is noticed no more than any other number. Results stay
// within ±2^62 steps of the grid; nothing overflows.
//
// # What is not promised
//
// The sensitivity is taken as true. Each release costs anew what Cost says, and
// nothing here keeps a budget: spend it from a filter of package budget before,
// or add up many releases with package accounting. Time is not constant and tells about the noise
// that was drawn.
package mechanism
