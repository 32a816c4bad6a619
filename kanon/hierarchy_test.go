package kanon_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
)

// initials is a hierarchy function: the first letter of a name.
func initials(domain arrow.Array, level int) (arrow.Array, error) {
	names, ok := domain.(*array.String)
	if !ok {
		return nil, errors.New("want text")
	}
	labels := make([]string, names.Len())
	for i := range labels {
		labels[i] = names.Value(i)[:1]
	}
	return texts(labels...), nil
}

func TestHierarchyFunc(t *testing.T) {
	h := kanon.HierarchyFunc(2, initials)
	kanontest.TestHierarchy(t, h, texts("Ada", "Alan", "Barbara"))
	wantLabels(t, h, texts("Ada", "Alan", "Barbara"), 1, "A", "A", "B")
	wantLabels(t, h, texts("Ada", "Alan", "Barbara"), 2, "*", "*", "*")
	_, err := h.Generalize(ints(1), 1)
	wantError(t, err, "want text")
	for _, level := range []int{-1, 0, 3} {
		_, err := h.Generalize(texts("Ada"), level)
		wantError(t, err, "hierarchy function: level", "want 1 to 2")
	}
	_, err = kanon.HierarchyFunc(0, nil).Generalize(texts("Ada"), 1)
	wantError(t, err, "0 levels, want at least 1", "no function")
	if _, ok := h.(kanon.Sharer); ok {
		t.Error("a function does not know its domain")
	}
}

func ExampleHierarchyFunc() {
	names := kanon.HierarchyFunc(2, func(domain arrow.Array, level int) (arrow.Array, error) {
		return initials(domain, level) // for every level below the top
	})
	for level := 1; level <= names.Levels(); level++ {
		labels, err := names.Generalize(texts("Ada", "Alan", "Barbara"), level)
		fmt.Println(labels, err)
	}
	// Output:
	// ["A" "A" "B"] <nil>
	// ["*" "*" "*"] <nil>
}
