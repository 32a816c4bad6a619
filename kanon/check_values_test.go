package kanon_test

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/kanon"
)

// Each list is a column by itself; equal numbers beside it are equal values.
func TestCheckValues(t *testing.T) {
	mem := memory.DefaultAllocator
	halves := array.NewFloat16Builder(mem)
	halves.AppendValues([]float16.Num{float16.New(1), float16.New(2), float16.New(1)}, nil)
	huge := array.NewUint64Builder(mem)
	huge.AppendValues([]uint64{math.MaxUint64, 1, math.MaxUint64, math.MaxInt64, 1 << 63}, nil)
	one := &arrow.FixedSizeBinaryType{ByteWidth: 1}
	fixed := arrow.FixedWidthTypes
	for name, c := range map[string]struct {
		a      arrow.Array
		values []int
	}{
		"zeros": {doubles(0, math.Copysign(0, -1), 1), []int{1, 1, 2}},
		"nans": {doubles(math.NaN(), -math.NaN(), math.Float64frombits(0x7ff8000000000009)),
			[]int{1, 1, 1}},
		"float32": {singles(0, 1, float32(math.Copysign(0, -1))), []int{1, 2, 1}},
		"float16": {halves.NewArray(), []int{1, 2, 1}},
		"uint64":  {huge.NewArray(), []int{1, 2, 1, 3, 4}},
		"int64":   {ints(-1, math.MinInt64, -1, 1), []int{1, 2, 1, 3}},
		"bool":    {fromJSON(t, fixed.Boolean, `[true, false, null, true]`), []int{1, 2, 3, 1}},
		"null":    {array.NewNull(3), []int{1, 1, 1}},
		"text":    {texts("a", "", "a", "A"), []int{1, 2, 1, 3}},
		"large text": {fromJSON(t, arrow.BinaryTypes.LargeString, `["a", "", null, "a"]`),
			[]int{1, 2, 3, 1}},
		"binary": {fromJSON(t, arrow.BinaryTypes.Binary, `["YQ==", "", null, "YQ=="]`),
			[]int{1, 2, 3, 1}},
		"large binary": {fromJSON(t, arrow.BinaryTypes.LargeBinary, `["YQ==", "YQ=="]`), []int{1, 1}},
		"fixed":        {fromJSON(t, one, `["YQ==", "Yg==", "YQ=="]`), []int{1, 2, 1}},
		"decimal":      {decimals(2, "1.5", "1.50", "-1.5", "15"), []int{1, 1, 2, 3}},
		"date32": {fromJSON(t, fixed.Date32, `["2019-03-07", "2019-03-08", "2019-03-07"]`),
			[]int{1, 2, 1}},
		"date64": {fromJSON(t, fixed.Date64, `["2019-03-07", "2019-03-07"]`), []int{1, 1}},
		"time32": {fromJSON(t, fixed.Time32s, `["10:00:00", "10:00:01"]`), []int{1, 2}},
		"time64": {fromJSON(t, fixed.Time64ns, `["10:00:00", "10:00:00"]`), []int{1, 1}},
		"timestamp": {fromJSON(t, fixed.Timestamp_ms, `["2019-03-07", "2019-03-07", null]`),
			[]int{1, 1, 2}},
		"duration": {fromJSON(t, fixed.Duration_s, `["1s", "2s", "1s"]`), []int{1, 2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			b := array.NewInt64Builder(mem)
			distinct := map[int]bool{}
			for _, v := range c.values {
				b.Append(int64(v))
				distinct[v] = true
			}
			schema := arrow.NewSchema([]arrow.Field{
				{Name: "a", Type: c.a.DataType(), Nullable: true},
				{Name: "n", Type: arrow.PrimitiveTypes.Int64},
			}, nil)
			rec := array.NewRecord(schema, []arrow.Array{c.a, b.NewArray()}, int64(c.a.Len()))
			// The column and the numbers split alike: as many classes by both
			// as by each.
			for _, quasi := range [][]string{{"a"}, {"a", "n"}, {"n"}} {
				got, err := auditOf(kanon.CheckConfig{Quasi: quasi}, rec)
				if err != nil {
					t.Fatal(err)
				}
				if got.Classes != int64(len(distinct)) {
					t.Errorf("by %v: %d classes, want %d", quasi, got.Classes, len(distinct))
				}
			}
		})
	}
}

