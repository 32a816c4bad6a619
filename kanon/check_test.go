package kanon_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/lethe-go/lethe/kanon"
	"pgregory.net/rapid"
)

// visitRows are the table of the hand-worked cases. By age and zip the classes are
//
//	30-39 537**: rows 0 1 2, people a b a, diagnoses flu flu null
//	30-39 null:  row 3,      person c,     diagnosis flu
//	null  537**: rows 4 5,   people a d,   diagnoses flu cold
const visitRows = `[
	{"age": "30-39", "zip": "537**", "who": "a", "diagnosis": "flu"},
	{"age": "30-39", "zip": "537**", "who": "b", "diagnosis": "flu"},
	{"age": "30-39", "zip": "537**", "who": "a", "diagnosis": null},
	{"age": "30-39", "zip": null,    "who": "c", "diagnosis": "flu"},
	{"age": null,    "zip": "537**", "who": "a", "diagnosis": "flu"},
	{"age": null,    "zip": "537**", "who": "d", "diagnosis": "cold"}
]`

func visitSchema(typ arrow.DataType) *arrow.Schema {
	var fields []arrow.Field
	for _, name := range []string{"age", "zip", "who", "diagnosis"} {
		fields = append(fields, arrow.Field{Name: name, Type: typ, Nullable: true})
	}
	return arrow.NewSchema(fields, nil)
}

func recordFromJSON(t testing.TB, schema *arrow.Schema, rows string) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// auditOf checks records one by one.
func auditOf(cfg kanon.CheckConfig, recs ...arrow.Record) (*kanon.Audit, error) {
	c, err := kanon.NewChecker(cfg)
	if err != nil {
		return nil, err
	}
	for _, rec := range recs {
		if err := c.Add(rec); err != nil {
			return nil, err
		}
	}
	return c.Audit()
}

func wantAudit(t *testing.T, want *kanon.Audit, cfg kanon.CheckConfig, recs ...arrow.Record) {
	t.Helper()
	got, err := auditOf(cfg, recs...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// sizes are pairs of a size and its number of classes.
func sizes(pairs ...int64) []kanon.SizeCount {
	counts := []kanon.SizeCount{}
	for i := 0; i < len(pairs); i += 2 {
		counts = append(counts, kanon.SizeCount{Size: pairs[i], Classes: pairs[i+1]})
	}
	return counts
}

func visitConfig() kanon.CheckConfig {
	return kanon.CheckConfig{
		Quasi: []string{"age", "zip"}, Sensitive: []string{"diagnosis"},
		Models: []kanon.Model{kanon.KAnonymity{K: 2}},
	}
}

func visitAudit() *kanon.Audit {
	return &kanon.Audit{
		Quasi: []string{"age", "zip"}, Rows: 6, Classes: 3, Smallest: 1, Largest: 3, Mean: 2,
		Sizes: sizes(1, 1, 2, 1, 3, 1), RowSizes: sizes(1, 1, 2, 1, 3, 1),
		Models:    []kanon.ModelResult{{Model: "2-anonymity", Wanted: 2, Reached: 1}},
		Sensitive: []kanon.SensitiveAudit{{Column: "diagnosis", DistinctL: 1}},
	}
}

func TestCheckByHand(t *testing.T) {
	rec := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String), visitRows)
	wantAudit(t, visitAudit(), visitConfig(), rec)

	// In people: the class of three rows has two.
	cfg, want := visitConfig(), visitAudit()
	cfg.Unit, want.Unit = "who", "who"
	want.Largest, want.Mean, want.Sizes = 2, 5./3, sizes(1, 1, 2, 2)
	want.Linked = sizes(1, 4)
	wantAudit(t, want, cfg, rec)

	// Without the class of one.
	cfg, want = visitConfig(), visitAudit()
	want.Rows, want.Classes, want.Smallest, want.Mean = 5, 2, 2, 2.5
	want.Sizes, want.RowSizes = sizes(2, 1, 3, 1), sizes(2, 1, 3, 1)
	want.Models[0].Reached, want.Models[0].Holds, want.Holds = 2, true, true
	want.Sensitive[0].DistinctL = 2
	wantAudit(t, want, cfg, rec.NewSlice(0, 3), rec.NewSlice(4, 6))

	// Reached is the smallest class, whatever was wanted; one model that fails
	// is enough.
	three := kanon.ModelResult{Model: "3-anonymity", Wanted: 3, Reached: 2}
	cfg.Models = append([]kanon.Model{kanon.KAnonymity{K: 3}}, cfg.Models...)
	want.Models = append([]kanon.ModelResult{three}, want.Models...)
	want.Holds = false
	wantAudit(t, want, cfg, rec.NewSlice(0, 3), rec.NewSlice(4, 6))

	// One column and nothing asked.
	wantAudit(t, &kanon.Audit{
		Quasi: []string{"who"}, Rows: 6, Classes: 4, Smallest: 1, Largest: 3, Mean: 1.5,
		Sizes: sizes(1, 3, 3, 1), RowSizes: sizes(1, 3, 3, 1),
		Models: []kanon.ModelResult{}, Sensitive: []kanon.SensitiveAudit{}, Holds: true,
	}, kanon.CheckConfig{Quasi: []string{"who"}}, rec)
}

