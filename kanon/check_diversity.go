package kanon

import (
	"math"
	"slices"
)

// judgeDiversity judges the least diverse class.
func (v *checkedValues) judgeDiversity(m LDiversity) ModelResult {
	r := ModelResult{Model: m.String(), Wanted: m.L, Reached: math.Inf(1), Holds: true}
	if m.Kind == Recursive {
		r.Wanted, r.Reached = m.C, 0
	}
	broken := false // a class has no figure
	var times []int64
	for _, values := range v.classes() {
		total := int64(0)
		times = times[:0]
		for _, f := range values {
			times = append(times, f.times)
			total += f.times
		}
		slices.SortFunc(times, func(a, b int64) int { return int(b - a) })
		switch m.Kind {
		case Distinct:
			r.Reached = min(r.Reached, float64(len(times)))
		case Entropy:
			sum := 0.0
			for _, n := range times {
				p := float64(n) / float64(total)
				sum -= p * math.Log(p)
			}
			r.Holds = r.Holds && sum >= math.Log(m.L)-1e-12
			r.Reached = min(r.Reached, math.Exp(sum))
		case Grassberger:
			sum := estimatedDigamma(total)
			for _, n := range times {
				sum -= float64(n) / float64(total) * estimatedDigamma(n)
			}
			r.Holds = r.Holds && sum >= math.Log(m.L)-1e-12 && len(times) >= int(math.Ceil(m.L))
			r.Reached = min(r.Reached, math.Exp(sum))
		case Recursive:
			if len(times) < int(m.L) {
				broken = true
				continue
			}
			rest := int64(0)
			for _, n := range times[int(m.L)-1:] {
				rest += n
			}
			r.Holds = r.Holds && float64(times[0]) < m.C*float64(rest)*(1-1e-14)
			r.Reached = max(r.Reached, float64(times[0])/float64(rest))
		}
	}
	if m.Kind == Distinct {
		r.Holds = r.Reached >= m.L
	}
	if broken {
		r.Reached, r.Holds = 0, false
	}
	return r
}

// estimatedDigamma is the digamma function of Grassberger's estimate, for the
// even number below n where n is odd and above 1: ln 2 + ψ(n/2 + 1/2), where
// ψ(x) = ψ(x+1) - 1/x, and the asymptotic series is used from 12 on.
func estimatedDigamma(n int64) float64 {
	const gamma = 0.57721566490153286
	if n == 1 {
		return -gamma - math.Ln2
	}
	x := float64(n/2) + 0.5
	sum := math.Ln2
	for x < 12 {
		sum -= 1 / x
		x++
	}
	y := 1 / (x * x)
	return sum + math.Log(x) - 1/(2*x) -
		y*(1./12-y*(1./120-y*(1./252-y*(1./240-y*(1./132-y*691./32760)))))
}

// judgeFrequent judges the class in which one value is the most frequent.
// Smallest is the number of members of the smallest class.
func (v *checkedValues) judgeFrequent(m AlphaK, smallest int64) ModelResult {
	r := ModelResult{Model: m.String(), Wanted: m.Alpha, Holds: smallest >= int64(m.K)}
	for _, values := range v.classes() {
		most, total := int64(0), int64(0)
		for _, f := range values {
			most = max(most, f.times)
			total += f.times
		}
		r.Holds = r.Holds && float64(most) <= m.Alpha*float64(total)
		r.Reached = max(r.Reached, float64(most)/float64(total))
	}
	if smallest < int64(m.K) {
		r.Reached = 1
	}
	return r
}
