package lattice

import (
	"maps"
	"math"
	"slices"
)

// recoded is a table at a vector of levels, tuple by tuple, for the oracle.
type recoded struct {
	p      *Problem
	levels []uint8
	labels [][]uint32 // of each tuple
	kept   []bool
	class  []int64 // rows of the class of each tuple
}

// drawnMeasure is one of all; of the factors one is 1.
func drawnMeasure(r source, columns int) Measure {
	f := []Factors{{1, 1}, {1, 1}, {0, 1}, {0.3, 1}, {1, 0.6}, {1, 0}}[r.IntN(6)]
	if r.IntN(3) > 0 {
		m := ByColumn{
			Loss: []ColumnLoss{Shares{f}, Shares{f}, Penalty{f}, Precision{f}, Height{},
				NonUniformEntropy{Factors: f}, NonUniformEntropy{f, true}}[r.IntN(7)],
			Aggregate: Aggregate(r.IntN(5)),
		}
		if r.IntN(3) == 0 {
			m.Weights = make([]float64, columns)
			for j := range m.Weights {
				m.Weights[j] = []float64{1, 0.5, 0.25, 0}[r.IntN(4)]
			}
		}
		return m
	}
	f.Suppression = max(f.Suppression, 0.1)
	return []Measure{nil, Discernibility{}, Ambiguity{}, Information{f}, AverageClass{f},
		Divergence{}}[r.IntN(6)]
}

func (r recoded) rows() (n float64) {
	for _, rows := range r.p.Rows {
		n += float64(rows)
	}
	return n
}

func (r recoded) suppressed() (n float64) {
	for i, rows := range r.p.Rows {
		if !r.kept[i] {
			n += float64(rows)
		}
	}
	return n
}

// share of the domain of column j that the label of a tuple covers.
func (r recoded) share(tuple, j int) float64 {
	return r.p.Columns[j].Shares[r.levels[j]][r.labels[tuple][j]]
}

func (r recoded) score(m Measure) score {
	switch m := m.(type) {
	case nil:
		return r.byColumn(plain())
	case ByColumn:
		return r.byColumn(m)
	}
	n, s := r.rows(), r.suppressed()
	domain := 1.0
	for _, c := range r.p.Columns {
		domain /= c.Least
	}
	value, classes := 0.0, 0.0
	for i, count := range r.p.Rows {
		if count == 0 {
			continue
		}
		rows, class, volume := float64(count), float64(r.class[i]), domain
		for j := range r.levels {
			volume *= r.share(i, j)
		}
		switch m := m.(type) {
		case Discernibility:
			if !r.kept[i] {
				class = n
			}
			value += rows * class
		case Ambiguity:
			if !r.kept[i] {
				volume = domain
			}
			value += rows * volume
		case Information:
			switch {
			case !r.kept[i]:
				value += m.Factors.Suppression * rows
			case domain > 1:
				value += m.Factors.Generalization * rows * math.Log(volume) / math.Log(domain)
			}
		case AverageClass:
			if r.kept[i] {
				classes += rows / class
			}
		case Divergence:
			if !r.kept[i] {
				class, volume = s, domain
			}
			value += rows * rows / n * math.Log2(rows*volume/class)
		}
	}
	if m, ok := m.(AverageClass); ok {
		weight := m.Factors.Suppression * math.Round(classes)
		if s > 0 {
			weight += m.Factors.Generalization
		}
		value = n / weight
	}
	return score{value: value}
}

func (r recoded) byColumn(m ByColumn) score {
	var xs []float64
	for j := range r.levels {
		x := r.columnLoss(m.Loss, j)
		if m.Weights != nil {
			x *= m.Weights[j]
		}
		xs = append(xs, x)
	}
	out := score{}
	switch m.Aggregate {
	case GeometricMean:
		out.value = 1
		for _, x := range xs {
			out.value *= 1 + x
		}
	case ArithmeticMean:
		for _, x := range xs {
			out.value += x / float64(len(xs))
		}
	case Sum:
		for _, x := range xs {
			out.value += x
		}
	case Maximum:
		out.value = slices.Max(xs)
	case Rank:
		slices.Sort(xs)
		slices.Reverse(xs)
		out.value, out.rank = xs[0], xs
	}
	return out
}

func (r recoded) columnLoss(m ColumnLoss, j int) float64 {
	c, n, s := &r.p.Columns[j], r.rows(), r.suppressed()
	switch m := m.(type) {
	case Shares:
		least := m.Factors.Generalization * c.Least
		if least >= 1 {
			return 0
		}
		sum := r.costs(m.Factors, func(i int) float64 { return r.share(i, j) })
		return cut(max(0, (sum-n*least)/(n-n*least)))
	case Penalty:
		return cut(r.costs(m.Factors, func(i int) float64 {
			if math.Abs(r.share(i, j)-c.Least) < 1e-9 {
				return 0
			}
			return r.share(i, j)
		}) / n)
	case Precision:
		level := 0.0
		if c.Height > 0 {
			level = float64(r.levels[j]) / float64(c.Height)
		}
		return ((n-s)*m.Factors.Generalization*level + s*m.Factors.Suppression) / n
	case Height:
		return float64(r.levels[j])
	case NonUniformEntropy:
		own, label, gone := map[uint32]float64{}, map[uint32]float64{}, map[uint32]float64{}
		value := make([]uint32, len(r.labels))
		r.p.Layout.Get(r.p.Keys, j, value)
		for i, rows := range r.p.Rows {
			own[value[i]] += float64(rows)
			label[r.labels[i][j]] += float64(rows)
			if !r.kept[i] {
				gone[r.labels[i][j]] += float64(rows)
			}
		}
		sum, all := 0.0, 0.0
		for i, rows := range r.p.Rows {
			if rows == 0 {
				continue
			}
			k := float64(rows)
			sum -= m.Factors.Generalization * k * math.Log2(own[value[i]]/label[r.labels[i][j]])
			all -= m.Factors.Generalization * k * math.Log2(own[value[i]]/n)
			if !r.kept[i] {
				sum -= m.Factors.Suppression * k * math.Log2(gone[r.labels[i][j]]/s)
			}
		}
		if m.Normalized && all < 1e-12 {
			return 0
		}
		if m.Normalized {
			sum /= all
		}
		return cut(sum + 1e-13)
	}
	panic("unknown")
}

// near says whether two scores are the same but for rounding.
func (s score) near(o score) bool {
	const slack = 1e-9
	return math.Abs(s.value-o.value) <= slack*max(1, math.Abs(s.value)) &&
		slices.EqualFunc(s.rank, o.rank, func(a, b float64) bool { return math.Abs(a-b) <= slack*max(1, a) })
}

// costs adds up what rows lose; where nothing is weighed, by label as the
// search does, so that ties are exact.
func (r recoded) costs(f Factors, share func(tuple int) float64) (sum float64) {
	if f == (Factors{1, 1}) {
		kept := map[float64]int64{}
		for i, rows := range r.p.Rows {
			if r.kept[i] {
				kept[share(i)] += rows
			}
		}
		sum = r.suppressed()
		for _, s := range slices.Sorted(maps.Keys(kept)) {
			sum += s * float64(kept[s])
		}
		return sum
	}
	for i, rows := range r.p.Rows {
		switch {
		case r.kept[i]:
			sum += float64(rows) * f.Generalization * share(i)
		case f.Suppression == 1:
			sum += float64(rows)
		default:
			sum += float64(rows) * (share(i) + f.Suppression*(1-share(i)))
		}
	}
	return sum
}
