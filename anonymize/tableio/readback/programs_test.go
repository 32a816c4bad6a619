package readback

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// programs writes records by Arrow's implementation and returns the path.
func programs(
	t testing.TB, props []parquet.WriterProperty, how []pqarrow.WriterOption, records ...arrow.RecordBatch,
) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := pqarrow.NewFileWriter(records[0].Schema(), out, parquet.NewWriterProperties(props...),
		pqarrow.NewArrowWriterProperties(how...))
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// writable are the types that Arrow's implementation writes as others see them.
func writable() []arrow.DataType {
	var types []arrow.DataType
	for _, dt := range flatTypes() {
		if dt.ID() != arrow.DURATION && dt.ID() != arrow.NULL && dt.ID() != arrow.DECIMAL256 {
			types = append(types, dt)
		}
	}
	return append(types, &arrow.Decimal256Type{Precision: 76, Scale: 38})
}

// natural is the type that tableio gives a column written as dt by others.
func natural(dt arrow.DataType) arrow.DataType {
	return seen(dt)
}

// TestPrograms: tableio reads what Arrow's implementation writes, whatever the
// version of pages, the codec and whether there are dictionaries.
func TestPrograms(t *testing.T) {
	rec := table(t, writable(), shape{rows: 700, nulls: 0.2, seed: 11})
	defer rec.Release()
	other := table(t, writable(), shape{rows: 150, nulls: 1})
	defer other.Release()
	want := cellsOf(rec.Schema(), rec, other)
	for _, pages := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
		for _, codec := range []compress.Compression{
			compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip,
			compress.Codecs.Brotli, compress.Codecs.Zstd, compress.Codecs.Lz4Raw,
		} {
			for _, dictionaries := range []bool{true, false} {
				t.Run(fmt.Sprintf("pages %d, %s, dictionaries %v", pages+1, codec, dictionaries),
					func(t *testing.T) {
						path := programs(t, []parquet.WriterProperty{
							parquet.WithVersion(parquet.V2_LATEST), parquet.WithDataPageVersion(pages),
							parquet.WithCompression(codec), parquet.WithDictionaryDefault(dictionaries),
							parquet.WithDataPageSize(500), parquet.WithBatchSize(64),
							parquet.WithPageIndexEnabled(true), parquet.WithBloomFilterEnabled(dictionaries),
							parquet.WithMaxBloomFilterBytes(256),
						}, nil, rec, other)
						got := ours(t, path)
						same(t, "read", values(got), want, natural)
					})
			}
		}
	}
}

// values is the table without dictionaries, which tableio keeps where the file
// has them.
func values(c columns) columns {
	fields := slices.Clone(c.schema.Fields())
	for i, f := range fields {
		if d, ok := f.Type.(*arrow.DictionaryType); ok {
			fields[i].Type = d.ValueType
		}
	}
	return columns{arrow.NewSchema(fields, nil), c.cells}
}

// TestProgramsEncodings reads every encoding of every physical type that has it,
// in many small pages, and dictionaries that are given up on the way.
func TestProgramsEncodings(t *testing.T) {
	e := parquet.Encodings
	integers := []parquet.Encoding{e.Plain, e.DeltaBinaryPacked, e.ByteStreamSplit}
	floats := []parquet.Encoding{e.Plain, e.ByteStreamSplit}
	texts := []parquet.Encoding{e.Plain, e.DeltaLengthByteArray, e.DeltaByteArray}
	fixed := []parquet.Encoding{e.Plain, e.ByteStreamSplit}
	for _, c := range []struct {
		dt        arrow.DataType
		encodings []parquet.Encoding
	}{
		{arrow.FixedWidthTypes.Boolean, []parquet.Encoding{e.Plain, e.RLE}},
		{arrow.PrimitiveTypes.Int8, integers}, {arrow.PrimitiveTypes.Uint32, integers},
		{arrow.PrimitiveTypes.Int64, integers}, {arrow.FixedWidthTypes.Timestamp_us, integers},
		{arrow.PrimitiveTypes.Float32, floats}, {arrow.PrimitiveTypes.Float64, floats},
		{arrow.BinaryTypes.String, texts}, {arrow.BinaryTypes.Binary, texts},
		{&arrow.FixedSizeBinaryType{ByteWidth: 5}, fixed}, {arrow.FixedWidthTypes.Float16, fixed},
		{&arrow.Decimal128Type{Precision: 30, Scale: 2}, fixed},
	} {
		for _, nulls := range []float64{0, 0.4} {
			rec := table(t, []arrow.DataType{c.dt}, shape{rows: 900, nulls: nulls, seed: 12})
			defer rec.Release()
			want := cellsOf(rec.Schema(), rec)
			small := []parquet.WriterProperty{parquet.WithVersion(parquet.V2_LATEST),
				parquet.WithDataPageSize(300), parquet.WithBatchSize(50)}
			for _, encoding := range c.encodings {
				for _, v := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
					path := programs(t, append(small, parquet.WithDictionaryDefault(false),
						parquet.WithEncoding(encoding), parquet.WithDataPageVersion(v)), nil, rec)
					same(t, fmt.Sprint(encoding, " pages ", v+1), ours(t, path), want, natural)
				}
			}
			path := programs(t, append(small, parquet.WithDictionaryPageSizeLimit(200)), nil, rec)
			same(t, "a dictionary given up", values(ours(t, path)), want, natural)
		}
	}
}

