package quality

import "math"

// entropy is the information lost about each value by the label it got,
// measured step by step over the levels that occur in the release: from one to
// the next, −log₂ of the share of the label above that the label below has,
// among the rows generalized at least that far.
func (m *comparison) entropy(r *Report) {
	var a aggregate
	for i, v := range m.views {
		if v.hierarchy == nil {
			continue
		}
		lost := m.lostBits(v)
		all, n := 0.0, float64(m.rows)
		for _, count := range v.counts {
			if count > 0 {
				all -= float64(count) * math.Log2(float64(count)/n)
			}
		}
		r.Columns[i].Entropy = a.add(lost, 0, all, n)
	}
	r.Paired.Entropy = a.mean()
}

func (m *comparison) lostBits(v *view) float64 {
	level := make([]int, m.rows) // of each original row
	occurs := make([]bool, v.levels+1)
	for row, p := range m.pair {
		level[row] = v.levels
		if p != gone {
			level[row] = v.labels[v.out[p]].low
		}
		occurs[level[row]] = true
	}
	lost := 0.0
	below := v.general[0]
	for l := range occurs {
		if !occurs[l] {
			continue
		}
		above := v.general[l]
		fine, coarse := make([]float64, len(v.labels)), make([]float64, len(v.labels))
		for row, value := range v.in {
			if level[row] >= l {
				fine[below[value]]++
				coarse[above[value]]++
			}
		}
		for row, value := range v.in {
			if level[row] >= l {
				lost -= math.Log2(fine[below[value]] / coarse[above[value]])
			}
		}
		below = above
	}
	return lost
}
