package tableio_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/lethe-go/lethe/anonymize/tableio"
)

// traces is everything that a Parquet file says, as another reader finds it.
type traces struct {
	raw    [][]byte        // the file, and each of its pages decompressed
	values map[string]bool // rows, entries of dictionaries, bounds
}

func tracesOf(t *testing.T, path string) *traces {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	s := &traces{raw: [][]byte{b}, values: map[string]bool{}}
	meta := f.Metadata()
	for _, kv := range meta.KeyValueMetadata {
		if kv.Key != "lethe:types" {
			t.Errorf("metadata %q", kv.Key)
		}
	}
	for g, group := range meta.RowGroups {
		for c, chunk := range group.Columns {
			m := chunk.MetaData
			if m.BloomFilterOffset != 0 || len(m.KeyValueMetadata) > 0 {
				t.Errorf("column %d has a bloom filter or metadata", c)
			}
			s.add(m.Statistics.Min, m.Statistics.Max, m.Statistics.MinValue, m.Statistics.MaxValue)
			s.addPages(t, b, &m)
			s.addValues(t, f.RowGroups()[g].ColumnChunks()[c])
		}
	}
	for _, index := range f.ColumnIndexes() {
		s.add(index.MinValues...)
		s.add(index.MaxValues...)
	}
	return s
}

func (s *traces) add(values ...[]byte) {
	for _, v := range values {
		s.values[string(v)] = true
	}
}

// addPages walks the pages of a column chunk by their headers.
func (s *traces) addPages(t *testing.T, b []byte, m *format.ColumnMetaData) {
	t.Helper()
	at := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		at = m.DictionaryPageOffset
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	var p thrift.CompactProtocol
	for end := at + m.TotalCompressedSize; at < end; {
		r := bytes.NewReader(b[at:end])
		var h format.PageHeader
		if err := thrift.NewDecoder(p.NewReader(r)).Decode(&h); err != nil {
			t.Fatal(err)
		}
		at = end - int64(r.Len())
		page, err := decoder.DecodeAll(b[at:at+int64(h.CompressedPageSize)], nil)
		if err != nil || len(page) != int(h.UncompressedPageSize) {
			t.Fatalf("a page of %d bytes: %v", len(page), err)
		}
		s.raw = append(s.raw, page)
		at += int64(h.CompressedPageSize)
	}
}

func (s *traces) addValues(t *testing.T, chunk parquet.ColumnChunk) {
	t.Helper()
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := page.Dictionary(); d != nil {
			for i := range d.Len() {
				s.add(d.Index(int32(i)).AppendBytes(nil))
			}
		}
		values := make([]parquet.Value, page.NumValues())
		if n, err := page.Values().ReadValues(values); n != len(values) {
			t.Fatal(err)
		}
		for _, v := range values {
			if !v.IsNull() {
				s.add(v.AppendBytes(nil))
			}
		}
	}
}

// hold says whether the file tells a stored value: as a value anywhere or, if
// it is long enough to be told from chance, among the bytes.
func (s *traces) hold(stored []byte) bool {
	if s.values[string(stored)] {
		return true
	}
	for _, b := range s.raw {
		if len(stored) >= 4 && bytes.Contains(b, stored) {
			return true
		}
	}
	return false
}

// appendTrace appends a value whose stored bytes are those of no value of
// appendValue of any type.
func appendTrace(t *testing.T, b array.Builder) {
	t.Helper()
	switch b := b.(type) {
	case *array.LargeStringBuilder:
		b.Append(canary)
	case *array.Float16Builder:
		b.Append(arrow.Float16Traits.CastFromBytes([]byte{0xcd, 0x5b})[0])
	case *array.DurationBuilder:
		b.Append(987_654_321)
	case *array.Int8Builder:
		b.Append(113)
	case *array.Uint8Builder:
		b.Append(99)
	case *array.Uint32Builder:
		b.Append(0xdecaf)
	default:
		appendValue(t, b, 77)
	}
}

// traceColumn makes a column in which every 40th row, from the seventh on, has
// a value that no other row has. Its dictionary also has an entry without rows.
func traceColumn(t *testing.T, dt arrow.DataType, rows int) arrow.Array {
	t.Helper()
	mem := memory.DefaultAllocator
	d, coded := dt.(*arrow.DictionaryType)
	values := dt
	if coded {
		values = d.ValueType
	}
	b := array.NewBuilder(mem, values)
	if !coded {
		for i := range rows {
			if i%40 == 7 {
				appendTrace(t, b)
			} else {
				appendValue(t, b, i%50)
			}
		}
		return b.NewArray()
	}
	for k := range 5 {
		appendValue(t, b, k)
	}
	appendTrace(t, b)
	index := array.NewInt32Builder(mem)
	for i := range rows {
		if i%40 == 7 {
			index.Append(5)
		} else {
			index.Append(int32(i % 4))
		}
	}
	return array.NewDictionaryArray(d, index.NewArray(), b.NewArray())
}

// storedTrace is how Parquet stores the value of appendTrace: the bound of a
// row group that has no other.
func storedTrace(t *testing.T, dt arrow.DataType) []byte {
	t.Helper()
	if d, ok := dt.(*arrow.DictionaryType); ok {
		dt = d.ValueType
	}
	b := array.NewBuilder(memory.DefaultAllocator, dt)
	appendTrace(t, b)
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "c", Type: dt}}, nil),
		[]arrow.Array{b.NewArray()}, 1)
	var stored []byte
	for v := range tracesOf(t, write(t, "t.parquet", nil, rec)).values {
		if len(v) > 0 {
			stored = []byte(v)
		}
	}
	if stored == nil {
		t.Fatalf("%s: no value is found", dt)
	}
	return stored
}

