package microagg

import (
	"cmp"
	"math"
	"slices"
)

// Univariate is the optimal partition of values on a line: classes of the best
// partition are runs of sorted values, of k to 2k−1 values each, so that the
// best end of each prefix of them follows from those before. Cost: sorting, and
// k steps a value.
//
// Hansen, Mukherjee (2003). A polynomial algorithm for optimal univariate
// microaggregation. IEEE TKDE 15(4), 1043–1044.
func Univariate(x []float64, k int) []int32 {
	n := len(x)
	order := indices(n)
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(x[a], x[b]), cmp.Compare(a, b))
	})
	class := make([]int32, n)
	if n < 2*k {
		return class
	}
	// best[i] is the least SSE of the first i values, whose last class is from
	// start[i]. The SSE of a run comes from sums of the values less the one it
	// starts at, which keeps them from cancelling.
	best := make([]float64, n+1)
	start := make([]int, n+1)
	for i := range best {
		best[i] = math.Inf(1)
	}
	best[0] = 0
	for from := 0; from+k <= n; from++ {
		if math.IsInf(best[from], 1) {
			continue
		}
		sum, squares := 0.0, 0.0
		for to := from; to < min(n, from+2*k-1); to++ {
			d := x[order[to]] - x[order[from]]
			sum += d
			squares += d * d
			size := to + 1 - from
			if size < k {
				continue
			}
			sse := best[from] + max(0, squares-sum*sum/float64(size))
			if sse < best[to+1] {
				best[to+1], start[to+1] = sse, from
			}
		}
	}
	number := int32(0)
	for end := n; end > 0; end = start[end] {
		for _, i := range order[start[end]:end] {
			class[i] = number
		}
		number++
	}
	return class
}
