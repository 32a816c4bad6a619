package local

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"
)

// build makes an array of texts in the type's own form.
func build(t testing.TB, mem memory.Allocator, dt arrow.DataType, values ...string) arrow.Array {
	t.Helper()
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	for _, v := range values {
		if err := b.AppendValueFromString(v); err != nil {
			t.Fatal(err)
		}
	}
	return b.NewArray()
}

// encoded is a dictionary with a null entry, one that no row has, and each value
// twice, of indices of one byte.
func encoded(
	t testing.TB, mem memory.Allocator, dt arrow.DataType, unused string, values ...string,
) arrow.Array {
	t.Helper()
	entries := append([]string{array.NullValueStr, unused}, values...)
	entries = append(entries, values...)
	dict := build(t, mem, dt, entries...)
	defer dict.Release()
	b := array.NewUint8Builder(mem)
	defer b.Release()
	for i, v := range values {
		switch {
		case v == array.NullValueStr && i%2 == 0:
			b.AppendNull()
		case v == array.NullValueStr:
			b.Append(0)
		default:
			b.Append(uint8(2 + i + i%2*len(values)))
		}
	}
	index := b.NewArray()
	defer index.Release()
	return array.NewDictionaryArray(&arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Uint8, ValueType: dt}, index, dict)
}

// apply randomizes one column.
func apply(t testing.TB, mem memory.Allocator, m Method, a arrow.Array) (arrow.Array, error) {
	t.Helper()
	k, err := m.bind(a.DataType())
	if err != nil {
		return nil, err
	}
	out, err := k(mem, a)
	if err != nil {
		return nil, err
	}
	want, err := m.outType(a.DataType())
	if err != nil || !arrow.TypeEqual(out.DataType(), want) || out.NullN() != 0 ||
		out.Len() != a.Len() {
		t.Fatalf("%s of %d rows became %s of %d with %d nulls, want %s, %v", a.DataType(), a.Len(),
			out.DataType(), out.Len(), out.NullN(), want, err)
	}
	return out, nil
}

func texts(a arrow.Array) []string {
	out := make([]string, a.Len())
	for i := range out {
		if d, ok := a.(*array.Dictionary); ok {
			out[i] = d.Dictionary().ValueStr(d.GetValueIndex(i))
		} else {
			out[i] = a.ValueStr(i)
		}
	}
	return out
}

// With so large an ε that nothing is replaced, every type, plain and as a
// dictionary, sliced and with nulls, comes out as it was.
func TestResponseOfEveryType(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, dt := range []arrow.DataType{
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.FixedWidthTypes.Boolean,
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	} {
		categories, outside := []string{"3", "7", "100"}, "5"
		if dt.ID() == arrow.BOOL {
			categories, outside = []string{"true", "false"}, "true"
		}
		m := RandomizedResponse{Epsilon: 500, Categories: categories, Other: categories[1]}
		u := UnaryEncoding{Epsilon: 500, Categories: categories, Other: categories[1]}
		values := []string{categories[0], categories[1], array.NullValueStr, outside, array.NullValueStr,
			categories[len(categories)-1]}
		want := []string{values[0], values[1], values[1], values[1], values[1], values[5]}
		if dt.ID() == arrow.BOOL {
			want[3] = outside
		}
		plain := build(t, mem, dt, append([]string{values[0]}, values...)...)
		slice := array.NewSlice(plain, 1, int64(plain.Len()))
		// A boolean builder has no dictionary; Arrow has the type all the same.
		dict := encoded(t, mem, dt, outside, values...)
		tail := array.NewSlice(dict, 2, int64(dict.Len()))
		for i, a := range []arrow.Array{slice, dict, tail} {
			want := want
			if i == 2 {
				want = want[2:]
			}
			out, err := apply(t, mem, m, a)
			if err != nil {
				t.Fatalf("%s: %v", a.DataType(), err)
			}
			if fmt.Sprint(texts(out)) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", a.DataType(), texts(out), want)
			}
			out.Release()
			if out, err = apply(t, mem, u, a); err != nil {
				t.Fatalf("%s: %v", a.DataType(), err)
			}
			list := out.(*array.FixedSizeList)
			bits := list.ListValues().(*array.Boolean)
			for row, v := range want {
				for j, c := range categories {
					if c != v && bits.Value(row*len(categories)+j) {
						t.Errorf("%s: row %d has the bit of another value", a.DataType(), row)
					}
				}
			}
			out.Release()
		}
		for _, a := range []arrow.Array{plain, slice, dict, tail} {
			a.Release()
		}
	}
}

