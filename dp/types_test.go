package dp

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// fromStrings makes an array of a type from texts; "" is null.
func fromStrings(t testing.TB, mem memory.Allocator, dt arrow.DataType,
	texts ...string) arrow.Array {
	t.Helper()
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	for _, s := range texts {
		if s == "" {
			b.AppendNull()
		} else if err := b.AppendValueFromString(s); err != nil {
			t.Fatalf("%s of %s: %v", s, dt, err)
		}
	}
	return b.NewArray()
}

// oneColumn makes a record of a person column and another. It takes over both.
func oneColumn(person, other arrow.Array) arrow.Record {
	defer person.Release()
	defer other.Release()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: person.DataType(), Nullable: true},
		{Name: "x", Type: other.DataType(), Nullable: true},
	}, nil)
	return array.NewRecord(schema, []arrow.Array{person, other}, int64(person.Len()))
}

func dict(index, value arrow.DataType) arrow.DataType {
	return &arrow.DictionaryType{IndexType: index, ValueType: value}
}

// 1, 2, null, 3 and 90, which is clamped to 10, have the mean 4 in any type.
func TestMeanOfAnyNumber(t *testing.T) {
	types := []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64, arrow.FixedWidthTypes.Float16,
		arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64,
		&arrow.Decimal128Type{Precision: 10, Scale: 3}, &arrow.Decimal128Type{Precision: 10},
	}
	for _, dt := range slices.Clone(types) {
		if dt.ID() != arrow.FLOAT16 && dt.ID() != arrow.DECIMAL128 {
			types = append(types, dict(arrow.PrimitiveTypes.Int8, dt))
		}
	}
	for _, dt := range types {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		full := oneColumn(
			fromStrings(t, mem, arrow.BinaryTypes.String, "z", "a", "b", "c", "d", "e", "z"),
			fromStrings(t, mem, dt, "9", "1", "2", "", "3", "90", "9"))
		rec := full.NewSlice(1, 6)
		scan, err := session(t, Unit{Column: "patient", MaxRows: 1}).NewScan(rec.Schema(),
			Mean{Column: "x", Lower: 0, Upper: 10, Epsilon: 1e13})
		if err != nil {
			t.Fatalf("%s: %v", dt, err)
		}
		if err := scan.Add(rec); err != nil {
			t.Fatalf("%s: %v", dt, err)
		}
		got := results(t, scan)[0]
		if m, n := floats(t, got, "mean")[0], ints(t, got, "count")[0]; math.Abs(m-4) > 1e-6 ||
			n != 4 {
			t.Errorf("%s: mean %v of %d rows, want 4 of 4", dt, m, n)
		}
		rec.Release()
		full.Release()
		mem.AssertSize(t, 0)
	}
}

func TestMeanRefusesOtherTypes(t *testing.T) {
	for _, dt := range []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.FixedWidthTypes.Date32, arrow.BinaryTypes.Binary,
		arrow.Null,
		arrow.FixedWidthTypes.Duration_s, arrow.FixedWidthTypes.Timestamp_ms,
		&arrow.Decimal256Type{Precision: 50}, dict(arrow.PrimitiveTypes.Int8,
			arrow.BinaryTypes.String),
		arrow.ListOf(arrow.PrimitiveTypes.Int8),
	} {
		schema := arrow.NewSchema([]arrow.Field{
			{Name: "patient", Type: arrow.BinaryTypes.String}, {Name: "x", Type: dt}}, nil)
		_, err := session(t, Unit{Column: "patient", MaxRows: 1}).NewScan(schema,
			Mean{Column: "x", Upper: 10, Epsilon: 1})
		if err == nil || !strings.Contains(err.Error(), "want a number") {
			t.Errorf("%s: %v", dt, err)
		}
	}
}

