package microdata_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/kanon/microdata"
	"pgregory.net/rapid"
)

// Values stay what they are, each as often; none moves further than Share of
// the ranks; null stays where it is.
func TestRankSwap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		n := rapid.IntRange(0, 60).Draw(rt, "rows")
		share := rapid.Float64Range(.01, 1).Draw(rt, "share")
		values := rapid.SampledFrom([]int{1, 3, 1000}).Draw(rt, "values")
		var cells []string
		for range n {
			v := rapid.IntRange(0, values).Draw(rt, "v")
			if v == 0 {
				cells = append(cells, `{"x":null,"s":"n"}`)
			} else {
				cells = append(cells, fmt.Sprintf(`{"x":%d,"s":"%03d"}`, v, v))
			}
		}
		cut := rapid.IntRange(0, n).Draw(rt, "cut")
		in := table(t, mem, []arrow.Field{field("x", arrow.PrimitiveTypes.Int16), field("s", arrow.BinaryTypes.String)},
			"["+strings.Join(cells[:cut], ",")+"]", "["+strings.Join(cells[cut:], ",")+"]")
		defer in.Release()
		out, audit, err := microdata.RankSwap{Columns: []string{"x"}, Share: share}.Apply(context.Background(), in)
		if err != nil {
			rt.Fatal(err)
		}
		defer out.Release()
		before, after := rows(in), rows(out)
		var was, is []string
		ranks := map[string][2]int{}
		for i := range before {
			x, s, _ := strings.Cut(before[i], " ")
			y, s2, _ := strings.Cut(after[i], " ")
			if s != s2 || (x == "(null)") != (y == "(null)") {
				rt.Fatalf("%q becomes %q", before[i], after[i])
			}
			was, is = append(was, x), append(is, y)
		}
		sorted := func(x []string) []string {
			x = slices.DeleteFunc(slices.Clone(x), func(s string) bool { return s == "(null)" })
			slices.SortFunc(x, func(a, b string) int {
				if len(a) != len(b) {
					return len(a) - len(b)
				}
				return strings.Compare(a, b)
			})
			return x
		}
		all := sorted(was)
		if !slices.Equal(all, sorted(is)) {
			rt.Fatalf("%q become %q", was, is)
		}
		for i, x := range all {
			r, ok := ranks[x]
			if !ok {
				r[0] = i
			}
			r[1] = i
			ranks[x] = r
		}
		c := audit.Columns[0]
		if c.Rows != int64(len(all)) || c.Furthest > c.Within || c.Within != max(1, int64(share*float64(len(all)))) {
			rt.Fatalf("%+v", c)
		}
		for i := range was { // the least distance that ties allow
			a, b := ranks[was[i]], ranks[is[i]]
			if d := max(a[0]-b[1], b[0]-a[1], 0); int64(d) > c.Within {
				rt.Fatalf("%s becomes %s, %d ranks away of %d", was[i], is[i], d, c.Within)
			}
		}
	})
}

