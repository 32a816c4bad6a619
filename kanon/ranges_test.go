package kanon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestRanges(t *testing.T) {
	tree, err := NewTree([][]string{{"a", "x", "*"}, {"b", "y", "*"}, {"c", "x", "*"}, {"d", "y", "*"}})
	if err != nil {
		t.Fatal(err)
	}
	order := Order{Values: []string{"a", "b", "c", "d"}, Sizes: [][]int{{1, 3}}}
	whole := Intervals{Widths: []float64{5, 10}, Min: 0, Max: 22, Bottom: true}
	for _, c := range []struct {
		h      Ranger
		dt     arrow.DataType
		domain string
		want   []string
	}{
		{tree, arrow.BinaryTypes.String, `["c","b"]`, []string{"[2 1] [2 1]", "[0 1] [2 3]", "[0 0] [3 3]"}},
		{order, arrow.BinaryTypes.String, `["d","a"]`, []string{"[3 0] [3 0]", "[1 0] [3 0]", "[0 0] [3 3]"}},
		{whole, arrow.PrimitiveTypes.Int8, `[7,22,-3]`, []string{
			"[7 22 -3] [7 22 -3]", "[5 20 -3] [9 22 0]", "[0 20 -3] [9 22 0]", "[-3 -3 -3] [22 22 22]"}},
		{whole, arrow.PrimitiveTypes.Float64, `[7.5,20]`, []string{
			"[7.5 20] [7.5 20]", "[5 20] [10 22]", "[0 20] [10 22]", "[0 0] [22 22]"}},
	} {
		domain, _, err := array.FromJSON(memory.DefaultAllocator, c.dt, strings.NewReader(c.domain))
		if err != nil {
			t.Fatal(err)
		}
		for level, want := range c.want {
			low, high, err := c.h.Ranges(domain, level)
			if got := fmt.Sprint(low, high); err != nil || got != want {
				t.Errorf("%T level %d: %s (%v), want %s", c.h, level, got, err, want)
			}
		}
		if _, _, err := c.h.Ranges(domain, 9); err == nil {
			t.Errorf("%T has level 9", c.h)
		}
	}
}
