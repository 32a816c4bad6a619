package tableio_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/parquet-go/parquet-go"
)

// nestedFiles are one table as Parquet and as Arrow file: two columns that are
// read, a and z, and three nested ones.
func nestedFiles(t *testing.T) []string {
	t.Helper()
	type person struct {
		Name  string            `parquet:"a"`
		Notes map[string]string `parquet:"notes"`
		Tags  []string          `parquet:"tags,list"`
		Where struct{ Zip int } `parquet:"where"`
		Age   int64             `parquet:"z"`
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, []person{
		{Name: "x", Age: 7, Tags: []string{"p", "q"}, Notes: map[string]string{"k": "v"}},
		{Name: "y", Age: 8},
	}); err != nil {
		t.Fatal(err)
	}

	text := arrow.BinaryTypes.String
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: text},
		{Name: "notes", Type: arrow.MapOf(text, text), Nullable: true},
		{Name: "tags", Type: arrow.ListOf(text), Nullable: true},
		{Name: "where", Type: arrow.StructOf(arrow.Field{Name: "zip", Type: text}), Nullable: true},
		{Name: "z", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	rb := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rb.Release()
	rb.Field(0).(*array.StringBuilder).AppendValues([]string{"x", "y"}, nil)
	for i := range 3 {
		rb.Field(1 + i).AppendEmptyValue()
		rb.Field(1 + i).AppendNull()
	}
	rb.Field(4).(*array.Int64Builder).AppendValues([]int64{7, 8}, nil)
	rec := rb.NewRecord()
	defer rec.Release()
	path := filepath.Join(t.TempDir(), "t.arrow")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		t.Fatal(err)
	}
	return []string{put(t, "t.parquet", b.String()), path}
}

// TestNestedColumns reads what stands beside them and refuses them by name.
func TestNestedColumns(t *testing.T) {
	for _, path := range nestedFiles(t) {
		src := open(t, path, nil)
		names, unreadable := src.Columns()
		if want := []string{"a", "notes", "tags", "where", "z"}; !slices.Equal(names, want) {
			t.Errorf("%s: columns %q, want %q", filepath.Base(path), names, want)
		}
		if len(unreadable) != 3 {
			t.Errorf("%s: %v are unreadable, want three", filepath.Base(path), unreadable)
		}
		rec := read(t, src, "z", "a")
		if got := rec.Column(0).ValueStr(1) + rec.Column(1).ValueStr(0); got != "8x" {
			t.Errorf("%s: got %s", filepath.Base(path), got)
		}
		for _, columns := range [][]string{nil, {"tags"}} {
			_, err := src.Open(context.Background(), columns...)
			if err == nil || !strings.Contains(err.Error(), `column "tags" is nested`) {
				t.Errorf("%s: got %v, want an error that names tags", filepath.Base(path), err)
			}
		}
	}
}

