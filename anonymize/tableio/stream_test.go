package tableio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

var allNames = []string{"t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz", "t.csv.zst"}

// TestBytesDoNotDependOnBatchesOrWorkers writes the same rows in different
// records with different numbers of workers.
func TestBytesDoNotDependOnBatchesOrWorkers(t *testing.T) {
	const rows = 150_000 // more than a row group
	src := visits(rows)
	whole := read(t, src)
	for _, name := range allNames {
		t.Run(name, func(t *testing.T) {
			var want []byte
			for workers, batch := range map[int]int64{1: rows, 4: 50_021, 2: 997} {
				var records []arrow.Record
				for from := int64(0); from < rows; from += batch {
					records = append(records, whole.NewSlice(from, min(from+batch, rows)))
				}
				got, err := os.ReadFile(write(t, name, &tableio.Options{Workers: workers}, records...))
				if err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = got
				}
				if !bytes.Equal(got, want) {
					t.Errorf("other bytes with records of %d rows and %d workers", batch, workers)
				}
			}
		})
	}
}

func TestRowsDoNotDependOnBatchesOrWorkers(t *testing.T) {
	src := visits(20_000)
	for _, name := range allNames {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			copyTable(t, src, path, nil)
			want := read(t, open(t, path, nil))
			for _, o := range []*tableio.Options{
				{BatchRows: 7, Workers: 1}, {BatchRows: 1000, Workers: 5}, {BatchRows: 1 << 30},
			} {
				f := open(t, path, o)
				same(t, read(t, f), want)
				same(t, read(t, f), want) // a second pass
				r, err := f.Open(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for r.Next() {
					if n := r.Record().NumRows(); n > int64(o.BatchRows) {
						t.Errorf("a record of %d rows, want at most %d", n, o.BatchRows)
						break
					}
				}
				r.Release()
			}
		})
	}
}

func TestProjection(t *testing.T) {
	src := visits(3000)
	whole := read(t, src)
	for _, name := range allNames {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			copyTable(t, src, path, nil)
			f := open(t, path, nil)
			got := read(t, f, "days", "person")
			if got.NumCols() != 2 || got.ColumnName(0) != "days" || got.ColumnName(1) != "person" {
				t.Fatalf("got %v", got.Schema())
			}
			for row := range int(whole.NumRows()) {
				if g, w := got.Column(1).ValueStr(row), whole.Column(0).ValueStr(row); g != w {
					t.Fatalf("row %d: got %s, want %s", row, g, w)
				}
			}
			for _, c := range []struct {
				columns []string
				want    string
			}{
				{[]string{"age", "zipp"}, fmt.Sprintf(`tableio: %s: there is no column "zipp"`, name)},
				{[]string{"age", "age"}, fmt.Sprintf(`tableio: %s: column "age" is asked for twice`, name)},
			} {
				if _, err := f.Open(context.Background(), c.columns...); err == nil || err.Error() != c.want {
					t.Errorf("got %v, want %s", err, c.want)
				}
			}
		})
	}
}

// settle waits for goroutines to end and returns how many are left.
func settle(atMost int) int {
	n := runtime.NumGoroutine()
	for range 200 {
		if n = runtime.NumGoroutine(); n <= atMost {
			return n
		}
		time.Sleep(5 * time.Millisecond)
	}
	return n
}

