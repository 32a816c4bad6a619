package kanon_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
	"go.yaml.in/yaml/v3"
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

// A policy file holds the very types, under these names.
func TestHierarchyYAML(t *testing.T) {
	const policy = `
intervals: {widths: [5, 10], min: 0, max: 89, bottom: true, top: true}
prefix: {length: 5, shorter: true}
dates: {periods: [month, year]}
order: {values: [XS, S, M], sizes: [[2, 1]]}
`
	type hierarchies struct {
		Intervals kanon.Intervals `yaml:"intervals"`
		Prefix    kanon.Prefix    `yaml:"prefix"`
		Dates     kanon.Dates     `yaml:"dates"`
		Order     kanon.Order     `yaml:"order"`
	}
	var got hierarchies
	d := yaml.NewDecoder(strings.NewReader(policy))
	d.KnownFields(true)
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := hierarchies{
		kanon.Intervals{Widths: []float64{5, 10}, Min: 0, Max: 89, Bottom: true, Top: true},
		kanon.Prefix{Length: 5, Shorter: true},
		kanon.Dates{Periods: []string{"month", "year"}},
		kanon.Order{Values: []string{"XS", "S", "M"}, Sizes: [][]int{{2, 1}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
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