// TestNestedColumnsOfAPolicy: those that a policy drops are no concern of the
// pipeline, and of the others all are named before anything is read.
func TestNestedColumnsOfAPolicy(t *testing.T) {
	const kept = "version: 1\ncolumns:\n  a: {role: insensitive}\n  z: {role: insensitive}\n"
	of := func(rest string) *anonymize.Pipeline {
		policy, err := anonymize.ReadPolicy(put(t, "policy.yaml", kept+rest))
		if err != nil {
			t.Fatal(err)
		}
		p, err := anonymize.New(anonymize.Config{Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, path := range nestedFiles(t) {
		src, err := tableio.OpenFiles([]string{path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		dst := tableio.NewBuffer()
		_, err = of("  notes: {role: insensitive, drop: true}\n").Run(t.Context(), src, dst, nil)
		if err == nil || !strings.Contains(err.Error(), `column "tags" of the input is not in the policy`) {
			t.Errorf("%s: got %v, want an error that names tags", path, err)
		}
		dst = tableio.NewBuffer()
		report, err := of("  notes: {role: identifier, drop: true}\n  tags: {role: sensitive, drop: true}\n"+
			"  where: {role: insensitive, drop: true}\n").Run(t.Context(), src, dst, nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Rows.Output != 2 || len(report.Columns) != 5 || !report.Columns[2].Dropped {
			t.Errorf("%s: %d rows and %d columns", path, report.Rows.Output, len(report.Columns))
		}
		dst.Release()

		_, err = of("  notes: {role: identifier, drop: true}\n  tags: {role: insensitive}\n"+
			"  where: {role: insensitive}\n").Run(t.Context(), src, tableio.NewBuffer(), nil)
		var mistakes *anonymize.PolicyError
		if !errors.As(err, &mistakes) || len(mistakes.Mistakes) != 2 ||
			!strings.Contains(mistakes.Mistakes[0], `column "tags" is nested`) ||
			!strings.Contains(mistakes.Mistakes[1], `column "where" is nested`) ||
			!strings.Contains(mistakes.Mistakes[1], "drop it") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// TestDictionariesOfParquet says when text comes as a dictionary.
func TestDictionariesOfParquet(t *testing.T) {
	type row struct {
		Few  string  `parquet:"few,dict"`
		Null *string `parquet:"null,dict"`
		Many string  `parquet:"many,dict"`
		Flat string  `parquet:"flat"`
		Code int64   `parquet:"code,dict"`
	}
	rows := make([]row, 40_000)
	for i := range rows {
		s := strings.Repeat("x", i%7)
		rows[i] = row{Few: s, Many: string(rune(i+0x4e00)) + s, Flat: s, Code: int64(i % 3)}
		if i%3 > 0 {
			rows[i].Null = &s
		}
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, rows, parquet.MaxRowsPerRowGroup(15_000)); err != nil {
		t.Fatal(err)
	}
	path := put(t, "t.parquet", b.String())
	rec := read(t, open(t, path, nil))
	for i, want := range []string{
		"dictionary<values=utf8, indices=int32, ordered=false>",
		"dictionary<values=utf8, indices=int32, ordered=false>",
		"dictionary<values=utf8, indices=int32, ordered=false>", "utf8", "int64",
	} {
		if got := rec.Schema().Field(i).Type.String(); got != want {
			t.Errorf("column %q has type %s, want %s", rec.ColumnName(i), got, want)
		}
	}
	for i, r := range rows {
		null := "(null)"
		if r.Null != nil {
			null = *r.Null
		}
		if rec.Column(0).ValueStr(i) != r.Few || rec.Column(1).ValueStr(i) != null ||
			rec.Column(2).ValueStr(i) != r.Many || rec.Column(3).ValueStr(i) != r.Flat {
			t.Fatalf("row %d: got %s %s %s %s, want %s %s %s %s", i, rec.Column(0).ValueStr(i),
				rec.Column(1).ValueStr(i), rec.Column(2).ValueStr(i), rec.Column(3).ValueStr(i),
				r.Few, null, r.Many, r.Flat)
		}
	}
	// One row group of more entries than maxDictionary: plain text.
	b.Reset()
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	rec = read(t, open(t, put(t, "t.parquet", b.String()), nil), "many", "few")
	if got := rec.Schema().Field(0).Type.ID(); got != arrow.STRING {
		t.Errorf("a large dictionary came as %s", got)
	}
	if got := rec.Column(0).ValueStr(39_999); got != rows[39_999].Many {
		t.Errorf("the last value differs")
	}
}

// TestTimesOfParquet reads timestamps with and without UTC and legacy INT96.
func TestTimesOfParquet(t *testing.T) {
	node := func(n parquet.Node) parquet.Node { return n }
	group := parquet.Group{
		"a": node(parquet.TimestampAdjusted(parquet.Millisecond, true)),
		"b": node(parquet.TimestampAdjusted(parquet.Nanosecond, false)),
		"c": parquet.Leaf(parquet.Int96Type),
		"d": parquet.UUID(),
		"e": parquet.JSON(),
		"f": parquet.Enum(),
	}
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("t", group))
	// 2000-01-01 is Julian day 2451545; one second after midnight.
	values := []parquet.Value{
		parquet.Int64Value(946684801000), parquet.Int64Value(946684801000000000),
		parquet.Int96Value([3]uint32{1_000_000_000, 0, 2451545}),
		parquet.FixedLenByteArrayValue([]byte("0123456789abcdef")),
		parquet.ByteArrayValue([]byte("{}")), parquet.ByteArrayValue([]byte("E")),
	}
	for i, v := range values {
		if _, err := w.ColumnWriters()[i].WriteRowValues([]parquet.Value{v.Level(0, 0, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rec := read(t, open(t, put(t, "t.parquet", b.String()), nil))
	for i, want := range []struct{ dt, value string }{
		{"timestamp[ms, tz=UTC]", "2000-01-01 00:00:01Z"},
		{"timestamp[ns]", "2000-01-01 00:00:01Z"},
		{"timestamp[ns]", "2000-01-01 00:00:01Z"},
		{"fixed_size_binary[16]", "MDEyMzQ1Njc4OWFiY2RlZg=="},
		{"utf8", "{}"}, {"utf8", "E"},
	} {
		if dt := rec.Schema().Field(i).Type.String(); dt != want.dt {
			t.Errorf("column %d has type %s, want %s", i, dt, want.dt)
		}
		if v := rec.Column(i).ValueStr(0); !strings.HasPrefix(v, strings.TrimSuffix(want.value, "Z")) {
			t.Errorf("column %d: got %s, want %s", i, v, want.value)
		}
	}
}

func TestMemory(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	rec := allTypes(t, mem, flatTypes()[:14], 10, 3)
	defer rec.Release()
	buf := tableio.NewBuffer()
	if _, err := buf.Seal(); err == nil {
		t.Error("sealed without a record")
	}
	if err := buf.Commit(); err == nil {
		t.Error("committed before it was sealed")
	}
	if err := buf.Write(rec); err != nil {
		t.Fatal(err)
	}
	other := allTypes(t, mem, flatTypes()[:2], 10, 3)
	defer other.Release()
	if err := buf.Write(other); err == nil {
		t.Error("a record of another schema was taken")
	}
	src, err := buf.Seal()
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, src)
	same(t, got, rec)
	got.Release()
	if buf.Table() != nil {
		t.Error("a table before Commit")
	}
	if err := buf.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := buf.Abort(); err != nil {
		t.Fatal(err)
	}
	table := buf.Table()
	buf.Release()
	m := tableio.FromTable(table)
	table.Release()
	got = read(t, m, rec.ColumnName(3))
	if got.NumCols() != 1 || got.NumRows() != 10 {
		t.Errorf("%d × %d", got.NumRows(), got.NumCols())
	}
	got.Release()
	r, err := m.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	m.Release()
	if !r.Next() {
		t.Error("a pass lost its rows")
	}
	r.Release()
}
