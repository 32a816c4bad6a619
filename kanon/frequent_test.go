package kanon

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func TestFrequent(t *testing.T) {
	h := Frequent{Keep: [][]string{{"a", "b"}, {"b"}}, Other: "other"}
	domain, _, err := array.FromJSON(memory.DefaultAllocator, arrow.BinaryTypes.String,
		strings.NewReader(`["a","b","c","other"]`))
	if err != nil {
		t.Fatal(err)
	}
	for level, want := range []string{
		1: `["a" "b" "other" "other"]`, 2: `["other" "b" "other" "other"]`, 3: `["*" "*" "*" "*"]`,
	} {
		if level == 0 {
			continue
		}
		if got, err := h.Generalize(domain, level); err != nil || got.String() != want {
			t.Errorf("level %d: %v %v", level, got, err)
		}
	}
	numbers := Frequent{Keep: [][]string{{"1"}}, Other: "other"}
	domain, _, _ = array.FromJSON(memory.DefaultAllocator, arrow.PrimitiveTypes.Int8, strings.NewReader(`[1,2]`))
	if got, err := numbers.Generalize(domain, 1); err != nil || got.String() != `["1" "other"]` {
		t.Errorf("%v %v", got, err)
	}
}

func TestFrequentRefuses(t *testing.T) {
	for want, h := range map[string]Frequent{
		"no values to keep":           {Other: "other"},
		"label of other values is \"": {Keep: [][]string{{"a"}}},
		"want a text that is not":     {Keep: [][]string{{"a"}}, Other: Top},
		"level 2 keeps no value":      {Keep: [][]string{{"a"}, {}}, Other: "other"},
		"value 2 is listed twice":     {Keep: [][]string{{"canary", "canary"}}, Other: "other"},
		"value 1 is the label":        {Keep: [][]string{{"other"}}, Other: "other"},
		"level 2: value 1 is not":     {Keep: [][]string{{"a"}, {"canary"}}, Other: "other"},
	} {
		err := h.validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := h.Generalize(nil, 1); err == nil {
			t.Errorf("%s: generalizes", want)
		}
	}
}
