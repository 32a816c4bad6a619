package tableio_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// TestMutatedFiles reads 20 files after each of many truncations and changes of
// bytes: an error or rows, no crash, nothing that takes more than 10 seconds,
// and less than 1 GB of memory in all.
func TestMutatedFiles(t *testing.T) {
	mutations := 600
	if testing.Short() {
		mutations = 6
	}
	files := 0
	for i, f := range mutable(t) {
		t.Run(fmt.Sprintf("%02d_%s", i, f.name), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(i), 11))
			for n := range mutations {
				b := mutated(rng, f.content, n)
				start := time.Now()
				readBytes(t, f.name, b)
				if took := time.Since(start); took > 10*time.Second {
					t.Fatalf("mutation %d took %s", n, took)
				}
			}
		})
		files++
	}
	if files != 20 {
		t.Errorf("%d files, want 20", files)
	}
	if peak := residentPeak(t); peak > 1<<30 && !testing.Short() {
		t.Errorf("%d MB resident, want less than 1 GB", peak>>20)
	}
}

// readBytes reads what b holds under a name, or an error that tells the name.
func readBytes(t *testing.T, name string, b []byte) {
	file, err := tableio.OpenReaderAt(name, bytes.NewReader(b), int64(len(b)),
		&tableio.Options{Workers: 2})
	if err == nil {
		var r array.RecordReader
		if r, err = file.Open(t.Context()); err == nil {
			for rows := int64(0); r.Next() && rows < 100_000; rows += r.Record().NumRows() {
				touch(r.Record())
			}
			err = r.Err()
			r.Release()
		}
	}
	if err != nil && !strings.HasPrefix(err.Error(), "tableio: "+name) {
		t.Errorf("the error does not name the file: %v", err)
	}
}

type mutableFile struct {
	name    string
	content []byte
}

// mutable makes the files: every format and compression, all types together and
// some alone, with few and many rows, row groups and dictionaries.
func mutable(t *testing.T) []mutableFile {
	var files []mutableFile
	add := func(path, name string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, mutableFile{name, b})
	}
	for _, name := range []string{
		"t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz", "t.csv.zst", "t.tsv",
	} {
		types := typesOf(strings.Replace(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst"),
			".tsv", ".csv", 1))
		for _, rows := range []int{5, 300} {
			rec := allTypes(t, memory.DefaultAllocator, types, rows, 3)
			add(write(t, name, nil, rec), name)
			rec.Release()
		}
	}
	whole := slices.DeleteFunc(typesOf("t.parquet"), func(dt arrow.DataType) bool {
		return strings.Contains(dt.String(), "float16") // which the other writer lacks
	})
	for _, rows := range []int{40, 100} {
		rec := withZip(t, memory.DefaultAllocator, whole, rows, 3)
		add(cut(t, write(t, "t.parquet", nil, rec), 7), "t.parquet")
		rec.Release()
	}
	for _, types := range [][]arrow.DataType{
		{arrow.BinaryTypes.String}, {arrow.PrimitiveTypes.Int64},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}},
		{arrow.FixedWidthTypes.Boolean, &arrow.Decimal128Type{Precision: 20, Scale: 3}},
	} {
		rec := allTypes(t, memory.DefaultAllocator, types, 2000, 5)
		add(write(t, "t.parquet", nil, rec), "t.parquet")
		rec.Release()
	}
	return files
}

// mutated cuts a file off or changes some of its bytes; every fourth time near
// the end, where the footers are.
func mutated(rng *rand.Rand, b []byte, n int) []byte {
	if n%3 == 0 {
		return b[:rng.IntN(len(b))]
	}
	out := slices.Clone(b)
	for range 1 + rng.IntN(4) {
		at := rng.IntN(len(out))
		if n%4 == 0 {
			at = len(out) - 1 - rng.IntN(min(len(out), 600))
		}
		if rng.IntN(2) == 0 {
			out[at] ^= 1 << rng.IntN(8)
		} else {
			out[at] = byte(rng.Uint32())
		}
	}
	return out
}

// residentPeak is the most memory that the process has had, in bytes; 0 where
// the system does not tell.
func residentPeak(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	return 0
}
