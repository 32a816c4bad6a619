package kanon

import (
	"context"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// TestNoMetadata: what tools wrote beside the columns does not leave with them.
func TestNoMetadata(t *testing.T) {
	note := arrow.NewMetadata([]string{"note"}, []string{"canary"})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String, Metadata: note},
		{Name: "days", Type: arrow.PrimitiveTypes.Int64, Metadata: note}}, &note)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"02139", "02139"}, nil)
	b.Field(1).(*array.Int64Builder).AppendValues([]int64{1, 2}, nil)
	rec := b.NewRecord()
	defer rec.Release()
	table := array.NewTableFromRecords(schema, []arrow.Record{rec})
	defer table.Release()
	safe, _, err := Apply(context.Background(), Config{
		Quasi:  []Quasi{{Column: "zip", Hierarchy: Prefix{Length: 5}}},
		Models: []Model{KAnonymity{K: 2}}, Recoding: Global, Suppressed: Drop}, table)
	if err != nil {
		t.Fatal(err)
	}
	defer safe.Release()
	if safe.Schema().Metadata().Len() > 0 {
		t.Error("the schema kept its metadata")
	}
	for _, f := range safe.Schema().Fields() {
		if f.Metadata.Len() > 0 {
			t.Errorf("column %q kept its metadata", f.Name)
		}
	}
}
