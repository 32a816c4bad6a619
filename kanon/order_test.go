package kanon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
)

var shirts = kanon.Order{
	Values: []string{"XS", "S", "M", "L", "XL"}, Sizes: [][]int{{2, 1, 2}, {3, 2}},
}

func TestOrder(t *testing.T) {
	domain := texts("XL", "M", "S", "XS")
	kanontest.TestHierarchy(t, shirts, domain)
	wantLabels(t, shirts, domain, 1, "L to XL", "M", "XS to S", "XS to S")
	wantLabels(t, shirts, domain, 2, "L to XL", "XS to M", "XS to M", "XS to M")
	wantLabels(t, shirts, domain, 3, "*", "*", "*", "*")
	wantShares(t, shirts, domain, 0, .2, .2, .2, .2)
	wantShares(t, shirts, domain, 1, .4, .2, .4, .4)
	wantShares(t, shirts, domain, 2, .4, .6, .6, .6)
	wantShares(t, shirts, domain, 3, 1, 1, 1, 1)

	grades := kanon.Order{Values: []string{"1", "2", "3", "4"}, Sizes: [][]int{{2, 2}}}
	for _, typ := range []arrow.DataType{arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Float64} {
		a := fromJSON(t, typ, `[3, 1]`)
		kanontest.TestHierarchy(t, grades, a)
		wantLabels(t, grades, a, 1, "3 to 4", "1 to 2")
	}
	kept := kanon.Order{Values: []string{"a", "b"}} // kept or suppressed
	kanontest.TestHierarchy(t, kept, texts("a", "b"))
	wantLabels(t, kept, texts("b"), 1, "*")
}

func TestOrderRefusals(t *testing.T) {
	abc := []string{"a", "b", "c", "d"}
	for name, c := range map[string]struct {
		h    kanon.Order
		want []string
	}{
		"zero": {kanon.Order{}, []string{"order: no values"}},
		"twice": {kanon.Order{Values: []string{"a", "b", "a"}},
			[]string{"values 1 and 3 are the same"}},
		"top": {kanon.Order{Values: []string{"a", "*"}}, []string{`value 2 is "*"`}},
		"too few": {kanon.Order{Values: abc, Sizes: [][]int{{2, 1}}},
			[]string{"level 1: the sizes add up to 3, want 4"}},
		"too many": {kanon.Order{Values: abc, Sizes: [][]int{{2, 3}}},
			[]string{"group 2 has size 3, want 1 to the 2"}},
		"none": {kanon.Order{Values: abc, Sizes: [][]int{{}}}, []string{"add up to 0, want 4"}},
		"size 0": {kanon.Order{Values: abc, Sizes: [][]int{{0, 4}}},
			[]string{"group 1 has size 0"}},
		"no nest": {kanon.Order{Values: abc, Sizes: [][]int{{2, 2}, {1, 3}}},
			[]string{"level 2: group 1 ends after value 1, inside a group of the level below"}},
		"both": {kanon.Order{Values: abc, Sizes: [][]int{{1, 2}, {4, 1}}},
			[]string{"level 1: the", "level 2: group 1", "level 2: group 2"}},
		"same label": {kanon.Order{Values: []string{"a", "b to c", "a to b", "c"},
			Sizes: [][]int{{2, 2}}},
			[]string{"level 1: group 2 has the label of another"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.h.Generalize(texts("a"), 1)
			wantError(t, err, c.want...)
			_, err = c.h.Shares(texts("a"), 1)
			wantError(t, err, c.want...)
		})
	}
	_, err := shirts.Generalize(texts("XL", "canary"), 1)
	wantError(t, err, "order: 1 of 2 distinct values are not listed")
	if strings.Contains(err.Error(), "canary") {
		t.Error("the error shows a value")
	}
	_, err = shirts.Shares(texts("canary"), 1)
	wantError(t, err, "order: 1 of 1 distinct values are not listed")
	_, err = shirts.Generalize(texts("XL"), 4)
	wantError(t, err, "order: level 4, want 1 to 3")
	_, err = shirts.Shares(texts("XL"), 4)
	wantError(t, err, "order: level 4, want 0 to 3")
}

func ExampleOrder() {
	shirts := kanon.Order{
		Values: []string{"XS", "S", "M", "L", "XL"},
		Sizes:  [][]int{{2, 1, 2}, {3, 2}},
	}
	for level := 1; level <= shirts.Levels(); level++ {
		labels, err := shirts.Generalize(texts("S", "M", "XL"), level)
		fmt.Println(labels, err)
	}
	// Output:
	// ["XS to S" "M" "L to XL"] <nil>
	// ["XS to M" "XS to M" "L to XL"] <nil>
	// ["*" "*" "*"] <nil>
}
