package kanon

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Top is the label of the highest level of every hierarchy. It says nothing
// about the value below it.
const Top = "*"

// Hierarchy coarsens the values of a column in steps. Level 0 is the value
// itself, each level is a coarsening of the one below (two values of one label
// have one label at every higher level), and level Levels() has the single
// label Top.
//
// The package provides Intervals, Prefix, Dates, Order, Tree and
// HierarchyFunc. A hierarchy of your own is checked by package kanontest.
// Implementations are safe for concurrent use.
//
// The caller names the column in the error it makes of an error from here, so
// these start without the package's prefix. They count values; they never
// show one.
type Hierarchy interface {
	// Levels is the number of levels above the value itself, at least 1.
	Levels() int
	// Generalize returns the label of each value at a level from 1 to
	// Levels(), as a utf8 array as long as the domain and without nulls, which
	// the caller releases. The domain holds distinct values and no null; it is
	// not modified. A value that the hierarchy does not know is an error.
	Generalize(domain arrow.Array, level int) (arrow.Array, error)
}

// Sharer is a Hierarchy that knows its whole domain and not only the values
// that occur in a table: a Tree knows every leaf of its file, Intervals know
// their range. Measures of information loss use the shares where they are
// known and count the distinct values of the table where not.
type Sharer interface {
	// Shares returns for each value of the domain the share in (0, 1] of the
	// whole domain that its label covers at a level from 0 to Levels(). It
	// never falls with the level, and is 1 at the top.
	Shares(domain arrow.Array, level int) ([]float64, error)
}

// validator is a hierarchy whose parameters can be wrong. The error holds
// every mistake and starts without the package's prefix.
type validator interface {
	validate() error
}

// HierarchyFunc returns a hierarchy of the given number of levels whose labels
// up to levels-1 come from f, which is bound to what Hierarchy says of
// Generalize. The top level is Top without a call of f, so that levels is 1
// and f is never called where a column is either kept or suppressed.
func HierarchyFunc(
	levels int, f func(domain arrow.Array, level int) (arrow.Array, error),
) Hierarchy {
	return funcHierarchy{levels, f}
}

type funcHierarchy struct {
	levels int
	f      func(domain arrow.Array, level int) (arrow.Array, error)
}

func (h funcHierarchy) Levels() int { return h.levels }

func (h funcHierarchy) validate() error {
	var errs []error
	if h.levels < 1 {
		errs = append(errs, fmt.Errorf("hierarchy function: %d levels, want at least 1", h.levels))
	}
	if h.f == nil {
		errs = append(errs, errors.New("hierarchy function: no function"))
	}
	return errors.Join(errs...)
}

func (h funcHierarchy) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if err := ready("hierarchy function", h, level, 1); err != nil {
		return nil, err
	}
	if level == h.levels {
		return top(domain.Len()), nil
	}
	return h.f(domain, level)
}

// ready says whether a built-in hierarchy can be asked for a level, of which
// lowest is the first.
func ready(name string, h interface {
	Hierarchy
	validator
}, level, lowest int) error {
	if err := h.validate(); err != nil {
		return err
	}
	if level < lowest || level > h.Levels() {
		return fmt.Errorf("%s: level %d, want %d to %d", name, level, lowest, h.Levels())
	}
	return nil
}

// top returns n labels Top.
func top(n int) arrow.Array {
	return labelArray(n, func(int) string { return Top })
}
