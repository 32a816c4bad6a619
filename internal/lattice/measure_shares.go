package lattice

import (
	"cmp"
	"slices"
	"sort"
)

// Shares is Iyengar's measure [1]: a row loses the share of the column's domain
// that its label covers, all of it where it is suppressed. With a the smallest
// share of a value, N rows and S those suppressed, and both factors 1,
//
//	L = sum over kept r of share(r) + |S|
//	x = max(0, (L - N a) / (N - N a)), cut off after ten digits.
//
// Generalization g weighs what kept rows lose, and the least that they can. A
// suppressed row loses its share all the same, and the rest by the factor s:
// as one of them is 1, L is g times the shares of all rows, and s (1 - g share)
// more of each suppressed row. No suppressed row loses less than it would if
// it were kept.
//
// [1] Iyengar (2002). Transforming data to satisfy privacy constraints.
// KDD 2002, 279–288.
type Shares struct{ Factors Factors }

// Penalty is the normalized certainty penalty of Xu et al. [1]: as Shares, but
// a label that covers a single value loses nothing, and nothing is subtracted,
//
//	x = L / N, cut off after ten digits.
//
// [1] Xu, Wang, Pei, Wang, Shi, Fu (2006). Utility-based anonymization using
// local recoding. KDD 2006, 785–790.
type Penalty struct{ Factors Factors }

func (m Shares) prepare(p *search, j int) columnLoss {
	c := &p.Columns[j]
	return newShareLoss(c.Shares, c.Least*m.Factors.Generalization, m.Factors, p, j)
}

func (m Penalty) prepare(p *search, j int) columnLoss {
	c := &p.Columns[j]
	costs := make([][]float64, len(c.Shares))
	for l, shares := range c.Shares {
		costs[l] = slices.Clone(shares)
		for i, share := range shares {
			if share <= c.Least*(1+singleSlack) {
				costs[l][i] = 0
			}
		}
	}
	return newShareLoss(costs, 0, m.Factors, p, j)
}

// singleSlack keeps rounding from making one value many.
const singleSlack = 1e-9

// shareLoss is the loss of a column by what a row of each label costs, which
// never falls with the level.
type shareLoss struct {
	Factors
	n     int64 // rows
	least float64
	cost  [][]float64 // by level and label
	rows  [][]int64   // by level and label
	total []float64   // sum of the costs of all rows, by level
	top   []shareSums // by level
	// below[l][low] is, by label at level l, the largest cost that its values
	// have at a lower level.
	below [][][]float64
}

func newShareLoss(cost [][]float64, least float64, f Factors, p *search, j int) *shareLoss {
	s := &shareLoss{Factors: f, n: p.n, least: least, cost: cost, rows: p.rows[j]}
	for l := range cost {
		total := 0.0
		for label, n := range s.rows[l] {
			total += cost[l][label] * float64(n)
		}
		s.total = append(s.total, total)
		s.top = append(s.top, sumShares(cost[l], s.rows[l]))
		s.below = append(s.below, largestBelow(p.Columns[j].Codes, cost, l))
	}
	return s
}

// at adds up in the order of the labels, so that nothing depends on the order
// of tuples.
func (s *shareLoss) at(level int, count []int64, n int64) float64 {
	return cut(s.normal(s.sum(level, count, n)))
}

func (s *shareLoss) sum(level int, count []int64, n int64) float64 {
	if s.Generalization == 1 && s.Suppression == 1 {
		sum := float64(n)
		cost, rows := s.cost[level], s.rows[level]
		for c, k := range count {
			sum += cost[c] * float64(rows[c]-k)
		}
		return sum
	}
	lost := 0.0
	for c, k := range count {
		lost += s.cost[level][c] * float64(k)
	}
	return s.weigh(s.total[level], n, lost)
}

// weigh is L by the costs of all rows, and what n suppressed rows cost of that.
func (s *shareLoss) weigh(total float64, n int64, lost float64) float64 {
	return s.Generalization*total + s.Suppression*(float64(n)-s.Generalization*lost)
}

func (s *shareLoss) bound(level, low int, count []int64, n int64) float64 {
	switch {
	case count == nil:
		return s.normal(s.Generalization * s.total[low])
	case level == low:
		return s.normal(s.sum(level, count, n))
	}
	have := 0.0 // the rows of count cost at the lower level, at most
	for label, cost := range s.below[level][low] {
		have += cost * float64(count[label])
	}
	return s.normal(s.weigh(s.total[low], n, min(have, s.top[low].largest(n))))
}

// normal is x of a sum of costs, before it is cut off.
func (s *shareLoss) normal(sum float64) float64 {
	if s.least >= 1 || s.n == 0 {
		return 0
	}
	low := float64(s.n) * s.least
	return min(1, max(0, (sum-low)/(float64(s.n)-low)))
}

// shareSums answers how large the sum of the n largest row costs is.
type shareSums struct {
	rows []int64   // of the i+1 labels of largest cost
	sums []float64 // their costs, times their rows
	cost []float64
}

// largestBelow is, by lower level and label at level l, the largest cost at
// the lower level of the values of the label.
func largestBelow(codes [][]uint32, cost [][]float64, l int) [][]float64 {
	below := make([][]float64, l)
	for low := range below {
		below[low] = make([]float64, len(cost[l]))
		for v, label := range codes[l] {
			below[low][label] = max(below[low][label], cost[low][codes[low][v]])
		}
	}
	return below
}

func sumShares(cost []float64, rows []int64) shareSums {
	order := make([]int, len(cost))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cost[b], cost[a]) })
	var s shareSums
	n, sum := int64(0), 0.0
	for _, label := range order {
		n += rows[label]
		sum += cost[label] * float64(rows[label])
		s.rows = append(s.rows, n)
		s.sums = append(s.sums, sum)
		s.cost = append(s.cost, cost[label])
	}
	return s
}

// largest is the sum of the n largest row costs.
func (s *shareSums) largest(n int64) float64 {
	i := sort.Search(len(s.rows), func(i int) bool { return s.rows[i] >= n })
	if i == len(s.rows) { // more rows than there are
		return s.sums[i-1]
	}
	rows, sum := int64(0), 0.0
	if i > 0 {
		rows, sum = s.rows[i-1], s.sums[i-1]
	}
	return sum + s.cost[i]*float64(n-rows)
}
