package tableio_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// TestParts: the rows of all parts are those of the file, with the same types.
func TestParts(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	types := slices.DeleteFunc(typesOf("t.parquet"), func(dt arrow.DataType) bool {
		return strings.Contains(dt.String(), "float16") // which the other writer lacks
	})
	table := withZip(t, mem, types, 40, 3)
	defer table.Release()
	path := write(t, "t.parquet", nil, table)
	if n := len(open(t, path, nil).Parts()); n != 1 {
		t.Errorf("%d parts of one row group", n)
	}
	file := open(t, cut(t, path, 7), nil)
	parts := file.Parts()
	if len(parts) != 6 {
		t.Fatalf("%d parts of 40 rows by 7", len(parts))
	}
	want := read(t, file)
	defer want.Release()
	at := int64(0)
	for i, part := range parts {
		got := read(t, part)
		rows := want.NewSlice(at, min(at+7, 40))
		if !got.Schema().Equal(want.Schema()) {
			t.Errorf("part %d: schema %s, want %s", i, got.Schema(), want.Schema())
		}
		same(t, got, rows)
		at += got.NumRows()
		rows.Release()
		got.Release()
	}
	if at != 40 {
		t.Errorf("%d rows in all parts", at)
	}
}
