package tableio_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const canary = "Kanarienvogel-77"

// secretive makes a record whose rows are harmless and whose buffers are not:
// a dictionary with an entry no row uses, bytes behind a null, rows cut off by
// a slice, and metadata.
func secretive(t *testing.T) arrow.Record {
	t.Helper()
	mem := memory.DefaultAllocator
	values := array.NewStringBuilder(mem)
	values.AppendValues([]string{"a", canary, "b"}, nil)
	dict := values.NewArray()
	index := array.NewInt8Builder(mem)
	index.AppendValues([]int8{1, 2, 0, 2, 1}, []bool{true, true, true, true, true})
	coded := array.NewDictionaryArray(&arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String,
	}, index.NewArray(), dict)

	text := array.NewStringBuilder(mem)
	text.AppendValues([]string{canary, "x", canary, "y", canary}, nil)
	masked := text.NewArray().Data()
	valid := memory.NewBufferBytes([]byte{0b11011})
	masked = array.NewData(masked.DataType(), 5,
		[]*memory.Buffer{valid, masked.Buffers()[1], masked.Buffers()[2]}, nil, 1, 0)

	fixed := array.NewFixedSizeBinaryBuilder(mem, &arrow.FixedSizeBinaryType{ByteWidth: len(canary)})
	for _, v := range []string{canary, "0123456789abcdef", canary, "0123456789abcdef", canary} {
		fixed.Append([]byte(v))
	}
	hidden := fixed.NewArray().Data()
	hidden = array.NewData(hidden.DataType(), 5,
		[]*memory.Buffer{valid, hidden.Buffers()[1]}, nil, 1, 0)

	meta := arrow.NewMetadata([]string{"pandas"}, []string{canary})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "coded", Type: coded.DataType(), Nullable: true, Metadata: meta},
		{Name: "masked", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "hidden", Type: hidden.DataType(), Nullable: true},
	}, &meta)
	all := array.NewRecord(schema, []arrow.Array{
		coded, array.MakeFromData(masked), array.MakeFromData(hidden),
	}, 5)
	return all.NewSlice(1, 4)
}

func TestNothingIsWrittenButTheRows(t *testing.T) {
	rec := secretive(t)
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows"} {
		t.Run(name, func(t *testing.T) {
			path := write(t, name, nil, rec)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(canary)) || bytes.Contains(b, []byte("pandas")) {
				t.Error("the file holds what no row holds")
			}
			got := read(t, open(t, path, nil))
			if got.Schema().HasMetadata() {
				t.Error("metadata was carried over")
			}
			coded := got.Column(0).(*array.Dictionary)
			if n := coded.Dictionary().Len(); n != 2 {
				t.Errorf("the dictionary has %d entries, want 2", n)
			}
			for row := range 3 {
				if g, w := coded.ValueStr(row), rec.Column(0).ValueStr(row); g != w {
					t.Errorf("row %d: got %s, want %s", row, g, w)
				}
			}
		})
	}
	// The test must be able to fail: what is not masked is found.
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Append(canary)
	shown := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{b.NewArray()}, 1)
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows", "t.csv"} {
		file, err := os.ReadFile(write(t, name, nil, shown))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(file, []byte(canary)) {
			t.Errorf("%s: a value that was written is not found", name)
		}
	}
}

// TestEntriesOfDictionaries covers duplicate and null entries.
func TestEntriesOfDictionaries(t *testing.T) {
	mem := memory.DefaultAllocator
	values := array.NewStringBuilder(mem)
	values.AppendValues([]string{"a", "b", "a", ""}, []bool{true, true, true, false})
	index := array.NewInt32Builder(mem)
	index.AppendValues([]int32{2, 0, 1, 3, 0}, []bool{true, true, true, true, false})
	dt := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	a := array.NewDictionaryArray(dt, index.NewArray(), values.NewArray())
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "c", Type: dt, Nullable: true}}, nil),
		[]arrow.Array{a}, 5)
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows", "t.csv"} {
		got := read(t, open(t, write(t, name, nil, rec), nil)).Column(0)
		for row, want := range []string{"a", "a", "b", "(null)", "(null)"} {
			if s := got.ValueStr(row); s != want {
				t.Errorf("%s row %d: got %s, want %s", name, row, s, want)
			}
		}
		if d, ok := got.(*array.Dictionary); ok && d.Dictionary().Len() != 2 {
			t.Errorf("%s: the dictionary has %d entries, want 2", name, d.Dictionary().Len())
		}
	}
}

// TestErrorsDoNotQuote damages files that are full of a canary and looks for
// it in the errors.
func TestErrorsDoNotQuote(t *testing.T) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for range 300 {
		b.Append(canary)
	}
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{b.NewArray()}, 300)
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz", "t.csv.zst"} {
		good, err := os.ReadFile(write(t, name, nil, rec))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		for i := 0; i < len(good); i += 1 + len(good)/200 {
			bad := bytes.Clone(good)
			bad[i] ^= 0x55
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := readAll(path, nil); err != nil && bytes.Contains([]byte(err.Error()), []byte("Kanari")) {
				t.Errorf("%s, byte %d: the error quotes a value: %v", name, i, err)
			}
		}
	}
}
