package kanon

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Order is a hierarchy of values with a natural order, of which neighbours are
// put together. The zero value is refused. In a policy,
//
//	order: {values: [XS, S, M, L, XL], sizes: [[2, 1, 2], [3, 2]]}
//
// makes "XS to S", "M" and "L to XL" of the values at level 1, "XS to M" and
// "L to XL" at level 2, and the top at level 3. A Tree gives groups names of
// their own.
//
// A column of another type than text is matched as by a Tree. A value that is
// not listed is an error. Shares are of all the values listed.
type Order struct {
	// Values are all values of the column, in order.
	Values []string `yaml:"values"`
	// Sizes has, for each level from 1 upward below the top, how many values
	// each group holds, in order. A group consists of whole groups of the
	// level below.
	Sizes [][]int `yaml:"sizes"`
}

// Levels is one above the number of levels in Sizes.
func (h Order) Levels() int { return len(h.Sizes) + 1 }

func (h Order) validate() error {
	_, err := h.tree()
	return err
}

// Generalize implements Hierarchy.
func (h Order) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	t, err := h.find(level, 1)
	if err != nil {
		return nil, err
	}
	labels, err := t.generalize(domain, level)
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	return labels, nil
}

// Shares implements Sharer: the share of all values listed.
func (h Order) Shares(domain arrow.Array, level int) ([]float64, error) {
	t, err := h.find(level, 0)
	if err != nil {
		return nil, err
	}
	shares, err := t.shares(domain, level)
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	return shares, nil
}

func (h Order) find(level, lowest int) (*Tree, error) {
	if err := ready("order", h, level, lowest); err != nil {
		return nil, err
	}
	return h.tree()
}

// tree lists the values with the labels of their groups.
func (h Order) tree() (*Tree, error) {
	var errs []error
	if len(h.Values) == 0 {
		errs = append(errs, errors.New("order: no values"))
	}
	t := &Tree{leaf: make(map[string]int32, len(h.Values))}
	for i, v := range h.Values {
		if first, ok := t.leaf[v]; ok {
			errs = append(errs, fmt.Errorf("order: values %d and %d are the same", first+1, i+1))
			continue
		}
		if v == Top {
			errs = append(errs, fmt.Errorf("order: value %d is %q, the label of the top", i+1, Top))
		}
		t.leaf[v] = int32(i)
	}
	ends := map[int]bool{} // of the groups of the level below
	for i := range h.Values {
		ends[i+1] = true
	}
	for i := range h.Sizes {
		l, next, err := h.level(i, ends)
		if err != nil {
			errs = append(errs, err)
		}
		t.levels = append(t.levels, l)
		ends = next
	}
	return t, errors.Join(errs...)
}

// level groups the values by Sizes[i], given where the groups of the level
// below end. It returns where its own groups end.
func (h Order) level(i int, ends map[int]bool) (treeLevel, map[int]bool, error) {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("order: level %d: "+format, append([]any{i + 1}, args...)...))
	}
	var l treeLevel
	seen := map[string]bool{}
	own := map[int]bool{}
	end := 0
	for g, size := range h.Sizes[i] {
		left := len(h.Values) - end
		if size < 1 || size > left {
			wrong("group %d has size %d, want 1 to the %d values left", g+1, size, left)
			return l, own, errors.Join(errs...)
		}
		label := h.Values[end]
		if size > 1 {
			label += " to " + h.Values[end+size-1]
		}
		if seen[label] {
			wrong("group %d has the label of another; name the groups in a tree", g+1)
		}
		end += size
		if !ends[end] {
			wrong("group %d ends after value %d, inside a group of the level below", g+1, end)
		}
		seen[label], own[end] = true, true
		l.labels, l.leaves = append(l.labels, label), append(l.leaves, size)
		for range size {
			l.label = append(l.label, int32(g))
		}
	}
	if end < len(h.Values) {
		wrong("the sizes add up to %d, want %d as there are values", end, len(h.Values))
	}
	return l, own, errors.Join(errs...)
}