// TestProgramsOtherForms reads types that have a second form: instants in twelve
// bytes, decimals in integers, and a schema of Arrow's in the metadata, which
// says more than is believed.
func TestProgramsOtherForms(t *testing.T) {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "int96", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}, Nullable: true}}, nil))
	defer b.Release()
	for _, n := range []arrow.Timestamp{0, 1, -1, 86_400e9, -86_400e9 - 1, 1_700_000_000_123_456_789,
		-9_000_000_000_000_000_001, 9_000_000_000_000_000_001} {
		b.Field(0).(*array.TimestampBuilder).Append(n)
	}
	b.Field(0).AppendNull()
	rec := b.NewRecordBatch()
	defer rec.Release()
	path := programs(t, nil, []pqarrow.WriterOption{pqarrow.WithDeprecatedInt96Timestamps(true)}, rec)
	same(t, "int96", ours(t, path), cellsOf(rec.Schema(), rec), natural)

	decimals := table(t, []arrow.DataType{
		&arrow.Decimal128Type{Precision: 1, Scale: 1}, &arrow.Decimal128Type{Precision: 9, Scale: 0},
		&arrow.Decimal128Type{Precision: 10, Scale: 3}, &arrow.Decimal128Type{Precision: 18, Scale: 18},
		&arrow.Decimal128Type{Precision: 19, Scale: 1},
	}, shape{rows: 200, nulls: 0.1, seed: 13})
	defer decimals.Release()
	for _, integers := range []bool{true, false} {
		path := programs(t, []parquet.WriterProperty{parquet.WithStoreDecimalAsInteger(integers)}, nil,
			decimals)
		same(t, fmt.Sprint("decimals in integers ", integers), ours(t, path),
			cellsOf(decimals.Schema(), decimals), natural)
	}

	stored := table(t, append(writable(), dictionaries(writable()[12:14])...),
		shape{rows: 200, seed: 14}) // it writes no dictionary with a null in it
	defer stored.Release()
	path = programs(t, []parquet.WriterProperty{parquet.WithVersion(parquet.V2_LATEST)},
		[]pqarrow.WriterOption{pqarrow.WithStoreSchema()}, stored)
	same(t, "with a schema of Arrow's", values(ours(t, path)), cellsOf(stored.Schema(), stored), natural)
}

// leaf is a column of a Parquet schema and its values.
type leaf struct {
	node   schema.Node
	values any
	want   []string
	dt     arrow.DataType
}

