package microdata_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
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
	"github.com/lethe-go/lethe/kanon/microdata"
	"pgregory.net/rapid"
)

// table makes a table from rows in JSON, one chunk for each.
func table(t testing.TB, mem memory.Allocator, fields []arrow.Field, chunks ...string) arrow.Table {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	var recs []arrow.Record
	for _, rows := range chunks {
		rec, _, err := array.RecordFromJSON(mem, schema, strings.NewReader(rows))
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Release()
		recs = append(recs, rec)
	}
	return array.NewTableFromRecords(schema, recs)
}

func field(name string, dt arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: dt, Nullable: true}
}

// rows are the cells of a table as text.
func rows(t arrow.Table) (all []string) {
	r := array.NewTableReader(t, 0)
	defer r.Release()
	for r.Next() {
		for i := range int(r.Record().NumRows()) {
			var cells []string
			for _, c := range r.Record().Columns() {
				cells = append(cells, c.ValueStr(i))
			}
			all = append(all, strings.Join(cells, " "))
		}
	}
	return all
}

func TestMicroaggregationTypes(t *testing.T) {
	for _, c := range []struct {
		dt   arrow.DataType
		in   []string
		want string
	}{
		{arrow.PrimitiveTypes.Int8, []string{"1", "2", "100", "103"}, "2 2 102 102"},
		{arrow.PrimitiveTypes.Int64, []string{"-1", "-2", "100", "103"}, "-2 -2 102 102"},
		{arrow.PrimitiveTypes.Uint16, []string{"1", "3", "100", "102"}, "2 2 101 101"},
		{arrow.PrimitiveTypes.Float32, []string{"1", "2", "100", "103"}, "1.5 1.5 101.5 101.5"},
		{arrow.PrimitiveTypes.Float64, []string{"1", "2", "100", "103"}, "1.5 1.5 101.5 101.5"},
		{arrow.FixedWidthTypes.Float16, []string{"1", "2", "100", "103"}, "1.5 1.5 101.5 101.5"},
		{&arrow.Decimal128Type{Precision: 6, Scale: 1}, []string{`"1.0"`, `"2.0"`, `"100.0"`, `"103.0"`},
			"1.5 1.5 101.5 101.5"},
	} {
		for _, method := range []microdata.Method{microdata.Search, microdata.MDAV, microdata.Univariate} {
			t.Run(fmt.Sprint(c.dt, " ", method), func(t *testing.T) {
				mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
				defer mem.AssertSize(t, 0)
				in := table(t, mem, []arrow.Field{field("x", c.dt)},
					fmt.Sprintf(`[{"x":%s},{"x":%s},{"x":%s}]`, c.in[0], c.in[1], c.in[2]),
					fmt.Sprintf(`[{"x":%s}]`, c.in[3]))
				defer in.Release()
				out, audit, err := microdata.Microaggregation{
					Columns: []string{"x"}, K: 2, Method: method,
				}.Apply(context.Background(), in)
				if err != nil {
					t.Fatal(err)
				}
				defer out.Release()
				if got := strings.Join(rows(out), " "); got != c.want || !arrow.TypeEqual(out.Schema().Field(0).Type, c.dt) {
					t.Errorf("%s of type %s, want %s", got, out.Schema().Field(0).Type, c.want)
				}
				if audit.Classes != 2 || audit.Smallest != 2 || audit.Rows != 4 || !(audit.Loss > 0 && audit.Loss < .01) {
					t.Errorf("%+v", audit)
				}
			})
		}
	}
}

