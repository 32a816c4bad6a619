package tableio_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// textTypes are the types of flatTypes that CSV holds.
func textTypes() (types []arrow.DataType) {
	for _, dt := range flatTypes() {
		switch dt.ID() {
		case arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY, arrow.DICTIONARY:
			continue
		}
		types = append(types, dt)
	}
	return types
}

// put writes text to a file and returns its path.
func put(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSealedCSVReadsBackAsWritten(t *testing.T) {
	for _, name := range []string{"t.csv", "t.tsv", "t.csv.gz", "t.csv.zst"} {
		for _, opts := range []*tableio.Options{
			nil, {NoHeader: true}, {Delimiter: '|', Null: []string{"NA", ""}},
		} {
			want := allTypes(t, memory.DefaultAllocator, textTypes(), 500, 3)
			w, err := tableio.Create(filepath.Join(t.TempDir(), name), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			if err := w.Write(want); err != nil {
				t.Fatal(err)
			}
			src, err := w.Seal()
			if err != nil {
				t.Fatal(err)
			}
			same(t, read(t, src), want)
		}
	}
}

func TestInference(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       string
	}{
		{"integers", "1 -2 9223372036854775807", "int64"},
		{"a postal code", "01234 99999", "utf8"},
		{"a plus sign", "+1 2", "utf8"},
		{"more digits than an int64", "9223372036854775808", "utf8"},
		{"a zero", "0 10", "int64"},
		{"negative zero", "-0 1", "float64"},
		{"numbers", "1 2.5 -0.25 1e9", "float64"},
		{"a point first", ".5 1", "float64"},
		{"a point last", "5. 1", "utf8"},
		{"zeros before the point", "00.5", "utf8"},
		{"a number out of range", "1e999", "utf8"},
		{"not numbers but floats", "NaN Inf -Inf 1", "float64"},
		{"hexadecimal", "0x1p-2 1", "utf8"},
		{"underscores", "1_000", "utf8"},
		{"an integer beyond and a fraction", "99999999999999999999 0.5", "utf8"},
		{"truth values", "true false", "bool"},
		{"other truth values", "True False", "utf8"},
		{"days", "2024-02-29 1999-12-31", "date32"},
		{"a day that is none", "2023-02-29", "utf8"},
		{"timestamps", "2024-02-29T10:00:00 2024-02-29T10:00:00.123456", "timestamp[us]"},
		{"instants", "2024-02-29T10:00:00Z 2024-02-29T10:00:00+02:00", "timestamp[us, tz=UTC]"},
		{"finer than microseconds", "2024-02-29T10:00:00.1234567", "utf8"},
		{"a zone here and there", "2024-02-29T10:00:00Z 2024-02-29T10:00:00", "utf8"},
		{"an hour that is none", "2024-02-29T24:00:00", "utf8"},
		{"mixed", "1 true", "utf8"},
		{"nothing", "", "utf8"},
	} {
		t.Run(c.what, func(t *testing.T) {
			text := "a,b\n"
			for v := range strings.FieldsSeq(c.text) {
				text += v + ",x\n,x\n"
			}
			rec := read(t, open(t, put(t, "t.csv", text), nil), "a")
			if got := rec.Schema().Field(0).Type.String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestCSVByHand(t *testing.T) {
	path := put(t, "t.csv", "\ufeffname;age;\"a \"\"b\"\"\"\r\n"+
		"\"x;\r\ny\";1;\"\"\r\n"+
		"\r\n"+
		"z;;\r\n")
	rec := read(t, open(t, path, nil))
	var got [][]string
	for row := range int(rec.NumRows()) {
		var r []string
		for c := range int(rec.NumCols()) {
			r = append(r, rec.Column(c).ValueStr(row))
		}
		got = append(got, r)
	}
	want := [][]string{{"x;\r\ny", "1", ""}, {"z", "(null)", "(null)"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := rec.ColumnName(2); got != `a "b"` {
		t.Errorf("the third column is %q", got)
	}
}

// TestNullsOfOneColumn covers rows that are blank lines, and null texts.
func TestNullsOfOneColumn(t *testing.T) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.AppendValues([]string{"", "", "NA", "x", ""}, []bool{false, true, true, true, false})
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}}, nil),
		[]arrow.Array{b.NewArray()}, 5)
	for text, opts := range map[string]*tableio.Options{
		"a\n\n\"\"\nNA\nx\n\n":         nil,
		"a\nNA\n\"\"\n\"NA\"\nx\nNA\n": {Null: []string{"NA"}},
		"\n\"\"\nNA\nx\n\n":            {NoHeader: true},
	} {
		path := write(t, "t.csv", opts, rec)
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("got %q, %v; want %q", got, err, text)
		}
		back := read(t, open(t, path, opts))
		for row := range 5 {
			if g, w := back.Column(0).ValueStr(row), rec.Column(0).ValueStr(row); g != w {
				t.Errorf("%q row %d: got %q, want %q", text, row, g, w)
			}
		}
	}
	w, err := tableio.Create(filepath.Join(t.TempDir(), "t.csv"), &tableio.Options{Null: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	want := `tableio: t.csv: column "a": a null, and no text stands for null; set Null`
	if err := w.Write(rec); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCSVErrors(t *testing.T) {
	const canary = "Kanarienvogel"
	for _, c := range []struct {
		what, text string
		opts       *tableio.Options
		want       string
	}{
		{"too few fields", "a,b,c\n1,2,3\n\"" + canary + "\n\",2\n", nil,
			"tableio: t.csv line 3: 2 fields, want 3"},
		{"too many fields", "a,b\n1,2," + canary + "\n", nil,
			"tableio: t.csv line 2: 3 fields, want 2"},
		{"an open quote", "a,b\n1,\"" + canary + "\n", nil,
			"tableio: t.csv line 2: a quote is not closed"},
		{"a quote inside", "a,b\n1," + canary + "\"\n", nil,
			"tableio: t.csv line 2: a quote in a field that does not begin with one"},
		{"text behind a quote", "a,b\n1,\"x\"" + canary + "\n", nil,
			"tableio: t.csv line 2: text behind a closing quote"},
		{"not UTF-8", "a,b\n1,2\n1," + canary + "\xff\n", nil,
			"tableio: t.csv line 3: field 2: text that is not UTF-8, at byte 23 of the text; " +
				"set Encoding where it has another"},
		{"half a character", "a,b\n\xc3,\xa9\n", nil,
			"tableio: t.csv line 2: field 1: text that is not UTF-8, at byte 4 of the text; " +
				"set Encoding where it has another"},
		{"two columns of a name", "a,b,a\n1,2,3\n", nil,
			`tableio: t.csv: two columns are named "a"; rename one`},
		{"nothing", "", nil, "tableio: t.csv: the file is empty"},
		{"not of the declared type", "a,b\n1,2\n" + canary + ",2\n",
			&tableio.Options{Types: map[string]arrow.DataType{"a": arrow.PrimitiveTypes.Int8}},
			`tableio: t.csv line 3: column "a": not an integer of type int8`},
		{"beyond the declared type", "a,b\n128,2\n",
			&tableio.Options{Types: map[string]arrow.DataType{"a": arrow.PrimitiveTypes.Int8}},
			`tableio: t.csv line 2: column "a": not an integer of type int8`},
		{"a type for no column", "a,b\n1,2\n",
			&tableio.Options{Types: map[string]arrow.DataType{"c": arrow.PrimitiveTypes.Int8}},
			`tableio: t.csv: a type is declared for column "c", which is not there`},
	} {
		t.Run(c.what, func(t *testing.T) {
			err := readAll(put(t, "t.csv", c.text), c.opts)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// readAll opens a file and reads it to its end.
func readAll(path string, opts *tableio.Options) error {
	f, err := tableio.Open(path, opts)
	if err != nil {
		return err
	}
	r, err := f.Open(context.Background())
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
	}
	return r.Err()
}
