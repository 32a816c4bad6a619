package dp

import (
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
)

// tree is the noisy tree of one group's rows. The noise of a node is drawn when it
// is first looked at, and is the same from then on: as the noise of all nodes is
// independent, that is the same as drawing all of it beforehand.
type tree struct {
	shape
	at    []uint32 // leaves that have rows, ascending
	upto  []int64  // rows in the leaves before each of these; one more at the end
	noise noise
	src   *entropy.Source
	nodes map[node][]float64 // noisy counts of the children

	moved, sorted []float64 // memory of quantile
}

// node is one on a level, from 0 for the root, and how many are before it there.
type node struct{ level, place int }

func newTree(s shape, l leaves, n noise, src *entropy.Source) *tree {
	t := &tree{shape: s, at: l.place, upto: make([]int64, len(l.rows)+1), noise: n, src: src,
		nodes: map[node][]float64{}, sorted: make([]float64, s.fan)}
	for i, rows := range l.rows {
		t.upto[i+1] = t.upto[i] + rows
	}
	return t
}

// children are the noisy numbers of rows in the parts of a node.
func (t *tree) children(of node) []float64 {
	if c, ok := t.nodes[of]; ok {
		return c
	}
	from, span := t.start(of), power(t.fan, t.levels-of.level-1)
	c, at := make([]float64, 0, t.fan), t.before(from)
	for i := 0; i < t.fan && from < t.shape.leaves; i++ {
		from += span
		end := t.before(from)
		c = append(c, float64(t.noise.Add(t.src, end-at)))
		at = end
	}
	t.nodes[of] = c
	return c
}

// before is how many rows are in leaves before the given one.
func (t *tree) before(leaf int) int64 {
	n, _ := slices.BinarySearch(t.at, uint32(leaf))
	return t.upto[n]
}

// child is the i-th child of a node.
func (n node) child(s shape, i int) node { return node{n.level + 1, n.place*s.fan + i} }

// start is the first leaf of a node, and end the one after its last.
func (s shape) start(n node) int { return n.place * power(s.fan, s.levels-n.level) }
func (s shape) end(n node) int   { return min(s.start(node{n.level, n.place + 1}), s.leaves) }

// quantile walks down to the leaf that the rank falls into, by the noisy numbers of
// rows of the children of each node: moved to numbers that are not negative and
// whose sum is what their parent was found to have, the nearest such ones. So what
// a parent has is known better than from the sum of its children, and the many
// empty parts of a sparse tree get nothing. A node that has less than the noise is
// not divided further. The result is a place among the leaves and monotone in rank.
func (t *tree) quantile(rank float64) float64 {
	least := scaleOf(t.noise)
	at, share, sum := node{}, rank, 0.0
	for _, n := range t.children(at) {
		sum += n
	}
	for at.level < t.levels && sum > least {
		t.moved = append(t.moved[:0], t.children(at)...)
		c := t.moved
		divide(c, sum, t.sorted)
		i, target := 0, share*sum
		for last := lastOf(c); i < last && target > c[i]; i++ {
			target -= c[i]
		}
		at, share, sum = at.child(t.shape, i), max(0, min(target/c[i], 1)), c[i]
	}
	start, end := float64(t.start(at)), float64(t.end(at))
	place := start + share*(end-start)
	if t.whole {
		return min(math.Floor(place), end-1)
	}
	return place
}

// divide moves numbers to the nearest ones that are not negative and have the given
// sum, which is positive: each is made smaller by the same amount, but not below
// zero (Duchi, Shalev-Shwartz, Singer and Chandra 2008, Efficient projections onto
// the l1-ball for learning in high dimensions, ICML, Figure 1). scratch is at least as
// long as c.
func divide(c []float64, sum float64, scratch []float64) {
	sorted := scratch[:copy(scratch, c)]
	slices.Sort(sorted)
	less, top := 0.0, 0.0
	for i := len(sorted) - 1; i >= 0; i-- {
		top += sorted[i]
		if by := (top - sum) / float64(len(sorted)-i); sorted[i] > by {
			less = by
		}
	}
	for i := range c {
		c[i] = max(0, c[i]-less)
	}
}

// lastOf is the last child that is not empty.
func lastOf(c []float64) int {
	for i := len(c) - 1; i > 0; i-- {
		if c[i] > 0 {
			return i
		}
	}
	return 0
}

