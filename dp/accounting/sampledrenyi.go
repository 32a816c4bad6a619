package accounting

import "math"

// sampledGaussianRenyi is the Rényi divergence of (1-q)·N(0,1) + q·N(μ,1) from
// N(0,1), which is the larger of both directions (Mironov, Talwar and Zhang
// 2019, Rényi differential privacy of the sampled Gaussian mechanism,
// arXiv:1908.10530, Theorem 5). It is exact for whole and for other orders:
//
//	e^((α-1)D) = E[(1+u)^α],  u = q·(e^(μz-μ²/2) - 1),  z standard normal,
//
// of which 1 + α·E[u] = 1 is taken off before anything is rounded.
func sampledGaussianRenyi(q, mu float64) func(order float64) float64 {
	return func(a float64) float64 {
		if a == math.Floor(a) && a <= 4096 {
			return wholeOrder(q, mu, a)
		}
		return anyOrder(q, mu, a)
	}
}

// wholeOrder sums Σ_{k≥2} C(α,k)·(1-q)^(α-k)·q^k·(e^(k(k-1)μ²/2) - 1), all of
// whose terms are positive.
func wholeOrder(q, mu, a float64) float64 {
	var sum logSum
	choose := math.Log(a) // ln C(α,k), from k = 1
	logQ, logP := math.Log(q), math.Log1p(-q)
	for k := 2.0; k <= a; k++ {
		choose += math.Log(a-k+1) - math.Log(k)
		sum.add(choose + (a-k)*logP + k*logQ + logExpm1(k*(k-1)*mu*mu/2))
	}
	return log1pExp(sum.log()) / (a - 1)
}

// anyOrder is the integral by the trapezoidal rule, which for an integrand
// analytic in a strip of half width w around the real line errs by e^(-2πw/h)
// (Trefethen and Weideman 2014, SIAM Review 56(3)). Singularities are where
// 1 + u = 0, at least π/μ from the line, so that h = min(1/4, 1/(2μ)) leaves an
// error below e^-39.
func anyOrder(q, mu, a float64) float64 {
	h := min(0.25, 0.5/mu)
	// The integrand is at most a sum of normal densities around 0 to αμ.
	low, high := -12.0, 12+a*mu
	if steps := (high - low) / h; steps > 1<<22 {
		return wholeOrder(q, mu, math.Ceil(a)) // divergences grow with the order
	}
	var sum logSum
	for i := 0.0; low+i*h <= high; i++ {
		z := low + i*h
		sum.add(-z*z/2 + logBregman(a, sampledLoss(q, mu*z-mu*mu/2)))
	}
	return log1pExp(sum.log()+math.Log(h/math.Sqrt(2*math.Pi))) / (a - 1)
}

// logBregman is ln((1+u)^α - 1 - αu), where l = ln(1+u).
func logBregman(a, l float64) float64 {
	if a*math.Abs(l) > 30 && l > 0 {
		return a*l + math.Log1p((a-1)*math.Exp(-a*l)-a*math.Exp((1-a)*l))
	}
	u := math.Expm1(l)
	if math.Abs(u)*max(1, a) > 0.02 {
		return math.Log(math.Expm1(a*l) - a*u)
	}
	// The binomial series from its third term on.
	term := a * (a - 1) / 2 * u * u
	sum := term
	for k := 2.0; k < 12; k++ {
		term *= (a - k) / (k + 1) * u
		sum += term
	}
	return math.Log(sum)
}

// logExpm1 is ln(e^x - 1) for positive x.
func logExpm1(x float64) float64 {
	if x > 40 {
		return x
	}
	return math.Log(math.Expm1(x))
}

// log1pExp is ln(1 + e^x).
func log1pExp(x float64) float64 {
	if x > 40 {
		return x
	}
	return math.Log1p(math.Exp(x))
}
