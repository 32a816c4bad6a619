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
