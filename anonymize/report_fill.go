package anonymize

import (
	"math"
	"math/bits"
	"slices"
)

// maxShares is how many bars a distribution has at most in a report.
const maxShares = 60

// addClasses counts classes more of the given size in Classes, Smallest,
// Largest, Mean, SizeFrom, Sizes and Members. Sizes and counts below one are
// not there and change nothing. The order of calls does not matter.
func (c *ClassReport) addClasses(size, classes int64) {
	if size < 1 || classes < 1 {
		return
	}
	if c.Classes == 0 || size < c.Smallest {
		c.Smallest = size
	}
	c.Largest = max(c.Largest, size)
	bin := bits.Len64(uint64(size)) - 1
	for i := len(c.SizeFrom); i <= bin; i++ {
		c.SizeFrom = append(c.SizeFrom, 1<<i)
		c.Sizes = append(c.Sizes, 0)
		c.Members = append(c.Members, 0)
	}
	c.Sizes[bin] += classes
	c.Members[bin] += size * classes
	c.Classes += classes
	var members int64
	for _, m := range c.Members {
		members += m
	}
	c.Mean = float64(members) / float64(c.Classes)
}

// setShares sets Values, Labels, Ordered, Before and After from the share of
// rows of each distinct value and of each label. In an ordered column both are
// in domain order. In others they are sorted here, so that the position of a
// bar says nothing about its value. Shares are rounded to four digits, so that
// they are no exact counts of rare values. The slices are not kept.
func (c *ColumnReport) setShares(before, after []float64, ordered bool) {
	c.Values, c.Labels = int64(len(before)), int64(len(after))
	c.Ordered = ordered
	c.Before, c.After = foldShares(before, ordered), foldShares(after, ordered)
}

// foldShares adds up neighbours until at most maxShares are left.
func foldShares(shares []float64, ordered bool) []float64 {
	shares = slices.Clone(shares)
	if !ordered {
		slices.SortFunc(shares, func(a, b float64) int {
			switch {
			case a > b:
				return -1
			case a < b:
				return 1
			}
			return 0
		})
	}
	width := max(1, (len(shares)+maxShares-1)/maxShares)
	var folded []float64
	for group := range slices.Chunk(shares, width) {
		var sum float64
		for _, s := range group {
			sum += s
		}
		folded = append(folded, math.Round(sum*1e4)/1e4)
	}
	return folded
}
