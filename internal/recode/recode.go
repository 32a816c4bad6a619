// Package recode finds a local recoding: each distinct tuple of a table gets a
// generalization of its own, one label a column, such that the tuples that are
// written alike form classes that satisfy the models. It works on codes and
// knows neither values nor labels.
//
// The loss is arithmetic. With share_j(r) the share of the domain of column j
// that the label of row r covers, a_j the smallest share a value has, N rows and
// m columns, what is made small is
//
//	(sum over rows r and columns j of (share_j(r) - a_j)) / (N (m - sum of a_j))
//
// where a suppressed row has share 1 in every column. That is 1 minus the
// granularity of Iyengar [1]. Shares are rounded to whole numbers of a fine unit
// first, so that sums do not depend on their order and no comparison needs a
// tolerance.
//
// A class is labelled with the least common ancestors of its tuples (or with
// the span of their values, where a column has spans). It is found in three
// steps:
//
//   - a sweep over the cells of the lattice of levels in the order of their
//     loss: what groups there, with enough people, becomes a class (sweep.go); or,
//     where the lattice is too large for that, splitting from the top (split.go);
//   - moves of single tuples between neighbouring classes (moves.go);
//   - where iterations are asked for, taking a few neighbouring classes apart
//     and putting them together anew (rebuild.go), which is large-neighbourhood
//     search [2].
//
// Whatever is random is drawn from a seed that the caller gives, and budgets are
// in steps and not in time: a problem has one result, for any order of its
// tuples and any number of workers.
//
// [1] Iyengar (2002). Transforming data to satisfy privacy constraints.
// KDD 2002, 279–288.
//
// [2] Shaw (1998). Using constraint programming and local search methods to
// solve vehicle routing problems. CP 1998, 417–431.
package recode

import (
	"github.com/lethe-go/lethe/internal/lattice"
)

// Method is how classes are found at first.
type Method int

const (
	// Automatic is Sweep where the lattice is small enough, and Split otherwise.
	Automatic Method = iota
	Sweep
	Split
	// Mondrian is strict multidimensional partitioning as it was published, and
	// nothing else: no moves follow.
	Mondrian
)

// Problem is what Solve solves. It is not changed by it.
type Problem struct {
	*lattice.Problem
	// Spans has an entry a column, nil where labels are those of the levels.
	Spans []*Span
	// Same numbers what is written for a label of a column: labels of equal
	// numbers are written alike, and so are classes of equal labels.
	Same   func(column int, l Label) uint32
	Method Method
	// Of is how many tuples there are where these are a part of them, 0 otherwise.
	Of int
	// Iterations is how often classes are taken apart and put together anew.
	Iterations int
	Seed       uint64
}

// Span says where the values of a column lie on a line. A label then is the
// span from the least to the greatest value of a class, widened to the marks
// between which these lie; a span of one value is the value itself where the
// column's lowest level is 0. The values are numbered along the line. Null, if
// there is one, has the number behind them and spans with nothing but itself;
// with anything else it makes the top.
type Span struct {
	// Left and Right are the marks around each value, in units of the line. They
	// do not fall.
	Left, Right []int64
	// All is the length of the whole line in these units.
	All  float64
	Null bool // whether the last value is null
}

// Label is what the values of a class become in one column.
type Label struct {
	// Level is that of a label, of which Code is the number, or Spanning.
	Level int
	// Code and Last are the first and the last value of a span.
	Code, Last uint32
}

// Spanning is the level of a label that is a span.
const Spanning = -1

// None is the class of a tuple that is suppressed.
const None = ^uint32(0)

// Result is a recoding.
type Result struct {
	Class  []uint32 // of each tuple, None where it is suppressed
	Labels []Label  // of the classes, one a column each
	Rows   []int64  // of each class

	Suppressed int64     // rows
	Loss       float64   // of the whole
	Columns    []float64 // by column
	Method     Method    // that was used
}
