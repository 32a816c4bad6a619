package recode

import (
	"cmp"
	"context"
	"slices"
)

// mondrian divides all items, and again what comes of it, as long as every side
// may be a class: in the column in which the part is widest, as a share of the
// domain, that allows it. A line is cut at the median, so that equal values
// stay together; a tree into all branches below the node of the part [1]. It
// knows no measure of loss.
//
// [1] LeFevre, DeWitt, Ramakrishnan (2006). Mondrian multidimensional
// k-anonymity. ICDE 2006, doi:10.1109/ICDE.2006.101.
func (s *solver) mondrian(ctx context.Context, c *classes) error {
	return s.partition(ctx, c, (*splitter).strictCut)
}

// strictCut divides a part, nil where no column allows it.
func (p *splitter) strictCut(of part) [][]int32 {
	columns := make([]int, p.m)
	for j := range columns {
		columns[j] = j
	}
	slices.SortStableFunc(columns, func(x, y int) int {
		return cmp.Compare(p.axes[y].price(of.at[y]), p.axes[x].price(of.at[x]))
	})
	for _, j := range columns {
		b := p.branches(of, j)
		if b == nil {
			continue
		}
		var sides [][]int32
		if p.axes[j].span != nil {
			sides = p.atMedian(b)
		} else {
			for i := range b.len() {
				sides = append(sides, b.set(i, i+1))
			}
		}
		allowed := len(sides) > 1
		for _, side := range sides {
			allowed = allowed && p.judge.holds(p.sum(side), nobody, side)
		}
		if allowed {
			return sides
		}
	}
	return nil
}

// atMedian cuts the branches of a line behind the value of the median row, or
// before it where nothing lies behind.
func (p *splitter) atMedian(b *branches) [][]int32 {
	n := b.len()
	rows, _ := b.sums(0, n)
	head, i := int64(0), 0
	for ; i < n && 2*head < rows; i++ {
		head += b.rows[i]
	}
	if i == n {
		i--
	}
	return [][]int32{b.set(0, i), b.set(i, n)}
}
