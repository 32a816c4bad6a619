package tableio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/parquet-go/parquet-go"
)

// folder writes files of text and returns their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func openFiles(t *testing.T, paths ...string) *tableio.Files {
	t.Helper()
	s, err := tableio.OpenFiles(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFilesByHand: the rows of one file behind those of the other, under one
// type a column, whatever each by itself would be.
func TestFilesByHand(t *testing.T) {
	dir := folder(t, map[string]string{
		"b.csv": "age,zip\n3.5,x\n", "a.csv": "zip,age\n1,2\n", "c.csv": "age,zip\n",
		"_SUCCESS": "", ".a.csv.tmp": "unfinished",
	})
	for _, paths := range [][]string{{dir}, {dir + "/"}, {filepath.Join(dir, "*.csv")},
		{filepath.Join(dir, "a.csv"), filepath.Join(dir, "[bc].csv")}} {
		got := read(t, openFiles(t, paths...))
		if s := fmt.Sprint(got.Schema().Fields(), got.Columns()); !strings.Contains(s, "utf8") ||
			!strings.HasSuffix(s, `[["1" "x"] [2 3.5]]`) {
			t.Errorf("%v: %s", paths, s)
		}
		got.Release()
		got = read(t, openFiles(t, paths...), "age")
		if s := fmt.Sprint(got.Columns()); s != "[[2 3.5]]" {
			t.Errorf("%v: %s", paths, s)
		}
		got.Release()
	}
}

func TestFilesThatDisagree(t *testing.T) {
	type one struct{ A, B int64 }
	type other struct {
		A int64
		B string
	}
	dir := t.TempDir()
	var x, y bytes.Buffer
	if err := errors.Join(parquet.Write(&x, []one{{1, 2}}),
		parquet.Write(&y, []other{{1, "canary"}})); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"x.parquet": x.String(), "y.parquet": y.String(),
		"x.csv": "A,B\n1,2\n", "y.csv": "A,C\n1,2\n", "z.csv": "A\n1\n", "read.me": "?"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for names, want := range map[string]string{
		"x.parquet y.parquet": `tableio: y.parquet: column "B" is of type utf8, but int64 in x.parquet`,
		"x.parquet x.csv":     "",
		"y.parquet x.csv":     `tableio: x.csv: column "B" is of type int64, but utf8 in y.parquet`,
		"x.csv y.csv":         `tableio: y.csv: there is no column "B", which x.csv has`,
		"z.csv x.csv":         `tableio: x.csv: column "B" is not in z.csv`,
		"x.csv x.csv":         "tableio: x.csv is named twice",
		"*.csv ./x.csv":       "tableio: x.csv is named twice",
		"*.arrow":             "tableio: no file matches *.arrow",
		"sub":                 "tableio: sub holds no table",
		".":                   "is of no known format; move it away",
		"none.csv":            "tableio: none.csv: no such file or directory",
		"":                    "tableio: no file is named",
	} {
		var paths []string
		for _, name := range strings.Fields(names) {
			paths = append(paths, filepath.Join(dir, name))
		}
		s, err := tableio.OpenFiles(paths, nil)
		if err == nil {
			var r interface{ Release() }
			if r, err = s.Open(context.Background()); err == nil {
				r.Release()
			}
		}
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("%q: got %s, want %s", names, got, want)
		}
		if strings.Contains(fmt.Sprint(err), "canary") {
			t.Errorf("%q: the error quotes a cell", names)
		}
	}
}

