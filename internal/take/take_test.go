package take

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

func TestFilterByHand(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	a := plain(t, mem, arrow.PrimitiveTypes.Int32, []int{10, -1, 12, 13})
	defer a.Release()
	out, err := Filter(mem, a, []bool{true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if diff := cmp.Diff([]string{"10", "(null)", "13"}, rowTexts(out)); diff != "" {
		t.Error(diff)
	}
}

// TestRows compares every type, plain and under dictionaries with every type
// of index, sliced and not, with picking one row after the other.
func TestRows(t *testing.T) {
	for _, value := range flatTypes {
		t.Run(value.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			numbers := make([]int, 60)
			for i := range numbers {
				numbers[i] = rng.IntN(50) - 5
			}
			checkRows(t, mem, rng, plain(t, mem, value, numbers))
			checkRows(t, mem, rng, plain(t, mem, value, slices.Repeat([]int{7}, 60)))
			for _, index := range indexTypes {
				checkRows(t, mem, rng, coded(t, mem, rng, index, value, 60))
			}
		})
	}
}

func checkRows(t *testing.T, mem memory.Allocator, rng *rand.Rand, a arrow.Array) {
	t.Helper()
	defer a.Release()
	for _, bounds := range [][2]int{{0, 60}, {11, 47}, {3, 3}} {
		s := array.NewSlice(a, int64(bounds[0]), int64(bounds[1]))
		var rows []int32
		var want []string
		for range s.Len() {
			r := rng.IntN(s.Len())
			rows = append(rows, int32(r))
			want = append(want, rowText(s, r))
		}
		out, err := Rows(mem, s, rows)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, rowTexts(out)); diff != "" && len(want) > 0 {
			t.Error(diff)
		}
		if !arrow.TypeEqual(out.DataType(), a.DataType()) {
			t.Errorf("type %s became %s", a.DataType(), out.DataType())
		}
		if d, ok := out.(*array.Dictionary); ok {
			checkDictionary(t, d)
		}
		out.Release()
		s.Release()
	}
}

// checkDictionary wants every entry used, once and not null.
func checkDictionary(t *testing.T, d *array.Dictionary) {
	t.Helper()
	used := map[int]bool{}
	for i := range d.Len() {
		if d.IsValid(i) {
			used[d.GetValueIndex(i)] = true
		}
	}
	entries := rowTexts(d.Dictionary())
	slices.Sort(entries)
	if len(used) != len(entries) || d.Dictionary().NullN() > 0 ||
		len(slices.Compact(slices.Clone(entries))) != len(entries) {
		t.Errorf("dictionary %v, of which %d are used", entries, len(used))
	}
}

// TestNothingLeftBehind looks for dropped values in all memory of the result.
func TestNothingLeftBehind(t *testing.T) {
	const canary = "Kanarienvogel"
	mem := memory.DefaultAllocator
	b := array.NewStringBuilder(mem)
	b.AppendValues([]string{"a", canary, "b", canary + "2"}, []bool{true, true, true, true})
	text := b.NewArray()
	under := array.NewData(text.DataType(), 4, []*memory.Buffer{
		memory.NewBufferBytes([]byte{0b0101}), // a canary under a null
		text.Data().Buffers()[1], text.Data().Buffers()[2],
	}, nil, 2, 0)
	indices := plain(t, mem, arrow.PrimitiveTypes.Int8, []int{0, 1, 2, 3})
	coded := array.NewDictionaryArray(
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: text.DataType()},
		indices, text)
	fixed := array.NewData(&arrow.FixedSizeBinaryType{ByteWidth: len(canary)}, 2, []*memory.Buffer{
		memory.NewBufferBytes([]byte{0b10}),
		memory.NewBufferBytes([]byte(canary + strings.Repeat("x", len(canary)))),
	}, nil, 1, 0)
	for _, c := range []struct {
		a    arrow.Array
		rows []int32
	}{
		{text, []int32{0, 2}},
		{array.MakeFromData(under), []int32{0, 1, 2, 3}},
		{coded, []int32{2, 0}},
		{array.NewSlice(coded, 2, 3), []int32{0}},
		{array.MakeFromData(fixed), []int32{0, 1}},
	} {
		out, err := Rows(mem, c.a, c.rows)
		if err != nil {
			t.Fatal(err)
		}
		if found(out.Data(), canary) {
			t.Errorf("%s keeps a value that was dropped", c.a.DataType())
		}
		if !found(c.a.Data(), canary) {
			t.Errorf("%s: the test cannot fail", c.a.DataType())
		}
	}
}

func found(d arrow.ArrayData, canary string) bool {
	for _, b := range d.Buffers() {
		if b != nil && bytes.Contains(b.Buf(), []byte(canary)) {
			return true
		}
	}
	if d, ok := d.(*array.Data); ok && d.Dictionary() != nil && d.DataType().ID() == arrow.DICTIONARY {
		return found(d.Dictionary(), canary)
	}
	return false
}

