package kanon_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/internal/shared"
	"github.com/lethe-go/lethe/kanon"
)

func TestAuditText(t *testing.T) {
	rec := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String), visitRows)
	cfg := visitConfig()
	cfg.Unit = "who"
	a, err := auditOf(cfg, rec)
	if err != nil {
		t.Fatal(err)
	}
	const want = `6 rows in 3 classes by age, zip
class sizes: 1 to 2 distinct who, 1.7 on average
2-anonymity: FAILS, reached 1 of 2
diagnosis: at least 1 distinct values in a class
`
	var b strings.Builder
	if err := a.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	const wantJSON = `{"quasi":["age","zip"],"unit":"who","rows":6,"classes":3,"smallest":1,` +
		`"largest":2,"mean":1.6666666666666667,"sizes":[{"size":1,"classes":1},{"size":2,"classes":2}],` +
		`"row_sizes":[{"size":1,"classes":1},{"size":2,"classes":1},{"size":3,"classes":1}],` +
		`"linked":[{"size":1,"classes":4}],` +
		`"models":[{"model":"2-anonymity","wanted":2,"reached":1,"holds":false}],` +
		`"sensitive":[{"column":"diagnosis","distinct_l":1}],"holds":false}`
	if diff := cmp.Diff(wantJSON, string(text)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	empty, err := auditOf(visitConfig(), rec.NewSlice(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	const wantEmpty = `0 rows in 0 classes by age, zip
2-anonymity: holds, as there are no rows
diagnosis: no rows
`
	if diff := cmp.Diff(wantEmpty, empty.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// csvRecord reads a file separated by semicolons as text columns.
func csvRecord(t testing.TB, path string) arrow.Record {
	t.Helper()
	rows := readCSV(t, path, ';')
	var fields []arrow.Field
	var columns []arrow.Array
	for j, name := range rows[0] {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for _, row := range rows[1:] {
			b.Append(row[j])
		}
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String})
		columns = append(columns, b.NewArray())
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(len(rows)-1))
}

func readCSV(t testing.TB, path string, comma rune) [][]string {
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

// Six outputs of another anonymizer, with their classes, the smallest and the
// largest of them, and the suppressed rows: reference/arx/results.csv, columns
// classes, class_min, class_max, suppressed. There the suppressed rows, "*" in
// all columns, are not among the classes; here they are one class more.
func TestCheckOutputsOfARX(t *testing.T) {
	named := map[string]string{ // where the name of the file is not that of the row
		"adult_k5_local":                 "adult_k5_local_gs0",
		"adult_k5_tclose_equal0.2_s0.05": "occ_tequal0.2_s0.05",
		"adult_k5_tclose_hier0.2_s0.05":  "occ_thier0.2_s0.05",
	}
	dir := filepath.Join(shared.Dir(t), "reference", "arx")
	results := readCSV(t, filepath.Join(dir, "results.csv"), ',')
	wanted := map[string]map[string]string{}
	for _, row := range results[1:] {
		values := map[string]string{}
		for j, name := range results[0] {
			values[name] = row[j]
		}
		wanted[values["id"]] = values
	}
	files, err := filepath.Glob(filepath.Join(dir, "output", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal("no outputs", err)
	}
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".csv")
		t.Run(id, func(t *testing.T) {
			if name, ok := named[id]; ok {
				id = name
			}
			want, ok := wanted[id]
			if !ok {
				t.Fatal("no results")
			}
			quasi := strings.Split(want["qis"], ",")
			rec := csvRecord(t, file)
			cfg := kanon.CheckConfig{Quasi: quasi, Models: []kanon.Model{kanon.KAnonymity{K: 5}}}
			all, err := auditOf(cfg, rec)
			if err != nil {
				t.Fatal(err)
			}
			var kept []arrow.Record // runs of rows that are not suppressed
			var from int64
			for i := range rec.NumRows() + 1 {
				if i == rec.NumRows() || suppressedRow(rec, quasi, int(i)) {
					kept = append(kept, rec.NewSlice(from, i))
					from = min(i+1, rec.NumRows())
				}
			}
			without, err := auditOf(cfg, kept...)
			if err != nil {
				t.Fatal(err)
			}
			suppressed := all.Rows - without.Rows
			for name, n := range map[string]int64{
				"classes": without.Classes, "class_min": without.Smallest,
				"class_max": without.Largest, "suppressed": suppressed,
			} {
				if fmt.Sprint(n) != strings.TrimSuffix(want[name], ".0") {
					t.Errorf("%s: %d, want %s", name, n, want[name])
				}
			}
			if !without.Holds || all.Holds != (suppressed == 0 || suppressed >= 5) {
				t.Error(all, without)
			}
			if more := all.Classes - without.Classes; (more == 1) != (suppressed > 0) {
				t.Errorf("%d classes more with %d suppressed rows", more, suppressed)
			}
		})
	}
}

func suppressedRow(rec arrow.Record, quasi []string, i int) bool {
	for _, name := range quasi {
		j := rec.Schema().FieldIndices(name)[0]
		if rec.Column(j).(*array.String).Value(i) != kanon.Top {
			return false
		}
	}
	return true
}

// BenchmarkCheck checks eight million rows of three columns in batches of 65,536,
// of few classes and of a million, with values of each kind, and with people and
// a sensitive column.
func BenchmarkCheck(b *testing.B) {
	const rows, again, batch = 2_000_000, 4, 1 << 16
	label := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String,
	}
	for _, c := range []struct {
		name     string
		typ      arrow.DataType
		distinct int    // of a column
		apart    int    // numbers
		text     string // before the number
	}{
		{"labels/classes=512", label, 8, 1, "value "},
		{"labels/classes=1M", label, 105, 1, "value "},
		{"text/classes=1M", arrow.BinaryTypes.String, 105, 1, "value "},
		{"integers/classes=1M", arrow.PrimitiveTypes.Int64, 105, 1, ""},
		{"times/classes=1M", arrow.PrimitiveTypes.Int64, 105, 60_000_000, ""},
		{"people/classes=1000", label, 10, 1, "value "},
	} {
		b.Run(c.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			cfg := kanon.CheckConfig{Models: []kanon.Model{kanon.KAnonymity{K: 5}}}
			var fields []arrow.Field
			for j := range 3 {
				cfg.Quasi = append(cfg.Quasi, fmt.Sprint("q", j))
				fields = append(fields, arrow.Field{Name: cfg.Quasi[j], Type: c.typ})
			}
			people := strings.HasPrefix(c.name, "people")
			if people {
				cfg.Unit = "id"
				cfg.Models = append(cfg.Models, kanon.LDiversity{Column: "s", L: 2, Kind: kanon.Entropy})
				fields = append(fields, arrow.Field{Name: "s", Type: label},
					arrow.Field{Name: "id", Type: arrow.BinaryTypes.String})
			}
			schema := arrow.NewSchema(fields, nil)
			var recs []arrow.Record
			for from := 0; from < rows; from += batch {
				n := min(batch, rows-from)
				var columns []arrow.Array
				for _, f := range fields {
					distinct := c.distinct
					if f.Name == "id" {
						distinct = rows / 4
					}
					build := array.NewBuilder(memory.DefaultAllocator, f.Type)
					for range n {
						v := c.text + fmt.Sprint(rng.IntN(distinct)*c.apart)
						if err := build.AppendValueFromString(v); err != nil {
							b.Fatal(err)
						}
					}
					columns = append(columns, build.NewArray())
				}
				recs = append(recs, array.NewRecord(schema, columns, int64(n)))
			}
			start := processor()
			for b.Loop() {
				a, err := auditOf(cfg, slices.Repeat(recs, again)...)
				if err != nil || a.Rows != again*rows {
					b.Fatal(a, err)
				}
			}
			b.ReportMetric((processor()-start)/float64(b.N)/(again*rows), "cpu-ns/row")
		})
	}
}

// processor is the time that the process has computed, in nanoseconds.
func processor() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}
