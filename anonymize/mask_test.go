package anonymize

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

func TestMaskByHand(t *testing.T) {
	for _, c := range []struct {
		mask     Mask
		in, want []string
	}{
		{Mask{KeepFirst: 3}, []string{"80331", "803", "80", "", null, "8033"},
			[]string{"803**", "***", "**", "", null, "803*"}},
		{Mask{KeepLast: 4, With: "•"}, []string{"DE12345678", "5678"}, []string{"••••••5678", "••••"}},
		{Mask{KeepFirst: 1, KeepLast: 1}, []string{"Jürgen", "né", "日本語"},
			[]string{"J****n", "**", "日*語"}},
		{Mask{KeepFirst: 1, Length: 3}, []string{"Jürgen", "J", "Jo", "", null},
			[]string{"J***", "***", "J***", "***", null}},
		{Mask{KeepFirst: 2, KeepLast: 2, Length: 1}, []string{"abcdefgh", "abcd"},
			[]string{"ab*gh", "*"}},
	} {
		for _, typ := range []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString} {
			t.Run(fmt.Sprint(c.mask.describe(), typ), func(t *testing.T) {
				if diff := cmp.Diff(c.want, coarsened(t, c.mask, typ, c.in...)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestMaskValidate(t *testing.T) {
	for _, c := range []struct {
		mask Mask
		want []string
	}{
		{Mask{}, []string{"mask: keep_first and keep_last are 0, so nothing is left; " +
			"want one above 0, or drop the column"}},
		{Mask{KeepFirst: -1, KeepLast: 2, Length: 1 << 20, With: "**"}, []string{
			"mask: keep_first is -1, want 0 to 65536", "mask: length is 1048576, want 0 to 65536",
			`mask: with is "**", want one visible character`}},
		{Mask{KeepFirst: 1, With: "\n"}, []string{`mask: with is "\n", want one visible character`}},
		{Mask{KeepFirst: 1, With: "\xff"}, []string{`mask: with is "\xff", want one visible character`}},
		{Mask{KeepFirst: 1, With: "#"}, nil},
	} {
		if diff := cmp.Diff(c.want, mistakes(c.mask.validate())); diff != "" {
			t.Error(diff)
		}
	}
	if got, want := refusal(t, Mask{KeepFirst: 1}, arrow.PrimitiveTypes.Int32),
		"mask: the column is int32; want text (utf8 or large_utf8)"; got != want {
		t.Error(got)
	}
}

func TestMaskDescribes(t *testing.T) {
	got := Mask{KeepFirst: 2, KeepLast: 1, Length: 4}.describe()
	want := `all but the first 2 and the last character masked by "*", 4 of them whatever the length`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestMaskRefusesTornText: offsets out of order come from a damaged file only.
func TestMaskRefusesTornText(t *testing.T) {
	data := array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{nil,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{3, 1, 4})),
		memory.NewBufferBytes([]byte("text"))}, nil, 0, 0)
	_, err := Mask{KeepFirst: 1}.apply(memory.DefaultAllocator, array.MakeFromData(data))
	if err == nil || strings.Contains(err.Error(), "text\"") {
		t.Error(err)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("80331", 2, 1, 0)
	f.Add("J\xffürg\xc3", 1, 2, 3)
	f.Fuzz(func(t *testing.T, text string, first, last, length int) {
		m := Mask{KeepFirst: first, KeepLast: last, Length: length}
		if m.validate() != nil {
			return
		}
		out := string(m.rule().Append(nil, []byte(text)))
		if !utf8.ValidString(out) {
			t.Fatal("not UTF-8")
		}
		in := []rune(text) // a stray byte is one rune here too
		hidden := len(in) - first - last
		if hidden <= 0 {
			first, last, hidden = 0, 0, len(in)
		}
		if length > 0 {
			hidden = length
		}
		want := append([]rune{}, in[:first]...)
		want = append(want, []rune(strings.Repeat("*", hidden))...)
		want = append(want, in[len(in)-last:]...)
		got := []rune(out)
		if len(got) != len(want) {
			t.Fatalf("%d characters, want %d", len(got), len(want))
		}
		for i, r := range want {
			if got[i] != r && !(r == utf8.RuneError && got[i] == '*') {
				t.Fatalf("character %d is %q, want %q", i, got[i], r)
			}
		}
	})
}

func BenchmarkMask(b *testing.B) {
	benchmark(b, Mask{KeepFirst: 3}, arrow.BinaryTypes.String,
		func(rng *rand.Rand) string { return strconv.Itoa(10000 + rng.IntN(90000)) })
}
