package pseudonym

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Unused entries vanish, equal entries become one, null entries are nulls, and
// the order is that of the rows.
func TestDictionaryByHand(t *testing.T) {
	for _, index := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	} {
		mem := checked(t)
		p := pseudonymizer(t, mem, Base32)
		d := dict(t, mem, index, `[4, 1, null, 0, 3, 4, 5]`,
			arrow.BinaryTypes.String, `["a", "b", "unused", null, "c", "a"]`)
		plain := build(t, mem, arrow.BinaryTypes.String, `["c", "b", null, "a", null, "c", "a"]`)
		want := tokensOf(t, p, plain)
		rec := record(d)
		out, err := p.Transform(context.Background(), rec)
		if err != nil {
			t.Fatal(err)
		}
		got := out.Column(0).(*array.Dictionary)
		if !slices.Equal(texts(t, got), want) {
			t.Errorf("%s: got %q, want %q", index, texts(t, got), want)
		}
		entries := []string{want[0], want[1], want[3]}
		if e := texts(t, got.Dictionary()); !slices.Equal(e, entries) {
			t.Errorf("%s: the dictionary is %q, want %q", index, e, entries)
		}
		if got.NullN() != 2 || got.Dictionary().NullN() != 0 {
			t.Errorf("%s: %d null rows, want 2", index, got.NullN())
		}
		out.Release()
		rec.Release()
		plain.Release()
	}
}

// A damaged index, as a hostile file may hold, is an error; below a null row
// it means nothing.
func TestDictionaryIndexOutOfRange(t *testing.T) {
	mem := checked(t)
	p := pseudonymizer(t, mem, "")
	s, err := NewSampler(testKeyring(t), testField, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, indices := range []string{`[0, 1]`, `[0, -1]`, `[127, null]`} {
		rec := record(dict(t, mem, arrow.PrimitiveTypes.Int8, indices,
			arrow.BinaryTypes.String, `["canary"]`))
		_, err := p.Transform(context.Background(), rec)
		want := `pseudonym: column "c0": a dictionary index is out of range`
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", indices, err, want)
		}
		if err := s.Keep(rec.Column(0), []bool{true, true}); err == nil {
			t.Errorf("%s: the sampler accepts it", indices)
		}
		rec.Release()
	}
	valid := memory.NewBufferBytes([]byte{1})
	index := array.NewData(arrow.PrimitiveTypes.Int8, 2,
		[]*memory.Buffer{valid, memory.NewBufferBytes([]byte{0, 99})}, nil, 1, 0)
	entries := build(t, mem, arrow.BinaryTypes.String, `["a"]`)
	i := array.MakeFromData(index)
	d := array.NewDictionaryArray(&arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, i, entries)
	if got := tokensOf(t, p, d); got[0] == "" || got[1] != "" {
		t.Errorf("an index below a null: got %q", got)
	}
	d.Release()
	entries.Release()
	i.Release()
	index.Release()
}

func TestEmptyArrays(t *testing.T) {
	mem := checked(t)
	for _, f := range []Format{"", Binary} {
		p := pseudonymizer(t, mem, f)
		for _, a := range []arrow.Array{
			build(t, mem, arrow.BinaryTypes.String, `[]`),
			build(t, mem, arrow.PrimitiveTypes.Int64, `[]`),
			array.NewNull(0),
			dict(t, mem, arrow.PrimitiveTypes.Int8, `[]`, arrow.BinaryTypes.String, `[]`),
			dict(t, mem, arrow.PrimitiveTypes.Int8, `[]`, arrow.BinaryTypes.String, `["a"]`),
			array.MakeFromData(array.NewData(arrow.BinaryTypes.String, 0,
				[]*memory.Buffer{nil, nil, nil}, nil, 0, 0)),
		} {
			if got := tokensOf(t, p, a); len(got) != 0 {
				t.Errorf("%s: %q", a.DataType(), got)
			}
			a.Release()
		}
		nulls := dict(t, mem, arrow.PrimitiveTypes.Int8, `[null, null]`, arrow.BinaryTypes.String, `[]`)
		if got := tokensOf(t, p, nulls); !slices.Equal(got, []string{"", ""}) {
			t.Errorf("only nulls: %q", got)
		}
		nulls.Release()
	}
}

