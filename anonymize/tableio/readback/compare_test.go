package readback

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"testing"

	old "github.com/apache/arrow/go/v15/arrow"
	oldipc "github.com/apache/arrow/go/v15/arrow/ipc"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/lethe-go/lethe/anonymize/tableio"
)

// older makes a record of Arrow v15, which the caller releases.
func older(t testing.TB, rec arrow.RecordBatch) old.Record {
	t.Helper()
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(rec.Schema()))
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := oldipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatal("no record: ", r.Err())
	}
	r.Record().Retain()
	return r.Record()
}

// newer makes a record of Arrow v18, which the caller releases.
func newer(t testing.TB, rec old.Record) arrow.RecordBatch {
	t.Helper()
	var b bytes.Buffer
	w := oldipc.NewWriter(&b, oldipc.WithSchema(rec.Schema()))
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatal("no record: ", r.Err())
	}
	r.RecordBatch().Retain()
	return r.RecordBatch()
}

// written writes records by tableio as Parquet and returns the path of the file.
func written(t testing.TB, records ...arrow.RecordBatch) string {
	t.Helper()
	return writtenAs(t, "t.parquet", records...)
}

// writtenAs writes records by tableio into a file of a name that tells its format.
func writtenAs(t testing.TB, name string, records ...arrow.RecordBatch) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := tableio.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Abort(); err != nil { // nothing after Commit
			t.Error(err)
		}
	}()
	for _, rec := range records {
		o := older(t, rec)
		err := w.Write(o)
		o.Release()
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// columns are the rows of a table as text, column by column.
type columns struct {
	schema *arrow.Schema
	cells  [][]string
}

// cellsOf takes the rows of records, which may be none, of a schema.
func cellsOf(schema *arrow.Schema, records ...arrow.RecordBatch) columns {
	c := columns{schema: schema, cells: make([][]string, schema.NumFields())}
	for _, rec := range records {
		for i := range c.cells {
			for row := range int(rec.NumRows()) {
				c.cells[i] = append(c.cells[i], cell(rec.Column(i), row))
			}
		}
	}
	return c
}

// ours reads a file by tableio.
func ours(t testing.TB, path string, names ...string) columns {
	t.Helper()
	f, err := tableio.Open(path, &tableio.Options{BatchRows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Open(context.Background(), names...)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var records []arrow.RecordBatch
	for r.Next() {
		rec := newer(t, r.Record())
		defer rec.Release()
		records = append(records, rec)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return cellsOf(ourSchema(t, r.Schema()), records...)
}

// ourSchema is a schema of Arrow v15 as one of v18.
func ourSchema(t testing.TB, schema *old.Schema) *arrow.Schema {
	t.Helper()
	var b bytes.Buffer
	if err := oldipc.NewWriter(&b, oldipc.WithSchema(schema)).Close(); err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	return r.Schema()
}

// same compares two tables whose columns have types that may differ in what one
// side cannot say; as says what a type of want is in got.
func same(t testing.TB, what string, got, want columns, as func(arrow.DataType) arrow.DataType) {
	t.Helper()
	if got.schema.NumFields() != want.schema.NumFields() {
		t.Fatalf("%s: %d columns, want %d", what, got.schema.NumFields(), want.schema.NumFields())
	}
	for i, f := range want.schema.Fields() {
		g := got.schema.Field(i)
		if g.Name != f.Name || g.Nullable != f.Nullable {
			t.Errorf("%s: column %d is %q, nullable %v, want %q, %v", what, i, g.Name, g.Nullable,
				f.Name, f.Nullable)
		}
		if dt := as(f.Type); !arrow.TypeEqual(g.Type, dt) {
			t.Errorf("%s: column %q has type %s, want %s", what, f.Name, g.Type, dt)
		}
		if len(got.cells[i]) != len(want.cells[i]) {
			t.Errorf("%s: column %q has %d rows, want %d", what, f.Name, len(got.cells[i]),
				len(want.cells[i]))
			continue
		}
		for row := range want.cells[i] {
			if g, w := got.cells[i][row], want.cells[i][row]; g != w {
				t.Errorf("%s: column %q row %d: got %s, want %s", what, f.Name, row, g, w)
				break
			}
		}
	}
}

// cell is the value of a row exactly, and the same for all types that can hold
// it: an instant is the same in every unit, a float is its bits.
func cell(a arrow.Array, row int) string {
	if a.IsNull(row) || a.DataType().ID() == arrow.NULL {
		return "null"
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return cell(a.Dictionary(), a.GetValueIndex(row))
	case array.ExtensionArray:
		return cell(a.Storage(), row)
	case *array.Float16:
		return strconv.FormatUint(uint64(a.Value(row).Uint16()), 16)
	case *array.Float32:
		return strconv.FormatUint(uint64(math.Float32bits(a.Value(row))), 16)
	case *array.Float64:
		return strconv.FormatUint(math.Float64bits(a.Value(row)), 16)
	case *array.String:
		return strconv.Quote(a.Value(row))
	case *array.LargeString:
		return strconv.Quote(a.Value(row))
	case *array.Binary:
		return hex.EncodeToString(a.Value(row))
	case *array.LargeBinary:
		return hex.EncodeToString(a.Value(row))
	case *array.FixedSizeBinary:
		return hex.EncodeToString(a.Value(row))
	case *array.Date32:
		return strconv.Itoa(int(a.Value(row)))
	case *array.Date64:
		return strconv.FormatInt(int64(a.Value(row))/day, 10)
	case *array.Time32:
		return instant(int64(a.Value(row)), a.DataType().(*arrow.Time32Type).Unit)
	case *array.Time64:
		return instant(int64(a.Value(row)), a.DataType().(*arrow.Time64Type).Unit)
	case *array.Timestamp:
		return instant(int64(a.Value(row)), a.DataType().(*arrow.TimestampType).Unit)
	case *array.Duration:
		return strconv.FormatInt(int64(a.Value(row)), 10)
	case *array.Decimal128:
		return a.Value(row).BigInt().String()
	case *array.Decimal256:
		return a.Value(row).BigInt().String()
	}
	return a.ValueStr(row) // Booleans and integers
}

// instant is a number of units as seconds and nanoseconds.
func instant(n int64, unit arrow.TimeUnit) string {
	per := int64(unit.Multiplier())
	second := int64(1e9) / per
	return fmt.Sprintf("%d s %d ns", n/second, n%second*per)
}
