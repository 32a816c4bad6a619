package dp

import (
	"math"

	"github.com/lethe-go/lethe/internal/entropy"
)

// finding is how the bounds of a column are found: with a part of the loss of
// the query.
type finding struct {
	share float64
	// build makes the grid of the bounds found.
	build func(lower, upper float64) (grid, error)
}

const (
	// Magnitudes are told apart by powers of two from 2^lowestPower, below which
	// everything counts as zero, to 2^highestPower, above which everything
	// counts as that.
	lowestPower  = -40
	highestPower = 80
	// magnitudes is the number of the bins on either side of zero.
	magnitudes = highestPower - lowestPower
	// falseBin is the probability with which any empty bin passes for one that
	// holds values.
	falseBin = 0.01
)

// magnitude is the bin of x: zero in the middle, and away from it
// [2^k, 2^(k+1)) for the k-th power from the lowest one on.
func magnitude(x float64) int {
	size := math.Abs(x)
	if size < 0x1p-40 {
		return magnitudes
	}
	_, exponent := math.Frexp(size) // size is in [2^(exponent-1), 2^exponent)
	bin := max(0, min(exponent-1-lowestPower, magnitudes-1)) + 1
	if math.IsInf(size, 1) {
		bin = magnitudes
	}
	if x < 0 {
		return magnitudes - bin
	}
	return magnitudes + bin
}

// ends are the bounds of a bin.
func ends(bin int) (lower, upper float64) {
	k := bin - magnitudes
	switch {
	case k > 0:
		return math.Ldexp(1, lowestPower+k-1), math.Ldexp(1, lowestPower+k)
	case k < 0:
		return -math.Ldexp(1, lowestPower-k), -math.Ldexp(1, lowestPower-k-1)
	}
	return -0x1p-40, 0x1p-40
}

// bounds finds bounds of the values in the sample, after Wilson, Zhang, Lam,
// Desfontaines, Simmons-Marengo and Gipson (2020), Differentially private SQL
// with bounded user contribution, PoPETs 2020(2), arXiv:1909.01917: the numbers of
// values in bins of exponential size are counted with noise, and the bounds are
// those of the outermost bins whose count is above what noise alone reaches in any
// of them with a probability of falseBin. Where none is, the bin of the largest
// count is taken.
//
// A row adds one to one bin, so that the counts have the sensitivity of a
// Count; what follows looks at noisy counts alone.
func (v *view) bounds(column int, n noise, src *entropy.Source) (lower, upper float64) {
	counts := make([]int64, 2*magnitudes+1)
	v.sample.eachPage(func(p *page, n int) {
		for _, x := range p.raws[column][:n] {
			if x == x {
				counts[magnitude(x)]++
			}
		}
	})
	for i := range counts {
		counts[i] = n.Add(src, counts[i])
	}
	threshold := n.Tail(falseBin / float64(len(counts)))
	first, last, most := -1, -1, 0
	for i, count := range counts {
		if count > threshold {
			if first < 0 {
				first = i
			}
			last = i
		}
		if count > counts[most] {
			most = i
		}
	}
	if first < 0 {
		first, last = most, most
	}
	lower, _ = ends(first)
	_, upper = ends(last)
	return lower, upper
}

// find finds the bounds of measure m and codes its numbers in the sample.
func (v *view) find(m int, n noise, src *entropy.Source) (grid, error) {
	of := *v.plan.measures[m]
	var err error
	whole := of.grid.whole
	if of.grid, err = of.find.build(v.bounds(of.column, n, src)); err != nil {
		return grid{}, err
	}
	of.grid.whole = whole
	v.sample.eachPage(func(p *page, rows int) {
		p.values[m] = make([]int32, rows)
		of.code(p.raws[of.column][:rows], p.values[m])
	})
	return of.grid, nil
}
