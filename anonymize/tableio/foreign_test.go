package tableio_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// visit is a row as programs declare it: the library chooses encodings and
// types by the tags.
type visit struct {
	Int      int                `parquet:"int,delta"`
	Int32    int32              `parquet:"int32,delta"`
	Int8     int8               `parquet:"int8"`
	Uint16   uint16             `parquet:"uint16"`
	Uint64   uint64             `parquet:"uint64"`
	Float    float32            `parquet:"float,split"`
	Double   float64            `parquet:"double"`
	Bool     bool               `parquet:"bool"`
	Text     string             `parquet:"text"`
	Coded    string             `parquet:"coded,dict"`
	Delta    string             `parquet:"delta,delta"`
	Lengths  []byte             `parquet:"lengths,delta"`
	Enum     string             `parquet:"enum,enum"`
	JSON     string             `parquet:"json,json"`
	Zstd     string             `parquet:"zstd,zstd"`
	Optional *int64             `parquet:"optional,optional"`
	Maybe    *string            `parquet:"maybe,optional,dict"`
	Instant  time.Time          `parquet:"instant"`
	Millis   time.Time          `parquet:"millis,timestamp(millisecond)"`
	Day      int32              `parquet:"day,date"`
	Clock    int64              `parquet:"clock,time(microsecond)"`
	Price    int64              `parquet:"price,decimal(2:18)"`
	Small    int32              `parquet:"small,decimal(3:9)"`
	Fixed    [5]byte            `parquet:"fixed"`
	UUID     [16]byte           `parquet:"uuid,uuid"`
	List     []string           `parquet:"list,list"`
	Map      map[string]int     `parquet:"map"`
	Inner    struct{ A, B int } `parquet:"inner"`
}

func visitOf(i int) visit {
	v := visit{Int: i*i - 77, Int32: int32(-i), Int8: int8(i), Uint16: uint16(i * 7),
		Uint64: 1<<63 + uint64(i), Float: float32(i) / 3, Double: float64(i) / 7, Bool: i%3 == 0,
		Text: fmt.Sprint("text ", i), Coded: fmt.Sprint("code ", i%5), Delta: fmt.Sprint("prefix ", i),
		Lengths: []byte(strings.Repeat("l", i%9)), Enum: "red", JSON: `{"a":1}`, Zstd: fmt.Sprint(i),
		Instant: time.Unix(int64(i)*1e6, int64(i)).UTC(),
		Millis:  time.UnixMilli(int64(i) * 1e7).UTC(), Day: int32(i - 500), Clock: int64(i) * 1e6,
		Price: int64(i) - 500, Small: int32(500 - i), Fixed: [5]byte{1, byte(i)},
		UUID: [16]byte{15: byte(i)}, List: []string{"a"}, Map: map[string]int{"k": i}}
	if i%4 != 0 {
		n, s := int64(i), fmt.Sprint("maybe ", i%3)
		v.Optional, v.Maybe = &n, &s
	}
	return v
}

// want is what a field of a visit is read as.
func (v visit) want(column string) string {
	optional := func(p any) string {
		if e := reflect.ValueOf(p); !e.IsNil() {
			return fmt.Sprint(e.Elem())
		}
		return "(null)"
	}
	switch column {
	case "optional":
		return optional(v.Optional)
	case "maybe":
		return optional(v.Maybe)
	case "instant":
		return fmt.Sprint(v.Instant.UnixNano())
	case "millis":
		return fmt.Sprint(v.Millis.UnixMilli())
	case "fixed":
		return hex.EncodeToString(v.Fixed[:])
	case "uuid":
		return hex.EncodeToString(v.UUID[:])
	case "lengths":
		return hex.EncodeToString(v.Lengths)
	}
	s := reflect.ValueOf(v)
	for i := range s.NumField() {
		name, _, _ := strings.Cut(s.Type().Field(i).Tag.Get("parquet"), ",")
		if name == column {
			return fmt.Sprint(s.Field(i))
		}
	}
	return "no such field"
}

// plainText is the value of a row as visit.want says it.
func plainText(a arrow.Array, row int) string {
	if a.IsNull(row) {
		return "(null)"
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return plainText(a.Dictionary(), a.GetValueIndex(row))
	case *array.Binary:
		return hex.EncodeToString(a.Value(row))
	case *array.FixedSizeBinary:
		return hex.EncodeToString(a.Value(row))
	case *array.Timestamp:
		return fmt.Sprint(int64(a.Value(row)))
	case *array.Date32:
		return fmt.Sprint(int32(a.Value(row)))
	case *array.Time64:
		return fmt.Sprint(int64(a.Value(row)))
	case *array.Decimal128:
		return a.Value(row).BigInt().String()
	case *array.Float32:
		return fmt.Sprint(a.Value(row))
	case *array.Float64:
		return fmt.Sprint(a.Value(row))
	}
	return a.ValueStr(row)
}

