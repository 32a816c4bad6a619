package kanon

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Tree is a hierarchy that lists every value with its label at each level. It
// comes from ReadTree, ReadTreeFile or NewTree; the zero value is refused.
//
// A column of another type than text is matched by canonical text: integers
// as 39, floats as short as they round-trip (0.5, 39), decimals to their scale
// (39.00), bool as true or false, dates as 2019-03-07. A value that is not
// among the leaves is an error. Shares are of all leaves, also of those that a
// table lacks. A Tree is immutable and safe for concurrent use.
type Tree struct {
	leaf   map[string]int32 // position of each leaf
	levels []treeLevel      // from level 1, without the top
}

// treeLevel gives each leaf one of the labels of a level.
type treeLevel struct {
	label  []int32 // of a leaf
	labels []string
	leaves []int // below a label
}

// NewTree returns the hierarchy of the given rows. Each holds a leaf followed
// by its labels from level 1 upward, all rows as many. A last column with one
// label throughout is the top, and is called Top whatever the label; else the
// top is added above. Refused, with the number of the row, are: rows of
// different lengths, a leaf that occurs twice, an empty label, the label Top
// below the top, and a label that stands under two different labels of the
// level above, which would make the levels no coarsening of each other.
func NewTree(rows [][]string) (*Tree, error) {
	t, err := newTree(rows, func(row int) string { return fmt.Sprintf("row %d", row+1) })
	if err != nil {
		return nil, fmt.Errorf("kanon: tree: %w", err)
	}
	return t, nil
}

// Levels is the number of levels above the leaf, with the top.
func (t *Tree) Levels() int { return len(t.levels) + 1 }

// Generalize implements Hierarchy.
func (t *Tree) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if err := ready("tree", t, level, 1); err != nil {
		return nil, err
	}
	labels, err := t.generalize(domain, level)
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	return labels, nil
}

// Shares implements Sharer: the share of all leaves that lie under the label.
func (t *Tree) Shares(domain arrow.Array, level int) ([]float64, error) {
	if err := ready("tree", t, level, 0); err != nil {
		return nil, err
	}
	shares, err := t.shares(domain, level)
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	return shares, nil
}

func (t *Tree) generalize(domain arrow.Array, level int) (arrow.Array, error) {
	leaf, err := t.find(domain)
	if err != nil {
		return nil, err
	}
	if level == t.Levels() {
		return top(len(leaf)), nil
	}
	l := t.levels[level-1]
	return labelArray(len(leaf), func(i int) string { return l.labels[l.label[leaf[i]]] }), nil
}

func (t *Tree) shares(domain arrow.Array, level int) ([]float64, error) {
	leaf, err := t.find(domain)
	if err != nil {
		return nil, err
	}
	all := len(t.leaf)
	shares := make([]float64, len(leaf))
	for i, leaf := range leaf {
		covered := all
		switch {
		case level == 0:
			covered = 1
		case level < t.Levels():
			l := t.levels[level-1]
			covered = l.leaves[l.label[leaf]]
		}
		shares[i] = float64(covered) / float64(all)
	}
	return shares, nil
}

func (t *Tree) validate() error {
	if t == nil || len(t.leaf) == 0 {
		return errors.New("tree: empty; read one with ReadTree")
	}
	return nil
}

// find returns the leaf of each value.
func (t *Tree) find(domain arrow.Array) ([]int32, error) {
	if err := noNulls(domain); err != nil {
		return nil, err
	}
	text, err := texts(domain)
	if err != nil {
		return nil, err
	}
	leaf := make([]int32, domain.Len())
	unknown := 0
	for i := range leaf {
		var ok bool
		if leaf[i], ok = t.leaf[text(i)]; !ok {
			unknown++
		}
	}
	if unknown > 0 {
		return nil, fmt.Errorf("%d of %d distinct values are not listed; add each of them",
			unknown, len(leaf))
	}
	return leaf, nil
}
