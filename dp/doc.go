// Package dp answers questions about a table with differential privacy: every
// answer carries noise that hides whether any one person is in the table.
//
// Call [New] first, with the column that says whose row it is and the budget
// that all answers together may spend. Then [Session.Run] answers queries from
// a record reader in one pass, or [Session.NewScan] takes the records one by
// one, in shards if need be.
//
//	session, err := dp.New(dp.Config{
//		Total: dp.Budget{Epsilon: 1},
//		Unit:  dp.Unit{Column: "patient_id", MaxRows: 4},
//	})
//	tables, err := session.Run(ctx, reader, dp.Mean{
//		Column: "stay_days", Lower: 0, Upper: 60,
//		By: []string{"ward"}, Keys: map[string][]string{"ward": {"ICU", "Surgery"}},
//		Epsilon: 0.5,
//	})
//
// Count, People, Sum, Mean, Variance, Deviation, Covariance, Correlation, Quantiles,
// Histogram and Top are the questions there are. Each may be grouped: by keys that
// are listed with it, or by those that a Groups query of the same scan finds, which
// shows a group only if enough people are in it. Bounds of values are given or, for
// a share of the cost, found.
//
// # What is protected
//
// Two tables are neighbours if one is the other without all the rows of one
// person, that is all rows with one value of the unit column. For any two
// neighbours and any set of possible answers, the probability that the answers
// of a session fall into the set is on the one table at most e^ε times what it is
// on the other, plus δ, where ε and δ are the sums of what its queries cost and at
// most the budget. That is (ε, δ)-differential privacy by basic composition;
// queries may be chosen after seeing earlier answers. Queries with Laplace noise
// and public keys cost no δ. A budget of ρ promises zero-concentrated differential
// privacy instead, which adds up more slowly, and one of ρ for Gaussian noise alone
// Gaussian differential privacy, which promises more; see package budget.
//
// The argument, in four steps, each proved where it is done:
//
//  1. Of each person at most MaxRows rows are kept, a uniform sample drawn
//     from that person's rows alone, so that neighbours differ, sample for
//     sample, in at most MaxRows rows.
//  2. What a row adds to the numbers that a query is made of is bounded: whole
//     numbers, of steps on a grid where values are concerned, whose magnitudes
//     have a known sum at most, to those of one group.
//  3. These numbers are integers, added without rounding or overflow in any order,
//     and the noise is an integer drawn from the discrete Laplace or the discrete
//     Gaussian distribution exactly, of the latter on a finer grid and rounded. The
//     low-order bits of a result tell nothing
//     (Mironov 2012), nor does the order of the rows (Casacuberta et al. 2022).
//     Which groups are shown, where no keys are given, is drawn exactly as well.
//  4. Everything after that, such as the division of a mean, looks only at
//     noisy integers.
//
// # What is not promised
//
// A wrong unit column protects the wrong thing: if it holds visits, visits are
// hidden and patients are not; a person under two identifiers is two people.
// What is public is taken as public: the columns and their types, the queries
// with their bounds and keys, that the table could be read. The time and memory
// an answer takes are not hidden, and neither are errors: that the unit column
// holds a null, or that there are too many rows, is told without noise. People
// who are alike enough that one stands for the other are hidden one at a time;
// what is true of a whole group can be learnt, as it is meant to be.
//
// A Session keeps the budget of one program run. Two sessions over the same
// people compose: their budgets add up, which is seen only where both are given
// the same ledger (package ledger).
package dp
