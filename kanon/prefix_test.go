package kanon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
)

func TestPrefix(t *testing.T) {
	h := kanon.Prefix{Length: 5}
	domain := texts("53711", "53719", "54113", "00501")
	kanontest.TestHierarchy(t, h, domain)
	wantLabels(t, h, domain, 1, "5371*", "5371*", "5411*", "0050*")
	wantLabels(t, h, domain, 2, "537**", "537**", "541**", "005**")
	wantLabels(t, h, domain, 4, "5****", "5****", "5****", "0****")
	wantLabels(t, h, domain, 5, "*", "*", "*", "*")
	if _, ok := kanon.Hierarchy(h).(kanon.Sharer); ok {
		t.Error("a prefix does not know its domain")
	}

	wide := texts("äöü", "äöß", "日本語", "ab*")
	kanontest.TestHierarchy(t, kanon.Prefix{Length: 3}, wide)
	wantLabels(t, kanon.Prefix{Length: 3}, wide, 1, "äö*", "äö*", "日本*", "ab*")
	wantLabels(t, kanon.Prefix{Length: 3}, array.NewSlice(wide, 2, 3), 2, "日**")
}

func TestPrefixShorter(t *testing.T) {
	h := kanon.Prefix{Length: 5, Shorter: true}
	domain := texts("I10", "I10.9", "I10*", "I", "", "é", "I1")
	kanontest.TestHierarchy(t, h, domain)
	wantLabels(t, h, domain, 1, "I10*", "I10.*", "I10**", "I*", "*", "é*", "I1*")
	wantLabels(t, h, domain, 2, "I10**", "I10**", "I10**", "I**", "**", "é**", "I1**")
	wantLabels(t, h, domain, 4, "I****", "I****", "I****", "I****", "****", "é****", "I****")
}

func TestPrefixTypes(t *testing.T) {
	h := kanon.Prefix{Length: 2}
	for _, typ := range []arrow.DataType{
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
	} {
		a := fromJSON(t, typ, `["ab", "ac", "xy"]`)
		kanontest.TestHierarchy(t, h, a)
		wantLabels(t, h, a, 1, "a*", "a*", "x*")
		wantLabels(t, h, array.NewSlice(a, 2, 3), 1, "x*")
	}
	_, err := h.Generalize(ints(53711), 1)
	wantError(t, err, "prefix: the column is int64, want text", "leading zeros",
		"read the column as text")
	codes := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int32,
	}
	_, err = h.Generalize(fromJSON(t, codes, `[53]`), 1)
	wantError(t, err, "the column is int32, want text")
	_, err = h.Generalize(doubles(0.5), 1)
	wantError(t, err, "the column is float64, want text")
}

func TestPrefixRefusals(t *testing.T) {
	for _, length := range []int{0, -1, 65} {
		_, err := kanon.Prefix{Length: length}.Generalize(texts("a"), 1)
		wantError(t, err, fmt.Sprintf("prefix: length is %d, want 1 to 64", length))
	}
	h := kanon.Prefix{Length: 6}
	_, err := h.Generalize(texts("canary", "canaries", "cana", "ca"), 1)
	wantError(t, err, "1 of 4 distinct values have more than 6",
		"2 of 4 distinct values have fewer than 6", "set shorter")
	if strings.Contains(err.Error(), "cana") {
		t.Error("the error shows a value")
	}
	h.Shorter = true
	_, err = h.Generalize(texts("canaries", "ca"), 6)
	wantError(t, err, "1 of 2 distinct values have more")
	_, err = h.Generalize(texts("ca"), 7)
	wantError(t, err, "prefix: level 7, want 1 to 6")
	_, err = h.Generalize(fromJSON(t, arrow.BinaryTypes.String, `["a", null, null]`), 1)
	wantError(t, err, "2 nulls in the domain")
}

func ExamplePrefix() {
	zip := kanon.Prefix{Length: 5}
	labels, err := zip.Generalize(texts("53711", "53703", "00501"), 2)
	fmt.Println(labels, err)
	// Output: ["537**" "537**" "005**"] <nil>
}

func BenchmarkPrefix(b *testing.B) {
	values := make([]string, 1_000_000)
	for i := range values {
		values[i] = fmt.Sprintf("%07d", i)
	}
	domain := texts(values...)
	for b.Loop() {
		labels, err := kanon.Prefix{Length: 7}.Generalize(domain, 2)
		if err != nil {
			b.Fatal(err)
		}
		labels.Release()
	}
}
