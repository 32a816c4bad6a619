package microaggregate

import (
	"cmp"
	"math"
	"slices"
)

// Univariate is the partition of least SSE of points of one coordinate: an
// optimal class is a run of the sorted points, of k to 2k-1 of them [1], so
// that the best end of the run before each point is found among k. The cost is
// that of sorting and n k. There must be at least k points.
//
// [1] Hansen, Mukherjee (2003). A polynomial algorithm for optimal univariate
// microaggregation. IEEE Transactions on Knowledge and Data Engineering 15(4),
// 1043–1044.
func Univariate(p Points, k int) []int32 {
	order := make([]int32, p.N)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(p.X[a], p.X[b]) })
	best := make([]float64, p.N+1) // SSE of the first i points; infinite where there is no partition
	from := make([]int32, p.N+1)   // start of the last run of that partition
	for i := 1; i <= p.N; i++ {
		best[i] = math.Inf(1)
		// The run ends before i; its mean and SSE grow point by point [Welford].
		mean, sse := 0.0, 0.0
		for n := 1; n <= min(2*k-1, i); n++ {
			x := p.X[order[i-n]]
			d := x - mean
			mean += d / float64(n)
			sse += d * (x - mean)
			if n >= k && best[i-n]+sse < best[i] {
				best[i], from[i] = best[i-n]+sse, int32(i-n)
			}
		}
	}
	class := make([]int32, p.N)
	for end := int32(p.N); end > 0; end = from[end] {
		for _, i := range order[from[end]:end] {
			class[i] = end
		}
	}
	return renumber(class)
}