// A table without rows satisfies every model.
func TestCheckEmpty(t *testing.T) {
	schema := visitSchema(arrow.BinaryTypes.String)
	want := &kanon.Audit{
		Quasi: []string{"age", "zip"}, Sizes: sizes(), RowSizes: sizes(),
		Models:    []kanon.ModelResult{{Model: "2-anonymity", Wanted: 2, Holds: true}},
		Sensitive: []kanon.SensitiveAudit{{Column: "diagnosis"}}, Holds: true,
	}
	wantAudit(t, want, visitConfig(), recordFromJSON(t, schema, `[]`))
	r, err := array.NewRecordReader(schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	got, err := kanon.Check(context.Background(), r, visitConfig())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
	_, err = auditOf(visitConfig())
	wantError(t, err, "kanon: check: no record was added")
}

// Neither the physical encoding of a column matters, nor batches, nor order;
// and a count of tuples by a map of their text comes to the same.
func TestCheckMetamorphic(t *testing.T) {
	dict := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.PrimitiveTypes.Int32,
	}
	types := []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Int16,
		arrow.PrimitiveTypes.Uint16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint64, dict,
	}
	build := func(typ arrow.DataType, rows []string) arrow.Record {
		return recordFromJSON(t, visitSchema(typ), "["+strings.Join(rows, ",")+"]")
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(rt, "rows")
		rows := make([]string, n)
		people := map[string]map[int]bool{}
		for i := range rows {
			cell := func(name string, lowest, highest int) (string, int) {
				v := rapid.IntRange(lowest, highest).Draw(rt, name)
				if v == 0 {
					return fmt.Sprintf("%q: null", name), v
				}
				return fmt.Sprintf("%q: %d", name, v), v
			}
			age, _ := cell("age", 0, 4)
			zip, _ := cell("zip", 0, 3)
			name, who := cell("who", 1, 5)
			diagnosis, _ := cell("diagnosis", 0, 3)
			rows[i] = "{" + age + "," + zip + "," + name + "," + diagnosis + "}"
			if people[age+zip] == nil {
				people[age+zip] = map[int]bool{}
			}
			people[age+zip][who] = true
		}
		cfg := visitConfig()
		if rapid.Bool().Draw(rt, "unit") {
			cfg.Unit = "who"
		}
		want, err := auditOf(cfg, build(arrow.PrimitiveTypes.Int64, rows))
		if err != nil {
			rt.Fatal(err)
		}
		if want.Classes != int64(len(people)) || want.Rows != int64(n) {
			rt.Errorf("%v, want %d classes", want, len(people))
		}
		for _, who := range people {
			if cfg.Unit != "" && int64(len(who)) < want.Smallest {
				rt.Errorf("smallest %d, but there is a class of %d", want.Smallest, len(who))
			}
		}
		rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "order"))).Shuffle(n, func(i, j int) {
			rows[i], rows[j] = rows[j], rows[i]
		})
		batch := rapid.IntRange(1, 60).Draw(rt, "batch")
		var recs []arrow.Record
		for from := 0; from < n || from == 0; from += batch {
			typ := types[rapid.IntRange(0, len(types)-1).Draw(rt, "type")]
			part := build(typ, rows[:min(from+batch, n)])
			recs = append(recs, part.NewSlice(int64(from), part.NumRows()))
		}
		got, err := auditOf(cfg, recs...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			rt.Errorf("%v -want +got:\n%s", err, diff)
		}
	})
}

