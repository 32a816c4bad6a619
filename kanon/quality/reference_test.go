package quality_test

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/quality"
)

func read(t testing.TB, path string, comma rune) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func text(t testing.TB, rows [][]string) arrow.Record {
	t.Helper()
	var fields []arrow.Field
	for _, name := range rows[0] {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows[1:] {
		for j, v := range row {
			b.Field(j).(*array.StringBuilder).Append(v)
		}
	}
	return b.NewRecord()
}

func reader(t testing.TB, recs ...arrow.Record) array.RecordReader {
	t.Helper()
	r, err := array.NewRecordReader(recs[0].Schema(), recs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func adultColumns(t testing.TB, names []string) (columns []quality.Column) {
	t.Helper()
	for _, name := range names {
		tree, err := kanon.ReadTreeFile(filepath.Join(shared.Dir(t), "data", "adult_hierarchy_"+name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, quality.Column{Name: name, Hierarchy: tree})
	}
	return columns
}

// outputs are the releases of Adult by ARX 3.9.2 in reference/arx/output, with
// the row of reference/arx/results.csv that measures each.
var outputs = map[string]string{
	"adult_k5_s0": "adult_k5_s0", "adult_k5_s0.05": "adult_k5_s0.05",
	"adult_k5_s1.0": "adult_k5_s1.0", "adult_k5_local": "adult_k5_local_gs0",
	"adult_k5_tclose_equal0.2_s0.05": "occ_tequal0.2_s0.05",
	"adult_k5_tclose_hier0.2_s0.05":  "occ_thier0.2_s0.05",
}

func TestReference(t *testing.T) {
	dir := shared.Dir(t)
	adult := text(t, read(t, filepath.Join(dir, "data", "adult.csv"), ';'))
	results := read(t, filepath.Join(dir, "reference", "arx", "results.csv"), ',')
	for file, id := range outputs {
		if testing.Short() && file != "adult_k5_s1.0" {
			continue
		}
		t.Run(file, func(t *testing.T) {
			i := slices.IndexFunc(results, func(row []string) bool { return row[0] == id })
			wanted := func(name string) float64 {
				v, err := strconv.ParseFloat(results[i][slices.Index(results[0], name)], 64)
				if err != nil {
					t.Fatal(name, err)
				}
				return v
			}
			columns := strings.Split(results[i][slices.Index(results[0], "qis")], ",")
			released := text(t, read(t, filepath.Join(dir, "reference", "arx", "output", file+".csv"), ';'))
			got, err := quality.Measure(context.Background(), reader(t, adult), reader(t, released),
				quality.Config{Columns: adultColumns(t, columns)})
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]float64{
				"granularity":        got.Granularity,
				"granularity_geo":    got.GranularityGeometric,
				"gen_intensity":      got.Intensity,
				"missings":           got.Missing,
				"nu_entropy":         got.Paired.Entropy,
				"attr_sq_error":      got.Paired.SquaredError,
				"record_sq_error":    got.Paired.RowError,
				"ssesst":             got.Paired.SumOfSquares,
				"discernibility":     got.Discernibility.Value,
				"discernibility_raw": got.Discernibility.Raw,
				"aecs":               got.ClassSize.Value,
				"aecs_raw":           got.ClassSize.Raw,
				"ambiguity":          got.Ambiguity.Value,
				"ambiguity_raw":      got.Ambiguity.Raw,
				"suppressed":         float64(got.Suppressed),
			} {
				if w := wanted(name); !(math.Abs(value-w) <= 1e-9*max(1, math.Abs(w))) {
					t.Errorf("%s: %.12g, want %.12g", name, value, w)
				}
			}
		})
	}
}