// TestFilesOfOneName: errors say in which folder the file is that they are about.
func TestFilesOfOneName(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"a/part.csv": "x\n1\n", "b/part.csv": "x\n1,2\n", "b/last.csv": "x\n3\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700),
			os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := tableio.OpenFiles([]string{"a", "b"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = "tableio: b/part.csv line 2: 2 fields, want 1"
	if _, err := s.Open(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestFilesOfSomeDictionaries: text that is dictionary-encoded in one Parquet
// file and not in another comes as text.
func TestFilesOfSomeDictionaries(t *testing.T) {
	type dict struct {
		S string `parquet:"s,dict,optional"`
	}
	type plain struct {
		S string `parquet:"s"`
	}
	dir := t.TempDir()
	var x, y bytes.Buffer
	if err := errors.Join(parquet.Write(&x, []dict{{"p"}, {""}, {"p"}}),
		parquet.Write(&y, []plain{{"q"}})); err != nil {
		t.Fatal(err)
	}
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b, c := put("a.parquet", x.Bytes()), put("b.parquet", y.Bytes()), put("c.parquet", x.Bytes())
	for paths, want := range map[[2]string]string{
		{a, c}: `dictionary<values=utf8, indices=int32, ordered=false> nullable`,
		{a, b}: `utf8 nullable`, {b, a}: `utf8 nullable`,
	} {
		got := read(t, openFiles(t, paths[:]...))
		f := got.Schema().Field(0)
		if s := fmt.Sprint(f.Type, " nullable"); s != want || !f.Nullable {
			t.Errorf("%v: %s, nullable %v", paths, s, f.Nullable)
		}
		if n := got.Column(0).NullN(); got.NumRows() < 4 || n == 0 {
			t.Errorf("%v: %d rows, %d null", paths, got.NumRows(), n)
		}
		got.Release()
	}
}

// TestFilesAreTheTable: a table cut into files reads as it did, whatever the
// batches.
func TestFilesAreTheTable(t *testing.T) {
	whole := read(t, visits(3000))
	defer whole.Release()
	for _, ext := range []string{".parquet", ".arrow", ".arrows"} {
		dir := t.TempDir()
		want := read(t, open(t, write(t, "t"+ext, nil, whole), nil))
		for i, cut := range [][2]int64{{0, 1000}, {1000, 1000}, {1000, 1003}, {1003, 3000}} {
			part := whole.NewSlice(cut[0], cut[1])
			path := write(t, "t"+ext, nil, part)
			part.Release()
			if err := os.Rename(path, filepath.Join(dir, fmt.Sprintf("part-%d%s", i, ext))); err != nil {
				t.Fatal(err)
			}
		}
		for _, opts := range []*tableio.Options{nil, {BatchRows: 7, Workers: 1}} {
			s, err := tableio.OpenFiles([]string{dir}, opts)
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, s)
			same(t, got, want)
			got.Release()
		}
		want.Release()
	}
}

// flaky fails after some reads.
type flaky struct {
	bytes *bytes.Reader
	good  int
}

var errNetwork = errors.New("the store is gone")

func (f *flaky) ReadAt(p []byte, off int64) (int, error) {
	if f.good--; f.good < 0 {
		return 0, errNetwork
	}
	return f.bytes.ReadAt(p, off)
}

// TestReaderAt reads every format through an io.ReaderAt, one that fails at any
// of its calls and one whose bytes change.
func TestReaderAt(t *testing.T) {
	before := settle(1 << 20)
	whole := read(t, visits(500))
	defer whole.Release()
	for _, name := range allNames {
		path := write(t, name, nil, whole)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := read(t, open(t, path, nil))
		f, err := tableio.OpenReaderAt(name, bytes.NewReader(data), int64(len(data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, f)
		same(t, got, want)
		got.Release()
		want.Release()

		failed := false
		for good := 0; good < 400; good++ {
			src := &flaky{bytes.NewReader(data), good}
			f, err := tableio.OpenReaderAt(name, src, int64(len(data)), &tableio.Options{Workers: 1})
			if err == nil {
				err = drain(f)
			}
			if err == nil {
				break
			}
			failed = true
			if !errors.Is(err, errNetwork) || !strings.HasPrefix(err.Error(), "tableio: "+name+": ") {
				t.Fatalf("%s, failing at call %d: %v", name, good, err)
			}
		}
		if !failed {
			t.Errorf("%s: no call failed", name)
		}

		data = bytes.Clone(data)
		f, err = tableio.OpenReaderAt(name, bytes.NewReader(data), int64(len(data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-1] ^= 1
		if err := drain(f); err == nil || !strings.Contains(err.Error(), "changed since") {
			t.Errorf("%s: bytes that changed: %v", name, err)
		}
		if _, err := tableio.OpenReaderAt(name, bytes.NewReader(data), int64(len(data))+9, nil); err == nil {
			t.Errorf("%s: fewer bytes than said", name)
		}
	}
	if _, err := tableio.OpenReaderAt("t.csv", nil, 0, nil); err == nil {
		t.Error("no reader was taken for one")
	}
	if n := settle(before); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// drain reads a source to its end.
func drain(f *tableio.File) error {
	r, err := f.Open(context.Background())
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
	}
	return r.Err()
}

var _ io.ReaderAt = (*flaky)(nil)