func TestNothingIsLeftBehind(t *testing.T) {
	src := visits(30_000)
	for _, name := range allNames {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			copyTable(t, src, path, nil)
			f := open(t, path, &tableio.Options{BatchRows: 500, Workers: 4})
			before := runtime.NumGoroutine()
			for records := range 4 {
				r, err := f.Open(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				for range records {
					r.Next()
				}
				r.Release()
				if n := runtime.NumGoroutine(); n > before {
					if n = settle(before); n > before {
						t.Fatalf("%d goroutines after Release, %d before", n, before)
					}
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			r, err := f.Open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Release()
			if !r.Next() {
				t.Fatal(r.Err())
			}
			cancel()
			if r.Next() || !errors.Is(r.Err(), context.Canceled) {
				t.Errorf("after cancellation: %v", r.Err())
			}
			if n := settle(before); n > before {
				t.Errorf("%d goroutines after cancellation, %d before", n, before)
			}
			if _, err := f.Open(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Open with a cancelled context: %v", err)
			}
		})
	}
}

func TestRetainKeepsThePass(t *testing.T) {
	f := open(t, put(t, "t.csv", "a\n1\n2\n"), nil)
	r, err := f.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r.Retain()
	r.Release()
	if !r.Next() || r.Record().NumRows() != 2 {
		t.Errorf("no rows after one of two Releases: %v", r.Err())
	}
	if r.Next() || r.Err() != nil || r.Record() != nil {
		t.Errorf("at the end: %v", r.Err())
	}
	r.Release()
}

func TestFileThatChanges(t *testing.T) {
	for _, name := range allNames {
		path := filepath.Join(t.TempDir(), name)
		copyTable(t, visits(200), path, nil)
		f := open(t, path, nil)
		read(t, f)
		if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		want := "tableio: " + name + " changed since it was opened; open it again and start over"
		if _, err := f.Open(context.Background()); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := f.SHA256(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestFileThatChangesMeanwhile changes a file while it is read: rows may have been
// given, but the pass does not end as if they were the table.
func TestFileThatChangesMeanwhile(t *testing.T) {
	src := visits(8_000)
	for _, name := range allNames {
		for what, change := range map[string]func(f *os.File, size int64) error{
			"cut":     func(f *os.File, size int64) error { return f.Truncate(size / 2) },
			"emptied": func(f *os.File, _ int64) error { return f.Truncate(0) },
			"grown":   func(f *os.File, size int64) error { _, err := f.WriteAt([]byte("more"), size); return err },
			"overwritten": func(f *os.File, size int64) error {
				_, err := f.WriteAt(make([]byte, size/3), size/3)
				return errors.Join(err, os.Chtimes(f.Name(), time.Time{}, time.Unix(1, 0)))
			},
		} {
			path := filepath.Join(t.TempDir(), name)
			copyTable(t, src, path, nil)
			f := open(t, path, &tableio.Options{BatchRows: 500, Workers: 2})
			r, err := f.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !r.Next() {
				t.Fatal(r.Err())
			}
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			info, err := file.Stat()
			if err == nil {
				err = change(file, info.Size())
			}
			if err := errors.Join(err, file.Close()); err != nil {
				t.Fatal(err)
			}
			for r.Next() {
			}
			if err := r.Err(); err == nil || !strings.HasPrefix(err.Error(), "tableio: "+name+" ") &&
				!strings.HasPrefix(err.Error(), "tableio: "+name+":") {
				t.Errorf("%s, %s while it was read: %v", name, what, err)
			}
			r.Release()
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub.csv")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		opts *tableio.Options
		want string
	}{
		{filepath.Join(dir, "none.parquet"), nil, "tableio: none.parquet: no such file or directory"},
		{sub, nil, "tableio: sub.csv is not a regular file"},
		{put(t, "t.xlsx", ""), nil, `tableio: t.xlsx: no format is known by the extension ".xlsx"; set Format`},
		{put(t, "t.parquet", ""), nil, "tableio: t.parquet is damaged: it is too short for a Parquet file"},
		{put(t, "t.parquet", strings.Repeat("a,b\n", 99)), nil,
			"tableio: t.parquet is damaged: it is no Parquet file: it does not begin with PAR1"},
		{put(t, "t.arrow", ""), nil, "tableio: t.arrow: the file is empty"},
		{put(t, "t.arrow", strings.Repeat("a,b\n", 99)), nil,
			"tableio: t.arrow is damaged: it is cut short: its end is missing"},
		{put(t, "t.csv.gz", "a,b\n1,2\n"), nil, "tableio: t.csv.gz is damaged: it is not compressed with gzip"},
		{put(t, "t.csv", "a\n1\n"), &tableio.Options{Format: "xml", BatchRows: -1, Workers: -1},
			"tableio: t.csv: format \"xml\" is unknown; want parquet, arrow, arrows or csv\n" +
				"the number of BatchRows is -1, want 0 or more\nthe number of Workers is -1, want 0 or more"},
		{put(t, "t.csv", "a\n1\n"), &tableio.Options{Delimiter: '"', Null: []string{"\n"},
			Types: map[string]arrow.DataType{"a": arrow.BinaryTypes.Binary, "b": nil}},
			"tableio: t.csv: the delimiter must be an ASCII character other than quote and line break, " +
				"not '\"'\nthe null text \"\\n\" would need quotes\n" +
				"column \"a\": type binary cannot be read from CSV\ncolumn \"b\": the declared type is nil"},
	} {
		if _, err := tableio.Open(c.path, c.opts); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

// TestColumnsThatCannotBe covers tables of no columns, two columns of a name,
// and types no file can hold.
func TestColumnsThatCannotBe(t *testing.T) {
	field := func(name string, dt arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: dt, Nullable: true}
	}
	for _, c := range []struct {
		what   string
		fields []arrow.Field
		names  []string
		want   string
	}{
		{"none", nil, allNames, "the table has no columns"},
		{"twice", []arrow.Field{field("a", arrow.Null), field("a", arrow.Null)}, allNames,
			`two columns are named "a"; rename one`},
		{"a list", []arrow.Field{field("a", arrow.ListOf(arrow.PrimitiveTypes.Int8))},
			allNames[:3], `column "a": type list<item: int8, nullable> is not supported`},
		{"an interval", []arrow.Field{field("a", arrow.FixedWidthTypes.MonthInterval)},
			allNames[:1], `column "a": type month_interval is not supported in Parquet`},
		{"an interval in CSV", []arrow.Field{field("a", arrow.FixedWidthTypes.MonthDayNanoInterval)},
			allNames[3:], `column "a": type month_day_nano_interval cannot be written as CSV`},
		{"too many digits", []arrow.Field{field("a", &arrow.Decimal256Type{Precision: 77, Scale: 2})},
			allNames, `column "a": type decimal256(77, 2)`},
		{"binary in CSV", []arrow.Field{field("a", arrow.BinaryTypes.Binary)},
			allNames[3:], `column "a": type binary cannot be written as CSV`},
		{"a negative scale", []arrow.Field{field("a", &arrow.Decimal128Type{Precision: 5, Scale: -2})},
			allNames[:1], `column "a": type decimal(5, -2) is not supported in Parquet`},
	} {
		for _, name := range c.names {
			w, err := tableio.Create(filepath.Join(t.TempDir(), name), nil)
			if err != nil {
				t.Fatal(err)
			}
			schema := arrow.NewSchema(c.fields, nil)
			columns := make([]arrow.Array, len(c.fields))
			for i, f := range c.fields {
				columns[i] = array.MakeArrayOfNull(memory.DefaultAllocator, f.Type, 0)
			}
			err = w.Write(array.NewRecord(schema, columns, 0))
			if err == nil || !strings.HasPrefix(err.Error(), "tableio: "+name+": ") ||
				!strings.Contains(err.Error(), c.want) {
				t.Errorf("%s in %s: got %v, want %s", c.what, name, err, c.want)
			}
			if _, again := w.Seal(); again == nil {
				t.Errorf("%s in %s: sealed after an error", c.what, name)
			}
			if err := w.Abort(); err != nil {
				t.Error(err)
			}
		}
	}
}