// Other columns stay what they are, without the metadata of any.
func TestMicroaggregationKeepsOthers(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	named := field("name", arrow.BinaryTypes.String)
	named.Metadata = arrow.NewMetadata([]string{"min"}, []string{"canary"})
	in := table(t, mem, []arrow.Field{named, field("x", arrow.PrimitiveTypes.Int8)},
		`[{"name":"a","x":1},{"name":null,"x":3}]`, `[{"name":"c","x":9},{"name":"d","x":9}]`)
	defer in.Release()
	out, _, err := microdata.Microaggregation{
		Columns: []string{"x"}, K: 2, Method: microdata.Search,
	}.Apply(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	want := []string{"a 2", "(null) 2", "c 9", "d 9"}
	if got := rows(out); !slices.Equal(got, want) || strings.Contains(out.Schema().String(), "canary") {
		t.Errorf("%q, want %q\n%s", got, want, out.Schema())
	}
}

func TestMicroaggregationRefuses(t *testing.T) {
	fields := []arrow.Field{field("x", arrow.PrimitiveTypes.Float64), field("s", arrow.BinaryTypes.String)}
	in := table(t, memory.DefaultAllocator, fields, `[{"x":1,"s":"canary"},{"x":2},{"x":null}]`)
	for want, m := range map[string]microdata.Microaggregation{
		"no columns":            {K: 2, Method: microdata.Search},
		"k is 1":                {Columns: []string{"x"}, K: 1, Method: microdata.Search},
		`method is ""`:          {Columns: []string{"x"}, K: 2},
		"named twice":           {Columns: []string{"x", "x"}, K: 2, Method: microdata.MDAV},
		"for one column, not 2": {Columns: []string{"x", "s"}, K: 2, Method: microdata.Univariate},
		"rounds is 3":           {Columns: []string{"x"}, K: 2, Method: microdata.MDAV, Rounds: 3},
		"type utf8, want":       {Columns: []string{"s"}, K: 2, Method: microdata.Search},
		`"gone": not in`:        {Columns: []string{"gone"}, K: 2, Method: microdata.Search},
		"1 of 3 values are":     {Columns: []string{"x"}, K: 2, Method: microdata.Search},
		"3 rows, want at least": {Columns: []string{"x"}, K: 4, Method: microdata.Search},
	} {
		out, _, err := m.Apply(context.Background(), in)
		if err == nil || out != nil || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "canary") || !strings.HasPrefix(err.Error(), "kanon/microdata: ") {
			t.Errorf("%s: %v", want, err)
		}
	}
	empty := table(t, memory.DefaultAllocator, fields, `[]`)
	out, audit, err := microdata.Microaggregation{
		Columns: []string{"x"}, K: 2, Method: microdata.Search,
	}.Apply(context.Background(), empty)
	if err != nil || out.NumRows() != 0 || audit.Rows != 0 {
		t.Error(out, audit, err)
	}
}

// Random tables, in any chunks: every class has k rows, sums stay but for
// rounding, and the chunks do not matter.
func TestMicroaggregationHolds(t *testing.T) {
	fields := []arrow.Field{field("x", arrow.PrimitiveTypes.Int32), field("y", arrow.PrimitiveTypes.Float64)}
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(rt, "k")
		n := rapid.IntRange(k, 50).Draw(rt, "rows")
		var cells []string
		sum := 0.0
		for range n {
			y := rapid.IntRange(-5, 5).Draw(rt, "y")
			sum += float64(y)
			cells = append(cells, fmt.Sprintf(`{"x":%d,"y":%d}`, rapid.IntRange(-9, 9).Draw(rt, "x"), y))
		}
		m := microdata.Microaggregation{Columns: []string{"x", "y"}, K: k,
			Method: rapid.SampledFrom([]microdata.Method{microdata.Search, microdata.MDAV}).Draw(rt, "method")}
		cut := rapid.IntRange(0, n).Draw(rt, "cut")
		join := func(c []string) string { return "[" + strings.Join(c, ",") + "]" }
		out, audit, err := m.Apply(context.Background(), table(t, memory.DefaultAllocator, fields, join(cells)))
		if err != nil {
			rt.Fatal(err)
		}
		again, _, err := m.Apply(context.Background(),
			table(t, memory.DefaultAllocator, fields, join(cells[:cut]), join(cells[cut:])))
		if err != nil || !slices.Equal(rows(out), rows(again)) {
			rt.Fatalf("chunks matter (%v)", err)
		}
		if audit.Smallest < int64(k) {
			rt.Fatalf("%+v", audit)
		}
		for _, row := range rows(out) {
			y, err := strconv.ParseFloat(strings.Fields(row)[1], 64)
			if err != nil {
				rt.Fatal(err)
			}
			sum -= y
		}
		if math.Abs(sum) > 1e-9 {
			rt.Fatalf("the sum changes by %v", sum)
		}
	})
}

