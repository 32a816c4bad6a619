package tableio_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// write writes records and returns the path.
func write(t testing.TB, name string, opts *tableio.Options, records ...arrow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := tableio.Create(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
	}()
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads a source as one record.
func read(t testing.TB, src anonymize.Source, columns ...string) arrow.Record {
	t.Helper()
	r, err := src.Open(context.Background(), columns...)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	schema := r.Schema()
	parts := make([][]arrow.Array, schema.NumFields())
	rows := int64(0)
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		defer rec.Release()
		rows += rec.NumRows()
		for i := range parts {
			parts[i] = append(parts[i], rec.Column(i))
		}
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	columnsOut := make([]arrow.Array, len(parts))
	for i, p := range parts {
		columnsOut[i] = join(t, schema.Field(i).Type, p)
		defer columnsOut[i].Release()
	}
	return array.NewRecord(schema, columnsOut, rows)
}

func join(t testing.TB, dt arrow.DataType, parts []arrow.Array) arrow.Array {
	t.Helper()
	if len(parts) == 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, dt, 0)
	}
	if len(parts) == 1 {
		parts[0].Retain()
		return parts[0]
	}
	if d, ok := dt.(*arrow.DictionaryType); ok {
		return joinDictionaries(t, d, parts)
	}
	a, err := array.Concatenate(parts, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// joinDictionaries puts one dictionary behind the other; the library's way to
// unify them mixes up codes where there are nulls (v15.0.2).
func joinDictionaries(t testing.TB, dt *arrow.DictionaryType, parts []arrow.Array) arrow.Array {
	t.Helper()
	var values []arrow.Array
	index := array.NewInt32Builder(memory.DefaultAllocator)
	defer index.Release()
	offset := 0
	for _, p := range parts {
		d := p.(*array.Dictionary)
		values = append(values, d.Dictionary())
		for row := range d.Len() {
			if d.IsNull(row) {
				index.AppendNull()
			} else {
				index.Append(int32(offset + d.GetValueIndex(row)))
			}
		}
		offset += d.Dictionary().Len()
	}
	all, err := array.Concatenate(values, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Release()
	codes := index.NewArray()
	defer codes.Release()
	return array.NewDictionaryArray(dt, codes, all)
}

// same compares tables by type and value; dictionaries by their values.
func same(t testing.TB, got, want arrow.Record) {
	t.Helper()
	if got.NumRows() != want.NumRows() || got.NumCols() != want.NumCols() {
		t.Fatalf("%d × %d, want %d × %d", got.NumRows(), got.NumCols(), want.NumRows(), want.NumCols())
	}
	for i := range int(want.NumCols()) {
		g, w := got.Column(i), want.Column(i)
		name := want.ColumnName(i)
		if got.ColumnName(i) != name {
			t.Errorf("column %d is %q, want %q", i, got.ColumnName(i), name)
		}
		if want := comesBack(w.DataType()); comesBack(g.DataType()).String() != want.String() {
			t.Errorf("column %q has type %s, want %s", name, g.DataType(), want)
			continue
		}
		for row := range w.Len() {
			if g, w := cell(g, row), cell(w, row); g != w {
				t.Errorf("column %q row %d: got %q, want %q", name, row, g, w)
				break
			}
		}
	}
}

// comesBack is the type that a column of a type is read with: indexes of
// dictionaries become int32, and Booleans of Parquet have no dictionary.
func comesBack(dt arrow.DataType) arrow.DataType {
	if d, ok := dt.(*arrow.DictionaryType); ok && d.ValueType.ID() == arrow.BOOL {
		return d.ValueType
	} else if ok {
		return dictionaryOf(arrow.PrimitiveTypes.Int32, d.ValueType)
	}
	return dt
}

// cell is the value of a row as text, exactly.
func cell(a arrow.Array, row int) string {
	if a.IsNull(row) {
		return "(null)"
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return cell(a.Dictionary(), a.GetValueIndex(row))
	case *array.Float16:
		return fmt.Sprintf("%#04x", a.Value(row).Uint16())
	case *array.Decimal128:
		return a.Value(row).BigInt().String()
	case *array.Decimal256:
		return a.Value(row).BigInt().String()
	}
	return a.ValueStr(row)
}

func open(t testing.TB, path string, opts *tableio.Options) *tableio.File {
	t.Helper()
	f, err := tableio.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
