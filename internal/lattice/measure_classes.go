package lattice

import "math"

// Discernibility is the sum over all rows of how many they cannot be told from:
// the size of the class, or all N where the row is suppressed [1].
//
// [1] Bayardo, Agrawal (2005). Data privacy through optimal k-anonymization.
// ICDE 2005, 217–228.
type Discernibility struct{}

// Ambiguity is the sum over all rows of how many combinations of values their
// labels stand for, the product of share times the size of the domain [1].
// Suppressed rows stand for all.
//
// [1] Goldberger, Tassa (2010). Efficient anonymizations with enhanced utility.
// Transactions on Data Privacy 3(2), 149–175.
type Ambiguity struct{}

// Information is the entropy-based information loss, the sum over all rows of
// the logarithm of what Ambiguity counts, over the largest such: from 0 to 1 a
// row, 1 where it is suppressed, each by its factor.
type Information struct{ Factors Factors }

// byClass adds up what each class costs.
type byClass struct {
	p       *search
	cost    classCost
	initial [][]float64
}

// classCost is what a class costs by its rows and the product of its shares.
// A class that coarsens others costs no less than they do together, if each is
// charged the less of cost and gone.
type classCost interface {
	kept(rows int64, shares float64) float64
	gone(rows int64) float64 // of suppressed rows
}

func (m Discernibility) prepare(p *search) measuring {
	return newByClass(p, discernibility{float64(p.n)})
}

func (m Ambiguity) prepare(p *search) measuring { return newByClass(p, ambiguity{p.domain()}) }

func (m Information) prepare(p *search) measuring {
	return newByClass(p, information{m.Factors, math.Log10(p.domain())})
}

// domain is how many combinations of values there are, 1 over the smallest
// share of each column.
func (p *search) domain() float64 {
	size := 1.0
	for j := range p.Columns {
		size /= p.Columns[j].Least
	}
	return size
}

type discernibility struct{ n float64 }

func (discernibility) kept(rows int64, _ float64) float64 { return float64(rows) * float64(rows) }
func (d discernibility) gone(rows int64) float64          { return float64(rows) * d.n }

type ambiguity struct{ domain float64 }

func (a ambiguity) kept(rows int64, shares float64) float64 { return float64(rows) * shares * a.domain }
func (a ambiguity) gone(rows int64) float64                 { return float64(rows) * a.domain }

type information struct {
	Factors
	most float64 // log10 of the domain
}

func (i information) kept(rows int64, shares float64) float64 {
	lost := 0.0
	if i.most > 0 {
		lost = min(1, max(0, math.Log10(shares)/i.most+1))
	}
	return i.Generalization * float64(rows) * lost
}

func (i information) gone(rows int64) float64 { return i.Suppression * float64(rows) }

// newByClass bounds a vector by each of its columns alone, with the others at
// their lowest.
func newByClass(p *search, cost classCost) *byClass {
	m := &byClass{p: p, cost: cost}
	s := p.newScratch()
	m.initial = p.alone(s, func(levels []uint8) float64 {
		sum := 0.0
		for c, rows := range s.rows {
			sum += m.least(s, levels, c, rows)
		}
		return sum
	})
	return m
}

// alone calls f with the classes of each column at each of its levels, and of
// the others at their lowest, in s. What it returns does not fall with the
// level.
func (p *search) alone(s *scratch, f func(levels []uint8) float64) [][]float64 {
	all := make([][]float64, len(p.Columns))
	for j := range p.Columns {
		all[j] = make([]float64, len(p.Columns[j].Codes))
		levels := p.lowest()
		least := math.Inf(-1)
		for l := p.Columns[j].Min; l <= p.Columns[j].Max; l++ {
			levels[j] = uint8(l)
			p.rollUp(s, p.base, levels, math.MaxInt)
			least = max(least, f(levels)) // which it is but for rounding
			all[j][l] = least
		}
	}
	return all
}

// shares is the product of the shares of a class.
func (m *byClass) shares(s *scratch, levels []uint8, class int) float64 {
	product := 1.0
	for j, label := range s.classes.labels(class) {
		product *= m.p.Columns[j].Shares[levels[j]][label]
	}
	return product
}

// least is what the rows of a class cost at least, kept or suppressed.
func (m *byClass) least(s *scratch, levels []uint8, class int, rows int64) float64 {
	return min(m.cost.kept(rows, m.shares(s, levels, class)), m.cost.gone(rows))
}

func (m *byClass) first(j, l int) float64       { return m.initial[j][l] }
func (m *byClass) join(parts []float64) float64 { return largestOf(parts) }
func (m *byClass) join2(a, b float64) float64   { return max(a, b) }
func (m *byClass) loss(s score) float64         { return s.value }

// learn knows what the suppressed rows cost, whatever the others do.
func (m *byClass) learn(rec *record, s *scratch) { rec.same(m.cost.gone(s.suppressed)) }

func (m *byClass) bound(s *scratch, levels []uint8) float64 {
	sum, suppressed := 0.0, int64(0)
	for c, rows := range s.rows {
		if s.mark[c] == markSuppressed {
			suppressed += rows
		} else {
			sum += m.least(s, levels, c, rows)
		}
	}
	return sum + m.cost.gone(suppressed)
}

func (m *byClass) score(s *scratch, levels []uint8) score {
	sum := 0.0
	for c, rows := range s.rows {
		if s.mark[c] != markSuppressed {
			sum += m.cost.kept(rows, m.shares(s, levels, c))
		}
	}
	return score{value: sum + m.cost.gone(s.suppressed)}
}
