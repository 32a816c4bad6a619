package lattice

import (
	"math"
	"slices"
)

// Criterion is a condition on the histogram of a sensitive column in a class.
//
// Let C be a class that fails, of n rows, and K what is kept of it in a vector
// below: the union of classes that all satisfy the criterion. Where histograms
// add up, such a union satisfies it too, which is shown with each criterion.
// From that follows how many rows of C are not in K at least; judge returns
// it. It is a real number, computed with rounding, and may be below zero.
type Criterion interface {
	// distinct is how many distinct values a class has that satisfies it.
	distinct() int
	// judge is asked of histograms of at least that many values.
	judge(h *histogram) (holds bool, lost float64)
}

// Distinct asks for L distinct values.
type Distinct struct{ L int }

func (c Distinct) distinct() int                      { return c.L }
func (c Distinct) judge(h *histogram) (bool, float64) { return true, 0 }

// Entropy asks for an entropy of at least that of L values of equal
// frequency. Entropy is concave: with H the entropy,
// H(C) >= |K|/n H(K) + (n-|K|)/n H(C-K) >= |K|/n ln L, so that |K| is at most
// n H(C) / ln L. A union is the case of equal sets.
type Entropy struct{ L float64 }

func (c Entropy) distinct() int { return int(math.Ceil(c.L)) }

// entropySlack lets rounding not decide on an entropy that is just right.
const entropySlack = 1e-12

func (c Entropy) judge(h *histogram) (bool, float64) {
	sum, n := 0.0, float64(h.total)
	for _, v := range h.present {
		x := float64(h.count[v])
		sum += x * math.Log(x)
	}
	entropy, want := math.Log(n)-sum/n, math.Log(c.L)
	return entropy >= want-entropySlack, n * (1 - entropy/want)
}

// Recursive asks that the most frequent value has fewer than C times the rows
// of the others without the L-1 most frequent, r_1 < C (r_L + … + r_m). The
// right side of a union is at least the sum of its parts' (the L-1 most
// frequent of the union are, in each part, at most its own L-1 most frequent),
// the left one at most. So K has less than C (r_L + … + r_m) rows of C's most
// frequent value.
type Recursive struct {
	C float64
	L int
}

func (c Recursive) distinct() int { return c.L }

// recursiveSlack keeps rounding from telling apart what is equal.
const recursiveSlack = 1e-14

func (c Recursive) judge(h *histogram) (bool, float64) {
	r := h.work[:0]
	for _, v := range h.present {
		r = append(r, h.count[v])
	}
	h.work = r
	slices.Sort(r)
	most, tail := r[len(r)-1], int64(0)
	for _, n := range r[:len(r)-c.L+1] {
		tail += n
	}
	right := c.C * float64(tail)
	return float64(most) < right*(1-recursiveSlack), float64(most) - right
}

// Close asks that the distance of the class's distribution to that of the
// table is at most T. The distance d is the least work of moving one to the
// other, where a step between two values costs 1 unless Ordered or Up says
// otherwise, and no step more than that. It is convex: d(C) <= |K|/n d(K) +
// (n-|K|)/n d(C-K) <= (|K| T + n - |K|)/n.
type Close struct {
	T float64
	// Ordered makes a step cost the difference of places in the order of
	// values, over the largest.
	Ordered bool
	// Up makes a step cost the level of the lowest common node, over the
	// number of levels: Up[0] is the node of each value at level 1, Up[l] the
	// node at level l+1 of each at level l. The last level has one node.
	Up [][]uint32
}

func (c Close) distinct() int { return 1 }

func (c Close) judge(h *histogram) (bool, float64) {
	d := c.distance(h)
	return d <= c.T, float64(h.total) * (d - c.T) / (1 - c.T)
}

// distance works on whole numbers, n times N times the frequencies, so that
// nothing depends on the order of summing.
func (c Close) distance(h *histogram) float64 {
	whole := float64(h.total * h.all)
	switch {
	case c.Ordered:
		if len(h.table) < 2 {
			return 0
		}
		return c.ordered(h) / (whole * float64(len(h.table)-1))
	case c.Up != nil:
		return c.tree(h) / (whole * float64(len(c.Up)))
	}
	moved := int64(0) // to the values of which the class has too few
	for _, v := range h.present {
		moved += max(0, h.count[v]*h.all-h.table[v]*h.total)
	}
	return float64(moved) / whole
}

// ordered sums up what is moved past each value.
func (c Close) ordered(h *histogram) float64 {
	sum, past := 0.0, int64(0)
	for v, n := range h.table {
		past += h.count[v]*h.all - n*h.total
		sum += math.Abs(float64(past))
	}
	return sum
}

// tree sums up what is moved between the children of each node, times its
// level [1].
//
// [1] Li, Li, Venkatasubramanian (2007). t-closeness: privacy beyond
// k-anonymity and l-diversity. ICDE 2007, 106–115.
func (c Close) tree(h *histogram) float64 {
	extra := h.work[:0]
	for v, n := range h.table {
		extra = append(extra, h.count[v]*h.all-n*h.total)
	}
	sum := 0.0
	for l, up := range c.Up {
		nodes := int(slices.Max(up)) + 1
		at := len(extra)
		extra = slices.Grow(extra, 2*nodes)[:at+2*nodes]
		more, less := extra[at:at+nodes], extra[at+nodes:]
		clear(more)
		clear(less)
		for child, node := range up {
			if x := extra[at-len(up)+child]; x > 0 {
				more[node] += x
			} else {
				less[node] -= x
			}
		}
		moved := int64(0)
		for node := range more {
			moved += min(more[node], less[node])
			less[node] = more[node] - less[node] // the node's own extra, last in extra
		}
		sum += float64(l+1) * float64(moved)
	}
	h.work = extra[:0]
	return sum
}
