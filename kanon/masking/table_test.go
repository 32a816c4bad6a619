package masking

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// tableOf builds a table of one chunk from JSON arrays.
func tableOf(t testing.TB, fields []arrow.Field, columns ...string) arrow.Table {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	cols := make([]arrow.Column, len(fields))
	rows := int64(0)
	for i, f := range fields {
		a, _, err := array.FromJSON(memory.DefaultAllocator, f.Type, strings.NewReader(columns[i]))
		if err != nil {
			t.Fatal(err)
		}
		rows = int64(a.Len())
		cols[i] = *arrow.NewColumn(f, arrow.NewChunked(f.Type, []arrow.Array{a}))
	}
	return array.NewTable(schema, cols, rows)
}

func field(name string, dt arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: dt, Nullable: true}
}

// chunked is the same table in chunks of n rows.
func chunked(t testing.TB, in arrow.Table, n int64) arrow.Table {
	t.Helper()
	r := array.NewTableReader(in, n)
	defer r.Release()
	var recs []arrow.Record
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		recs = append(recs, rec)
	}
	return array.NewTableFromRecords(in.Schema(), recs)
}

// texts are the values of a column.
func texts(t testing.TB, in arrow.Table, name string) []string {
	t.Helper()
	c, err := find(in, name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, chunk := range c.Data().Chunks() {
		for i := range chunk.Len() {
			out = append(out, chunk.ValueStr(i))
		}
	}
	return out
}

func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("error %q tells a value of the table", err)
	}
}

// canary is a value that must not be in an error.
const canary = "7654321"

func join(values []string) string { return "[" + strings.Join(values, ",") + "]" }

func ints(n int, f func(i int) int) string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprint(f(i))
	}
	return join(s)
}

func date(a arrow.Array, i int) arrow.Date32 { return a.(*array.Date32).Value(i) }
