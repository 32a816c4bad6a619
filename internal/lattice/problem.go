// Package lattice finds the generalization of least loss among all vectors of
// levels, one level a column, such that suppressing the classes that are too
// small stays within a limit. It works on codes and knows neither values nor
// labels.
//
// The loss of a vector w is Iyengar's measure [1] summed up by the geometric
// mean: with share_j(r) the share of the domain of column j that the label of
// row r covers, a_j the smallest share a value has, N rows and S the
// suppressed ones,
//
//	L_j = sum over kept r of share_j(r) + |S|
//	x_j = max(0, (L_j - N a_j) / (N - N a_j)), cut off after ten digits
//	loss = (product of (1 + x_j))^(1/m) - 1
//
// The search is exact. It rests on three bounds, each sound because a class of
// w lies within a class of any coarser u: what is too small in u is too small
// in w, and shares do not fall with the level.
//
//   - L_j(w) >= sum over all rows of share_j at level w_j;
//   - S(u) is a part of S(w), so L_j(w) is at least that sum with the rows of
//     S(u) at share 1; what they had at level w_j is at most the largest share
//     at w_j among the values of their label at u_j, and in all at most what
//     the |S(u)| rows of largest share have;
//   - where S(u) is beyond the limit, so is S(w).
//
// Criteria on the values of a sensitive column break that: a class of u may
// fail one and a part of it satisfy it in w. What is left of the bounds is
// this. A class with too few distinct values has no part with enough, so it is
// in S(u) as one that is too small. Of any other class that fails, a number of
// rows is bound to be suppressed in w, whichever they are; see
// criterion.Criterion. S(u) stands for these rows too in the second and third
// bound.
//
// [1] Iyengar (2002). Transforming data to satisfy privacy constraints.
// KDD 2002, 279–288.
package lattice

import (
	"math"

	"github.com/lethe-go/lethe/internal/group"
)

// Column is one column of a Problem: its labels at every level, as codes.
type Column struct {
	// Codes[l][v] is the code at level l of the value v; Codes[0] is the
	// identity. The code at a level determines that at the next.
	Codes [][]uint32
	// Shares[l][c] is the share of the domain that label c of level l covers.
	// The share of a value's label never falls with the level.
	Shares [][]float64
	// Least is the smallest share of a value, a_j.
	Least float64
	// Min and Max are the levels allowed, both of them included.
	Min, Max int
}

// People says whose the rows are: the people of tuple i are the distinct
// numbers ID[Start[i]:Start[i+1]], below Count.
type People struct {
	Start []int
	ID    []uint32
	Count int
}

// Problem is what Solve solves. It is not changed by it.
type Problem struct {
	Columns []Column
	Layout  group.Layout // of Keys, with room for the codes of every level
	Keys    []uint64     // the distinct tuples of values
	Rows    []int64      // rows of each tuple, at least 1
	People  *People      // nil where a class counts its rows
	K       int64        // a class of fewer rows, or people, is suppressed; below 2^32
	// Sensitive are the columns whose values in a class are judged: a class
	// that fails a criterion is suppressed.
	Sensitive []Sensitive
	Limit     int64 // rows that may be suppressed
	// Together asks that the suppressed rows form a class that is large enough
	// itself, or are none.
	Together bool
	Workers  int // goroutines; at least one
}

// Result is a vector of levels and what it does to the table.
type Result struct {
	Levels     []int
	Suppressed int64     // rows
	Loss       float64   // of the whole
	Columns    []float64 // x_j
	Kept       []uint64  // keys of the classes kept, of the codes at Levels
	KeptRows   []int64   // rows of each class kept
	Evaluated  int       // vectors whose classes were counted
	Candidates int       // vectors that the first bound left
}

func (p *Problem) tuples() int { return len(p.Rows) }

// columnSums are what is known of a column before any class is counted.
type columnSums struct {
	rows  [][]int64   // rows by level and label
	total []float64   // sum of the shares of all rows, by level
	top   []shareSums // by level
	// below[l][low] is, by label at level l, the largest share that its values
	// have at a lower level.
	below [][][]float64
	least float64
}

// shareSums answers how large the sum of the n largest row shares is.
type shareSums struct {
	rows  []int64   // of the i+1 labels of largest share
	sums  []float64 // their shares, times their rows
	share []float64
}

// normal is x_j of a sum of shares, before it is cut off.
func normal(sum, least float64, n int64) float64 {
	if least >= 1 {
		return 0
	}
	low := float64(n) * least
	return min(1, max(0, (sum-low)/(float64(n)-low)))
}

// cut cuts x_j off after ten digits. Exact ties between vectors stay ties.
func cut(x float64) float64 { return math.Floor(x*1e10) / 1e10 }

// loss is the geometric mean of a product of 1 + x_j.
func loss(product float64, columns int) float64 {
	return min(1, max(0, math.Pow(product, 1/float64(columns))-1)) // within [0, 1] but for rounding
}
