package readback

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// pageBounds are what the index of pages says of one of them.
type pageBounds struct {
	index metadata.ColumnIndex
	page  int
}

func (b pageBounds) GetMin() []byte         { return b.index.GetMinValues()[b.page] }
func (b pageBounds) GetMax() []byte         { return b.index.GetMaxValues()[b.page] }
func (b pageBounds) GetNullCount() int64    { return b.index.GetNullCounts()[b.page] }
func (pageBounds) GetDistinctCount() int64  { return 0 }
func (b pageBounds) IsSetMax() bool         { return !b.index.GetNullPages()[b.page] }
func (b pageBounds) IsSetMin() bool         { return b.IsSetMax() }
func (b pageBounds) IsSetNullCount() bool   { return b.index.IsSetNullCounts() }
func (pageBounds) IsSetDistinctCount() bool { return false }

// chunkBounds is what a file says of a row group; nil if nothing.
func chunkBounds(t testing.TB, chunk *metadata.ColumnChunkMetaData) metadata.TypedStatistics {
	t.Helper()
	s, err := chunk.Statistics()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// narrower says whether bounds let out a value that others let in.
func narrower(got, want metadata.TypedStatistics) bool {
	low, high := got.EncodeMin(), got.EncodeMax()
	got.Merge(want)
	return !bytes.Equal(got.EncodeMin(), low) || !bytes.Equal(got.EncodeMax(), high)
}

// others is what Arrow's writer says of the rows of a column.
func others(t testing.TB, f arrow.Field, rows []arrow.Array) metadata.TypedStatistics {
	t.Helper()
	all, err := array.Concatenate(rows, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Release()
	schema := arrow.NewSchema([]arrow.Field{f}, nil)
	rec := array.NewRecordBatch(schema, []arrow.Array{all}, int64(all.Len()))
	defer rec.Release()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &b, parquet.NewWriterProperties(
		parquet.WithStoreDecimalAsInteger(true), parquet.WithVersion(parquet.V2_LATEST)),
		pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	chunk, err := r.MetaData().RowGroup(0).ColumnChunk(0)
	if err != nil {
		t.Fatal(err)
	}
	return chunkBounds(t, chunk)
}

// TestBounds: what is said of the values of row groups, for readers to skip them
// by, is what another writer says of the same rows, or nothing; what is said of
// pages may be wider, as that of long texts is.
func TestBounds(t *testing.T) {
	said := 0
	for _, s := range []shape{{rows: 77, seed: 2}, {rows: 77, nulls: 1},
		{rows: 20_000, nulls: 0.3, seed: 3}, {rows: 9000, nulls: 0.9995, seed: 4}} {
		rec := table(t, flatTypes(), s)
		defer rec.Release()
		said += checkBounds(t, written(t, rec))
	}
	if said < 60 {
		t.Errorf("bounds of %d columns and pages were compared", said)
	}
}

// checkBounds compares the bounds of a file and returns how many it has.
func checkBounds(t testing.TB, path string) (said int) {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f, err := file.NewParquetReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, f arrow.Field, got metadata.TypedStatistics, rows *arrow.Chunked) {
		want := others(t, f, rows.Chunks())
		if got.HasNullCount() && got.NullCount() != want.NullCount() {
			t.Errorf("%s of %q: %d nulls, want %d", what, f.Name, got.NullCount(), want.NullCount())
		}
		if !got.HasMinMax() {
			return
		}
		said++
		exact := bytes.Equal(got.EncodeMin(), want.EncodeMin()) &&
			bytes.Equal(got.EncodeMax(), want.EncodeMax())
		if !exact && (what == "row group" || narrower(got, want)) {
			t.Errorf("%s of %q: from %x to %x, want %x to %x", what, f.Name, got.EncodeMin(),
				got.EncodeMax(), want.EncodeMin(), want.EncodeMax())
		}
	}
	var all []int
	for c := range f.MetaData().NumColumns() {
		all = append(all, c)
	}
	for g := range f.NumRowGroups() {
		rows, err := r.ReadRowGroups(context.Background(), all, []int{g})
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Release()
		pages, err := f.GetPageIndexReader().RowGroup(g)
		if err != nil {
			t.Fatal(err)
		}
		for c, field := range rows.Schema().Fields() {
			chunk, err := f.MetaData().RowGroup(g).ColumnChunk(c)
			if err != nil {
				t.Fatal(err)
			}
			values := rows.Column(c).Data()
			if s := chunkBounds(t, chunk); s != nil {
				check("row group", field, s, values)
			}
			if pages == nil {
				continue
			}
			index, err := pages.GetColumnIndex(c)
			if err != nil {
				t.Fatal(err)
			}
			offsets, err := pages.GetOffsetIndex(c)
			if err != nil {
				t.Fatal(err)
			}
			if index == nil || offsets == nil {
				continue
			}
			places := offsets.GetPageLocations()
			for p, place := range places {
				end := rows.NumRows()
				if p+1 < len(places) {
					end = places[p+1].FirstRowIndex
				}
				b := metadata.NewStatisticsFromEncoded(f.MetaData().Schema.Column(c), nil, 0,
					pageBounds{index, p})
				slice := array.NewChunkedSlice(values, place.FirstRowIndex, end)
				defer slice.Release()
				check("page", field, b, slice)
			}
		}
	}
	return said
}