// Text has the answers of the lists, whatever is randomized: plain, with nulls, sliced
// and empty.
func TestUnaryText(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	u := UnaryEncoding{Epsilon: 1, Categories: []string{"a", "b", "c"}, Other: "c"}
	v := u
	v.Text = true
	column := build(t, mem, arrow.BinaryTypes.String, "a", "b", "x", array.NullValueStr, "c", "a", "a")
	defer column.Release()
	for _, from := range []int64{0, 2, 7} {
		in := array.NewSlice(column, from, 7)
		var out [2]arrow.Array
		for i, m := range []Method{u, v} {
			cryptotest.SetGlobalRandom(t, 17)
			var err error
			if out[i], err = apply(t, mem, m, in); err != nil {
				t.Fatal(err)
			}
		}
		bits := out[0].(*array.FixedSizeList).ListValues().(*array.Boolean)
		for i, digits := range texts(out[1]) {
			for j := range u.Categories {
				if (digits[j] == '1') != bits.Value(3*i+j) || len(digits) != 3 {
					t.Errorf("row %d from %d: %s, and %v", i, from, digits, bits)
				}
			}
		}
		lists, err := u.Frequencies(0.1, out[0])
		digits, err2 := v.Frequencies(0.1, out[1])
		if fmt.Sprint(lists, err) != fmt.Sprint(digits, err2) {
			t.Errorf("%v, %v, and of text %v, %v", lists, err, digits, err2)
		}
		for _, a := range []arrow.Array{in, out[0], out[1]} {
			a.Release()
		}
	}
}

// What is no category is refused without Other, and errors name no value.
func TestRefusals(t *testing.T) {
	mem := memory.DefaultAllocator
	str := arrow.BinaryTypes.String
	m := RandomizedResponse{Epsilon: 1, Categories: []string{"a", "canary1"}}
	u := UnaryEncoding{Epsilon: 1, Categories: m.Categories}
	lower := Noise{Epsilon: 1, Lower: 0, Upper: 10}
	for name, test := range map[string]struct {
		m    Method
		a    arrow.Array
		want string
	}{
		"outside":    {m, build(t, mem, str, "a", "canary2"), `"other"`},
		"null":       {m, build(t, mem, str, "a", array.NullValueStr), `"other"`},
		"dictionary": {m, encoded(t, mem, str, "x", "a", "canary2"), `"other"`},
		"null entry": {m, encoded(t, mem, str, "x", "a", array.NullValueStr), `"other"`},
		"floats":     {m, build(t, mem, arrow.PrimitiveTypes.Float64, "1"), "want text, booleans"},
		"no integer": {m, build(t, mem, arrow.PrimitiveTypes.Int8, "1"), "category 1 is no value of int8"},
		"two ways": {RandomizedResponse{Epsilon: 1, Categories: []string{"1", "01"}},
			build(t, mem, arrow.PrimitiveTypes.Int8, "1"), "written in two ways"},
		"unary":        {u, build(t, mem, str, "canary2"), `"other"`},
		"unary floats": {u, build(t, mem, arrow.PrimitiveTypes.Float64, "1"), "want text"},
		"null number":  {lower, build(t, mem, arrow.PrimitiveTypes.Int32, array.NullValueStr), `"missing"`},
		"nan":          {lower, build(t, mem, arrow.PrimitiveTypes.Float64, "NaN"), `"missing"`},
		"text noise":   {lower, build(t, mem, str, "canary2"), "want integers, floats"},
	} {
		out, err := apply(t, mem, test.m, test.a)
		if err == nil || !strings.Contains(err.Error(), test.want) ||
			strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	bad := array.NewDictionaryArray(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8,
		ValueType: str}, build(t, mem, arrow.PrimitiveTypes.Int8, "0", "1"), build(t, mem, str, "a", "a"))
	short := array.NewDataWithDictionary(bad.DataType(), 2, bad.Data().Buffers(), 0, 0,
		build(t, mem, str, "a").Data().(*array.Data))
	for _, m := range []Method{m, u} {
		if _, err := apply(t, mem, m, array.NewDictionaryData(short)); err == nil ||
			!strings.Contains(err.Error(), "outside the dictionary") {
			t.Errorf("%v: an index outside the dictionary: %v", m, err)
		}
	}
}

