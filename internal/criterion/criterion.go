// Package criterion holds the conditions that privacy models put on one class:
// on how often each value of a sensitive column occurs in it. It works on
// numbers and knows neither values nor labels.
//
// A Histogram is kept up to date by adding and removing what one tuple has of
// each value, so that a search which moves tuples between classes pays for
// what it moves. A Criterion is a plain struct and safe for concurrent use; a
// Histogram belongs to one goroutine.
package criterion

import "math"

// Monotone says how a Criterion behaves when classes merge. It is about
// histograms that add up; those that count people need not.
type Monotone int

const (
	// Neither is promised.
	Neither Monotone = iota
	// Unions of classes that satisfy the criterion satisfy it. The parts of a
	// class that does not may.
	Unions
	// Parts of a class that fails fail, all of them. Then every class that
	// holds one that satisfies the criterion satisfies it, too.
	Parts
)

// Criterion is a condition on the histogram of a class. The set is closed.
type Criterion interface {
	// Distinct is how many distinct values a class has at least that satisfies
	// the criterion. It is at least 1, and monotone by Parts.
	Distinct() int
	// Judge is asked of histograms of at least that many values and says
	// whether the class satisfies the criterion.
	//
	// Where it does not, let C be the class, of n rows, and K any union of
	// parts of C that all satisfy the criterion. Then at least lost rows of C
	// are not in K. It is a real number, computed with rounding, may be below
	// zero where nothing is known, and is infinite where K is empty.
	Judge(h *Histogram) (holds bool, lost float64)
	// Monotone says what merging classes does, which is what lost rests on.
	Monotone() Monotone

	criterion()
}

// Hold says whether a class satisfies all criteria.
func Hold(criteria []Criterion, h *Histogram) bool {
	for _, c := range criteria {
		if h.Distinct() < c.Distinct() {
			return false
		}
		if holds, _ := c.Judge(h); !holds {
			return false
		}
	}
	return true
}

// atMost bounds K by the share of one value: with top of n rows of C having
// it, and at most that share of K, |K| <= share |K| + n - top.
func atMost(share float64, top, n int64) (lost float64) {
	if share >= 1 {
		return 0
	}
	return float64(n) - float64(n-top)/(1-share)
}

// none is how much is lost where no part of a class satisfies a criterion.
func none() float64 { return math.Inf(1) }
