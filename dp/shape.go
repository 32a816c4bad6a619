package dp

import "math"

// shape is how a tree divides the bounds of a column: into fan parts, each of these
// into as many, down to the leaves. Parts beyond the last leaf in use, if there are
// any, are empty whatever the table is; they get no noise.
type shape struct {
	fan, levels int
	leaves      int
	whole       bool // a leaf is a whole number, the first one that of the lower bound
}

// treeLeaves is how many parts a column that is not of whole numbers is divided
// into, and how many whole numbers there may be for each to have a leaf.
const treeLeaves = 1 << 16

// dense is the shape for numbers of any kind.
var dense = shape{fan: 16, levels: 4, leaves: treeLeaves}

// newShape is the shape with the least error for a number of whole numbers.
//
// With l levels the noise has l times the scale, or √l for Gaussian noise, and on
// each level the noise of about fan/4 numbers adds up in the rank of a value that
// lies anywhere: l³·fan is in proportion to the variance, with the least fan for
// which fan^l is enough. For large numbers that leads to fans near 16 (Qardaji,
// Yang and Li 2013, Understanding hierarchical methods for differentially private
// histograms, PVLDB 6(14), come to the same where what a node has is known better
// than from its children).
func newShape(numbers int) shape {
	best, least := shape{}, math.Inf(1)
	for levels := 1; levels <= dense.levels; levels++ {
		fan := 2
		for power(fan, levels) < numbers {
			fan++
		}
		if error := float64(levels*levels*levels) * float64(fan); error < least {
			best, least = shape{fan: fan, levels: levels, leaves: numbers, whole: true}, error
		}
	}
	return best
}

// power is base^n.
func power(base, n int) int {
	product := 1
	for range n {
		product *= base
	}
	return product
}

// shape is that of the tree of a column on the grid: for a column of whole numbers,
// if there are not too many within the bounds, one with a leaf for each.
func (g *grid) shape() shape {
	lower, upper := math.Ceil(g.lower), math.Floor(g.upper)
	const exact = 1 << 53
	if !g.whole || !(upper-lower >= 1 && upper-lower < treeLeaves) || lower < -exact || upper > exact {
		return dense
	}
	return newShape(int(upper-lower) + 1)
}

// leaf is the one that the number of steps a is in.
func (s shape) leaf(g *grid, a int32) uint32 {
	if s.whole {
		number := math.Round(float64(a)/g.perUnit + g.origin - math.Ceil(g.lower))
		return uint32(max(0, min(number, float64(s.leaves-1))))
	}
	leaf := (int64(a) - int64(g.low)) * treeLeaves / g.width()
	return uint32(min(leaf, treeLeaves-1))
}

// value is the number at a place among the leaves, from 0 to their number.
func (s shape) value(g *grid, place float64) float64 {
	if s.whole {
		return math.Ceil(g.lower) + place
	}
	return g.value(place / float64(s.leaves))
}

// ends are what a quantile lies between that is in the leaves from lower up to
// before upper.
func (s shape) ends(g *grid, lower, upper float64) (from, to float64) {
	if s.whole {
		return s.value(g, lower), s.value(g, upper-1)
	}
	return g.value(lower/float64(s.leaves) - rounding), g.value(upper/float64(s.leaves) + rounding)
}
