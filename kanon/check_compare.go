package kanon

import (
	"fmt"
	"math"
	"slices"
)

// sumOf adds up counts.
func sumOf(counts []int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// judgeCloseness judges the class that is farthest from the table.
func (v *checkedValues) judgeCloseness(m TCloseness, column *checkColumn, whole []int64) (
	ModelResult, error,
) {
	r := ModelResult{Model: m.String(), Wanted: m.T}
	total := sumOf(whole)
	distance := func(extra []int64) float64 {
		sum := int64(0)
		for _, x := range extra {
			sum += max(x, -x)
		}
		return float64(sum) / 2
	}
	switch m.Distance {
	case Ordered:
		order := slices.DeleteFunc(column.order(), func(v uint32) bool { return whole[v] == 0 })
		distance = func(extra []int64) float64 {
			sum, past := 0.0, int64(0)
			for _, v := range order {
				past += extra[v]
				sum += math.Abs(float64(past))
			}
			return sum / max(1, float64(len(order)-1))
		}
	case Hierarchical:
		paths, err := column.paths(m.Tree, whole)
		if err != nil {
			return r, fmt.Errorf("kanon: check: column %q: %w", column.name, err)
		}
		distance = func(extra []int64) float64 { return climbed(extra, paths) }
	}
	extra := make([]int64, len(whole))
	for _, values := range v.classes() {
		n := int64(0)
		for _, f := range values {
			n += f.times
		}
		for value, times := range whole {
			extra[value] = -times * n
		}
		for _, f := range values {
			extra[f.value] += f.times * total
		}
		r.Reached = max(r.Reached, distance(extra)/float64(n*total))
	}
	r.Holds = r.Reached <= m.T
	return r, nil
}

// climbed moves what a class has too much or too few of up the tree: each edge
// carries the sum of its subtree, at the price of half a level.
func climbed(extra []int64, paths [][]string) float64 {
	sum := 0.0
	for _, x := range extra {
		sum += math.Abs(float64(x))
	}
	for _, labels := range paths[:len(paths)-1] { // without the top
		under := map[string]int64{}
		for value, label := range labels {
			under[label] += extra[value]
		}
		carried := int64(0)
		for _, x := range under {
			carried += max(x, -x)
		}
		sum += float64(carried)
	}
	return sum / 2 / float64(len(paths))
}

// judgeLikeness judges the value that a class makes relatively most frequent.
// Products of two counts are exact, as whole says what is in the table.
func (v *checkedValues) judgeLikeness(m BetaLikeness, whole []int64) ModelResult {
	r := ModelResult{Model: m.String(), Wanted: m.Beta, Holds: true}
	total := sumOf(whole)
	for _, values := range v.classes() {
		n := int64(0)
		for _, f := range values {
			n += f.times
		}
		for _, f := range values {
			all := whole[f.value]
			inClass, inTable := float64(f.times*total), float64(all*n)
			bound := m.Beta
			if m.Kind == Enhanced {
				bound = min(bound, -math.Log(float64(all)/float64(total)))
			}
			r.Holds = r.Holds && inClass <= (1+bound)*inTable
			r.Reached = max(r.Reached, inClass/inTable-1)
		}
	}
	return r
}

// judgeDisclosure judges the value whose frequency in a class differs by the
// largest factor.
func (v *checkedValues) judgeDisclosure(m DeltaDisclosure, whole []int64) ModelResult {
	r := ModelResult{Model: m.String(), Wanted: m.Delta, Holds: true}
	total, factor := sumOf(whole), math.Exp2(m.Delta)
	for _, values := range v.classes() {
		n := int64(0)
		for _, f := range values {
			n += f.times
		}
		for _, f := range values {
			inClass, inTable := float64(f.times*total), float64(whole[f.value]*n)
			r.Holds = r.Holds && inClass < factor*inTable && inTable < factor*inClass
			r.Reached = max(r.Reached, math.Abs(math.Log2(inClass/inTable)))
		}
	}
	return r
}
