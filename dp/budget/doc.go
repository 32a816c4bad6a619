// Package budget keeps what may be spent: totals of privacy loss, what releases
// cost, and the rule by which a release is granted or refused.
//
// A [Filter] grants releases until one would exceed the total. An [Odometer]
// grants all and says what has been spent. A filter lives as long as the
// program; package ledger keeps one on disk.
//
//	filter, err := budget.NewFilter(budget.Budget{Epsilon: 1, Delta: 1e-6})
//	err = filter.Spend(budget.Charge{Name: "count", Cost: budget.Cost{Epsilon: 0.1}})
//
// # What is promised
//
// All sums are of rational numbers and exact; what is shown as spent is rounded
// up and what is shown as left is rounded down, so that both are never better
// than the truth. Releases, and their parameters and costs too, may be chosen
// after seeing earlier answers, by any rule.
//
// Why that holds. Let x and x' be neighbouring tables, l the logarithm of the
// ratio of the probabilities, under both, of all answers given so far, and l(n)
// what the n-th answer adds to it. What the n-th release is and costs is
// determined by the answers before.
//
//   - ε alone: |l(n)| ≤ ε(n) whatever was answered before, so that |l| ≤ Σε(n),
//     and the filter keeps Σε(n) ≤ ε.
//   - ρ: given the answers before, the mean of e^((α-1)·l(n)) under x is at most
//     e^((α-1)·α·ρ(n)) for every α > 1. So e^((α-1)·(l - α·Σρ(n))) is a
//     supermartingale with the mean 1 at most, and as the filter keeps Σρ(n) ≤
//     ρ the mean of e^((α-1)·l) is at most e^((α-1)·α·ρ): the divergence of
//     order α of all answers together is at most α·ρ (Feldman and Zrnic 2021,
//     Individual privacy accounting via a Rényi filter, NeurIPS; Whitehouse,
//     Ramdas, Rogers and Wu 2023, Fully adaptive composition in differential
//     privacy, ICML, where δ is too).
//   - ρ of Gaussian noise alone: of μ-Gaussian differential privacy the sum of μ² is
//     a filter (Smith and Thakurta 2022, Fully adaptive composition for Gaussian
//     differential privacy, arXiv:2210.17520), and μ² is 2ρ.
//   - (ε, δ): the sum of both is a filter by Rogers, Roth, Ullman and Vadhan
//     2016, Privacy odometers and filters: pay-as-you-go composition, NeurIPS.
//
// # What is not promised
//
// A cost is taken as true: that a release has the noise for it is for its maker
// to prove. Two filters over the same people add up, and neither sees that.
package budget