// The nine losses of MDAV by sdcMicro 5.8.1, to 1e-6 and, for EIA, to four
// decimals of a percent; Search loses less on all.
func TestMicroaggregationReference(t *testing.T) {
	dir := filepath.Join(shared.Dir(t), "reference", "sdc")
	for _, data := range []string{"CASCrefmicrodata", "Tarragona", "EIA"} {
		if testing.Short() && data != "Tarragona" {
			continue
		}
		t.Run(data, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, data+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			lines, err := csv.NewReader(f).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var fields []arrow.Field
			var columns []arrow.Array
			for j, name := range lines[0] {
				if data == "EIA" && j >= 1 && j <= 4 {
					continue // text and dates
				}
				b := array.NewFloat64Builder(memory.DefaultAllocator)
				for _, line := range lines[1:] {
					if err := b.AppendValueFromString(line[j]); err != nil {
						t.Fatal(err)
					}
				}
				fields, columns = append(fields, field(name, arrow.PrimitiveTypes.Float64)), append(columns, b.NewArray())
			}
			schema := arrow.NewSchema(fields, nil)
			in := array.NewTableFromRecords(schema, []arrow.Record{
				array.NewRecord(schema, columns, int64(len(lines)-1)),
			})
			var names []string
			for _, f := range fields {
				names = append(names, f.Name)
			}
			for _, k := range []int{3, 5, 10} {
				want, tolerance := wantedLoss(t, dir, data, k)
				m := microdata.Microaggregation{Columns: names, K: k, Method: microdata.MDAV}
				_, plain, err := m.Apply(context.Background(), in)
				if err != nil {
					t.Fatal(err)
				}
				if got := 100 * plain.Loss; math.Abs(got-want) > tolerance {
					t.Errorf("k=%d: loss %.8f %%, want %.8f %%", k, got, want)
				}
				m.Method = microdata.Search
				_, found, err := m.Apply(context.Background(), in)
				if err != nil || found.Loss >= plain.Loss || found.Smallest < int64(k) {
					t.Errorf("k=%d: %+v %v, MDAV loses %v", k, found, err, plain.Loss)
				}
			}
		})
	}
}

func wantedLoss(t *testing.T, dir, data string, k int) (want, tolerance float64) {
	t.Helper()
	file := data
	if data == "EIA" {
		file = "EIA11"
	}
	b, err := os.ReadFile(filepath.Join(dir, "sdcmicro_microaggregation_"+file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if data == "EIA" {
		return all[fmt.Sprint("IL_pct_", k)].(float64), 5e-5
	}
	want = all[fmt.Sprint("mdav_", k)].(map[string]any)["IL_pct"].(float64)
	return want, 1e-6 * want
}

func ExampleMicroaggregation() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "income", Type: arrow.PrimitiveTypes.Int32}}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(
		`[{"income":1000},{"income":9000},{"income":1200},{"income":9400},{"income":1100},{"income":9200}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, audit, err := microdata.Microaggregation{
		Columns: []string{"income"}, K: 3, Method: microdata.Search,
	}.Apply(context.Background(), array.NewTableFromRecords(schema, []arrow.Record{rec}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Release()
	fmt.Println(out.Column(0).Data().Chunk(0), "smallest class:", audit.Smallest)
	// Output: [1100 9200 1100 9200 1100 9200] smallest class: 3
}
