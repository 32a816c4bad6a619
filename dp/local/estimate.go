package local

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Estimate is an unbiased estimate with a confidence interval. Lower and Upper
// miss the truth with the probability that was asked for, at most.
type Estimate struct {
	Value, Lower, Upper float64
	// Deviation is the standard deviation of Value, estimated itself.
	Deviation float64
}

// Frequency is the share of rows whose true value is a category.
type Frequency struct {
	Category string
	Share    Estimate
}

func checkAlpha(alpha float64) error {
	if !(alpha > 0 && alpha < 1) {
		return fmt.Errorf("local: alpha is %v, want it between 0 and 1", alpha)
	}
	return nil
}

var errNoRows = errors.New("local: no rows to estimate from")

// frequencies turns counts of answers into estimates of shares.
//
// The interval is that of Clopper and Pearson (1934) for the count, moved to
// shares. It holds for rows that are a sample of a population, whose count is
// binomial, and for the very rows there are, whose count is a sum of independent
// events of probabilities p and q: beyond one row from its mean such a sum is
// more concentrated than a binomial variable of the same mean (Hoeffding 1956, On
// the distribution of the number of successes in independent trials, Ann. Math.
// Statist. 27).
func frequencies(
	categories []string, counts []int64, rows int64, p, q, alpha float64,
) ([]Frequency, error) {
	if err := checkAlpha(alpha); err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, errNoRows
	}
	share := func(of float64) float64 { return (of - q) / (p - q) }
	n := float64(rows)
	out := make([]Frequency, len(categories))
	for i, c := range categories {
		shown := float64(counts[i]) / n
		out[i] = Frequency{Category: c, Share: Estimate{
			Value:     share(shown),
			Lower:     max(0, share(least(counts[i], rows, alpha/2))),
			Upper:     min(1, share(1-least(rows-counts[i], rows, alpha/2))),
			Deviation: math.Sqrt(shown*(1-shown)/n) / (p - q),
		}}
	}
	return out, nil
}

// least is the probability at which count or more of n events happen with
// probability alpha, by bisection.
func least(count, n int64, alpha float64) float64 {
	if count == 0 {
		return 0
	}
	low, high := 0.0, 1.0
	for range 60 {
		p := low + (high-low)/2
		if mathext.RegIncBeta(float64(count), float64(n-count+1), p) < alpha {
			low = p
		} else {
			high = p
		}
	}
	return low
}