// interval holds the quantile of the rows, the least leaf that a share of rank of
// them does not exceed, between lower and before upper, with a probability of at
// least 1-miss, if there are rows.
//
// Let D(x) be the number of rows below x less rank times that of all. If D(x) < 0
// the quantile is x or above, and if D(x) >= 0 it is below x. On the first level D
// of the ends of the children is estimated from noisy counts, and then, walking
// down on either side, D of the ends of further children by adding up theirs. On
// each level the errors at all ends together are within a bound but for a
// probability of miss by the number of levels and sides, where the children looked
// at depend on the noise of the levels above alone and so not on their own. Where
// all bounds hold, so does every conclusion.
func (t *tree) interval(rank float64, r *reach, i int) (lower, upper float64) {
	root := t.children(node{})
	whole := 0.0
	for _, n := range root {
		whole += n
	}
	at, d, err := node{}, -rank*whole, r.root[i]
	for at.level < t.levels {
		best, sum, c := 0, d, t.children(at)
		for k, n := range c[:len(c)-1] {
			if sum += n; sum+err < 0 {
				best, d = k+1, sum
			}
		}
		at, err = at.child(t.shape, best), err+r.level
	}
	lower = float64(t.start(at))
	at, d, err = node{}, -rank*whole, r.root[i]
	for at.level < t.levels {
		best, sum, c := 0, d, t.children(at)
		for k, n := range c[:len(c)-1] {
			if sum += n; sum-err >= 0 {
				break
			}
			best, d = k+1, sum
		}
		at, err = at.child(t.shape, best), err+r.level
	}
	return lower, float64(t.end(at))
}

// reach is how far sums of noise reach.
type reach struct {
	root  []float64 // by rank: the error of D on the first level
	level float64   // of the sum of a node's first children, however many
}

func newReach(s shape, n noise, ranks []float64) reach {
	alpha := miss / float64(2*s.levels) // levels and sides
	inner := float64(s.fan - 1)
	r := reach{root: make([]float64, len(ranks))}
	for i, rank := range ranks {
		// Of k children before an end and the others after it; for every λ what is
		// minimized below is linear in k, and so largest for the least or the most.
		r.root[i] = tailOfSum(n, alpha/inner, func(m func(float64) float64) float64 {
			before, after := m(1-rank), m(rank)
			return max(before+inner*after, inner*before+after)
		})
	}
	// The largest of the first sums of independent symmetric terms exceeds a bound
	// at most twice as often as the last (Lévy's inequality).
	r.level = tailOfSum(n, alpha/2, func(m func(float64) float64) float64 {
		return inner * m(1)
	})
	return r
}

// tailOfSum is a number that a weighted sum S of noise exceeds with a probability of
// at most alpha: by Chernoff's bound, P(S ≥ b) ≤ E(e^(λS))·e^(-λb) for any λ > 0, it
// is (ln E(e^(λS)) - ln alpha)/λ. Any λ will do; the best is searched for. moment
// gives the logarithm of the mean for a λ, from that for a noise by its weight.
func tailOfSum(n noise, alpha float64, moment func(m func(weight float64) float64) float64) float64 {
	scale := scaleOf(n)
	bound := func(x float64) float64 {
		lambda := math.Exp(x) / scale
		of := func(weight float64) float64 { return logMoment(n, lambda*weight) }
		if b := (moment(of) - math.Log(alpha)) / lambda; b == b {
			return b
		}
		return math.Inf(1)
	}
	// It falls and then rises with λ, as ln E is convex in it.
	low, high := -12.0, 5.0
	for range 60 {
		third := (high - low) / 3
		if right := bound(high - third); math.IsInf(right, 1) || bound(low+third) < right {
			high -= third
		} else {
			low += third
		}
	}
	return bound(low)
}

// logMoment is an upper bound of ln E(e^(λX)), +Inf where there is none.
//
// For discrete Laplace noise with q = e^(-1/t) the mean is
// (1-q)²/((1-q·e^λ)(1-q·e^-λ)); for Gaussian noise see gaussian.
func logMoment(n noise, lambda float64) float64 {
	if g, ok := n.(gaussian); ok {
		return g.logMoment(lambda)
	}
	inverse := 1 / scaleOf(n)
	if lambda >= inverse {
		return math.Inf(1)
	}
	// 1-q·e^λ = -expm1(λ-1/t), which keeps its digits where both are small.
	return 2*math.Log(-math.Expm1(-inverse)) - math.Log(-math.Expm1(lambda-inverse)) -
		math.Log(-math.Expm1(-lambda-inverse))
}