// Two keys, one of which occurs three times, one value that is none and a null,
// in every type that has a text.
func TestGroupsOfAnyType(t *testing.T) {
	for _, test := range []struct {
		dt     arrow.DataType
		values [3]string // two keys and another
		keys   []string  // where they are written otherwise
	}{
		{arrow.PrimitiveTypes.Int8, [3]string{"-7", "0", "5"}, nil},
		{arrow.PrimitiveTypes.Uint64, [3]string{"18446744073709551615", "0", "5"}, nil},
		{arrow.BinaryTypes.String, [3]string{"ICU", "Ärzte", "other"}, nil},
		{arrow.BinaryTypes.LargeString, [3]string{"ICU", "2", "other"}, nil},
		{arrow.FixedWidthTypes.Boolean, [3]string{"true", "false", "true"}, []string{"false"}},
		{arrow.FixedWidthTypes.Date32, [3]string{"2020-02-29", "1969-12-31", "2021-01-01"}, nil},
		{dict(arrow.PrimitiveTypes.Int8, arrow.BinaryTypes.String), [3]string{"a", "b", "c"}, nil},
		{dict(arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int32), [3]string{"1", "2", "3"},
			nil},
	} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		v := test.values
		rec := oneColumn(
			fromStrings(t, mem, arrow.PrimitiveTypes.Int32, "1", "2", "3", "4", "5", "6"),
			fromStrings(t, mem, test.dt, v[0], v[1], v[0], "", v[2], v[0]))
		keys, want := v[:2], []int64{3, 1}
		if test.keys != nil {
			keys, want = test.keys, []int64{1}
		}
		scan, err := session(t, Unit{Column: "patient", MaxRows: 1}).NewScan(rec.Schema(),
			Count{By: []string{"x"}, Keys: map[string][]string{"x": keys}, Epsilon: exactly})
		if err != nil {
			t.Fatalf("%s: %v", test.dt, err)
		}
		if err := scan.Add(rec); err != nil {
			t.Fatalf("%s: %v", test.dt, err)
		}
		got := results(t, scan)[0]
		if n := ints(t, got, "count"); !slices.Equal(n, want) {
			t.Errorf("%s: %v, want %v", test.dt, n, want)
		}
		if k := texts(t, got, "x"); !slices.Equal(k, keys) {
			t.Errorf("%s: keys %q", test.dt, k)
		}
		rec.Release()
		mem.AssertSize(t, 0)
	}
}

// Two columns: every combination, the last varying fastest.
func TestCrossProduct(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	rec := oneColumn(
		fromStrings(t, mem, arrow.BinaryTypes.String, "a", "b", "a", "c", "b"),
		fromStrings(t, mem, arrow.FixedWidthTypes.Boolean, "true", "false", "true", "true", ""))
	defer rec.Release()
	scan, err := session(t, Unit{Column: "patient", MaxRows: 2}).NewScan(rec.Schema(), Count{
		By:      []string{"x", "patient"},
		Keys:    map[string][]string{"x": {"false", "true"}, "patient": {"b", "a", "nobody"}},
		Epsilon: exactly,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := scan.Add(rec); err != nil {
		t.Fatal(err)
	}
	got := results(t, scan)[0]
	if n := ints(t, got, "count"); !slices.Equal(n, []int64{1, 0, 0, 0, 2, 0}) {
		t.Errorf("counts %v", n)
	}
	if x := texts(t, got, "x"); strings.Join(x, " ") != "false false false true true true" {
		t.Errorf("x %q", x)
	}
	if p := texts(t, got, "patient"); strings.Join(p, " ") != "b a nobody b a nobody" {
		t.Errorf("patient %q", p)
	}
}

// One person in many rows is one person in any encoding, over records and a
// dictionary that changes between them.
func TestUnitOfAnyType(t *testing.T) {
	for _, dt := range []arrow.DataType{
		arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64, arrow.BinaryTypes.String,
		arrow.BinaryTypes.LargeString, arrow.BinaryTypes.Binary,
		&arrow.Decimal128Type{Precision: 9},
		dict(arrow.PrimitiveTypes.Int8, arrow.BinaryTypes.String),
	} {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		first := oneColumn(fromStrings(t, mem, dt, "1111", "2222", "1111"),
			fromStrings(t, mem, arrow.PrimitiveTypes.Int8, "0", "0", "0"))
		second := oneColumn(fromStrings(t, mem, dt, "3333", "1111", "1111"),
			fromStrings(t, mem, arrow.PrimitiveTypes.Int8, "0", "0", "0"))
		scan, err := session(t, Unit{Column: "patient", MaxRows: 2}).NewScan(first.Schema(),
			Count{Epsilon: exactly})
		if err != nil {
			t.Fatalf("%s: %v", dt, err)
		}
		shard := scan.Shard()
		for _, err := range []error{scan.Add(first), shard.Add(second), scan.Merge(shard)} {
			if err != nil {
				t.Fatalf("%s: %v", dt, err)
			}
		}
		if n := ints(t, results(t, scan)[0], "count")[0]; n != 4 {
			t.Errorf("%s: %d rows, want two of the first person and one of each other", dt, n)
		}
		first.Release()
		second.Release()
		mem.AssertSize(t, 0)
	}
}