// Integers are the same value in any width, and the greatest of uint64 is not
// the −1 that has its bits.
func TestCheckIntegersBeyondInt64(t *testing.T) {
	column := func(a arrow.Array) arrow.Record {
		schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: a.DataType()}}, nil)
		return array.NewRecord(schema, []arrow.Array{a}, int64(a.Len()))
	}
	b := array.NewUint64Builder(memory.DefaultAllocator)
	b.AppendValues([]uint64{math.MaxUint64, math.MaxInt64, 7}, nil)
	got, err := auditOf(kanon.CheckConfig{Quasi: []string{"a"}},
		column(ints(-1, math.MaxInt64, 7)), column(b.NewArray()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sizes(1, 2, 2, 2), got.Sizes); diff != "" {
		t.Error(diff)
	}
}

// A dictionary may hold entries that are unused, null or there twice.
func TestCheckDictionaries(t *testing.T) {
	typ := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String,
	}
	schema := func(typ arrow.DataType) *arrow.Schema {
		return arrow.NewSchema([]arrow.Field{{Name: "a", Type: typ, Nullable: true}}, nil)
	}
	entries := fromJSON(t, arrow.BinaryTypes.String, `["unused", "a", null, "a", "b"]`)
	indices := fromJSON(t, arrow.PrimitiveTypes.Int16, `[1, 3, 2, null, 4]`)
	rec := array.NewRecord(schema(typ),
		[]arrow.Array{array.NewDictionaryArray(typ, indices, entries)}, 5)
	cfg := kanon.CheckConfig{Quasi: []string{"a"}}
	got, err := auditOf(cfg, rec)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sizes(1, 1, 2, 2), got.Sizes); diff != "" { // b; a and null
		t.Error(diff)
	}
	// Plain values of another record are of the same classes, and a column of
	// type null goes with any.
	plain := recordFromJSON(t, schema(arrow.BinaryTypes.LargeString), `[{"a": "b"}, {"a": null}]`)
	nulls := recordFromJSON(t, schema(arrow.Null), `[{"a": null}]`)
	got, err = auditOf(cfg, nulls, rec.NewSlice(1, 5), plain)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sizes(1, 1, 2, 1, 4, 1), got.Sizes); diff != "" { // a; b; null
		t.Error(diff)
	}

	outside := array.NewData(typ, 2, indices.Data().Buffers(), nil, 0, 0)
	outside.SetDictionary(array.NewSlice(entries, 0, 2).Data().(*array.Data))
	bad := array.NewRecord(schema(typ), []arrow.Array{array.NewDictionaryData(outside)}, 2)
	_, err = auditOf(cfg, bad)
	wantError(t, err, `kanon: check: column "a": a dictionary index points outside`)
}

// What is text in one record and a number in the next cannot be compared.
func TestCheckKindChanges(t *testing.T) {
	words := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String), visitRows)
	for _, c := range []struct {
		typ  arrow.DataType
		want string
	}{
		{arrow.PrimitiveTypes.Int64, "text in one record and integer in another"},
		{arrow.PrimitiveTypes.Float64, "text in one record and float in another"},
		{arrow.FixedWidthTypes.Date32, "text in one record and date32 in another"},
	} {
		_, err := auditOf(visitConfig(), words, recordFromJSON(t, visitSchema(c.typ), `[]`))
		wantError(t, err, `column "age"`, c.want)
	}
	s := recordFromJSON(t, visitSchema(arrow.FixedWidthTypes.Timestamp_s), `[]`)
	ms := recordFromJSON(t, visitSchema(arrow.FixedWidthTypes.Timestamp_ms), `[]`)
	_, err := auditOf(visitConfig(), s, ms)
	wantError(t, err, "timestamp[s, tz=UTC] in one record and timestamp[ms, tz=UTC] in another")
}