// TestNoTraceOfSuppressedRows publishes a table with a column of every type of
// which ten rows are suppressed, and looks for what they held in every byte,
// page, dictionary, bound and piece of metadata of the output. With the rows
// kept, all of it is found.
func TestNoTraceOfSuppressedRows(t *testing.T) {
	const rows = 400
	var types []arrow.DataType
	for _, dt := range append(flatTypes(), indexTypes()[1:]...) {
		d, ok := dt.(*arrow.DictionaryType)
		if ok && d.IndexType.ID() != arrow.INT32 || dt.ID() == arrow.NULL || dt.ID() == arrow.BOOL ||
			ok && d.ValueType.ID() == arrow.BOOL {
			continue // a Boolean has two values, and both are kept
		}
		types = append(types, dt)
	}
	fields := []arrow.Field{{Name: "zip", Type: arrow.BinaryTypes.String}}
	zip := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range rows {
		if i%40 == 7 {
			zip.Append(fmt.Sprintf("9%d000", i/40))
		} else {
			zip.Append(fmt.Sprintf("02%03d", i))
		}
	}
	columns := []arrow.Array{zip.NewArray()}
	for i, dt := range types {
		fields = append(fields, arrow.Field{Name: fmt.Sprintf("%02d %s", i, dt), Type: dt})
		columns = append(columns, traceColumn(t, dt, rows))
	}
	table := array.NewRecord(arrow.NewSchema(fields, nil), columns, rows)
	src, err := tableio.FromRecords(table.Schema(), table)
	if err != nil {
		t.Fatal(err)
	}
	publish := func(policy string) *traces {
		path := filepath.Join(t.TempDir(), "t.parquet")
		sink, err := tableio.Create(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		report, err := pipeline(t, policy, table.Schema()).Run(t.Context(), src, sink, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(policy, "quasi") != (report.Rows.Suppressed == 10) {
			t.Fatalf("report %+v", report.Rows)
		}
		return tracesOf(t, path)
	}
	kept, published := publish(passing), publish(generalizing)
	for i, dt := range types {
		stored := storedTrace(t, dt)
		if !kept.hold(stored) {
			t.Errorf("column %q: what is kept is not found; the test cannot fail", fields[i+1].Name)
		}
		if published.hold(stored) {
			t.Errorf("column %q: the output tells a value of a suppressed row", fields[i+1].Name)
		}
	}
	for i := range rows {
		if raw := []byte(cell(columns[0], i)); !kept.hold(raw) || published.hold(raw) {
			t.Errorf("zip of row %d: found where it should not be, or not where it should", i)
		}
	}
}

// TestNoTraceOfGeneralizedValues: of quasi-identifiers of several types, each
// value in two rows, no value is found once three rows must be alike.
func TestNoTraceOfGeneralizedValues(t *testing.T) {
	const rows = 200
	text := dictionaryOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String)
	fields := []arrow.Field{
		{Name: "zip", Type: arrow.BinaryTypes.String},
		{Name: "code", Type: text},
		{Name: "number", Type: arrow.PrimitiveTypes.Int32},
		{Name: "cost", Type: arrow.PrimitiveTypes.Float64},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32},
		{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var stored [6]map[string]bool
	for i := range stored {
		stored[i] = map[string]bool{}
	}
	for i := range rows {
		k := i / 2
		zip, code := fmt.Sprintf("02%03d", k), fmt.Sprintf("K7%03d", k)
		number, cost := int32(1<<24+k*7001), 1e5+float64(k)/7
		day, at := int32(18000+k), int64(1_600_000_000_123_456)+int64(k)*86_400_000_001
		b.Field(0).(*array.StringBuilder).Append(zip)
		if err := b.Field(1).(*array.BinaryDictionaryBuilder).AppendString(code); err != nil {
			t.Fatal(err)
		}
		b.Field(2).(*array.Int32Builder).Append(number)
		b.Field(3).(*array.Float64Builder).Append(cost)
		b.Field(4).(*array.Date32Builder).Append(arrow.Date32(day))
		b.Field(5).(*array.TimestampBuilder).Append(arrow.Timestamp(at))
		for c, v := range []any{[]byte(zip), []byte(code), number, cost, day, at} {
			bits, err := binary.Append(nil, binary.LittleEndian, v)
			if err != nil {
				t.Fatal(err)
			}
			stored[c][string(bits)] = true
		}
	}
	table := b.NewRecord()
	policy := `
version: 1
privacy: {models: [{k_anonymity: {k: 3}}], max_suppression: 0, recoding: global}
columns:
  zip: {role: quasi, hierarchy: {prefix: {length: 5}}}
  code: {role: quasi, hierarchy: {prefix: {length: 5}}}
  number: {role: quasi, hierarchy: {intervals: {widths: [1000000], min: 16000000, max: 18000000}}}
  cost: {role: quasi, hierarchy: {intervals: {widths: [1000], min: 100000, max: 101000}}}
  day: {role: quasi, hierarchy: {dates: {periods: [year]}}}
  at: {role: quasi, hierarchy: {dates: {periods: [year]}}}
`
	kept := tracesOf(t, write(t, "t.parquet", nil, table))
	src, err := tableio.FromRecords(schema, table)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	sink, err := tableio.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	narrow := arrow.NewSchema(fields[:1], nil) // the policy names the others itself
	if _, err := pipeline(t, policy, narrow).Run(t.Context(), src, sink, nil); err != nil {
		t.Fatal(err)
	}
	published := tracesOf(t, path)
	for c, values := range stored {
		for v := range values {
			if !kept.hold([]byte(v)) || published.hold([]byte(v)) {
				t.Errorf("column %q: a value is found where it should not be, or not where it should",
					fields[c].Name)
				break
			}
		}
	}
}