// A table longer than the block of rows that is counted at a time.
func TestCheckBlocks(t *testing.T) {
	const n = 50_001
	b := array.NewInt64Builder(memory.DefaultAllocator)
	for i := range int64(n) {
		b.Append(i % 7)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil)
	a, err := auditOf(kanon.CheckConfig{Quasi: []string{"a"}},
		array.NewRecord(schema, []arrow.Array{b.NewArray()}, n))
	if err != nil {
		t.Fatal(err)
	}
	// 50001 = 7·7143, so all classes are equal.
	if diff := cmp.Diff(sizes(7143, 7), a.Sizes); diff != "" {
		t.Error(diff)
	}
}

func TestCheckRefusals(t *testing.T) {
	one := []string{"a"}
	for name, c := range map[string]struct {
		cfg  kanon.CheckConfig
		want []string
	}{
		"zero": {kanon.CheckConfig{}, []string{"kanon: check: no quasi-identifier"}},
		"twice": {kanon.CheckConfig{Quasi: []string{"a", "a"}},
			[]string{`column "a": named twice`}},
		"unit":      {kanon.CheckConfig{Quasi: one, Unit: "a"}, []string{`column "a": named twice`}},
		"sensitive": {kanon.CheckConfig{Quasi: one, Sensitive: one}, []string{`named twice`}},
		"no name":   {kanon.CheckConfig{Quasi: []string{""}}, []string{"a column without a name"}},
		"no model": {kanon.CheckConfig{Quasi: one, Models: []kanon.Model{nil}},
			[]string{"model 1: no model"}},
		"k 1": {kanon.CheckConfig{Quasi: one, Models: []kanon.Model{kanon.KAnonymity{K: 1}}},
			[]string{"k is 1, want at least 2"}},
		"pointer": {kanon.CheckConfig{Quasi: one, Models: []kanon.Model{&kanon.KAnonymity{K: 5}}},
			[]string{"5-anonymity cannot be checked as a *kanon.KAnonymity"}},
		"several": {kanon.CheckConfig{Models: []kanon.Model{nil, kanon.KAnonymity{}}},
			[]string{"no quasi", "model 1", "model 2: k is 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auditOf(c.cfg)
			wantError(t, err, c.want...)
			r, _ := array.NewRecordReader(visitSchema(arrow.BinaryTypes.String), nil)
			_, err = kanon.Check(context.Background(), r, c.cfg)
			wantError(t, err, c.want...)
		})
	}
}

func TestCheckMissingColumns(t *testing.T) {
	rec := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String), visitRows)
	cfg := visitConfig()
	cfg.Quasi = []string{"age", "zipp"}
	cfg.Unit = "patient"
	_, err := auditOf(cfg, rec)
	wantError(t, err, `column "zipp": not in the table`, `column "patient": not in the table`)
	r, _ := array.NewRecordReader(rec.Schema(), nil)
	_, err = kanon.Check(context.Background(), r, cfg)
	wantError(t, err, `column "zipp": not in the table`)
}

