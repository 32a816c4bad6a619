package kanon_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

var updateTrees = flag.Bool("update-trees", false, "rewrite testdata/tree")

// TestReadTree runs testdata/tree: each file holds a comment, the text of a
// tree ("in", where \t, \r and BOM stand for themselves), the leaves asked for
// ("ask") and what is wanted: labels and shares a level, or the error.
func TestReadTree(t *testing.T) {
	files, err := filepath.Glob("testdata/tree/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	unescape := strings.NewReplacer(`\t`, "\t", `\r`, "\r", "BOM", "\ufeff", `\n`, "\n")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string]string{}
			for _, f := range a.Files {
				part[f.Name] = string(f.Data)
			}
			in := strings.TrimSuffix(unescape.Replace(part["in"]), "\n")
			got := describeTree(in, strings.Fields(part["ask"]))
			if *updateTrees {
				a.Files = a.Files[:0]
				for _, name := range []string{"in", "ask"} {
					a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(part[name])})
				}
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(part["want"], got); diff != "" && !*updateTrees {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// describeTree says what a reader of the text sees of it.
func describeTree(text string, ask []string) string {
	var b strings.Builder
	tree, err := kanon.ReadTree(strings.NewReader(text))
	if err != nil {
		return fmt.Sprintln(err)
	}
	domain := texts(ask...)
	for level := 1; level <= tree.Levels(); level++ {
		labels, err := tree.Generalize(domain, level)
		if err != nil {
			return fmt.Sprintln(err)
		}
		shares, err := tree.Shares(domain, level)
		if err != nil {
			return fmt.Sprintln(err)
		}
		fmt.Fprintf(&b, "%d:", level)
		for i := range shares {
			fmt.Fprintf(&b, " %q %.3g", labels.(*array.String).Value(i), shares[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func texts(values ...string) *array.String {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewStringArray()
}

func wantLabels(t *testing.T, h kanon.Hierarchy, domain arrow.Array, level int, want ...string) {
	t.Helper()
	got, err := h.Generalize(domain, level)
	if err != nil {
		t.Fatalf("level %d: %v", level, err)
	}
	labels := make([]string, got.Len())
	for i := range labels {
		labels[i] = got.(*array.String).Value(i)
	}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("level %d: -want +got:\n%s", level, diff)
	}
}

// wantError asks for all parts in the error, and for none of the values.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q, want %q in it", err, part)
		}
	}
}

func TestTreeMatchesCanonicalText(t *testing.T) {
	tree, err := kanon.NewTree([][]string{
		{"39", "number"}, {"-4", "number"}, {"0.5", "number"}, {"0", "number"}, {"2.50", "number"},
		{"18446744073709551615", "number"},
		{"true", "truth"}, {"2019-03-07", "day"}, {"1969-12-31", "day"},
	})
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.DefaultAllocator
	negativeZero := math.Copysign(0, -1)
	for _, c := range []struct {
		typ    arrow.DataType
		json   string
		labels []string
	}{
		{arrow.PrimitiveTypes.Int8, `[39, -4]`, []string{"number", "number"}},
		{arrow.PrimitiveTypes.Int16, `[-4]`, []string{"number"}},
		{arrow.PrimitiveTypes.Int32, `[-4]`, []string{"number"}},
		{arrow.PrimitiveTypes.Int64, `[-4]`, []string{"number"}},
		{arrow.PrimitiveTypes.Uint8, `[39]`, []string{"number"}},
		{arrow.PrimitiveTypes.Uint16, `[39]`, []string{"number"}},
		{arrow.PrimitiveTypes.Uint32, `[39]`, []string{"number"}},
		{arrow.PrimitiveTypes.Uint64, `["18446744073709551615"]`, []string{"number"}},
		{arrow.PrimitiveTypes.Float32, `[39, 0.5]`, []string{"number", "number"}},
		{arrow.PrimitiveTypes.Float64, `[39, 0.5]`, []string{"number", "number"}},
		{&arrow.Decimal128Type{Precision: 5, Scale: 2}, `["2.5"]`, []string{"number"}},
		{arrow.FixedWidthTypes.Boolean, `[true]`, []string{"truth"}},
		{arrow.FixedWidthTypes.Date32, `["2019-03-07", "1969-12-31"]`, []string{"day", "day"}},
		{arrow.FixedWidthTypes.Date64, `["2019-03-07", "1969-12-31"]`, []string{"day", "day"}},
		{arrow.BinaryTypes.LargeString, `["39"]`, []string{"number"}},
		{&arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String},
			`["true", "39"]`, []string{"truth", "number"}},
	} {
		t.Run(c.typ.String(), func(t *testing.T) {
			a, _, err := array.FromJSON(mem, c.typ, strings.NewReader(c.json))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Release()
			two, err := kanon.NewTree([][]string{{"a", "x"}, {"b", "y"}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = two.Generalize(a, 1)
			wantError(t, err, fmt.Sprintf("%d of %d distinct values are not listed", a.Len(), a.Len()))
			// The one column above is not constant, so it is level 1 of 2.
			wantLabels(t, tree, a, 1, c.labels...)
			slice := array.NewSlice(a, int64(a.Len()-1), int64(a.Len()))
			defer slice.Release()
			wantLabels(t, tree, slice, 1, c.labels[a.Len()-1])
		})
	}
	fb := array.NewFloat64Builder(mem)
	fb.Append(negativeZero)
	wantLabels(t, tree, fb.NewArray(), 1, "number")
	wantLabels(t, tree, singles(float32(negativeZero)), 1, "number")
	db := array.NewDecimal128Builder(mem, &arrow.Decimal128Type{Precision: 38, Scale: 2})
	db.Append(decimal128.FromI64(250))
	wantLabels(t, tree, db.NewArray(), 1, "number")
	bb := array.NewBinaryBuilder(mem, arrow.BinaryTypes.Binary)
	bb.Append([]byte("39"))
	_, err = tree.Generalize(bb.NewArray(), 1)
	wantError(t, err, "type binary cannot be matched")
}

func TestTreeRefusals(t *testing.T) {
	for name, tree := range map[string]*kanon.Tree{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := tree.Generalize(texts("a"), 1)
			wantError(t, err, "tree: empty")
			_, err = tree.Shares(texts("a"), 1)
			wantError(t, err, "tree: empty")
		})
	}
	tree, err := kanon.NewTree([][]string{{"a", "x", "*"}, {"b", "y", "*"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []int{-1, 0, 3} {
		_, err := tree.Generalize(texts("a"), level)
		wantError(t, err, "want 1 to 2")
	}
	for _, level := range []int{-1, 3} {
		_, err := tree.Shares(texts("a"), level)
		wantError(t, err, "want")
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues([]string{"a", ""}, []bool{true, false})
	_, err = tree.Generalize(b.NewArray(), 1)
	wantError(t, err, "1 nulls in the domain")
	typ := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String,
	}
	entries := fromJSON(t, arrow.BinaryTypes.String, `[null, "a"]`)
	coded := func(indices string) arrow.Array {
		return array.NewDictionaryArray(typ, fromJSON(t, typ.IndexType, indices), entries)
	}
	_, err = tree.Generalize(coded(`[1, 0]`), 1)
	wantError(t, err, "1 nulls in the domain")
	wantLabels(t, tree, coded(`[1]`), 1, "x") // a null that no value refers to

	_, err = kanon.ReadTreeFile(filepath.Join(t.TempDir(), "none.csv"))
	wantError(t, err, "kanon: tree: open", "none.csv")
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("a;x;*\na;y;*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = kanon.ReadTreeFile(path)
	wantError(t, err, "bad.csv: line 2: the leaf of line 1 again")
	_, err = kanon.ReadTree(io.MultiReader(strings.NewReader("a;x\n"), failingReader{}))
	wantError(t, err, "kanon: tree: broken pipe")
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, fmt.Errorf("broken pipe") }

// Every mistake of a long bad file is not listed.
func TestTreeMistakesAreBounded(t *testing.T) {
	_, err := kanon.ReadTree(strings.NewReader(strings.Repeat("canary;x\n", 1000)))
	wantError(t, err, "line 11", "and 989 mistakes more")
	if strings.Contains(err.Error(), "line 12:") || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}

// Adult's hierarchies are those of /shared/data; levels and counts of labels
// are counted from the files with cut, sort and uniq.
func TestTreeAdult(t *testing.T) {
	dir := filepath.Join(shared.Dir(t), "data")
	for name, levels := range map[string]int{
		"age": 4, "education": 3, "marital-status": 2, "native-country": 2, "occupation": 2,
		"race": 1, "salary-class": 1, "sex": 1, "workclass": 2,
	} {
		tree, err := kanon.ReadTreeFile(filepath.Join(dir, "adult_hierarchy_"+name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if tree.Levels() != levels {
			t.Errorf("%s: %d levels, want %d", name, tree.Levels(), levels)
		}
	}
	age, err := kanon.ReadTreeFile(filepath.Join(dir, "adult_hierarchy_age.csv"))
	if err != nil {
		t.Fatal(err)
	}
	ages := array.NewInt64Builder(memory.DefaultAllocator)
	ages.AppendValues([]int64{17, 90, 100}, nil)
	domain := ages.NewArray()
	kanontest.TestHierarchy(t, age, domain)
	wantLabels(t, age, domain, 1, "15-19", "85-89", "95-99")
	wantLabels(t, age, domain, 3, "0-19", "80-99", "80-99")
	// The file has 100 leaves, 1 to 100: 5, 10 and 20 under each label.
	for level, share := range []float64{.01, .05, .1, .2, 1} {
		got, err := age.Shares(domain, level)
		if want := []float64{share, share, share}; err != nil || !cmp.Equal(want, got) {
			t.Errorf("level %d: %v %v, want %v", level, got, err, want)
		}
	}
}

// A tree made at random, written with any delimiter, is read back as it was.
func TestTreeRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		height := rapid.IntRange(1, 4).Draw(rt, "height")
		fan := rapid.IntRange(1, 4).Draw(rt, "fan")
		name := rapid.StringOfN(rapid.SampledFrom([]rune("a;,\t\" é")), 0, 4, -1)
		var rows [][]string
		var leaves []string
		for i := range rapid.IntRange(1, 30).Draw(rt, "leaves") {
			row := []string{fmt.Sprint(i, name.Draw(rt, "leaf"))}
			leaves = append(leaves, row[0])
			for level, group := 1, i/fan; level <= height; level, group = level+1, group/fan {
				row = append(row, fmt.Sprint("group;", group))
			}
			rows = append(rows, append(row, kanon.Top))
		}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.Comma = rapid.SampledFrom([]rune(";,\t")).Draw(rt, "comma")
		w.UseCRLF = rapid.Bool().Draw(rt, "crlf")
		if err := w.WriteAll(rows); err != nil {
			rt.Fatal(err)
		}
		if w.Comma != ';' && strings.Contains(strings.SplitN(text.String(), "\n", 2)[0], ";") {
			// The writer quotes only its own delimiter.
			text.Reset()
			for _, row := range rows {
				for i, field := range row {
					if i > 0 {
						text.WriteRune(w.Comma)
					}
					text.WriteString(`"` + strings.ReplaceAll(field, `"`, `""`) + `"`)
				}
				text.WriteByte('\n')
			}
		}
		tree, err := kanon.ReadTree(&text)
		if err != nil {
			rt.Fatal(err)
		}
		if tree.Levels() != height+1 {
			rt.Fatalf("%d levels, want %d", tree.Levels(), height+1)
		}
		domain := texts(leaves...)
		kanontest.TestHierarchy(rt, tree, domain)
		for level := 1; level <= height; level++ {
			labels, err := tree.Generalize(domain, level)
			if err != nil {
				rt.Fatal(err)
			}
			for i := range rows {
				if got := labels.(*array.String).Value(i); got != rows[i][level] {
					rt.Fatalf("level %d, row %d: %q, want %q", level, i, got, rows[i][level])
				}
			}
		}
	})
}

func ExampleReadTree() {
	tree, err := kanon.ReadTree(strings.NewReader(`
Bachelors;Undergraduate;Higher education;*
Some-college;Undergraduate;Higher education;*
11th;High School;Secondary education;*
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	labels, err := tree.Generalize(texts("11th", "Bachelors"), 2)
	fmt.Println(tree.Levels(), labels, err)
	// Output: 3 ["Secondary education" "Higher education"] <nil>
}

func FuzzReadTree(f *testing.F) {
	for _, seed := range []string{
		"a;x;*\nb;x;*\n", "a,x\nb,y", "\ufeff\"a;b\";x\r\n\r\nc;y\r\n", "a\tx\ty", "a", ";;", "\"", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		tree, err := kanon.ReadTree(bytes.NewReader(data))
		if !bytes.Equal(before, data) {
			t.Fatal("input modified")
		}
		if err != nil {
			return
		}
		if tree.Levels() < 1 {
			t.Fatal("no level")
		}
		// What is read is a hierarchy over any value that it knows.
		_, err = tree.Generalize(texts(), 1)
		if err != nil {
			t.Fatal(err)
		}
		shares, err := tree.Shares(texts(), tree.Levels())
		if err != nil || len(shares) != 0 {
			t.Fatal(shares, err)
		}
	})
}

func BenchmarkTreeGeneralize(b *testing.B) {
	rows := make([][]string, 1_000_000)
	leaves := make([]string, len(rows))
	for i := range rows {
		leaves[i] = fmt.Sprint(i)
		rows[i] = []string{leaves[i], fmt.Sprint(i / 10), fmt.Sprint(i / 1000)}
	}
	tree, err := kanon.NewTree(rows)
	if err != nil {
		b.Fatal(err)
	}
	domain := texts(leaves...)
	for b.Loop() {
		labels, err := tree.Generalize(domain, 1)
		if err != nil {
			b.Fatal(err)
		}
		labels.Release()
	}
}
