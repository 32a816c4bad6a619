package quality

import "math"

// squaredError compares each value with the furthest number that its label
// covers, or with the furthest of the original where that is nearer.
func (m *comparison) squaredError(r *Report) {
	var a aggregate
	for i, v := range m.views {
		sum, most := 0.0, 0.0
		least, largest := v.original()
		for row, value := range v.in {
			x := v.at[value]
			worst := furthest(x, least, largest)
			sum += min(furthest(x, m.label(v, row).from, m.label(v, row).to), worst)
			most += worst
		}
		r.Columns[i].SquaredError = a.add(sum, 0, most, float64(m.rows))
	}
	r.Paired.SquaredError = a.mean()
}

// furthest is the square of the larger distance from x to the ends.
func furthest(x, from, to float64) float64 {
	d := max(math.Abs(x-from), math.Abs(x-to))
	return d * d
}

// label is what the release says of an original row.
func (m *comparison) label(v *view, row int) *label {
	id := v.gone
	if p := m.pair[row]; p != gone {
		id = v.out[p]
	}
	return &v.labels[id]
}

// original are the least and the greatest number of the original column.
func (v *view) original() (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, x := range v.at {
		least, most = min(least, x), max(most, x)
	}
	return least, most
}

// both are the least and the greatest number of the original column and of what
// the labels of the release cover.
func (m *comparison) both(v *view) (least, most float64) {
	least, most = v.original()
	for row := range m.pair {
		l := m.label(v, row)
		least, most = min(least, l.from), max(most, l.to)
	}
	return least, most
}

// spread is the mean and the variance of the original column.
func (m *comparison) spread(v *view) (mean, variance float64) {
	n := float64(m.rows)
	for value, count := range v.counts {
		mean += v.at[value] * float64(count) / n
	}
	for value, count := range v.counts {
		d := v.at[value] - mean
		variance += d * d * float64(count) / n
	}
	return mean, variance
}

// rowError adds up the Euclidean distances of rows in standard deviations, over
// those to the furthest number of either table.
func (m *comparison) rowError(r *Report) {
	squares, worst := make([]float64, m.rows), make([]float64, m.rows)
	for _, v := range m.views {
		_, variance := m.spread(v)
		if !(variance > 0) {
			continue
		}
		least, largest := m.both(v)
		for row, value := range v.in {
			x, l := v.at[value], m.label(v, row)
			squares[row] += furthest(x, l.from, l.to) / variance
			worst[row] += furthest(x, least, largest) / variance
		}
	}
	sum, most := 0.0, 0.0
	for row := range squares {
		sum += math.Sqrt(squares[row])
		most += math.Sqrt(worst[row])
	}
	r.Paired.RowError = score(sum, 0, most)
}

// sumOfSquares compares the middles of labels with the values, and with the
// means of the columns.
func (m *comparison) sumOfSquares(r *Report) {
	within, total := 0.0, 0.0
	for _, v := range m.views {
		mean, _ := m.spread(v)
		for row, value := range v.in {
			l := m.label(v, row)
			middle := l.from + (l.to-l.from)/2
			within += (v.at[value] - middle) * (v.at[value] - middle)
			total += (middle - mean) * (middle - mean)
		}
	}
	switch {
	case within == 0:
		r.Paired.SumOfSquares = 1
	case total > 0:
		r.Paired.SumOfSquares = score(within, 0, total)
	}
}
