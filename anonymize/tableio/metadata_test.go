package tableio_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// TestFieldMetadata: of the metadata of fields those entries are written that
// are asked for, and no others.
func TestFieldMetadata(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String,
			Metadata: arrow.NewMetadata([]string{"canary", "spec"}, []string{"x", "hmac"})},
		{Name: "b", Type: arrow.BinaryTypes.String,
			Metadata: arrow.NewMetadata([]string{"canary"}, []string{"y"})},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 2 {
		b.Field(i).(*array.StringBuilder).Append("v")
	}
	rec := b.NewRecord()
	defer rec.Release()
	for _, format := range []string{"t.arrow", "t.parquet", "t.csv"} {
		path := filepath.Join(t.TempDir(), format)
		w, err := tableio.Create(path, &tableio.Options{FieldMetadata: []string{"spec"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Seal(); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if format != "t.arrow" {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := ipc.NewFileReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := r.Schema().Field(0).Metadata
		if value, _ := got.GetValue("spec"); value != "hmac" || got.Len() != 1 {
			t.Errorf("metadata %v", got)
		}
		if got := r.Schema().Field(1).Metadata; got.Len() != 0 {
			t.Errorf("metadata %v", got)
		}
	}
}
