package tuple

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func read(t *testing.T, fields []arrow.Field, codes, numbers []string, batches ...string) (*Table, error) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	schema := arrow.NewSchema(fields, nil)
	var records []arrow.Record
	for _, b := range batches {
		rec, _, err := array.RecordFromJSON(mem, schema, strings.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Release()
		records = append(records, rec)
	}
	r, err := array.NewRecordReader(schema, records)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	return Read(context.Background(), r, codes, numbers)
}

func TestDistinct(t *testing.T) {
	fields := []arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "b", Type: arrow.PrimitiveTypes.Int8},
		{Name: "w", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}
	table, err := read(t, fields, []string{"b", "a"}, []string{"w"},
		`[{"a":"x","b":1,"w":1.5},{"a":null,"b":1,"w":2}]`,
		`[{"a":"x","b":2,"w":null},{"a":"x","b":1,"w":4},{"a":null,"b":1,"w":8}]`)
	if err != nil {
		t.Fatal(err)
	}
	d := table.Distinct(0, 1)
	if !slices.Equal(d.Of, []uint32{0, 1, 2, 0, 1}) || !slices.Equal(d.Rows, []int64{2, 2, 1}) ||
		!slices.Equal(d.Codes[0], []uint32{0, 0, 1}) || !slices.Equal(d.Codes[1], []uint32{0, 1, 0}) {
		t.Errorf("%+v", d)
	}
	if one := table.Distinct(1); one.Len() != 2 {
		t.Errorf("%+v", one)
	}
	if none := table.Distinct(); none.Len() != 1 || none.Rows[0] != 5 {
		t.Errorf("%+v", none)
	}
	w := table.Numbers[0]
	if len(w) != 5 || w[0] != 1.5 || !math.IsNaN(w[2]) || w[4] != 8 {
		t.Error(w)
	}
}

func TestReadRefuses(t *testing.T) {
	fields := []arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String}, {Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int8)},
		{Name: "twice", Type: arrow.BinaryTypes.String}, {Name: "twice", Type: arrow.BinaryTypes.String},
	}
	_, err := read(t, fields, []string{"gone", "l", "twice", "a", "a"}, []string{"a", "lost"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`column "gone": not in`, `column "l": type list`, `column "twice": 2 columns`,
		`column "a": named twice`, `column "a": type utf8, want numbers`, `column "lost": not in`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	mem := memory.NewGoAllocator()
	for _, c := range []struct {
		dt   arrow.DataType
		in   string
		want []float64
	}{
		{arrow.PrimitiveTypes.Int8, `[-3,null]`, []float64{-3, math.NaN()}},
		{arrow.PrimitiveTypes.Uint64, `[7]`, []float64{7}},
		{arrow.PrimitiveTypes.Float32, `[0.5]`, []float64{.5}},
		{arrow.FixedWidthTypes.Float16, `[0.5]`, []float64{.5}},
		{&arrow.Decimal128Type{Precision: 9, Scale: 2}, `["1.25",null]`, []float64{1.25, math.NaN()}},
	} {
		a, _, err := array.FromJSON(mem, c.dt, strings.NewReader(c.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendNumbers(nil, a)
		if err != nil || !Numeric(c.dt) {
			t.Fatal(c.dt, err)
		}
		for i, w := range c.want {
			if got[i] != w && !(math.IsNaN(w) && math.IsNaN(got[i])) {
				t.Errorf("%s: %v", c.dt, got)
			}
		}
	}
	b := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64,
	}).(*array.Int64DictionaryBuilder)
	_ = b.Append(5)
	b.AppendNull()
	got, err := appendNumbers(nil, b.NewArray())
	if err != nil || got[0] != 5 || !math.IsNaN(got[1]) {
		t.Error(got, err)
	}
}