// Outputs are numbered by their first row, whatever they look like.
func TestOutputSet(t *testing.T) {
	mem := checked(t)
	const n = 5000
	out, err := newOutputs(mem, arrow.BinaryTypes.String, 2*n, validity{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.release()
	for row := range 2 * n {
		text := fmt.Sprint(row % n)
		copy(out.room(row, len(text)), text)
	}
	s := newOutputSet(out)
	for row := range 2 * n {
		if got := s.add(row); got != int32(row%n) {
			t.Fatalf("row %d has number %d", row, got)
		}
	}
}

// The buffers of hostile files contradict their lengths.
func TestDamagedBuffers(t *testing.T) {
	mem := checked(t)
	p := pseudonymizer(t, mem, "")
	buf := memory.NewBufferBytes
	offsets := func(x ...int32) *memory.Buffer { return buf(arrow.Int32Traits.CastToBytes(x)) }
	fixed := &arrow.FixedSizeBinaryType{ByteWidth: 4}
	for name, data := range map[string]*array.Data{
		"offsets that go back": array.NewData(arrow.BinaryTypes.String, 2,
			[]*memory.Buffer{nil, offsets(0, 9, 6), buf([]byte("canary"))}, nil, 0, 0),
		"an offset too large": array.NewData(arrow.BinaryTypes.Binary, 2,
			[]*memory.Buffer{nil, offsets(0, 99, 6), buf([]byte("canary"))}, nil, 0, 0),
		"a negative offset": array.NewData(arrow.BinaryTypes.String, 2,
			[]*memory.Buffer{nil, offsets(-5, 2, 6), buf([]byte("canary"))}, nil, 0, 0),
		"no data": array.NewData(fixed, 2, []*memory.Buffer{nil, nil}, nil, 0, 0),
		"short data": array.NewData(fixed, 2,
			[]*memory.Buffer{nil, buf([]byte("canary"))}, nil, 0, 0),
		"no numbers": array.NewData(arrow.PrimitiveTypes.Int64, 2,
			[]*memory.Buffer{nil, nil}, nil, 0, 0),
		"a short bitmap": array.NewData(fixed, 12,
			[]*memory.Buffer{buf([]byte{255}), buf(make([]byte, 48))}, nil, 0, 0),
	} {
		rec := record(array.MakeFromData(data))
		_, err := p.Transform(context.Background(), rec)
		if err == nil || !strings.HasSuffix(err.Error(), errDamaged.Error()) {
			t.Errorf("%s: got %v", name, err)
		}
		rec.Release()
	}
}

// What is wrong with the entries of a dictionary is wrong with its column.
func TestDictionaryOfBadEntries(t *testing.T) {
	mem := memory.NewGoAllocator()
	p, s := pseudonymizer(t, mem, ""), sampler(t, testField, 1)
	days := array.NewDate64Builder(mem)
	days.AppendValues([]arrow.Date64{0, 1}, nil)
	short := array.NewData(arrow.PrimitiveTypes.Int32, 12, []*memory.Buffer{
		memory.NewBufferBytes([]byte{255}), memory.NewBufferBytes(make([]byte, 48))}, nil, 0, 0)
	inner := dict(t, mem, arrow.PrimitiveTypes.Int8, `[0, 0]`, arrow.BinaryTypes.String, `["a"]`)
	for _, test := range []struct {
		entries arrow.Array
		want    string
	}{
		{days.NewArray(), "row 1: " + errTimeOfDay.Error()},
		{array.MakeFromData(short), errDamaged.Error()},
		{inner, "dictionary<values=dictionary<values=utf8, indices=int8, ordered=false>, " +
			"indices=int16, ordered=false> is not supported; decode its inner dictionary"},
	} {
		index := build(t, mem, arrow.PrimitiveTypes.Int16, `[0, 1, null]`)
		d := array.NewDictionaryArray(&arrow.DictionaryType{
			IndexType: index.DataType(), ValueType: test.entries.DataType()}, index, test.entries)
		rec := record(d)
		_, err := p.Transform(context.Background(), rec)
		if err == nil || err.Error() != `pseudonym: column "c0": `+test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
		err = s.Keep(rec.Column(0), trues(3))
		if err == nil || err.Error() != "pseudonym: sample: "+test.want {
			t.Errorf("sampler: got %v, want %s", err, test.want)
		}
	}
}

// A batch whose outputs exceed 32-bit offsets is refused.
func TestBatchTooLong(t *testing.T) {
	mem := checked(t)
	out, err := newOutputs(mem, arrow.BinaryTypes.String, 3, validity{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.release()
	out.room(0, 10)
	out.end = math.MaxInt32 - 5 // as if the row were long
	for row := 1; row < 3; row++ {
		if got := len(out.room(row, 10)); got != 10 {
			t.Fatalf("room for %d bytes", got)
		}
	}
	if _, err := out.array(); err == nil || !strings.Contains(err.Error(), "split it") {
		t.Errorf("got %v", err)
	}
}
