package tableio_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/snappy"
)

const (
	// generalizing is a policy under which zips are generalized and rows with
	// a rare one are suppressed.
	generalizing = `
privacy: {models: [{k_anonymity: {k: 3}}], max_suppression: 0.1, recoding: global}
version: 1
columns:
  zip: {role: quasi, hierarchy: {prefix: {length: 5}}}
`
	// passing leaves everything as it is.
	passing = "version: 1\ncolumns:\n  zip: {role: insensitive}\n"
)

// pipeline carries out a policy under which the columns but the first pass.
func pipeline(t *testing.T, text string, schema *arrow.Schema) *anonymize.Pipeline {
	t.Helper()
	for _, f := range schema.Fields()[1:] {
		text += fmt.Sprintf("  %q: {role: insensitive}\n", f.Name)
	}
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := anonymize.ReadPolicy(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := anonymize.New(anonymize.Config{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withZip is a table of a zip, a number for each row and a column of each
// type. Every 40th row has a zip that is far from all others.
func withZip(t testing.TB, mem memory.Allocator, types []arrow.DataType, rows, null int) arrow.Record {
	t.Helper()
	rest := allTypes(t, mem, types, rows, null)
	defer rest.Release()
	zip, number := array.NewStringBuilder(mem), array.NewInt64Builder(mem)
	defer zip.Release()
	defer number.Release()
	for i := range rows {
		if number.Append(int64(i)); i%40 == 7 {
			zip.Append(fmt.Sprintf("9%d000", i/40%10))
		} else {
			zip.Append(fmt.Sprintf("02%03d", i))
		}
	}
	columns := []arrow.Array{zip.NewArray(), number.NewArray()}
	defer columns[0].Release()
	defer columns[1].Release()
	fields := append([]arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "number", Type: arrow.PrimitiveTypes.Int64},
	}, rest.Schema().Fields()...)
	return array.NewRecord(arrow.NewSchema(fields, nil), append(columns, rest.Columns()...), int64(rows))
}

// typesOf are those that all of the files hold.
func typesOf(names ...string) []arrow.DataType {
	types := append(flatTypes(), indexTypes()...)
	if !slices.ContainsFunc(names, func(n string) bool { return !strings.HasPrefix(n, "t.arrow") }) {
		types = append(types, intervalTypes()...)
	}
	if slices.Contains(names, "t.csv") {
		types = slices.DeleteFunc(types, func(dt arrow.DataType) bool {
			if d, ok := dt.(*arrow.DictionaryType); ok {
				dt = d.ValueType
			}
			return dt.ID() == arrow.BINARY || dt.ID() == arrow.LARGE_BINARY ||
				dt.ID() == arrow.FIXED_SIZE_BINARY
		})
	}
	return types
}

// declared are the options under which a CSV file is read as it was written.
func declared(name string, schema *arrow.Schema) *tableio.Options {
	opts := &tableio.Options{Null: []string{"NA"}}
	if name != "t.csv" {
		return nil
	}
	opts.Types = map[string]arrow.DataType{}
	for _, f := range schema.Fields() {
		opts.Types[f.Name] = f.Type
		if d, ok := f.Type.(*arrow.DictionaryType); ok {
			opts.Types[f.Name] = d.ValueType
		}
	}
	return opts
}

// published compares what a pipeline made of table with it: the kept rows are
// the same in all columns but the zip. It returns how many rows are left.
func published(t *testing.T, got, table arrow.Record) int {
	t.Helper()
	number := got.Column(1).(*array.Int64)
	for c := 1; c < int(table.NumCols()); c++ {
		if got.ColumnName(c) != table.ColumnName(c) {
			t.Fatalf("column %d is %q, want %q", c, got.ColumnName(c), table.ColumnName(c))
		}
		for row := range int(got.NumRows()) {
			g, w := cell(got.Column(c), row), cell(table.Column(c), int(number.Value(row)))
			if g != w {
				t.Errorf("column %q row %d: got %q, want %q", got.ColumnName(c), row, g, w)
				break
			}
		}
	}
	for row := range int(got.NumRows()) {
		n := int(number.Value(row))
		if z := cell(got.Column(0), row); n%40 == 7 || !strings.HasPrefix(z, "02") ||
			!strings.HasSuffix(z, "*") {
			t.Fatalf("row %d: zip %q is published of row %d", row, z, n)
		}
	}
	return int(got.NumRows())
}

// run reads from one file and publishes in another.
func run(
	t *testing.T, policy, from, to string, schema *arrow.Schema,
) (arrow.Record, *anonymize.Report) {
	t.Helper()
	sink, err := tableio.Create(to, &tableio.Options{Null: []string{"NA"}})
	if err != nil {
		t.Fatal(err)
	}
	src := open(t, from, declared(filepath.Base(from), schema))
	report, err := pipeline(t, policy, schema).Run(t.Context(), src, sink, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := src.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	opts := declared(filepath.Base(to), r.Schema())
	return read(t, open(t, to, opts)), report
}

// TestEveryTypeThroughThePipeline publishes tables with a column of every type
// from each format in each format.
func TestEveryTypeThroughThePipeline(t *testing.T) {
	names := []string{"t.parquet", "t.arrow", "t.arrows", "t.csv"}
	for _, from := range names {
		for _, to := range names {
			for _, null := range []int{0, 3} {
				t.Run(fmt.Sprintf("%s to %s null %d", from, to, null), func(t *testing.T) {
					mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
					defer mem.AssertSize(t, 0)
					table := withZip(t, mem, typesOf(from, to), 400, null)
					defer table.Release()
					path := write(t, from, &tableio.Options{Null: []string{"NA"}}, table)
					to := filepath.Join(t.TempDir(), to)
					got, report := run(t, generalizing, path, to, table.Schema())
					defer got.Release()
					if n := published(t, got, table); n != 390 || report.Rows.Suppressed != 10 {
						t.Errorf("%d rows, report %+v", n, report.Rows)
					}
				})
			}
		}
	}
}

// TestFewRowsThroughThePipeline publishes tables of no rows and of one.
func TestFewRowsThroughThePipeline(t *testing.T) {
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows", "t.csv"} {
		for rows, policy := range []string{generalizing, passing} {
			t.Run(fmt.Sprintf("%s rows %d", name, rows), func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
				defer mem.AssertSize(t, 0)
				types := typesOf(name)
				table := withZip(t, mem, types, rows, 2)
				defer table.Release()
				path := write(t, name, &tableio.Options{Null: []string{"NA"}}, table)
				got, report := run(t, policy, path, filepath.Join(t.TempDir(), name), table.Schema())
				defer got.Release()
				if report.Rows.Input != int64(rows) || got.NumRows() != int64(rows) ||
					got.NumCols() != table.NumCols() {
					t.Fatalf("%d × %d, report %+v", got.NumRows(), got.NumCols(), report.Rows)
				}
				for c := range table.Columns() {
					if rows == 1 && cell(got.Column(c), 0) != cell(table.Column(c), 0) {
						t.Errorf("column %q: got %q", got.ColumnName(c), cell(got.Column(c), 0))
					}
				}
			})
		}
	}
}

// TestManyRowGroupsThroughThePipeline reads a file of row groups of 7 rows,
// which another writer cut and compressed another way.
func TestManyRowGroupsThroughThePipeline(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	types := slices.DeleteFunc(typesOf("t.parquet"), func(dt arrow.DataType) bool {
		// The other writer has no half-precision numbers.
		return strings.Contains(dt.String(), "float16")
	})
	table := withZip(t, mem, types, 400, 3)
	defer table.Release()
	path := cut(t, write(t, "t.parquet", nil, table), 7)
	to := filepath.Join(t.TempDir(), "t.parquet")
	got, report := run(t, generalizing, path, to, table.Schema())
	defer got.Release()
	if n := published(t, got, table); n != 390 || report.Rows.Suppressed != 10 {
		t.Errorf("%d rows, report %+v", n, report.Rows)
	}
	for c := range int(table.NumCols()) {
		g, w := comesBack(got.Column(c).DataType()), comesBack(table.Column(c).DataType())
		if c > 0 && g.String() != w.String() {
			t.Errorf("column %q has type %s, want %s", table.ColumnName(c), g, w)
		}
	}
}

// cut copies a Parquet file with another writer into row groups of rows rows.
func cut(t *testing.T, path string, rows int64) string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(in, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "t.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	note, _ := f.Lookup("lethe:types")
	w := parquet.NewGenericWriter[any](out, f.Schema(), parquet.MaxRowsPerRowGroup(rows),
		parquet.Compression(&snappy.Codec{}), parquet.KeyValueMetadata("lethe:types", note))
	for _, g := range f.RowGroups() {
		r := g.Rows()
		if _, err := parquet.CopyRows(w, r); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
