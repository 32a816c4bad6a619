package kanon

import (
	"context"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// TestLinked: persons 1 and 2 are in both classes once and look the same;
// person 3 is in both, one of them twice; 4 and 5 are in one.
func TestLinked(t *testing.T) {
	people := []int64{1, 1, 2, 2, 3, 3, 3, 4, 5}
	classes := []string{"a", "b", "b", "a", "a", "b", "b", "a", "a"}
	want := []SizeCount{{Size: 1, Classes: 1}, {Size: 2, Classes: 2}}
	for _, batch := range []int64{1, 2, 9} {
		for _, unit := range []string{"person", ""} {
			r := linkedRows(t, people, classes, batch)
			a, err := Check(context.Background(), r, CheckConfig{Quasi: []string{"class"}, Unit: unit})
			r.Release()
			if err != nil {
				t.Fatal(err)
			}
			if unit == "" {
				if a.Linked != nil {
					t.Errorf("%v without a unit", a.Linked)
				}
			} else if !slices.Equal(a.Linked, want) {
				t.Errorf("batches of %d: %v, want %v", batch, a.Linked, want)
			}
		}
	}
}

func linkedRows(t *testing.T, people []int64, classes []string, batch int64) array.RecordReader {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "person", Type: arrow.PrimitiveTypes.Int64},
		{Name: "class", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(people, nil)
	b.Field(1).(*array.StringBuilder).AppendValues(classes, nil)
	rec := b.NewRecord()
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	return array.NewTableReader(table, batch)
}
