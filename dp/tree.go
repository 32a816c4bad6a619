package dp

import (
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

const (
	treeBits   = 4 // of a level: 16 children a node
	treeLevels = 4
	treeFan    = 1 << treeBits
	treeLeaves = 1 << (treeBits * treeLevels)
)

// tree is the noisy tree of one group's rows. The noise of a node is drawn when it
// is first looked at, and is the same from then on: as the noise of all nodes is
// independent, that is the same as drawing all of it beforehand.
type tree struct {
	leaves []uint16 // sorted
	noise  noise
	src    *entropy.Source
	nodes  map[node]*[treeFan]float64 // noisy counts of the children
}

// node is one on a level, from 0 for the root, by the first bits of its leaves.
type node struct{ level, prefix int }

func newTree(leaves []uint16, n noise, src *entropy.Source) *tree {
	return &tree{leaves: leaves, noise: n, src: src, nodes: map[node]*[treeFan]float64{}}
}

// children are the noisy numbers of rows in the parts of a node.
func (t *tree) children(of node) *[treeFan]float64 {
	if c, ok := t.nodes[of]; ok {
		return c
	}
	shift := treeBits * (treeLevels - 1 - of.level)
	c := new([treeFan]float64)
	at := t.before(of.prefix << (shift + treeBits))
	for i := range c {
		end := t.before((of.prefix<<treeBits + i + 1) << shift)
		c[i] = float64(t.noise.Add(t.src, int64(end-at)))
		at = end
	}
	t.nodes[of] = c
	return c
}

// before is how many rows are in leaves before the given one.
func (t *tree) before(leaf int) int {
	if leaf >= treeLeaves {
		return len(t.leaves)
	}
	n, _ := slices.BinarySearch(t.leaves, uint16(leaf))
	return n
}

// child is the i-th child of a node.
func (n node) child(i int) node { return node{n.level + 1, n.prefix<<treeBits + i} }

// start and span are where a node lies, as shares of the width of the bounds.
func (n node) start() float64 { return float64(n.prefix) * n.span() }
func (n node) span() float64  { return math.Ldexp(1, -treeBits*n.level) }

// quantile walks down to the leaf that the rank falls into, by the noisy numbers of
// rows of the children of each node: moved to numbers that are not negative and
// whose sum is what their parent was found to have, the nearest such ones. So what
// a parent has is known better than from the sum of its children, and the many
// empty parts of a sparse tree get nothing. A node that has less than the noise is
// not divided further. The result is monotone in rank.
func (t *tree) quantile(rank float64) float64 {
	least := scaleOf(t.noise)
	at, share, sum := node{}, rank, 0.0
	for _, n := range t.children(at) {
		sum += n
	}
	for at.level < treeLevels && sum > least {
		c := *t.children(at)
		divide(&c, sum)
		i, target := 0, share*sum
		for last := lastOf(&c); i < last && target > c[i]; i++ {
			target -= c[i]
		}
		at, share, sum = at.child(i), max(0, min(target/c[i], 1)), c[i]
	}
	return at.start() + share*at.span()
}

// divide moves numbers to the nearest ones that are not negative and have the given
// sum, which is positive: each is made smaller by the same amount, but not below
// zero (Duchi, Shalev-Shwartz, Singer and Chandra 2008, Efficient projections onto
// the l1-ball for learning in high dimensions, ICML, Figure 1).
func divide(c *[treeFan]float64, sum float64) {
	sorted := *c
	slices.Sort(sorted[:])
	less, top := 0.0, 0.0
	for i := treeFan - 1; i >= 0; i-- {
		top += sorted[i]
		if by := (top - sum) / float64(treeFan-i); sorted[i] > by {
			less = by
		}
	}
	for i := range c {
		c[i] = max(0, c[i]-less)
	}
}

// lastOf is the last child that is not empty.
func lastOf(c *[treeFan]float64) int {
	for i := treeFan - 1; i > 0; i-- {
		if c[i] > 0 {
			return i
		}
	}
	return 0
}

// interval holds the quantile of the rows, the least value that a share of rank of
// them does not exceed, with a probability of at least 1-miss, if there are rows.
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
	for at.level < treeLevels {
		best, sum := 0, d
		for k, n := range t.children(at)[:treeFan-1] {
			if sum += n; sum+err < 0 {
				best, d = k+1, sum
			}
		}
		at, err = at.child(best), err+r.level
	}
	lower = at.start()
	at, d, err = node{}, -rank*whole, r.root[i]
	for at.level < treeLevels {
		best, sum := 0, d
		for k, n := range t.children(at)[:treeFan-1] {
			if sum += n; sum-err >= 0 {
				break
			}
			best, d = k+1, sum
		}
		at, err = at.child(best), err+r.level
	}
	return lower, at.start() + at.span()
}

// reach is how far sums of noise reach.
type reach struct {
	root  []float64 // by rank: the error of D on the first level
	level float64   // of the sum of a node's first children, however many
}

func newReach(n noise, ranks []float64) reach {
	alpha := miss / (2 * treeLevels) // levels and sides
	r := reach{root: make([]float64, len(ranks))}
	for i, rank := range ranks {
		// Of k children before an end and the others after it; for every λ what is
		// minimized below is linear in k, and so largest for the least or the most.
		r.root[i] = tailOfSum(n, alpha/(treeFan-1), func(m func(float64) float64) float64 {
			before, after := m(1-rank), m(rank)
			return max(before+(treeFan-1)*after, (treeFan-1)*before+after)
		})
	}
	// The largest of the first sums of independent symmetric terms exceeds a bound
	// at most twice as often as the last (Lévy's inequality).
	r.level = tailOfSum(n, alpha/2, func(m func(float64) float64) float64 {
		return (treeFan - 1) * m(1)
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
// (1-q)²/((1-q·e^λ)(1-q·e^-λ)); for discrete Gaussian noise it is at most
// e^(λ²σ²/2): it is subgaussian (Canonne, Kamath and Steinke 2020,
// arXiv:2004.00010).
func logMoment(n noise, lambda float64) float64 {
	if _, ok := n.(exact.Gaussian); ok {
		s := lambda * scaleOf(n)
		return s * s / 2
	}
	inverse := 1 / scaleOf(n)
	if lambda >= inverse {
		return math.Inf(1)
	}
	// 1-q·e^λ = -expm1(λ-1/t), which keeps its digits where both are small.
	return 2*math.Log(-math.Expm1(-inverse)) - math.Log(-math.Expm1(lambda-inverse)) -
		math.Log(-math.Expm1(-lambda-inverse))
}