// TestProgramsAnnotations reads types by their annotation alone.
func TestProgramsAnnotations(t *testing.T) {
	required := parquet.Repetitions.Required
	annotated := func(name string, l schema.LogicalType, p parquet.Type, width int) schema.Node {
		n, err := schema.NewPrimitiveNodeLogical(name, required, l, p, width, -1)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	uuid := parquet.FixedLenByteArray("0123456789abcdef")
	leaves := []leaf{
		{annotated("uuid", schema.UUIDLogicalType{}, parquet.Types.FixedLenByteArray, 16),
			[]parquet.FixedLenByteArray{uuid, uuid},
			[]string{"30313233343536373839616263646566", "30313233343536373839616263646566"},
			&arrow.FixedSizeBinaryType{ByteWidth: 16}},
		{annotated("json", schema.JSONLogicalType{}, parquet.Types.ByteArray, 0),
			[]parquet.ByteArray{[]byte("{}"), []byte("[1]")}, []string{`"{}"`, `"[1]"`},
			arrow.BinaryTypes.String},
		{annotated("enum", schema.EnumLogicalType{}, parquet.Types.ByteArray, 0),
			[]parquet.ByteArray{[]byte("RED"), []byte("")}, []string{`"RED"`, `""`},
			arrow.BinaryTypes.String},
		{annotated("bson", schema.BSONLogicalType{}, parquet.Types.ByteArray, 0),
			[]parquet.ByteArray{{5, 0, 0, 0, 0}, {}}, []string{"0500000000", ""},
			arrow.BinaryTypes.Binary},
		{annotated("decimal in bytes", schema.NewDecimalLogicalType(38, 2), parquet.Types.ByteArray, 0),
			[]parquet.ByteArray{{0xff}, {0x01, 0x00}}, []string{"-1", "256"},
			&arrow.Decimal128Type{Precision: 38, Scale: 2}},
		{annotated("half", schema.Float16LogicalType{}, parquet.Types.FixedLenByteArray, 2),
			[]parquet.FixedLenByteArray{{0x00, 0x3c}, {0x00, 0xfc}}, []string{"3c00", "fc00"},
			arrow.FixedWidthTypes.Float16},
		{annotated("local time", schema.NewTimeLogicalType(false, schema.TimeUnitMicros),
			parquet.Types.Int64, 0), []int64{1, 86_399_999_999},
			[]string{"0 s 1000 ns", "86399 s 999999000 ns"}, arrow.FixedWidthTypes.Time64us},
		{annotated("day", schema.DateLogicalType{}, parquet.Types.Int32, 0), []int32{-1, 20_000},
			[]string{"-1", "20000"}, arrow.FixedWidthTypes.Date32},
		{annotated("octet", schema.NewIntLogicalType(8, false), parquet.Types.Int32, 0),
			[]int32{0, 255}, []string{"0", "255"}, arrow.PrimitiveTypes.Uint8},
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var nodes schema.FieldList
	want := columns{}
	var fields []arrow.Field
	for _, l := range leaves {
		nodes = append(nodes, l.node)
		fields = append(fields, arrow.Field{Name: l.node.Name(), Type: l.dt})
		want.cells = append(want.cells, l.want)
	}
	want.schema = arrow.NewSchema(fields, nil)
	root, err := schema.NewGroupNode("schema", required, nodes, -1)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(out, root)
	group, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leaves {
		column, err := group.NextColumn()
		if err != nil {
			t.Fatal(err)
		}
		switch c := column.(type) {
		case *file.Int32ColumnChunkWriter:
			_, err = c.WriteBatch(l.values.([]int32), nil, nil)
		case *file.Int64ColumnChunkWriter:
			_, err = c.WriteBatch(l.values.([]int64), nil, nil)
		case *file.ByteArrayColumnChunkWriter:
			_, err = c.WriteBatch(l.values.([]parquet.ByteArray), nil, nil)
		case *file.FixedLenByteArrayColumnChunkWriter:
			_, err = c.WriteBatch(l.values.([]parquet.FixedLenByteArray), nil, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := column.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, "annotated", values(ours(t, path)), want,
		func(dt arrow.DataType) arrow.DataType { return dt })
}

// TestProgramsNested: nested columns are refused by name, wherever they stand, and
// what stands beside them is read.
func TestProgramsNested(t *testing.T) {
	nested := []arrow.Field{
		{Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
		{Name: "struct", Type: arrow.StructOf(arrow.Field{Name: "zip", Type: arrow.BinaryTypes.String},
			arrow.Field{Name: "days", Type: arrow.PrimitiveTypes.Int32, Nullable: true})},
		{Name: "map", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), Nullable: true},
		{Name: "lists", Type: arrow.ListOf(arrow.ListOf(arrow.BinaryTypes.String)), Nullable: true},
	}
	var fields []arrow.Field
	var names []string
	for i, f := range nested {
		names = append(names, fmt.Sprint("flat ", i))
		fields = append(fields, arrow.Field{Name: names[i], Type: arrow.PrimitiveTypes.Int64}, f)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for i, f := range fields {
		for row := range 2 {
			if i%2 == 0 {
				b.Field(i).(*array.Int64Builder).Append(int64(10*i + row))
			} else if f.Nullable {
				b.Field(i).AppendNull()
			} else {
				s := b.Field(i).(*array.StructBuilder)
				s.Append(true)
				s.FieldBuilder(0).(*array.StringBuilder).Append("zip")
				s.FieldBuilder(1).AppendNull()
			}
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	path := programs(t, nil, nil, rec)
	f, err := tableio.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nested {
		if _, err := f.Open(t.Context(), names[0], n.Name); err == nil ||
			!strings.Contains(err.Error(), fmt.Sprintf("column %q is nested", n.Name)) {
			t.Errorf("column %q: %v", n.Name, err)
		}
	}
	if _, err := f.Open(t.Context()); err == nil || !strings.Contains(err.Error(), `"list" is nested`) {
		t.Errorf("all columns: %v", err)
	}
	got := ours(t, path, names...)
	for i, c := range got.cells {
		if w := []string{fmt.Sprint(20 * i), fmt.Sprint(20*i + 1)}; !slices.Equal(c, w) {
			t.Errorf("%s: %q, want %q", names[i], c, w)
		}
	}
}
