package risk_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/shared"
)

// sdc reads a table of reference/sdc, all columns as text but the named ones.
func sdc(t testing.TB, file string, numbers ...string) arrow.Record {
	t.Helper()
	path := filepath.Join(shared.Dir(t), "reference", "sdc", file)
	rec := table(t, path, ',', func([]string) bool { return true })
	for _, name := range numbers {
		i := rec.Schema().FieldIndices(name)[0]
		b := array.NewFloat64Builder(mem)
		for row := range int(rec.NumRows()) {
			if err := b.AppendValueFromString(rec.Column(i).ValueStr(row)); err != nil {
				t.Fatal(err)
			}
		}
		fields := rec.Schema().Fields()
		fields[i].Type = arrow.PrimitiveTypes.Float64
		columns := append([]arrow.Array(nil), rec.Columns()...)
		columns[i] = b.NewArray()
		rec = array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
	}
	return rec
}

// oracle reads a file of reference/sdc.
func oracle(t testing.TB, file string, to any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared.Dir(t), "reference", "sdc", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatal(err)
	}
}

func reader(t testing.TB, recs ...arrow.Record) array.RecordReader {
	t.Helper()
	r, err := array.NewRecordReader(recs[0].Schema(), recs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	return r
}

// agree compares a value a row, to a share of the wanted one.
func agree[T int64 | float64](t *testing.T, name string, got, want []T, tolerance float64) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
	}
	differ := 0
	for i := range got {
		g, w := float64(got[i]), float64(want[i])
		if !(math.Abs(g-w) <= tolerance*math.Abs(w)) {
			if differ == 0 {
				t.Errorf("%s: row %d: %v, want %v", name, i, g, w)
			}
			differ++
		}
	}
	if differ > 0 {
		t.Errorf("%s: %d rows differ", name, differ)
	}
}

func agreeOne(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	agree(t, name, []float64{got}, []float64{want}, tolerance)
}