// A column that cannot be compared is refused before a row is counted, and
// after an error there is no audit.
func TestCheckUnsupported(t *testing.T) {
	list := arrow.ListOf(arrow.PrimitiveTypes.Int8)
	nested := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: list}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: list}, {Name: "zip", Type: list}, {Name: "zip", Type: list},
		{Name: "diagnosis", Type: nested},
	}, nil)
	r, err := array.NewRecordReader(schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = kanon.Check(context.Background(), r, visitConfig())
	wantError(t, err, `column "age": type list<item: int8, nullable> is not supported`,
		`column "zip": 2 columns have this name`, `column "diagnosis": type list<`)

	c, err := kanon.NewChecker(visitConfig())
	if err != nil {
		t.Fatal(err)
	}
	lists := arrow.NewSchema([]arrow.Field{{Name: "age", Type: list}}, nil)
	first := c.Add(recordFromJSON(t, lists, `[]`))
	wantError(t, first, `column "age": type list`, `column "zip": not in`)
	good := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String), visitRows)
	if err := c.Add(good); err != first {
		t.Error(err)
	}
	if _, err := c.Audit(); err != first {
		t.Error(err)
	}
}

func TestCheckUnitNull(t *testing.T) {
	cfg := visitConfig()
	cfg.Unit = "who"
	rec := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String),
		strings.Replace(visitRows, `"who": "c"`, `"who": null`, 1))
	_, err := auditOf(cfg, rec)
	wantError(t, err, `kanon: check: column "who": null in 1 of 6 rows`)
}

// No error of a check shows a value.
func TestCheckShowsNoValue(t *testing.T) {
	rec := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String),
		`[{"age": "canary", "zip": "canary", "who": "canary", "diagnosis": "canary"}, {"who": null}]`)
	cfg := visitConfig()
	cfg.Unit = "who"
	_, unit := auditOf(cfg, rec)
	other := recordFromJSON(t, visitSchema(arrow.PrimitiveTypes.Int8), `[]`)
	_, kind := auditOf(visitConfig(), rec, other)
	for _, err := range []error{unit, kind} {
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Error(err)
		}
	}
}

func TestCheckReaders(t *testing.T) {
	rec := recordFromJSON(t, visitSchema(arrow.BinaryTypes.String), visitRows)
	r, err := array.NewRecordReader(rec.Schema(), []arrow.Record{rec, rec})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := kanon.Check(ctx, r, visitConfig()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	broken := errors.New("broken file")
	_, err = kanon.Check(context.Background(), endsWith{r, broken}, visitConfig())
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

// endsWith is a reader that ends with an error.
type endsWith struct {
	array.RecordReader
	err error
}

func (r endsWith) Next() bool { return false }
func (r endsWith) Err() error { return r.err }

// The checker keeps nothing of a record, neither memory nor bytes.
func TestCheckKeepsNothing(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	b := array.NewStringBuilder(mem)
	defer b.Release()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}}, nil)
	c, err := kanon.NewChecker(kanon.CheckConfig{Quasi: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.AppendValues([]string{"first", "other", "first"}, nil)
		a := b.NewArray()
		rec := array.NewRecord(schema, []arrow.Array{a}, 3)
		a.Release()
		if err := c.Add(rec); err != nil {
			t.Fatal(err)
		}
		// Whoever reuses the memory does not change what was counted.
		clear(rec.Column(0).Data().Buffers()[2].Bytes())
		rec.Release()
	}
	got, err := c.Audit()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sizes(3, 1, 6, 1), got.Sizes); diff != "" {
		t.Error(diff)
	}
}

func ExampleCheck() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "age", Type: arrow.BinaryTypes.String}, {Name: "zip", Type: arrow.BinaryTypes.String},
	}, nil)
	rec := array.NewRecord(schema, []arrow.Array{
		texts("30-39", "30-39", "40-49", "30-39", "40-49"),
		texts("537**", "537**", "537**", "537**", "537**"),
	}, 5)
	r, err := array.NewRecordReader(schema, []arrow.Record{rec})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Release()
	audit, err := kanon.Check(context.Background(), r, kanon.CheckConfig{
		Quasi:  []string{"age", "zip"},
		Models: []kanon.Model{kanon.KAnonymity{K: 2}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(audit)
	fmt.Println(audit.Holds)
	// Output:
	// 5 rows in 2 classes by age, zip
	// class sizes: 2 to 3 rows, 2.5 on average
	// 2-anonymity: holds, reached 2 of 2
	// true
}
