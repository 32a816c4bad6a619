package kanon

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Ranger is a Hierarchy whose values lie on a line: Intervals give them as
// numbers, a Tree and an Order by their place in the list of all values.
// Measures of distance between a table and its release use the ranges where
// they are known; else what the values that occur span.
type Ranger interface {
	// Ranges returns for each value of the domain the least and the greatest
	// number that its label covers at a level from 0 to Levels(). At level 0
	// both are the number of the value. They never shrink with the level.
	Ranges(domain arrow.Array, level int) (low, high []float64, err error)
}

// Ranges implements Ranger: the places of leaves in the order of the rows that
// the tree was made of, from 0.
func (t *Tree) Ranges(domain arrow.Array, level int) (low, high []float64, err error) {
	if err := ready("tree", t, level, 0); err != nil {
		return nil, nil, err
	}
	if low, high, err = t.ranges(domain, level); err != nil {
		return nil, nil, fmt.Errorf("tree: %w", err)
	}
	return low, high, nil
}

// Ranges implements Ranger: the places of values in Values, from 0.
func (h Order) Ranges(domain arrow.Array, level int) (low, high []float64, err error) {
	t, err := h.find(level, 0)
	if err != nil {
		return nil, nil, err
	}
	if low, high, err = t.ranges(domain, level); err != nil {
		return nil, nil, fmt.Errorf("order: %w", err)
	}
	return low, high, nil
}

func (t *Tree) ranges(domain arrow.Array, level int) (low, high []float64, err error) {
	leaf, err := t.find(domain)
	if err != nil {
		return nil, nil, err
	}
	low, high = make([]float64, len(leaf)), make([]float64, len(leaf))
	if level == 0 || level == t.Levels() {
		for i, l := range leaf {
			low[i], high[i] = float64(l), float64(l)
			if level > 0 {
				low[i], high[i] = 0, float64(len(t.leaf)-1)
			}
		}
		return low, high, nil
	}
	l := t.levels[level-1]
	first, last := make([]float64, len(l.labels)), make([]float64, len(l.labels))
	for i := len(l.label) - 1; i >= 0; i-- {
		first[l.label[i]] = float64(i)
	}
	for i, label := range l.label {
		last[label] = float64(i)
	}
	for i, leaf := range leaf {
		low[i], high[i] = first[l.label[leaf]], last[l.label[leaf]]
	}
	return low, high, nil
}

// Ranges implements Ranger: the ends of the intervals. One over integers ends
// at its last integer; an open one, at the furthest value of the domain that
// lies in it; the top, at Min and Max or the furthest value beyond.
func (h Intervals) Ranges(domain arrow.Array, level int) (low, high []float64, err error) {
	if err := ready("intervals", h, level, 0); err != nil {
		return nil, nil, err
	}
	g, cells, err := h.locate(domain)
	if err != nil {
		return nil, nil, fmt.Errorf("intervals: %w", err)
	}
	at := numbers(domain)
	least, most := h.Min, h.Max // of all values
	for i := range cells {
		least, most = min(least, at(i)), max(most, at(i))
	}
	if g.round == nil {
		g.round = func(v float64) float64 { return v }
	}
	low, high = make([]float64, len(cells)), make([]float64, len(cells))
	for i, cell := range cells {
		switch {
		case level == 0:
			low[i], high[i] = at(i), at(i)
		case level == h.Levels():
			low[i], high[i] = least, most
		case cell == below:
			low[i], high[i] = least, h.Min
		case cell == above:
			low[i], high[i] = h.Max, most
		default:
			width := g.widths[level-1]
			start := g.at(cell, width)
			end := start + g.length(start, width)
			if g.closed {
				end--
			}
			low[i], high[i] = g.float(g.min+start), g.float(g.min+end)
		}
	}
	return low, high, nil
}

// numbers reads the values of a column for which integers or floats is not nil.
func numbers(domain arrow.Array) func(i int) float64 {
	if at := integers(domain); at != nil {
		return func(i int) float64 { return float64(at(i)) }
	}
	at, _ := floats(domain)
	return at
}