func TestNewReportsEveryMistake(t *testing.T) {
	missing := 11.0
	_, err := New(
		Column{Method: RandomizedResponse{Epsilon: math.NaN(), Categories: []string{"a", "a"}, Other: "b"}},
		Column{Name: "x"}, Column{Name: "x", Method: Noise{Epsilon: 1, Lower: 1, Upper: 1}},
		Column{Name: "y", Method: Noise{Epsilon: 1, Upper: 10, Missing: &missing}},
		Column{Name: "z", Method: UnaryEncoding{}},
		Column{Name: "w", Method: Noise{Epsilon: 1e-12, Lower: 0, Upper: math.Inf(1)}})
	for _, want := range []string{"column 1 has no name", "epsilon is NaN", "category 2 is there twice",
		"other is none", `column "x": no method`, `"x" is there twice`, "lower is 1 and upper 1",
		"missing is 11", "0 categories", "epsilon is 1e-12", "upper +Inf"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %q in it", err, want)
		}
	}
	if _, err := New(); err == nil {
		t.Error("no columns are taken")
	}
}

func TestRandomizer(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 51)
	meta := arrow.NewMetadata([]string{"unit"}, []string{"canary"})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Metadata: meta},
		{Name: "smokes", Type: arrow.BinaryTypes.String, Nullable: true, Metadata: meta},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 100 {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append("yes")
		b.Field(2).(*array.Int32Builder).Append(40)
	}
	rec := b.NewRecord()
	defer rec.Release()
	r, err := New(
		Column{"smokes", RandomizedResponse{Epsilon: 0.1, Categories: []string{"no", "yes"}}},
		Column{"age", Noise{Epsilon: 0.2, Lower: 0, Upper: 120}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Cost().Epsilon; got != 0.3 {
		t.Errorf("costs %v, want 0.3", got)
	}
	out, err := r.Transform(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	want, err := r.Schema(schema)
	if err != nil || !out.Schema().Equal(want) || out.Schema().Field(1).HasMetadata() ||
		!out.Schema().Field(0).HasMetadata() || out.Column(0) != rec.Column(0) || out.NumRows() != 100 {
		t.Errorf("schema %v, %v", out.Schema(), err)
	}
	distinct := map[float64]bool{}
	for _, x := range out.Column(2).(*array.Float64).Float64Values() {
		distinct[x] = true
	}
	if len(distinct) < 100 {
		t.Errorf("%d different numbers of 100", len(distinct))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Transform(ctx, rec); err == nil {
		t.Error("a done context is not heeded")
	}
	if _, err := r.Schema(arrow.NewSchema(schema.Fields()[:1], nil)); err == nil ||
		!strings.Contains(err.Error(), `"smokes"`) || !strings.Contains(err.Error(), `"age"`) {
		t.Errorf("missing columns: %v", err)
	}
}

// Batches are randomized side by side, of one array, too.
func TestTransformConcurrently(t *testing.T) {
	mem := memory.DefaultAllocator
	dict := encoded(t, mem, arrow.BinaryTypes.String, "x", "a", "b", "a", array.NullValueStr)
	defer dict.Release()
	days := build(t, mem, arrow.PrimitiveTypes.Int16, "1", "2", "3", "4")
	defer days.Release()
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "c", Type: dict.DataType()},
		{Name: "d", Type: days.DataType()}}, nil), []arrow.Array{dict, days}, 4)
	defer rec.Release()
	r, err := New(Column{"c", RandomizedResponse{Epsilon: 1, Categories: []string{"a", "b"}, Other: "b"}},
		Column{"d", Noise{Epsilon: 1, Upper: 5}})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				out, err := r.Transform(context.Background(), rec)
				if err != nil {
					t.Error(err)
					return
				}
				out.Release()
			}
		})
	}
	all.Wait()
}

// Whatever the table, plain or as a dictionary, whole or in batches, what comes
// out are categories, as many as went in.
func TestResponseProperties(t *testing.T) {
	mem := memory.DefaultAllocator
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 300).Draw(t, "k")
		categories := make([]string, k)
		for i := range categories {
			categories[i] = fmt.Sprint("c", i)
		}
		m := RandomizedResponse{Epsilon: rapid.Float64Range(1e-3, 20).Draw(t, "epsilon"),
			Categories: categories, Other: categories[k-1]}
		b := array.NewBuilder(mem, arrow.BinaryTypes.String).(*array.StringBuilder)
		defer b.Release()
		for range rapid.IntRange(0, 50).Draw(t, "rows") {
			if c := rapid.IntRange(-2, k-1).Draw(t, "value"); c >= 0 {
				b.Append(categories[c])
			} else if c == -1 {
				b.Append("else")
			} else {
				b.AppendNull()
			}
		}
		a := b.NewArray()
		defer a.Release()
		k1, err := m.bind(a.DataType())
		if err != nil {
			t.Fatal(err)
		}
		out, err := k1(mem, a)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Release()
		if out.Len() > 0 {
			if _, err := m.Frequencies(0.05, out); err != nil {
				t.Fatal(err)
			}
		}
	})
}
