// Package lattice finds the generalization of least loss among all vectors of
// levels, one level a column, such that suppressing the classes that are too
// small stays within a limit. It works on codes and knows neither values nor
// labels.
//
// What a vector loses is said by a Measure. By default it is Iyengar's, see
// Shares, summed up by the geometric mean: with x_j what column j loses,
//
//	loss = (product of (1 + x_j))^(1/m) - 1
//
// The search is exact. It rests on bounds that each Measure makes of two facts,
// which hold because a class of w lies within a class of any coarser u: what is
// too small in u is too small in w, and labels only grow with the level. S(u)
// are the rows suppressed at u.
//
//   - S(u) is a part of S(w): what it loses, w loses;
//   - where S(u) is beyond the limit, so is S(w).
//
// For Shares, with L_j the shares that kept rows lose and |S| for those
// suppressed,
//
//   - L_j(w) >= sum over all rows of share_j at level w_j;
//   - L_j(w) is at least that sum with the rows of S(u) at share 1; what they had
//     at level w_j is at most the largest share at w_j among the values of their
//     label at u_j, and in all at most what the |S(u)| rows of largest share have.
//
// Criteria on the values of a sensitive column break that: a class of u may
// fail one and a part of it satisfy it in w. What is left of the bounds is
// this. A class with too few distinct values has no part with enough, so it is
// in S(u) as one that is too small. Of any other class that fails, a number of
// rows is bound to be suppressed in w, whichever they are; see
// criterion.Criterion. S(u) stands for these rows too.
package lattice

import "github.com/lethe-go/lethe/internal/group"

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
	// Height is the number of levels above the value, of which Max may be less.
	Height int
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
	// Values are the rows of each value, by column, where tuples have other values
	// in their place that have the same labels from the levels allowed on; nil
	// where the tuples say it.
	Values [][]int64
	People *People // nil where a class counts its rows
	K      int64   // a class of fewer rows, or people, is suppressed; from 1 to below 2^32
	// Sensitive are the columns whose values in a class are judged: a class
	// that fails a criterion is suppressed.
	Sensitive []Sensitive
	Sizes     []SizeLimit
	Measure   Measure // nil for Shares by the geometric mean
	Limit     int64   // rows that may be suppressed
	// Together asks that the suppressed rows form a class that is large enough
	// itself, or are none.
	Together bool
	Workers  int // goroutines; at least one
	// Memory is how many bytes classes may take that others are rolled up from; 0
	// is what the tuples take, or 32 MB where that is more.
	Memory int
	// Effort is how many vectors a best-effort search counts the classes of at
	// most; 0 is DefaultEffort.
	Effort int
}

// Result is a vector of levels and what it does to the table.
type Result struct {
	Levels     []int
	Suppressed int64     // rows
	Loss       float64   // by the Measure
	Score      []float64 // by which vectors are compared, one number after another
	Bound      float64   // no vector loses less; -Inf where the Measure has no bound
	Exact      bool      // whether that is proved
	Columns    []float64 // of each column by Shares, whatever the Measure
	Kept       []uint64  // keys of the classes kept, of the codes at Levels
	KeptRows   []int64   // rows of each class kept
	Evaluated  int       // vectors whose classes were counted
	Candidates int       // vectors that the first bound left
}

func (p *Problem) tuples() int { return len(p.Rows) }
