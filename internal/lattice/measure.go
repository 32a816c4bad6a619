package lattice

import (
	"math"
	"slices"
)

// Measure says how much a vector of levels loses. The set is closed: the
// measures of columns in ByColumn, and those of classes.
type Measure interface {
	prepare(p *search) measuring
}

// measuring is a Measure of one problem.
//
// A bound of what a vector loses is made of parts, one a column, which join
// puts together. It never falls when a part grows.
type measuring interface {
	// first is the part of column j at level l in any vector, whatever is
	// suppressed. It does not fall with the level.
	first(j, l int) float64
	// learn fills the parts that hold of every vector below the one in s, in
	// which the rows that s counts as suppressed are so at least.
	learn(rec *record, s *scratch)
	// bound is one of the vector in s, if more rows are suppressed or none.
	bound(s *scratch, levels []uint8) float64
	// score is what the vector in s loses.
	score(s *scratch, levels []uint8) score
	// join puts parts together, and join2 two of them: join of none is one
	// that changes nothing.
	join(parts []float64) float64
	join2(a, b float64) float64
	// loss is what a score is to the caller.
	loss(s score) float64
}

// score is by which vectors are compared: by value, then by rank.
type score struct {
	value float64
	rank  []float64 // nil but for Rank
}

func (s score) compare(o score) int {
	switch {
	case s.value < o.value:
		return -1
	case s.value > o.value:
		return 1
	}
	return slices.Compare(s.rank, o.rank)
}

// Factors weigh what is lost by suppression and by generalization against each
// other. Both lie from 0 to 1, and one of them is 1.
type Factors struct{ Suppression, Generalization float64 }

// Aggregate is how the losses x_j of m columns, times their weights w_j, are
// one loss.
type Aggregate int

const (
	GeometricMean  Aggregate = iota // product of (1 + w_j x_j), to the power of 1/m, less 1
	ArithmeticMean                  // sum of w_j x_j / m
	Sum                             // sum of w_j x_j
	Maximum                         // largest w_j x_j
	Rank                            // largest w_j x_j, then the second largest, and so on
)

// part is what a column adds to a bound, or a score, by its loss.
func (a Aggregate) part(x, weight float64, columns int) float64 {
	switch a {
	case GeometricMean:
		return 1 + weight*x
	case ArithmeticMean:
		return x / float64(columns) * weight
	}
	return weight * x
}

func (a Aggregate) join2(x, y float64) float64 {
	switch a {
	case GeometricMean:
		return x * y
	case Maximum, Rank:
		return max(x, y)
	}
	return x + y
}

func (a Aggregate) join(parts []float64) float64 {
	switch a {
	case GeometricMean:
		product := 1.0
		for _, x := range parts {
			product *= x
		}
		return product
	case Maximum, Rank:
		return largestOf(parts)
	}
	sum := 0.0
	for _, x := range parts {
		sum += x
	}
	return sum
}

// largestOf is the largest of some numbers, minus infinity of none.
func largestOf(xs []float64) float64 {
	most := math.Inf(-1)
	for _, x := range xs {
		most = max(most, x)
	}
	return most
}

// loss is the aggregate by its joined parts.
func (a Aggregate) loss(joined float64, columns int) float64 {
	if a == GeometricMean {
		return min(1, max(0, math.Pow(joined, 1/float64(columns))-1)) // so but for rounding
	}
	return joined
}

// cut cuts a loss off after ten digits. Exact ties between vectors stay ties.
func cut(x float64) float64 { return math.Floor(x*1e10) / 1e10 }

// same makes one number the part of every column, for measures that join parts
// by the largest.
func (r *record) same(x float64) {
	r.part = make([][]float64, len(r.levels))
	for j, l := range r.levels {
		r.part[j] = make([]float64, l+1)
		for low := range r.part[j] {
			r.part[j][low] = x
		}
	}
}
