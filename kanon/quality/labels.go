package quality

import "math"

// granularity is the loss metric of Iyengar (2002), Transforming data to
// satisfy privacy constraints, KDD.
func (m *comparison) granularity(r *Report) {
	var a aggregate
	for i, v := range m.views {
		if v.hierarchy == nil {
			r.Columns[i].Granularity = 1
			continue
		}
		sum := float64(m.rows - m.released)
		for _, id := range v.out {
			sum += v.labels[id].share
		}
		least := 0.0
		for value, n := range v.counts {
			least += float64(n) * v.least[value]
		}
		r.Columns[i].Granularity = a.add(sum, least, float64(m.rows), float64(m.rows))
	}
	r.Granularity, r.GranularityGeometric = a.mean(), a.geometric()
}

// intensity is precision, from Sweeney (2002), Achieving k-anonymity privacy
// protection using generalization and suppression, IJUFKS 10(5), 571–588.
func (m *comparison) intensity(r *Report) {
	var a aggregate
	for i, v := range m.views {
		if v.hierarchy == nil {
			r.Columns[i].Intensity = 1
			continue
		}
		sum := float64(m.rows - m.released)
		for _, id := range v.out {
			sum += float64(v.labels[id].low) / float64(v.levels)
		}
		r.Columns[i].Intensity = a.add(sum, 0, float64(m.rows), float64(m.rows))
	}
	r.Intensity = a.mean()
}

// missing counts the cells that say nothing.
func (m *comparison) missing(r *Report) {
	if m.rows == 0 {
		return
	}
	for i, v := range m.views {
		cells := m.rows - m.released
		for _, id := range v.out {
			if v.labels[id].missing {
				cells++
			}
		}
		r.Columns[i].Missing = float64(cells) / float64(m.rows)
		r.Missing += r.Columns[i].Missing / float64(len(m.views))
	}
}

// aggregate adds up results of columns, each with its least and its greatest
// possible value.
type aggregate struct {
	result, least, most          float64
	logResult, logLeast, logMost float64
	columns                      float64
}

// add takes in the sums of a column over n rows and returns its score.
func (a *aggregate) add(result, least, most, n float64) float64 {
	if n == 0 {
		return 1
	}
	result, least, most = result/n, least/n, most/n
	a.result, a.least, a.most = a.result+result, a.least+least, a.most+most
	a.logResult += math.Log1p(result)
	a.logLeast += math.Log1p(least)
	a.logMost += math.Log1p(most)
	a.columns++
	return score(result, least, most)
}

// mean is the score of the arithmetic means.
func (a *aggregate) mean() float64 { return score(a.result, a.least, a.most) }

// geometric is the score of the geometric means Π(x+1)^(1/m) − 1.
func (a *aggregate) geometric() float64 {
	if a.columns == 0 {
		return 1
	}
	root := func(log float64) float64 { return math.Expm1(log / a.columns) }
	return score(root(a.logResult), root(a.logLeast), root(a.logMost))
}

// rounded is more than the share of itself by which rounding moves a sum.
const rounded = 1e-12

// score brings a result between the least and the greatest possible to the
// scale of 1 to 0. It is 1 where there was nothing to lose, and where nothing
// was: the sums of both are made in different orders.
func score(result, least, most float64) float64 {
	if !(most > least) || result-least <= rounded*most {
		return 1
	}
	return 1 - min(1, max(0, (result-least)/(most-least)))
}
