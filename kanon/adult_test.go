package kanon

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
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
)

// adultColumns is the order in which the reference values were computed.
var adultColumns = []string{
	"sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation",
}

// adultQuasi are the quasi-identifiers of Adult with their hierarchies.
func adultQuasi(tb testing.TB) []Quasi {
	tb.Helper()
	var quasi []Quasi
	for _, name := range adultColumns {
		tree, err := ReadTreeFile(filepath.Join(shared.Dir(tb), "data", "adult_hierarchy_"+name+".csv"))
		if err != nil {
			tb.Fatal(err)
		}
		quasi = append(quasi, Quasi{Column: name, Hierarchy: tree})
	}
	return quasi
}

func readCSV(tb testing.TB, path string, comma rune) [][]string {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(f))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

// adultRecord is Adult as dictionaries of text, age as integers.
func adultRecord(tb testing.TB, mem memory.Allocator) arrow.Record {
	tb.Helper()
	rows := readCSV(tb, filepath.Join(shared.Dir(tb), "data", "adult.csv"), ';')
	var fields []arrow.Field
	for _, name := range rows[0] {
		var dt arrow.DataType = &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String,
		}
		if name == "age" {
			dt = arrow.PrimitiveTypes.Int32
		}
		fields = append(fields, arrow.Field{Name: name, Type: dt})
	}
	b := array.NewRecordBuilder(mem, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows[1:] {
		for i, s := range row {
			if err := b.Field(i).AppendValueFromString(s); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return b.NewRecord()
}

type adultCase struct {
	id         string
	k          int
	limit      float64
	levels     []int
	suppressed int64
	classes    int64
	score      float64
}

// adultCases are the optimal searches of ARX 3.9.2 on Adult, by Loss with the
// geometric mean, from reference/arx/results.csv.
func adultCases(tb testing.TB) []adultCase {
	tb.Helper()
	rows := readCSV(tb, filepath.Join(shared.Dir(tb), "reference", "arx", "results.csv"), ',')
	at := func(name string) int { return slices.Index(rows[0], name) }
	var cases []adultCase
	for _, k := range []int{2, 5, 10, 100} {
		for _, limit := range []string{"0", "0.05", "1.0"} {
			id := fmt.Sprintf("adult_k%d_s%s", k, limit)
			for _, row := range rows {
				if row[0] != id {
					continue
				}
				c := adultCase{id: id, k: k}
				c.limit, _ = strconv.ParseFloat(limit, 64)
				c.score, _ = strconv.ParseFloat(row[at("score")], 64)
				c.suppressed, _ = strconv.ParseInt(row[at("suppressed")], 10, 64)
				c.classes, _ = strconv.ParseInt(row[at("classes")], 10, 64)
				for _, s := range strings.Split(row[at("levels")], ",") {
					l, _ := strconv.Atoi(s)
					c.levels = append(c.levels, l)
				}
				cases = append(cases, c)
			}
		}
	}
	if len(cases) != 12 {
		tb.Fatalf("%d reference cases, want 12", len(cases))
	}
	return cases
}

func (c adultCase) config(quasi []Quasi) Config {
	return Config{
		Quasi: quasi, Models: []Model{KAnonymity{c.k}}, MaxSuppression: c.limit,
		Recoding: Global, Suppressed: Drop,
	}
}

// Apply on Adult: the independent checker sees the classes of the reference.
func TestAdultApply(t *testing.T) {
	rec := adultRecord(t, memory.NewGoAllocator())
	defer rec.Release()
	table := array.NewTableFromRecords(rec.Schema(), []arrow.Record{rec})
	defer table.Release()
	c := adultCases(t)[4]
	out, audit, err := Apply(context.Background(), c.config(adultQuasi(t)), table)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if !audit.Holds || audit.Classes != c.classes || audit.Rows != rec.NumRows()-c.suppressed ||
		audit.Smallest != 5 {
		t.Fatalf("audit:\n%s", audit)
	}
}
