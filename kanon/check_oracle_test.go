package kanon_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lethe-go/lethe/kanon"
)

// spelled is the value of a row as text, by which the plain count below tells
// values apart.
func spelled(a arrow.Array, row int) string {
	if d, ok := a.(*array.Dictionary); ok && d.IsValid(row) {
		return spelled(d.Dictionary(), d.GetValueIndex(row))
	}
	return fmt.Sprint(a.IsNull(row), a.ValueStr(row))
}

// plainly counts as the checker does, by maps of text: the rows, the people and
// the distinct values of a class.
func plainly(cfg kanon.CheckConfig, recs []arrow.Record) *kanon.Audit {
	type class struct {
		rows           int64
		people, values map[string]bool
	}
	classes := map[string]*class{}
	of := func(rec arrow.Record, name string, row int) string {
		return spelled(rec.Column(rec.Schema().FieldIndices(name)[0]), row)
	}
	a := &kanon.Audit{Quasi: cfg.Quasi, Unit: cfg.Unit, Models: []kanon.ModelResult{}, Holds: true}
	for _, rec := range recs {
		for row := range int(rec.NumRows()) {
			key := ""
			for _, name := range cfg.Quasi {
				key += fmt.Sprintf("%q", of(rec, name, row))
			}
			if classes[key] == nil {
				classes[key] = &class{people: map[string]bool{}, values: map[string]bool{}}
			}
			c := classes[key]
			c.rows++
			c.people[of(rec, cfg.Unit, row)] = true
			c.values[of(rec, cfg.Sensitive[0], row)] = true
			a.Rows++
		}
	}
	rows, people, fewest := map[int64]int64{}, map[int64]int64{}, int64(math.MaxInt64)
	for _, c := range classes {
		a.Classes++
		rows[c.rows]++
		people[int64(len(c.people))]++
		fewest = min(fewest, int64(len(c.values)))
		a.Mean += float64(len(c.people))
	}
	a.Mean /= float64(len(classes))
	a.Sensitive = []kanon.SensitiveAudit{{Column: cfg.Sensitive[0], DistinctL: fewest}}
	counts := func(sizes map[int64]int64) (list []kanon.SizeCount) {
		for size, n := range sizes {
			list = append(list, kanon.SizeCount{Size: size, Classes: n})
		}
		slices.SortFunc(list, func(a, b kanon.SizeCount) int { return int(a.Size - b.Size) })
		return list
	}
	a.RowSizes, a.Sizes = counts(rows), counts(people)
	a.Smallest, a.Largest = a.Sizes[0].Size, a.Sizes[len(a.Sizes)-1].Size
	return a
}

// drawnColumn is a column of some type, of values that are few, far apart, or
// beyond what the next smaller type holds.
func drawnColumn(t *rapid.T, name string, n int, nulls bool) arrow.Array {
	types := []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float32,
		arrow.FixedWidthTypes.Boolean, arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Timestamp_ms,
		arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.Binary,
		&arrow.Decimal128Type{Precision: 20, Scale: 2},
	}
	typ := rapid.SampledFrom(types).Draw(t, name+" type")
	var built arrow.DataType = typ
	builds := typ.ID() != arrow.BOOL && typ.ID() != arrow.LARGE_STRING // a dictionary of it
	if builds && rapid.Bool().Draw(t, name+" dictionary") {
		built = &arrow.DictionaryType{IndexType: rapid.SampledFrom([]arrow.DataType{
			arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Int32,
		}).Draw(t, name+" index"), ValueType: typ}
	}
	texts := map[arrow.Type][]string{
		arrow.INT8: {"-3", "0", "7"}, arrow.INT64: {"-1", "0", "4000000000000", "5"},
		arrow.UINT16: {"0", "9", "40000"}, arrow.BOOL: {"true", "false"},
		arrow.UINT64:  {"0", "3", "18446744073709551615", "9223372036854775808"},
		arrow.FLOAT64: {"0.5", "1e300", "-7"}, arrow.FLOAT32: {"0.25", "-2", "3"},
		arrow.DATE32:    {"2019-03-07", "1969-01-01"},
		arrow.TIMESTAMP: {"2019-03-07 10:00:00", "1960-03-07"},
		arrow.STRING:    {"", "a", "another one that is long"}, arrow.LARGE_STRING: {"a", "b"},
		arrow.BINARY: {"YQ==", "", "YWI="}, arrow.DECIMAL128: {"1.50", "-1.50", "0.00"},
	}[typ.ID()]
	b := array.NewBuilder(memory.DefaultAllocator, built)
	defer b.Release()
	for range n {
		i := rapid.IntRange(-1, len(texts)-1).Draw(t, name)
		if i < 0 && nulls {
			b.AppendNull()
		} else if err := b.AppendValueFromString(texts[max(i, 0)]); err != nil {
			t.Fatal(err)
		}
	}
	return b.NewArray()
}

// TestCheckAgainstMaps: the checker counts what a plain count by maps does, of
// columns of any type, sliced anywhere, record by record and all at once.
func TestCheckAgainstMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(t, "rows")
		cfg := kanon.CheckConfig{Quasi: []string{"a", "b", "c"}, Unit: "who", Sensitive: []string{"s"}}
		var fields []arrow.Field
		var columns []arrow.Array
		for _, name := range []string{"s", "who", "c", "b", "a"} {
			column := drawnColumn(t, name, n, name != "who")
			columns = append(columns, column)
			fields = append(fields, arrow.Field{Name: name, Type: column.DataType(), Nullable: true})
		}
		rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(n))
		var recs []arrow.Record
		for from := 0; from < n; {
			to := rapid.IntRange(from, n).Draw(t, "to") // some have no rows
			recs = append(recs, rec.NewSlice(int64(from), int64(to)))
			from = to
		}
		want := plainly(cfg, recs)
		got, err := auditOf(cfg, recs...)
		if err != nil {
			t.Fatal(err)
		}
		r, err := array.NewRecordReader(rec.Schema(), recs)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		all, err := kanon.Check(context.Background(), r, cfg)
		if diff := cmp.Diff(got, all); diff != "" || err != nil {
			t.Fatalf("%v record by record - and all at once +\n%s", err, diff)
		}
		got.Linked = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
