package kanon

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Frequent is a hierarchy of categories that keeps the frequent values and
// puts all others together, with fewer of them kept at each level. The zero
// value is refused. In a policy,
//
//	frequent: {keep: [[Private, State-gov, Local-gov], [Private]], other: other}
//
// keeps three values at level 1, one at level 2, and none at the top. A column
// of another type than text is matched as by a Tree. No value is unknown: what
// is not kept is other, so that rare values need not be listed anywhere.
type Frequent struct {
	// Keep lists, for each level from 1 upward below the top, the values that
	// are kept: some of those of the level below.
	Keep [][]string `yaml:"keep"`
	// Other is the label of all other values, and none of them.
	Other string `yaml:"other"`
}

// Levels is one above the number of levels in Keep.
func (h Frequent) Levels() int { return len(h.Keep) + 1 }

func (h Frequent) validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("frequent: "+format, args...))
	}
	if len(h.Keep) == 0 {
		wrong("no values to keep")
	}
	if h.Other == "" || h.Other == Top {
		wrong("the label of other values is %q, want a text that is not %q", h.Other, Top)
	}
	var below map[string]bool
	for level, values := range h.Keep {
		seen := map[string]bool{}
		if len(values) == 0 {
			wrong("level %d keeps no value", level+1)
		}
		for i, v := range values {
			switch {
			case seen[v]:
				wrong("level %d: value %d is listed twice", level+1, i+1)
			case v == h.Other || v == Top:
				wrong("level %d: value %d is the label of other values or of the top", level+1, i+1)
			case level > 0 && !below[v]:
				wrong("level %d: value %d is not kept at the level below", level+1, i+1)
			}
			seen[v] = true
		}
		below = seen
	}
	return errors.Join(errs...)
}

// Generalize implements Hierarchy.
func (h Frequent) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if err := ready("frequent", h, level, 1); err != nil {
		return nil, err
	}
	if err := noNulls(domain); err != nil {
		return nil, fmt.Errorf("frequent: %w", err)
	}
	text, err := texts(domain)
	if err != nil {
		return nil, fmt.Errorf("frequent: %w", err)
	}
	if level == h.Levels() {
		return top(domain.Len()), nil
	}
	keep := map[string]bool{}
	for _, v := range h.Keep[level-1] {
		keep[v] = true
	}
	return labelArray(domain.Len(), func(i int) string {
		if v := text(i); keep[v] {
			return v
		}
		return h.Other
	}), nil
}
