package anonymize_test

import (
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// Whatever sink there is, it sees no dictionary with an entry that no row has:
// not where rows were left out, not where the input had such entries, and not
// where nothing happens to a column.
func TestSinksSeeNoUnusedEntry(t *testing.T) {
	for name, policy := range map[string]string{
		"no quasi-identifiers": `
version: 1
columns: {age: {role: insensitive}, word: {role: insensitive}, day: {role: insensitive}}
`,
		"rows left out": `
version: 1
columns: {age: {role: insensitive}, word: {role: insensitive}, day: {role: insensitive}}
minimize: {retain: {column: day, from: 2020-06-01, until: 2030-01-01}}
`,
		"rows dropped": `
version: 1
columns: {age: {role: quasi, hierarchy: {intervals: {widths: [10], min: 0, max: 99}}},
  word: {role: insensitive}, day: {role: insensitive}}
privacy: {models: [{k_anonymity: {k: 2}}], max_suppression: 0.5, recoding: global}
`,
		"rows starred": `
version: 1
columns: {age: {role: quasi, hierarchy: {intervals: {widths: [10], min: 0, max: 99}}},
  word: {role: insensitive}, day: {role: insensitive}}
privacy: {models: [{k_anonymity: {k: 2}}], max_suppression: 0.5, recoding: global}
output: {suppressed: star}
`,
	} {
		t.Run(name, func(t *testing.T) {
			src, err := tableio.FromRecords(worded(t).Schema(), worded(t))
			if err != nil {
				t.Fatal(err)
			}
			defer src.Release()
			sink := &wordSink{Buffer: tableio.NewBuffer(), t: t}
			defer sink.Release()
			p := newPipeline(t, policy, nil)
			if _, err := p.Run(t.Context(), src, sink, nil); err != nil {
				t.Fatal(err)
			}
			if sink.rows == 0 {
				t.Error("no row was written")
			}
		})
	}
}

// worded has eight rows and a dictionary of which the rows use half.
func worded(t *testing.T) arrow.Record {
	t.Helper()
	mem := memory.DefaultAllocator
	word := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "word", Type: word, Nullable: true},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	entries := array.NewStringBuilder(mem)
	entries.AppendValues([]string{"unused", "a", "b", "c", "d", "canary"}, nil)
	index := array.NewInt8Builder(mem)
	index.AppendValues([]int8{1, 2, 3, 4, 1, 2, 3, 4}, nil)
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3, 14, 15, 16, 27, 99}, nil)
	b.Field(2).(*array.Date32Builder).AppendValues(
		[]arrow.Date32{18000, 18000, 19000, 19000, 19000, 18000, 18000, 19000}, nil)
	columns := []arrow.Array{b.Field(0).NewArray(),
		array.NewDictionaryArray(word, index.NewArray(), entries.NewArray()), b.Field(2).NewArray()}
	return array.NewRecord(schema, columns, 8)
}

// wordSink looks at every record.
type wordSink struct {
	*tableio.Buffer
	t    *testing.T
	rows int64
}

var _ anonymize.Sink = (*wordSink)(nil)

func (s *wordSink) Write(rec arrow.Record) error {
	s.rows += rec.NumRows()
	for i, a := range rec.Columns() {
		d, ok := a.(*array.Dictionary)
		if !ok {
			continue
		}
		used := map[int]bool{}
		for row := range d.Len() {
			if d.IsValid(row) {
				used[d.GetValueIndex(row)] = true
			}
		}
		if n := d.Dictionary().Len(); n != len(used) {
			s.t.Errorf("column %q: %d entries, of which the rows have %d", rec.ColumnName(i), n, len(used))
		}
	}
	return s.Buffer.Write(rec)
}