// The partner is uniform among the rows in reach: of three rows with a reach of
// two, the first goes with either in half of 2000 draws, missed by six standard
// deviations with a chance of 2e-9.
func TestRankSwapUniform(t *testing.T) {
	in := table(t, memory.DefaultAllocator, []arrow.Field{field("x", arrow.PrimitiveTypes.Int8)}, `[{"x":1},{"x":2},{"x":3}]`)
	const draws = 2000
	second := 0
	for range draws {
		out, _, err := microdata.RankSwap{Columns: []string{"x"}, Share: 1}.Apply(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if rows(out)[0] == "2" {
			second++
		}
	}
	if math.Abs(float64(second)-draws/2) > 6*math.Sqrt(draws)/2 {
		t.Errorf("%d of %d", second, draws)
	}
}

func TestPRAM(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	dt := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	b := array.NewDictionaryBuilder(mem, dt).(*array.BinaryDictionaryBuilder)
	const n = 6000
	for i := range n {
		switch i % 6 {
		case 0:
			b.AppendNull()
		case 1, 2:
			_ = b.AppendString("b")
		default:
			_ = b.AppendString("a")
		}
	}
	column := b.NewArray()
	b.Release()
	schema := arrow.NewSchema([]arrow.Field{field("c", dt)}, nil)
	rec := array.NewRecord(schema, []arrow.Array{column}, n)
	column.Release()
	in := array.NewTableFromRecords(schema, []arrow.Record{rec.NewSlice(0, 100), rec.NewSlice(100, n)})
	rec.Release()
	defer in.Release()
	for i := range 2 { // the slices
		defer in.Column(0).Data().Chunk(i).Release()
	}
	for _, margins := range []microdata.Margins{microdata.Expected, microdata.Exact} {
		out, plan, err := microdata.PRAM{Column: "c", Keep: .6, Mix: 1, Margins: margins}.Apply(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int64{}
		for _, row := range rows(out) {
			counts[row]++
		}
		out.Release()
		if fmt.Sprint(plan.Values, plan.Counts, plan.Null) != "[a b ] [3000 2000 1000] true" {
			t.Fatalf("%+v", plan)
		}
		for j, value := range []string{"a", "b", "(null)"} {
			variance := 0.0
			for i, count := range plan.Counts {
				variance += float64(count) * plan.Matrix[i][j] * (1 - plan.Matrix[i][j])
			}
			off := math.Abs(float64(counts[value] - plan.Counts[j]))
			// Six standard deviations: a chance of 2e-9 that a right draw fails.
			if counts[value] != plan.Released[j] || off > 6*math.Sqrt(variance) || margins == microdata.Exact && off > 0 {
				t.Errorf("%s: %s %d times, of %d", margins, value, counts[value], plan.Counts[j])
			}
		}
		if plan.Changed < 1000 {
			t.Errorf("%s: %d changed", margins, plan.Changed)
		}
	}
}

// Groups of L different values for any eligible table, and together the two
// tables hold what the table did.
func TestAnatomy(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		n := rapid.IntRange(0, 60).Draw(rt, "rows")
		l := rapid.IntRange(2, 4).Draw(rt, "l")
		counts := map[string]int{}
		var cells []string
		for i := range n {
			v := fmt.Sprintf(`"%d"`, rapid.IntRange(0, 6).Draw(rt, "v"))
			if v == `"0"` {
				v = "null"
			}
			counts[v]++
			cells = append(cells, fmt.Sprintf(`{"id":%d,"ill":%s}`, i, v))
		}
		eligible := true
		for _, c := range counts {
			eligible = eligible && c*l <= n
		}
		in := table(t, mem, []arrow.Field{field("id", arrow.PrimitiveTypes.Int16), field("ill", arrow.BinaryTypes.String)},
			"["+strings.Join(cells, ",")+"]")
		defer in.Release()
		out, audit, err := microdata.Anatomy{Sensitive: "ill", L: l, Group: "group"}.Apply(context.Background(), in)
		if (err == nil) != eligible {
			rt.Fatalf("eligible %v, error %v", eligible, err)
		}
		if err != nil {
			return
		}
		defer out.Rows.Release()
		defer out.Values.Release()
		perGroup, size := map[string]int{}, map[string]int{}
		total := map[string]int{}
		for _, row := range rows(out.Values) {
			f := strings.Fields(row)
			var count int
			fmt.Sscan(f[2], &count)
			perGroup[f[0]] += count
			size[f[0]]++
			total[f[1]] += count
			if count != 1 {
				rt.Fatalf("%q", row)
			}
		}
		for i, row := range rows(out.Rows) {
			var id int
			var group string
			fmt.Sscan(row, &id, &group)
			if id != i {
				rt.Fatalf("row %d: %q", i, row)
			}
			perGroup[group]--
		}
		for group, left := range perGroup {
			if left != 0 || size[group] < l {
				rt.Fatalf("group %s: %d left of %d values", group, left, size[group])
			}
		}
		for v, c := range counts {
			name := strings.Trim(v, `"`)
			if v == "null" {
				name = "(null)"
			}
			if total[name] != c {
				rt.Fatalf("%s: %d times, want %d", v, total[name], c)
			}
		}
		if n > 0 && (audit.Smallest < int64(l) || audit.MostFrequent > 1/float64(l)) {
			rt.Fatalf("%+v", audit)
		}
	})
}

func TestRefusals(t *testing.T) {
	fields := []arrow.Field{field("x", arrow.PrimitiveTypes.Int8), field("s", arrow.BinaryTypes.String)}
	in := table(t, memory.DefaultAllocator, fields, `[{"x":1,"s":"canary"},{"x":2,"s":"canary"},{"x":2,"s":"b"}]`)
	swap := func(s microdata.RankSwap) error {
		_, _, err := s.Apply(context.Background(), in)
		return err
	}
	pram := func(p microdata.PRAM) error { _, _, err := p.Apply(context.Background(), in); return err }
	anatomy := func(a microdata.Anatomy) error { _, _, err := a.Apply(context.Background(), in); return err }
	for want, err := range map[string]error{
		"share is 0":                     swap(microdata.RankSwap{Columns: []string{"x"}}),
		"rank swapping: no columns":      swap(microdata.RankSwap{Share: 1}),
		`"gone": not in`:                 swap(microdata.RankSwap{Columns: []string{"gone"}, Share: 1}),
		"keep is 1":                      pram(microdata.PRAM{Column: "s", Keep: 1, Mix: 1, Margins: microdata.Exact}),
		"mix is 0":                       pram(microdata.PRAM{Column: "s", Keep: .5, Margins: microdata.Exact}),
		`margins is ""`:                  pram(microdata.PRAM{Column: "s", Keep: .5, Mix: 1}),
		"no column":                      pram(microdata.PRAM{Keep: .5, Mix: 1, Margins: microdata.Exact}),
		"no sensitive column":            anatomy(microdata.Anatomy{L: 2, Group: "g"}),
		"l is 1":                         anatomy(microdata.Anatomy{Sensitive: "s", L: 1, Group: "g"}),
		"no name for the column":         anatomy(microdata.Anatomy{Sensitive: "s", L: 2}),
		"in the table already":           anatomy(microdata.Anatomy{Sensitive: "s", L: 2, Group: "x"}),
		"1 values have more":             anatomy(microdata.Anatomy{Sensitive: "s", L: 2, Group: "g"}),
		`groups is named "count", which`: anatomy(microdata.Anatomy{Sensitive: "s", L: 2, Group: "count"}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func ExampleAnatomy() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.PrimitiveTypes.Int8}, {Name: "diagnosis", Type: arrow.BinaryTypes.String},
	}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(
		`[{"age":30,"diagnosis":"flu"},{"age":41,"diagnosis":"asthma"}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, audit, err := microdata.Anatomy{Sensitive: "diagnosis", L: 2, Group: "group"}.Apply(
		context.Background(), array.NewTableFromRecords(schema, []arrow.Record{rec}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Rows.Schema().Field(1).Name, out.Values.Column(1).Data().Chunk(0), "groups:", audit.Groups)
	// Output: group ["asthma" "flu"] groups: 1
}