// TestFilesOfPrograms reads what parquet-go's writer of structures makes, in
// row groups of 300 rows, and refuses its nested columns by name.
func TestFilesOfPrograms(t *testing.T) {
	const rows = 1000
	path := filepath.Join(t.TempDir(), "t.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := parquet.NewGenericWriter[visit](f, parquet.MaxRowsPerRowGroup(300))
	for i := range rows {
		if _, err := w.Write([]visit{visitOf(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src := open(t, path, nil)
	for _, nested := range []string{"list", "map", "inner"} {
		_, err := src.Open(t.Context(), "int", nested)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("column %q is nested", nested)) {
			t.Errorf("%s: %v", nested, err)
		}
	}
	var flat []string
	for _, s := range reflect.VisibleFields(reflect.TypeFor[visit]()) {
		name, _, _ := strings.Cut(s.Tag.Get("parquet"), ",")
		if name != "list" && name != "map" && name != "inner" {
			flat = append(flat, name)
		}
	}
	got := read(t, src, flat...)
	defer got.Release()
	if got.NumRows() != rows {
		t.Fatalf("%d rows", got.NumRows())
	}
	types := map[string]string{}
	for c, name := range flat {
		types[name] = comesBack(got.Column(c).DataType()).String()
		for row := range rows {
			if g, w := plainText(got.Column(c), row), visitOf(row).want(name); g != w {
				t.Errorf("column %q row %d: got %q, want %q", name, row, g, w)
				break
			}
		}
	}
	for name, want := range map[string]string{
		"int": "int64", "int8": "int8", "uint16": "uint16", "uint64": "uint64", "float": "float32",
		"enum": "utf8", "json": "utf8", "instant": "timestamp[ns, tz=UTC]",
		"millis": "timestamp[ms, tz=UTC]", "day": "date32", "clock": "time64[us]",
		"price": "decimal(18, 2)", "small": "decimal(9, 3)", "fixed": "fixed_size_binary[5]",
		"uuid": "fixed_size_binary[16]", "lengths": "binary",
	} {
		if types[name] != want {
			t.Errorf("column %q has type %s, want %s", name, types[name], want)
		}
	}
}

// TestBounds: readers skip what is out of bounds, and the format orders
// decimals and half-precision numbers by their value, other byte strings by
// their bytes.
func TestBounds(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	types := []arrow.DataType{
		&arrow.Decimal128Type{Precision: 9, Scale: 2}, &arrow.Decimal128Type{Precision: 38, Scale: 2},
		&arrow.Decimal256Type{Precision: 50, Scale: 2}, arrow.FixedWidthTypes.Float16,
		&arrow.FixedSizeBinaryType{ByteWidth: 5},
	}
	rec := allTypes(t, mem, types, 50, 3)
	defer rec.Release()
	in, err := os.Open(write(t, "t.parquet", nil, rec))
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
	var least, most, chunks []string
	for c, chunk := range f.Metadata().RowGroups[0].Columns {
		index := f.ColumnIndexes()[c]
		least = append(least, hex.EncodeToString(index.MinValues[0]))
		most = append(most, hex.EncodeToString(index.MaxValues[0]))
		s := chunk.MetaData.Statistics
		chunks = append(chunks, hex.EncodeToString(s.MinValue)+hex.EncodeToString(s.MaxValue))
	}
	// The numbers are 1 × 1234567 - 7000000 and 49 × 1234567 - 7000000: the
	// first as an integer, little-endian, the others big-endian.
	wantLeast := []string{"c706a8ff", strings.Repeat("ff", 12) + "ffa806c7",
		strings.Repeat("ff", 17) + "ffa806c7", "48c2", "0102030401"}
	wantMost := []string{"17403003", strings.Repeat("00", 12) + "03304017",
		strings.Repeat("00", 17) + "03304017", "007c", "0102030431"}
	wantChunks := make([]string, len(types))
	for i := range types {
		wantChunks[i] = wantLeast[i] + wantMost[i]
	}
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"least", least, wantLeast}, {"most", most, wantMost}, {"row group", chunks, wantChunks},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, d)
		}
	}
}
