package lattice

import "math"

// NonUniformEntropy is what is lost of the information in a column [1]: with
// n(a) rows of value a and n(g(a)) of its label, the sum over all rows of
// log2(n(g(a))/n(a)), and of suppressed rows the same from their labels to one
// label for all of them, each by its factor. Where Normalized it is divided by
// what one label for all rows loses. It is cut off after ten digits.
//
// The entropy of suppressed rows only grows with more of them, or with finer
// labels.
//
// [1] De Waal, Willenborg (1999). Information loss through global recoding and
// local suppression. Netherlands Official Statistics 14, 17–20.
type NonUniformEntropy struct {
	Factors    Factors
	Normalized bool
}

func (m NonUniformEntropy) prepare(p *search, j int) columnLoss {
	c := &entropyLoss{Factors: m.Factors, whole: 1}
	values := p.rows[j][0]
	for l, codes := range p.Columns[j].Codes {
		sum := 0.0
		for v, n := range values {
			if n > 0 {
				sum += float64(n) * math.Log2(float64(p.rows[j][l][codes[v]])/float64(n))
			}
		}
		c.kept = append(c.kept, m.Factors.Generalization*sum)
	}
	if m.Normalized {
		c.whole = m.Factors.Generalization * entropyOf(values, p.n)
	}
	return c
}

// entropyOf is the sum over n rows, count of each label, of log2(n/count).
func entropyOf(count []int64, n int64) (sum float64) {
	for _, k := range count {
		if k > 0 {
			sum += float64(k) * math.Log2(float64(n)/float64(k))
		}
	}
	return sum
}

type entropyLoss struct {
	Factors
	kept  []float64 // by level
	whole float64   // 0 of a column of one value, which loses nothing
}

func (c *entropyLoss) at(level int, count []int64, n int64) float64 {
	return cut(c.bound(level, level, count, n))
}

func (c *entropyLoss) bound(_, low int, count []int64, n int64) float64 {
	if c.whole == 0 {
		return 0
	}
	return (c.kept[low] + c.Suppression*entropyOf(count, n)) / c.whole
}
