// Package dptest tests mechanisms for differential privacy: it bounds from below
// the ε that they must have, by running them many times on two neighbours.
package dptest

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Alarm is the probability with which the bound of a right mechanism exceeds its
// ε.
const Alarm = 1e-7

// Outcome is what one run of a mechanism gave, as two numbers.
type Outcome [2]float64

// Loss is a lower bound of the ε that a mechanism with the given δ must have if
// with and without run it on two neighbours, each runs times. It exceeds the
// true ε with a probability of at most Alarm.
//
// An event is an outcome in which each number is at least a bound, or at most.
// Half of the runs choose the event that tells the neighbours apart best; the
// others count how often it happens, with the bounds of Clopper and Pearson
// (1934) on both frequencies.
func Loss(runs int, delta float64, with, without func() Outcome) float64 {
	a, b := draw(runs, with), draw(runs, without)
	half := runs / 2
	best, swap := math.Inf(-1), false
	event := func(Outcome) bool { return false }
	for _, e := range events(a[:half:half], b[:half:half]) {
		n, m := count(a[:half], e), count(b[:half], e)
		if loss := guess(n, m, half, delta); loss > best {
			best, event, swap = loss, e, false
		}
		if loss := guess(m, n, half, delta); loss > best {
			best, event, swap = loss, e, true
		}
	}
	n, m := count(a[half:], event), count(b[half:], event)
	if swap {
		n, m = m, n
	}
	return bound(n, m, runs-half, delta)
}

func draw(runs int, f func() Outcome) []Outcome {
	out := make([]Outcome, runs)
	for i := range out {
		out[i] = f()
	}
	return out
}

// events are quarter planes with corners at the outcomes if they are few, and
// at their quantiles otherwise.
func events(a, b []Outcome) []func(Outcome) bool {
	var corners [2][]float64
	for d := range corners {
		var x []float64
		for _, side := range [][]Outcome{a, b} {
			for i := range side {
				x = append(x, side[i][d])
			}
		}
		slices.Sort(x)
		distinct := slices.Compact(slices.Clone(x))
		if len(distinct) > 25 {
			distinct = distinct[:0]
			for q := 1; q < 20; q++ {
				distinct = append(distinct, x[len(x)*q/20])
			}
			distinct = slices.Compact(distinct)
		}
		corners[d] = append(distinct, math.Inf(-1))
	}
	var out []func(Outcome) bool
	for _, x := range corners[0] {
		for _, y := range corners[1] {
			out = append(out,
				func(o Outcome) bool { return o[0] >= x && o[1] >= y },
				func(o Outcome) bool { return !(o[0] > x) && !(o[1] > y) })
		}
	}
	return out
}

func count(outcomes []Outcome, event func(Outcome) bool) int {
	n := 0
	for _, o := range outcomes {
		if event(o) {
			n++
		}
	}
	return n
}

// bound is a lower bound of ln((p-δ)/q) for n and m hits in as many runs.
func bound(n, m, runs int, delta float64) float64 {
	p, q := least(n, runs), 1-least(runs-m, runs)
	if p <= delta {
		return math.Inf(-1)
	}
	return math.Log((p - delta) / q)
}

// least is the probability at which n or more hits in so many runs have the
// probability Alarm/2: the lower bound of Clopper and Pearson.
//
// It bisects the distribution function; distuv.Beta.Quantile does not converge
// for many runs.
func least(n, runs int) float64 {
	if n == 0 {
		return 0
	}
	low, high := 0.0, 1.0
	for range 60 {
		p := low + (high-low)/2
		if mathext.RegIncBeta(float64(n), float64(runs-n+1), p) < Alarm/2 {
			low = p
		} else {
			high = p
		}
	}
	return low
}

// guess is about bound, for the choice among many events.
func guess(n, m, runs int, delta float64) float64 {
	const z, r = 5.33, 1.0
	p, q := float64(n)/float64(runs), float64(m)/float64(runs)
	p -= z * math.Sqrt((p+r/float64(runs))*(1-p)/float64(runs))
	q += z*math.Sqrt((q+r/float64(runs))*(1-q)/float64(runs)) + z*z/2/float64(runs)
	if p <= delta {
		return math.Inf(-1)
	}
	return math.Log((p - delta) / q)
}
