package exact

import "math"

// Slack is a share x by which the sensitivity of a continuous Gaussian
// mechanism has to grow so that its δ(ε) is not below that of the discrete one
// of n numbers with the same σ, for every ε; d is the sensitivity in L2. It is
// large where that is not known. Numbers that no two neighbours differ in need not
// be counted.
//
// On an input of integers the continuous mechanism, rounded to integers, is a
// post-processing of the continuous one. It puts on an integer k off the input
// the mass ∫ exp(-(k+u)²/(2σ²)) du over |u| <= ½, which is at least
// 1 - 1/(24σ²) and at most cosh(k/(2σ²)) <= exp(k²/(8σ⁴)) times exp(-k²/(2σ²)).
// The sum of the latter over all integers is σ·√(2π) times 1 to 1 +
// 3·exp(-2π²σ²). So where each of n numbers is within 40σ, the
// probabilities of the two differ by a factor of at most e^η with
// η = n·201/σ². The rest has a probability below n·e^-799, which is as good as
// nothing beside any δ above 1e-200. By that the discrete mechanism has
// δ(ε) <= e^η·δ(ε - 2η) of the continuous one.
//
// With μ = d/σ and a = ε/μ - μ/2, the derivative of δ in μ is φ(a), that in ε
// at least -Q(a), and δ itself at most Q(a), Q the upper tail. It suffices that
// x·μ·φ(a) is above 3η·Q(a). Q/φ is at most 1/φ(μ/2) for all a >= -μ/2. The
// factor 4 leaves room for terms of second order.
func Slack(d, sigma float64, n int) float64 {
	mu, eta := d/sigma, float64(n)*201/(sigma*sigma)
	density := math.Exp(-mu*mu/8) / math.Sqrt(2*math.Pi)
	return 4 * eta / (mu * density)
}
