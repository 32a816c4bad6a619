package tableio

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

var errFull = errors.New("no space left on device")

// fullDisk takes some bytes and no more.
type fullDisk struct {
	name string
	left int
}

func (d *fullDisk) Name() string { return d.name }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestFullDisk writes every format to a disk that is full after any number of
// bytes: the error says so, and no file is left beside.
func TestFullDisk(t *testing.T) {
	text := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32,
		ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "zip", Type: text}, {Name: "days", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 3000 {
		if err := b.Field(0).(*array.BinaryDictionaryBuilder).AppendString(string(rune('a' + i%26))); err != nil {
			t.Fatal(err)
		}
		b.Field(1).(*array.Int64Builder).Append(int64(i * i))
	}
	rec := b.NewRecord()
	defer rec.Release()
	for _, name := range []string{"t.parquet", "t.arrow", "t.arrows", "t.csv", "t.csv.gz", "t.csv.zst"} {
		opts, err := resolve(nil, name)
		if err != nil {
			t.Fatal(err)
		}
		write := func(room int) error {
			dir := t.TempDir()
			disk := &fullDisk{filepath.Join(dir, name), room}
			e, err := newEncoder(disk, schema, opts)
			if err != nil {
				return err
			}
			if err = e.write(rec); err == nil {
				err = e.finish()
			}
			if err := e.discard(); err != nil {
				t.Errorf("%s, %d bytes: %v", name, room, err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%s, %d bytes: %s is left", name, room, left[0].Name())
			}
			return err
		}
		failed := 0
		for room := 0; ; room += 1 + room/3 {
			err := write(room)
			if err == nil {
				break
			}
			failed++
			if !errors.Is(err, errFull) {
				t.Fatalf("%s, %d bytes: %v", name, room, err)
			}
		}
		if failed < 5 {
			t.Errorf("%s: the disk was full %d times", name, failed)
		}
	}
}
