package tableio_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// Plain text comes as it was written or, where that is asked for and few texts
// repeat, as dictionaries of the same rows.
func TestDictionariesOfPlainText(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "few", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "distinct", Type: arrow.BinaryTypes.String},
		{Name: "large", Type: arrow.BinaryTypes.LargeString},
		{Name: "number", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 5000 {
		if i%7 == 0 {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.StringBuilder).Append(fmt.Sprint("text ", i%11))
		}
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprint("text ", i))
		b.Field(2).(*array.LargeStringBuilder).Append(fmt.Sprint("text ", i%11))
		b.Field(3).(*array.Int64Builder).Append(int64(i % 11))
	}
	rec := b.NewRecord()
	defer rec.Release()
	path := write(t, "t.parquet", nil, rec)
	plain := read(t, open(t, path, nil))
	defer plain.Release()
	if !plain.Schema().Equal(schema) {
		t.Errorf("without the option: %s", plain.Schema())
	}
	coded := read(t, open(t, path, &tableio.Options{Dictionaries: true}))
	defer coded.Release()
	for i, f := range coded.Schema().Fields() {
		if _, dict := f.Type.(*arrow.DictionaryType); dict != (i == 0) {
			t.Errorf("column %q is of type %s", f.Name, f.Type)
		}
		for row := range int(rec.NumRows()) {
			if a, b := coded.Column(i).ValueStr(row), plain.Column(i).ValueStr(row); a != b {
				t.Fatalf("column %q, row %d: %q, want %q", f.Name, row, a, b)
			}
		}
	}
}