func TestRecord(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rng := rand.New(rand.NewPCG(3, 4))
	cols := []arrow.Array{
		plain(t, mem, arrow.BinaryTypes.String, []int{0, 1, 2, 3, 4}),
		coded(t, mem, rng, arrow.PrimitiveTypes.Int16, arrow.BinaryTypes.String, 5),
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: cols[0].DataType()}, {Name: "b", Type: cols[1].DataType(), Nullable: true},
	}, nil)
	rec := array.NewRecord(schema, cols, 5)
	defer rec.Release()
	for _, keep := range [][]bool{
		{true, false, false, true, true}, make([]bool, 5), {true, true, true, true, true},
	} {
		out, err := Record(mem, rec, keep)
		if err != nil {
			t.Fatal(err)
		}
		for c := range cols {
			want := []string{}
			for i, k := range keep {
				if k {
					want = append(want, rowText(cols[c], i))
				}
			}
			if diff := cmp.Diff(want, rowTexts(out.Column(c))); diff != "" {
				t.Error(diff)
			}
		}
		checkDictionary(t, out.Column(1).(*array.Dictionary))
		out.Release()
	}
	if _, err := Record(mem, rec, make([]bool, 4)); err == nil {
		t.Error("too few marks are accepted")
	}
	for _, c := range cols {
		c.Release()
	}
}

func TestRefused(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	ints := plain(t, mem, arrow.PrimitiveTypes.Int8, []int{1, 2, 100})
	defer ints.Release()
	list := array.NewListBuilder(mem, arrow.PrimitiveTypes.Int8)
	defer list.Release()
	list.AppendNull()
	lists := list.NewArray()
	defer lists.Release()
	outside := array.NewDictionaryArray(&arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int8}, ints, ints)
	defer outside.Release()
	torn := array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{nil,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{3, 1, 4})),
		memory.NewBufferBytes([]byte("text"))}, nil, 0, 0)
	defer torn.Release()
	tornText := array.MakeFromData(torn)
	defer tornText.Release()
	for _, c := range []struct {
		a    arrow.Array
		rows []int32
		want string
	}{
		{ints, []int32{3}, "row 3 of 3"},
		{ints, []int32{-1}, "row -1 of 3"},
		{lists, []int32{0}, "list<item: int8, nullable>"},
		{outside, []int32{0}, "outside the dictionary of 3"},
		{tornText, []int32{0}, "offsets"},
	} {
		out, err := Rows(mem, c.a, c.rows)
		if err == nil {
			out.Release()
			t.Errorf("%s is accepted", c.want)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "100") {
			t.Errorf("got %q, want it to say %q", err, c.want)
		}
	}
}

func TestRecode(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	dict := plain(t, mem, arrow.PrimitiveTypes.Int32, []int{31, 12, 35, 99})
	defer dict.Release()
	indices := plain(t, mem, arrow.PrimitiveTypes.Uint8, []int{2, 0, -1, 1, 2})
	defer indices.Release()
	d := array.NewDictionaryArray(&arrow.DictionaryType{
		IndexType: indices.DataType(), ValueType: dict.DataType(), Ordered: true}, indices, dict)
	defer d.Release()
	decade := func(mem memory.Allocator, used arrow.Array) (arrow.Array, error) {
		if diff := cmp.Diff([]string{"31", "12", "35"}, rowTexts(used)); diff != "" {
			t.Error(diff)
		}
		b := array.NewStringBuilder(mem)
		defer b.Release()
		for _, v := range used.(*array.Int32).Int32Values() {
			b.Append(fmt.Sprintf("%d-%d", v/10*10, v/10*10+9))
		}
		return b.NewArray(), nil
	}
	out, err := Recode(mem, d, decade)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	want := []string{"30-39", "30-39", "(null)", "10-19", "30-39"}
	if diff := cmp.Diff(want, rowTexts(out)); diff != "" {
		t.Error(diff)
	}
	checkDictionary(t, out.(*array.Dictionary))
	if out.DataType().(*arrow.DictionaryType).Ordered {
		t.Error("labels are said to be in order")
	}
	short := func(memory.Allocator, arrow.Array) (arrow.Array, error) {
		return array.NewNull(1), nil
	}
	if _, err := Recode(mem, d, short); err == nil {
		t.Error("one value for three is accepted")
	}
	bad := func(memory.Allocator, arrow.Array) (arrow.Array, error) {
		return nil, fmt.Errorf("no")
	}
	if _, err := Recode(mem, d, bad); err == nil || err.Error() != "no" {
		t.Errorf("got %v, want the error of the function", err)
	}
}

func BenchmarkFilter(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 64 << 10
	numbers, keep := make([]int, n), make([]bool, n)
	for i := range numbers {
		numbers[i], keep[i] = rng.IntN(100), rng.IntN(2) == 0
	}
	mem := memory.DefaultAllocator
	for _, a := range []arrow.Array{
		plain(b, mem, arrow.PrimitiveTypes.Int64, numbers),
		plain(b, mem, arrow.BinaryTypes.String, numbers),
		coded(b, mem, rng, arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String, n),
	} {
		b.Run(a.DataType().Name(), func(b *testing.B) {
			for b.Loop() {
				out, err := Filter(mem, a, keep)
				if err != nil {
					b.Fatal(err)
				}
				out.Release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
