package lattice

import (
	"cmp"
	"slices"
	"sort"
)

// sumColumn prepares a column: leafRows are the rows of each value.
func sumColumn(c *Column, leafRows []int64) columnSums {
	s := columnSums{least: c.Least}
	for l, codes := range c.Codes {
		shares := c.Shares[l]
		rows := make([]int64, len(shares))
		for v, n := range leafRows {
			rows[codes[v]] += n
		}
		total := 0.0
		for label, n := range rows {
			total += shares[label] * float64(n)
		}
		s.rows = append(s.rows, rows)
		s.total = append(s.total, total)
		s.top = append(s.top, sumShares(shares, rows))
		s.below = append(s.below, largestBelow(c, l))
	}
	return s
}

// largestBelow is, by lower level and label at level l, the largest share at
// the lower level of the values of the label.
func largestBelow(c *Column, l int) [][]float64 {
	below := make([][]float64, l)
	for low := range below {
		below[low] = make([]float64, len(c.Shares[l]))
		for v, label := range c.Codes[l] {
			share := c.Shares[low][c.Codes[low][v]]
			below[low][label] = max(below[low][label], share)
		}
	}
	return below
}

func sumShares(shares []float64, rows []int64) shareSums {
	order := make([]int, len(shares))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	var s shareSums
	n, sum := int64(0), 0.0
	for _, label := range order {
		n += rows[label]
		sum += shares[label] * float64(rows[label])
		s.rows = append(s.rows, n)
		s.sums = append(s.sums, sum)
		s.share = append(s.share, shares[label])
	}
	return s
}

// largest is the sum of the n largest row shares.
func (s *shareSums) largest(n int64) float64 {
	i := sort.Search(len(s.rows), func(i int) bool { return s.rows[i] >= n })
	if i == len(s.rows) { // more rows than there are
		return s.sums[i-1]
	}
	rows, sum := int64(0), 0.0
	if i > 0 {
		rows, sum = s.rows[i-1], s.sums[i-1]
	}
	return sum + s.share[i]*float64(n-rows)
}
