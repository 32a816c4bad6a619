package tableio_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// fuzzFile reads b as a file of the given name. Whatever b holds, reading ends
// with an error of this package or with rows all of whose values can be read.
func fuzzFile(t *testing.T, name string, b []byte) {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	fail := func(err error) {
		if !strings.HasPrefix(err.Error(), "tableio: "+name) {
			t.Errorf("the error does not name the file: %v", err)
		}
	}
	f, err := tableio.Open(path, &tableio.Options{BatchRows: 1000, Workers: 2})
	if err != nil {
		fail(err)
		return
	}
	r, err := f.Open(context.Background())
	if err != nil {
		fail(err)
		return
	}
	defer r.Release()
	for rows := int64(0); r.Next() && rows < 100_000; rows += r.Record().NumRows() {
		touch(r.Record())
	}
	if err := r.Err(); err != nil {
		fail(err)
	}
}

// touch reads every value.
func touch(rec arrow.Record) {
	for _, c := range rec.Columns() {
		for row := range c.Len() {
			_ = c.ValueStr(row)
		}
	}
}

func seed(f *testing.F, name string, types []arrow.DataType) {
	f.Helper()
	for _, null := range []int{0, 3} {
		rec := allTypes(f, memory.DefaultAllocator, types, 12, null)
		b, err := os.ReadFile(write(f, name, nil, rec))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzParquet(f *testing.F) {
	seed(f, "t.parquet", flatTypes()[10:18])
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, "t.parquet", b) })
}

func FuzzArrow(f *testing.F) {
	seed(f, "t.arrow", flatTypes()[9:18])
	seed(f, "t.arrows", flatTypes()[:14])
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, "t.arrow", b) })
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\"\"\n\"\n,\r\n"))
	f.Add([]byte("\ufeffa;b\n2024-02-29;true\n"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, "t.csv", b) })
}

// FuzzCSVLikeTheStandardLibrary compares fields with those of encoding/csv,
// but for what is meant to differ: blank lines, CRLF in quotes, and columns of
// nothing but null.
func FuzzCSVLikeTheStandardLibrary(f *testing.F) {
	f.Add("x,y\n\"a,b\",\"c\"\"d\"\n1,2\r\n\n3,\"multi\nline\"\n")
	f.Add("x,y\n\"\",\n")
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasPrefix(text, "x,y\n") || strings.Contains(text, "\r") {
			t.Skip("not of the form that is compared")
		}
		want, wantErr := csv.NewReader(strings.NewReader(text)).ReadAll()
		src, err := tableio.Open(put(t, "t.csv", text), &tableio.Options{
			Delimiter: ',', Null: []string{}, Workers: 1, BatchRows: 3,
			Types: map[string]arrow.DataType{"x": arrow.BinaryTypes.String, "y": arrow.BinaryTypes.String},
		})
		var got [][]string
		if err == nil {
			got, err = fields(src)
		}
		if err != nil {
			if wantErr == nil && !strings.Contains(err.Error(), "UTF-8") {
				t.Fatalf("%v, but encoding/csv reads it", err)
			}
			return
		}
		if wantErr != nil {
			t.Fatalf("read without error, but encoding/csv says %v", wantErr)
		}
		if len(got) != len(want)-1 {
			t.Fatalf("%d rows, want %d", len(got), len(want)-1)
		}
		for i, row := range got {
			if row[0] != want[i+1][0] || row[1] != want[i+1][1] {
				t.Fatalf("row %d: got %q, want %q", i, row, want[i+1])
			}
		}
	})
}

func fields(src *tableio.File) (rows [][]string, err error) {
	r, err := src.Open(context.Background())
	if err != nil {
		return nil, err
	}
	defer r.Release()
	for r.Next() {
		rec := r.Record()
		for row := range int(rec.NumRows()) {
			rows = append(rows, []string{rec.Column(0).ValueStr(row), rec.Column(1).ValueStr(row)})
		}
	}
	return rows, r.Err()
}

// TestCutFiles cuts files of every format at every place. What is left must
// not be taken for a whole table.
func TestCutFiles(t *testing.T) {
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows", "t.csv.gz", "t.csv.zst"} {
		types := flatTypes()
		if strings.Contains(name, "csv") {
			types = textTypes()
		}
		rec := allTypes(t, memory.DefaultAllocator, types, 40, 3)
		good, err := os.ReadFile(write(t, name, nil, rec))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		for cut := 0; cut < len(good); cut += 1 + len(good)/150 {
			// What stands behind the end mark of a stream is not needed.
			if err := os.WriteFile(path, good[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			if err := readAll(path, nil); err == nil {
				t.Errorf("%s: no error for %d of %d bytes", name, cut, len(good))
			}
		}
	}
}

// TestFlippedBits does what the fuzz targets do, a little in every run, and
// bounds what a small file can make the reader allocate.
func TestFlippedBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows"} {
		rec := allTypes(t, memory.DefaultAllocator, flatTypes(), 40, 3)
		good, err := os.ReadFile(write(t, name, nil, rec))
		if err != nil {
			t.Fatal(err)
		}
		for range 400 {
			bad := bytes.Clone(good)
			for range 1 + rng.IntN(4) {
				bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			fuzzFile(t, name, bad)
			runtime.ReadMemStats(&after)
			const limit = 300 << 20
			if n := after.TotalAlloc - before.TotalAlloc; n > limit {
				t.Errorf("%s: %d bytes allocated for a file of %d", name, n, len(bad))
			}
		}
	}
}

// TestSchemasThatLie gives footers and messages that would exhaust the stack
// or the memory of a reader that follows them.
func TestSchemasThatLie(t *testing.T) {
	rec := allTypes(t, memory.DefaultAllocator, flatTypes()[:3], 4, 0)
	good, err := os.ReadFile(write(t, "t.arrow", nil, rec))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "t.arrow")
	// Every word of the footer in turn claims much and points back.
	for at := len(good) - 700; at+4 <= len(good)-10; at += 2 {
		for _, word := range []uint32{1 << 28, 1<<32 - 16, 1<<32 - 200, 0} {
			bad := bytes.Clone(good)
			binary.LittleEndian.PutUint32(bad[at:], word)
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			_ = readAll(path, nil)
		}
	}
}
