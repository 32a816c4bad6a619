// Package kanontest checks hierarchies that are not part of package kanon.
package kanontest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
)

// TestHierarchy fails t where h breaks what kanon.Hierarchy promises, over a
// domain of distinct values without nulls that h knows. It asks for one label
// a value at each level, without nulls and of type utf8; that each level is a
// coarsening of the one below; that the top is kanon.Top; that the label of a
// value depends on nothing but the value, whatever else is in the domain and
// however often and concurrently it is asked (run it with -race); and that the
// domain is left as it was. Where h is a kanon.Sharer, it asks for shares in
// (0, 1] that do not fall with the level, are equal for equal labels and are 1
// at the top.
//
// Levels beyond the values of one domain cannot be seen: choose a domain that
// has values on both sides of every boundary.
func TestHierarchy(t T, h kanon.Hierarchy, domain arrow.Array) {
	t.Helper()
	if err := check(h, domain); err != nil {
		t.Error(err)
	}
}

// T is what TestHierarchy needs of a *testing.T, so that a property test can
// pass its own.
type T interface {
	Helper()
	Error(args ...any)
}

// maxParts bounds the values asked for one by one.
const maxParts = 100

func check(h kanon.Hierarchy, domain arrow.Array) error {
	levels := h.Levels()
	if levels < 1 {
		return fmt.Errorf("%d levels, want at least 1", levels)
	}
	before := fingerprint(domain)
	var errs []error
	all := make([][]string, levels+1)
	for level := 1; level <= levels; level++ {
		labels, err := generalize(h, domain, level)
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("level %d: %w", level, err))...)
		}
		all[level] = labels
		errs = append(errs, parts(h, domain, level, labels), again(h, domain, level, labels))
		if level > 1 && !coarsens(all[level-1], labels) {
			errs = append(errs, fmt.Errorf(
				"level %d: two values of one label at level %d have two labels", level, level-1))
		}
	}
	for i, label := range all[levels] {
		if label != kanon.Top {
			errs = append(errs, fmt.Errorf("top level: value %d has the label %q, want %q",
				i, label, kanon.Top))
			break
		}
	}
	if s, ok := h.(kanon.Sharer); ok {
		errs = append(errs, shares(s, domain, all))
	}
	if h.Levels() != levels {
		errs = append(errs, fmt.Errorf("%d levels now, %d at first", h.Levels(), levels))
	}
	if fingerprint(domain) != before {
		errs = append(errs, errors.New("the domain was modified"))
	}
	return errors.Join(errs...)
}

// generalize asks for labels and checks their form.
func generalize(h kanon.Hierarchy, domain arrow.Array, level int) ([]string, error) {
	a, err := h.Generalize(domain, level)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	labels, ok := a.(*array.String)
	if !ok {
		return nil, fmt.Errorf("labels of type %s, want utf8", a.DataType())
	}
	if a.Len() != domain.Len() {
		return nil, fmt.Errorf("%d labels for %d values", a.Len(), domain.Len())
	}
	if a.NullN() > 0 {
		return nil, fmt.Errorf("%d labels are null", a.NullN())
	}
	values := make([]string, a.Len())
	for i := range values {
		values[i] = string([]byte(labels.Value(i))) // labels are released
	}
	return values, nil
}

// parts asks for parts of the domain: nothing, both halves, single values.
func parts(h kanon.Hierarchy, domain arrow.Array, level int, want []string) error {
	n := domain.Len()
	ranges := [][2]int{{0, 0}, {0, n / 2}, {n / 2, n}}
	for i := range min(n, maxParts) {
		ranges = append(ranges, [2]int{i, i + 1})
	}
	for _, r := range ranges {
		part := array.NewSlice(domain, int64(r[0]), int64(r[1]))
		labels, err := generalize(h, part, level)
		part.Release()
		if err != nil {
			return fmt.Errorf("level %d: values %d to %d alone: %w", level, r[0], r[1], err)
		}
		for i, label := range labels {
			if label != want[r[0]+i] {
				return fmt.Errorf("level %d: value %d has another label among other values",
					level, r[0]+i)
			}
		}
	}
	return nil
}

// again asks for the same from several goroutines.
func again(h kanon.Hierarchy, domain arrow.Array, level int, want []string) error {
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for g := range errs {
		wg.Go(func() {
			labels, err := generalize(h, domain, level)
			if err != nil {
				errs[g] = fmt.Errorf("level %d, concurrently: %w", level, err)
				return
			}
			for i := range labels {
				if labels[i] != want[i] {
					errs[g] = fmt.Errorf("level %d: value %d has another label when asked again",
						level, i)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// coarsens says whether labels are a function of those of the level below.
func coarsens(below, labels []string) bool {
	above := map[string]string{}
	for i, b := range below {
		if first, ok := above[b]; ok && first != labels[i] {
			return false
		}
		above[b] = labels[i]
	}
	return true
}

func shares(s kanon.Sharer, domain arrow.Array, labels [][]string) error {
	last := make([]float64, domain.Len())
	for level := range labels {
		got, err := s.Shares(domain, level)
		if err != nil {
			return fmt.Errorf("shares of level %d: %w", level, err)
		}
		if len(got) != domain.Len() {
			return fmt.Errorf("shares of level %d: %d for %d values", level, len(got), domain.Len())
		}
		of := map[string]float64{}
		for i, share := range got {
			switch {
			case !(share > 0 && share <= 1):
				return fmt.Errorf("shares of level %d: value %d has %v, want above 0 and at most 1",
					level, i, share)
			case share < last[i]:
				return fmt.Errorf("shares of level %d: value %d has less than at the level below",
					level, i)
			case level == len(labels)-1 && share != 1:
				return fmt.Errorf("shares of the top: value %d has %v, want 1", i, share)
			}
			if level > 0 {
				if first, ok := of[labels[level][i]]; ok && first != share {
					return fmt.Errorf("shares of level %d: one label has %v and %v", level, first, share)
				}
				of[labels[level][i]] = share
			}
		}
		last = got
	}
	return nil
}

// fingerprint is the content of an array, down to its buffers.
func fingerprint(a arrow.Array) string {
	var s []byte
	var walk func(d arrow.ArrayData)
	walk = func(d arrow.ArrayData) {
		s = fmt.Appendf(s, "%s %d %d ", d.DataType(), d.Len(), d.Offset())
		for _, b := range d.Buffers() {
			if b != nil {
				s = append(s, b.Bytes()...)
			}
		}
		for _, child := range d.Children() {
			walk(child)
		}
		if d.DataType().ID() == arrow.DICTIONARY {
			walk(d.Dictionary())
		}
	}
	walk(a.Data())
	return string(s)
}
