package anonymize_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-go/lethe/anonymize"
	"github.com/lethe-go/lethe/anonymize/tableio"
	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/pseudonym"
)

// visits is a small table of n visits of about n/3 people. Every value of name
// and diagnosis begins with "canary", and so does nothing that is published.
func visits(n int) *array.TableReader {
	r := rand.New(rand.NewPCG(1, 2))
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "name", Type: arrow.BinaryTypes.String},
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "age", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "zip", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "admitted", Type: arrow.FixedWidthTypes.Date32},
		{Name: "diagnosis", Type: arrow.BinaryTypes.String},
		{Name: "days", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for range n {
		person := r.IntN(n/3 + 1)
		p := rand.New(rand.NewPCG(3, uint64(person)))
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("canary person %d", person))
		b.Field(1).(*array.Int64Builder).Append(int64(4_200_000 + person))
		if age := p.IntN(100); age == 99 {
			b.Field(2).AppendNull()
		} else {
			b.Field(2).(*array.Int64Builder).Append(int64(age))
		}
		if zip := p.IntN(40); zip == 0 {
			b.Field(3).AppendNull()
		} else {
			b.Field(3).(*array.StringBuilder).Append(fmt.Sprintf("0%04d", 1000+zip*zip))
		}
		b.Field(4).(*array.Date32Builder).Append(arrow.Date32(18000 + r.IntN(700)))
		b.Field(5).(*array.StringBuilder).Append(fmt.Sprintf("canary %d", r.IntN(9)))
		b.Field(6).(*array.Int64Builder).Append(int64(r.IntN(80)))
	}
	rec := b.NewRecord()
	defer rec.Release()
	table := array.NewTableFromRecords(schema, []arrow.Record{rec})
	defer table.Release()
	return array.NewTableReader(table, int64(max(n, 1)))
}

func visitsTable(n int) arrow.Table {
	r := visits(n)
	defer r.Release()
	var recs []arrow.Record
	for r.Next() {
		rec := r.Record()
		rec.Retain()
		recs = append(recs, rec)
	}
	t := array.NewTableFromRecords(r.Schema(), recs)
	for _, rec := range recs {
		rec.Release()
	}
	return t
}

const visitsPolicy = `
version: 1
columns:
  name: {role: identifier, drop: true}
  id: {role: identifier, pseudonym: {hmac: {}, domain: test}}
  age: {role: quasi, hierarchy: {intervals: {widths: [5, 10, 50], min: 0, max: 99}}}
  zip: {role: quasi, hierarchy: {prefix: {length: 5}}}
  admitted: {role: quasi, truncate: {to: month}, hierarchy: {dates: {periods: [quarter, year]}}}
  diagnosis: {role: sensitive, unprotected: a test}
  days: {role: insensitive, clamp: {max: 60}}
privacy:
  unit: id
  models: [{k_anonymity: {k: 3}}]
  max_suppression: 0.05
  recoding: global
`

// readPolicy writes a policy to a file, as a person has it, and reads it.
func readPolicy(t *testing.T, text string) *anonymize.Policy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := anonymize.ReadPolicy(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newKeys(t *testing.T) map[string]*pseudonym.Keyring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := pseudonym.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	ring, err := pseudonym.Open(t.Context(), pseudonym.KeyFile(path))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*pseudonym.Keyring{anonymize.MainKey: ring}
}

func newPipeline(
	t *testing.T, policy string, keys map[string]*pseudonym.Keyring,
) *anonymize.Pipeline {
	t.Helper()
	p, err := anonymize.New(anonymize.Config{Policy: readPolicy(t, policy), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rowsOf are the rows of a table as text, in order.
func rowsOf(t arrow.Table) []string {
	r := array.NewTableReader(t, 0)
	defer r.Release()
	var rows []string
	for r.Next() {
		rec := r.Record()
		for i := range int(rec.NumRows()) {
			var cells []string
			for c, col := range rec.Columns() {
				text := col.ValueStr(i)
				if d, ok := col.(*array.Dictionary); ok && d.IsValid(i) {
					text = d.Dictionary().ValueStr(d.GetValueIndex(i))
				}
				cells = append(cells, rec.ColumnName(c)+"="+text)
			}
			rows = append(rows, strings.Join(cells, " "))
		}
	}
	return rows
}

// runAll runs a pipeline into memory.
func runAll(
	t *testing.T, p *anonymize.Pipeline, src anonymize.Source, opts *anonymize.RunOptions,
) ([]string, *anonymize.Report) {
	t.Helper()
	dst := tableio.NewBuffer()
	defer dst.Release()
	report, err := p.Run(t.Context(), src, dst, opts)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(dst.Table()), report
}

func TestRun(t *testing.T) {
	table := visitsTable(3000)
	defer table.Release()
	src := tableio.FromTable(table)
	defer src.Release()
	rows, report := runAll(t, newPipeline(t, visitsPolicy, newKeys(t)), src, nil)
	if got := int64(len(rows)); got != report.Rows.Output || got == 0 {
		t.Errorf("%d rows, the report says %d", got, report.Rows.Output)
	}
	if r := report.Rows; r.Input != 3000 || r.Sampled != 3000 || r.Suppressed != 3000-r.Output ||
		r.Suppressed > 150 {
		t.Errorf("rows %+v", r)
	}
	// What a reader of the output finds by hand.
	people := map[string]map[string]bool{}
	for _, row := range rows {
		var class, id string
		for _, cell := range strings.Fields(row) {
			switch name, _, _ := strings.Cut(cell, "="); name {
			case "age", "zip", "admitted":
				class += cell + " "
			case "id":
				id = cell
			case "name":
				t.Fatal("a name was published")
			}
		}
		if people[class] == nil {
			people[class] = map[string]bool{}
		}
		people[class][id] = true
	}
	smallest := 1 << 30
	for _, ids := range people {
		smallest = min(smallest, len(ids))
	}
	a := report.Anonymity
	if smallest < 3 || int64(smallest) != a.After.Smallest || int64(len(people)) != a.After.Classes {
		t.Errorf("smallest class of %d classes has %d people, the report says %+v",
			len(people), smallest, a.After)
	}
	if !a.Models[0].Holds || a.Models[0].Reached != float64(smallest) || a.Before.Smallest != 1 {
		t.Errorf("%+v", a)
	}
	if report.Statistics != nil || len(report.Digests.Plan) != 64 || len(report.Digests.Policy) != 64 {
		t.Errorf("%+v", report.Digests)
	}
}

// TestInvariance: the plan is the same to the byte and the rows are the same in
// order for any number of workers, any batching, any format, and dictionary or
// plain columns.
func TestInvariance(t *testing.T) {
	keys := newKeys(t)
	p := newPipeline(t, visitsPolicy, keys)
	table := visitsTable(1500)
	defer table.Release()
	dir := t.TempDir()
	for _, name := range []string{"t.parquet", "t.csv", "t.arrow", "t.csv.zst"} {
		if err := tableio.WriteTable(t.Context(), filepath.Join(dir, name), table, nil); err != nil {
			t.Fatal(err)
		}
	}
	dictionaries := dictionaryTable(t, table)
	defer dictionaries.Release()
	sources := map[string]func(batch int) anonymize.Source{
		"memory":     func(int) anonymize.Source { return tableio.FromTable(table) },
		"dictionary": func(int) anonymize.Source { return tableio.FromTable(dictionaries) },
	}
	for _, name := range []string{"t.parquet", "t.csv", "t.arrow", "t.csv.zst"} {
		sources[name] = func(batch int) anonymize.Source {
			f, err := tableio.Open(filepath.Join(dir, name), &tableio.Options{BatchRows: batch,
				Types: map[string]arrow.DataType{"zip": arrow.BinaryTypes.String}})
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	var wantPlan []byte
	var wantRows []string
	for name, open := range sources {
		for _, batch := range []int{1, 1000, 1 << 20} {
			for _, workers := range []int{1, 2} {
				src := open(batch)
				plan, err := p.Fit(t.Context(), src)
				if err != nil {
					t.Fatal(err)
				}
				planJSON, err := json.Marshal(plan)
				if err != nil {
					t.Fatal(err)
				}
				rows, _ := runAll(t, p, src, &anonymize.RunOptions{Workers: workers})
				if wantPlan == nil {
					wantPlan, wantRows = planJSON, rows
				}
				if !bytes.Equal(planJSON, wantPlan) {
					t.Errorf("%s, batch %d, %d workers: another plan", name, batch, workers)
				}
				if !slices.Equal(rows, wantRows) {
					t.Errorf("%s, batch %d, %d workers: other rows: %s", name, batch, workers,
						cmp.Diff(wantRows[:3], rows[:3]))
				}
			}
		}
	}
}

// dictionaryTable is the table with its text columns encoded as dictionaries.
func dictionaryTable(t *testing.T, in arrow.Table) arrow.Table {
	t.Helper()
	var fields []arrow.Field
	var columns []arrow.Column
	for i := range int(in.NumCols()) {
		col, f := in.Column(i), in.Schema().Field(i)
		if f.Type.ID() != arrow.STRING {
			fields, columns = append(fields, f), append(columns, *col)
			continue
		}
		typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: f.Type}
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, typ).(*array.BinaryDictionaryBuilder)
		for _, chunk := range col.Data().Chunks() {
			for row := range chunk.Len() {
				if chunk.IsNull(row) {
					b.AppendNull()
				} else if err := b.AppendString(chunk.(*array.String).Value(row)); err != nil {
					t.Fatal(err)
				}
			}
		}
		a := b.NewArray()
		f.Type = typ
		fields = append(fields, f)
		columns = append(columns, *arrow.NewColumn(f, arrow.NewChunked(typ, []arrow.Array{a})))
	}
	return array.NewTable(arrow.NewSchema(fields, nil), columns, in.NumRows())
}

// TestHiddenUnit: people are counted by a column that is not published.
func TestHiddenUnit(t *testing.T) {
	policy := strings.Replace(visitsPolicy, "pseudonym: {hmac: {}, domain: test}", "drop: true", 1)
	table := visitsTable(3000)
	defer table.Release()
	rows, report := runAll(t, newPipeline(t, policy, nil), tableio.FromTable(table), nil)
	if strings.Contains(rows[0], "id=") {
		t.Error("the unit was published")
	}
	pseudonymized, want := runAll(t, newPipeline(t, visitsPolicy, newKeys(t)),
		tableio.FromTable(table), nil)
	if len(rows) != len(pseudonymized) {
		t.Errorf("%d rows, with pseudonyms %d", len(rows), len(pseudonymized))
	}
	if diff := cmp.Diff(want.Anonymity.After, report.Anonymity.After); diff != "" {
		t.Error(diff)
	}
	// A token ties the rows of a person together, and the report says what for.
	if report.Anonymity.Linked != nil {
		t.Error("nothing ties the rows together")
	}
	if l := want.Anonymity.Linked; l == nil || l.Unique < 0.5 {
		t.Errorf("%+v: most people have rows that only they have", l)
	}
}

func TestStatistics(t *testing.T) {
	policy := visitsPolicy + `
statistics:
  unit: {column: id, max_rows: 20}
  budget: {epsilon: 2e6}
  queries:
    - count: {epsilon: 1e6}
    - mean: {column: days, lower: 0, upper: 80, by: [diagnosis], keys: {diagnosis: [canary 1, canary 2]}, epsilon: 1e6}
`
	table := visitsTable(2000)
	defer table.Release()
	p := newPipeline(t, policy, newKeys(t))
	stats := tableio.NewBuffer()
	defer stats.Release()
	_, report := runAll(t, p, tableio.FromTable(table), &anonymize.RunOptions{Statistics: stats})
	rows := rowsOf(stats.Table())
	if len(rows) != 3 || !strings.HasPrefix(rows[0], "query=count diagnosis=(null) value=2000 ") ||
		!strings.HasPrefix(rows[1], "query=mean days by diagnosis diagnosis=canary 1 value=3") {
		t.Errorf("%q", rows)
	}
	s := report.Statistics
	if s.Spent.Epsilon != 2e6 || len(s.Queries) != 2 || s.Queries[1].Groups != 2 {
		t.Errorf("%+v", s)
	}

	mean := s.Queries[1]
	if mean.Mechanism != "discrete Laplace noise on the sums of the distances from both bounds" ||
		mean.NoiseScale == nil || mean.HalfWidth == nil || mean.NoiseScale.Most > mean.HalfWidth.Most {
		t.Errorf("%+v", mean)
	}

	// Statistics need a sink, and a sink needs statistics.
	dst := tableio.NewBuffer()
	_, err := p.Run(t.Context(), tableio.FromTable(table), dst, nil)
	wantError(t, err, "anonymize: the policy has statistics and there is no sink for them; "+
		"give RunOptions.Statistics")
	_, err = newPipeline(t, visitsPolicy, newKeys(t)).Run(t.Context(), tableio.FromTable(table),
		tableio.NewBuffer(), &anonymize.RunOptions{Statistics: tableio.NewBuffer()})
	wantError(t, err, "anonymize: a sink for statistics, but the policy has none")
}

// A budget for Gaussian noise alone takes no other query, and the report names what it
// promises.
func TestStatisticsOfGaussianNoise(t *testing.T) {
	policy := visitsPolicy + `
statistics:
  unit: {column: id, max_rows: 20}
  budget: {rho: 0.5, gaussian: true}
  queries: [{count: {rho: 0.25}}]
`
	table := visitsTable(300)
	defer table.Release()
	stats := tableio.NewBuffer()
	defer stats.Release()
	_, report := runAll(t, newPipeline(t, policy, newKeys(t)), tableio.FromTable(table),
		&anonymize.RunOptions{Statistics: stats})
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(text.String()), " ")
	if s := report.Statistics; !s.Total.Gaussian || !s.Spent.Gaussian || s.Spent.Rho != 0.25 ||
		!strings.Contains(said, "Gaussian differential privacy") {
		t.Errorf("%+v in %s", s, said)
	}
	path := filepath.Join(t.TempDir(), "policy.yaml")
	laplace := strings.Replace(policy, "rho: 0.25", "epsilon: 0.1", 1)
	if err := os.WriteFile(path, []byte(laplace), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := anonymize.ReadPolicy(path)
	if err == nil || !strings.Contains(err.Error(), "not known to be Gaussian noise") {
		t.Errorf("Laplace noise: %v", err)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestRefusals are those of New that need more than the policy.
func TestRefusals(t *testing.T) {
	_, err := anonymize.New(anonymize.Config{})
	wantError(t, err, "anonymize: no policy")
	_, err = anonymize.New(anonymize.Config{Policy: readPolicy(t, visitsPolicy)})
	wantError(t, err, `anonymize: policy policy.yaml: line 5: no key "main" was given`)

	// No query after a step that was fitted to the data.
	table := visitsTable(300)
	defer table.Release()
	fitted, err := newPipeline(t, visitsPolicy, newKeys(t)).Fit(t.Context(), tableio.FromTable(table))
	if err != nil {
		t.Fatal(err)
	}
	policy := anonymize.Policy{
		Version: 1,
		Columns: map[string]anonymize.Column{
			"id":  {Role: anonymize.Identifier, Drop: true},
			"age": {Role: anonymize.Insensitive},
		},
		Statistics: &anonymize.Statistics{
			Unit:    dp.Unit{Column: "id", MaxRows: 1},
			Budget:  dp.Budget{Epsilon: 1},
			Queries: []anonymize.Query{{Count: &dp.Count{Epsilon: 1}}},
		},
	}
	_, err = anonymize.New(anonymize.Config{
		Policy: &policy, Steps: []anonymize.Transformer{fitted.Anonymity}})
	wantError(t, err, "anonymize: policy: statistics after a fitted step: step 0 is a plan fitted to "+
		"the data, so removing one person can change every row and no noise added after it protects "+
		"anybody; take the statistics before it")
	policy.Statistics = nil
	if _, err = anonymize.New(anonymize.Config{
		Policy: &policy, Steps: []anonymize.Transformer{fitted.Anonymity}}); err != nil {
		t.Error(err)
	}
}

// TestInputAndPolicyDiffer: each has exactly the columns of the other.
func TestInputAndPolicyDiffer(t *testing.T) {
	table := visitsTable(10)
	defer table.Release()
	policy := strings.Replace(visitsPolicy, "  days:", "  stay:", 1)
	_, err := newPipeline(t, policy, newKeys(t)).Fit(t.Context(), tableio.FromTable(table))
	wantError(t, err, "anonymize: policy policy.yaml: 2 mistakes\n"+
		"\tline 3: column \"days\" of the input is not in the policy; give it a role\n"+
		"\tline 10: column \"stay\" is not in the input")
	if errors.Is(err, anonymize.ErrUnsatisfied) {
		t.Error("a wrong policy is not the data's fault")
	}
}

// TestFailedCheck: a plan applied to rows it was not fitted to leaves classes
// too small; the check sees it, and nothing is committed.
func TestFailedCheck(t *testing.T) {
	all, few := visitsTable(3000), visitsTable(3000)
	defer all.Release()
	defer few.Release()
	p := newPipeline(t, visitsPolicy, newKeys(t))
	plan, err := p.Fit(t.Context(), tableio.FromTable(all))
	if err != nil {
		t.Fatal(err)
	}
	part := array.NewTableReader(few, 50)
	defer part.Release()
	part.Next()
	src, err := tableio.FromRecords(few.Schema(), part.Record())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	dst, err := tableio.Create(filepath.Join(dir, "safe.parquet"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Run(t.Context(), src, dst, &anonymize.RunOptions{Plan: plan})
	if !errors.Is(err, anonymize.ErrUnsatisfied) ||
		!strings.HasPrefix(err.Error(), "anonymize: the check of the result failed: 3-anonymity") {
		t.Errorf("%v", err)
	}
	wantEmpty(t, dir)
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// TestOtherPolicysPlan: a plan belongs to its policy.
func TestOtherPolicysPlan(t *testing.T) {
	table := visitsTable(300)
	defer table.Release()
	keys := newKeys(t)
	plan, err := newPipeline(t, visitsPolicy, keys).Fit(t.Context(), tableio.FromTable(table))
	if err != nil {
		t.Fatal(err)
	}
	other := newPipeline(t, strings.Replace(visitsPolicy, "k: 3", "k: 4", 1), keys)
	_, err = other.Run(t.Context(), tableio.FromTable(table), tableio.NewBuffer(),
		&anonymize.RunOptions{Plan: plan})
	wantError(t, err, "anonymize: plan: it was fitted under another policy; fit it again")
}

func TestMinimize(t *testing.T) {
	policy := visitsPolicy + `
minimize:
  keep_only: [id, age, days]
  retain: {column: admitted, from: 2020-01-01}
  sample: {column: id, fraction: 0.5, domain: test}
`
	table := visitsTable(3000)
	defer table.Release()
	p := newPipeline(t, policy, newKeys(t))
	rows, report := runAll(t, p, tableio.FromTable(table), nil)
	if fields := strings.Fields(rows[0]); len(fields) != 3 {
		t.Errorf("%q", rows[0])
	}
	r := report.Rows
	if r.Retained >= r.Input || r.Retained < r.Input/4 ||
		r.Sampled >= r.Retained*3/5 || r.Sampled <= r.Retained*2/5 {
		t.Errorf("%+v", r)
	}
	people := func(rows []string) map[string]bool {
		ids := map[string]bool{}
		for _, row := range rows {
			ids[strings.Fields(row)[0]] = true
		}
		return ids
	}
	if n := len(people(rows)); n < 300 || n > 600 {
		t.Errorf("%d of about 1,000 people are left, want about half", n)
	}
}

// TestSortedInput: the order of the rows is part of what is published.
func TestSortedInput(t *testing.T) {
	table := visitsTable(1000)
	defer table.Release()
	warned := func(src anonymize.Source) bool {
		_, report := runAll(t, newPipeline(t, visitsPolicy, newKeys(t)), src, nil)
		return strings.Contains(strings.Join(report.Warnings, "\n"), `sorted by "admitted"`)
	}
	if warned(tableio.FromTable(table)) {
		t.Error("a warning for rows in no order")
	}
	r := array.NewTableReader(table, 0)
	defer r.Release()
	r.Next()
	rec := r.Record()
	days := slices.Clone(rec.Column(4).(*array.Date32).Date32Values())
	slices.Sort(days)
	b := array.NewDate32Builder(memory.DefaultAllocator)
	b.AppendValues(days, nil)
	columns := slices.Clone(rec.Columns())
	columns[4] = b.NewArray()
	sorted := array.NewRecord(rec.Schema(), columns, rec.NumRows())
	var parts []arrow.Record
	for from := int64(0); from < sorted.NumRows(); from += 100 {
		parts = append(parts, sorted.NewSlice(from, from+100))
	}
	src, err := tableio.FromRecords(sorted.Schema(), parts...)
	if err != nil {
		t.Fatal(err)
	}
	if !warned(src) {
		t.Error("no warning for rows in the order of a generalized date")
	}
}

// TestEmptyTable: no rows in, no rows out, and a report.
func TestEmptyTable(t *testing.T) {
	table := visitsTable(0)
	defer table.Release()
	rows, report := runAll(t, newPipeline(t, visitsPolicy, newKeys(t)), tableio.FromTable(table), nil)
	if len(rows) != 0 || report.Rows.Output != 0 || report.Anonymity == nil {
		t.Errorf("%d rows, %+v", len(rows), report.Rows)
	}
}

// TestNoQuasi: minimization and pseudonyms alone.
func TestNoQuasi(t *testing.T) {
	policy := `
version: 1
columns:
  name: {role: identifier, drop: true}
  id: {role: identifier, pseudonym: {hmac: {format: hex}, domain: test}}
  age: {role: insensitive, round: {to: 10}}
  zip: {role: insensitive, mask: {keep_first: 2}}
  admitted: {role: insensitive, truncate: {to: year}}
  diagnosis: {role: sensitive, drop: true}
  days: {role: insensitive, clamp: {max: 30, above: "30+"}}
`
	table := visitsTable(100)
	defer table.Release()
	rows, report := runAll(t, newPipeline(t, policy, newKeys(t)), tableio.FromTable(table), nil)
	if len(rows) != 100 || report.Anonymity != nil {
		t.Errorf("%d rows, %+v", len(rows), report.Anonymity)
	}
	joined := strings.Join(rows, "\n")
	for _, want := range []string{"admitted=2019-01-01", "zip=01***", "days=30+", "age=10"} {
		if !strings.Contains(joined, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestCanary: no value of the data is in a report, nor in any error.
func TestCanary(t *testing.T) {
	table := visitsTable(2000)
	defer table.Release()
	p := newPipeline(t, visitsPolicy, newKeys(t))
	_, report := runAll(t, p, tableio.FromTable(table), nil)
	var text bytes.Buffer
	for _, write := range []func() error{
		func() error { return report.WriteText(&text) },
		func() error { return report.WriteJSON(&text) },
		func() error { return report.WriteHTML(&text) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	wantNoCanary(t, text.String())

	for _, change := range [][2]string{
		{"{prefix: {length: 5}}", "{prefix: {length: 4}}"},                 // longer zips
		{"min: 0, max: 99", "min: 0, max: 20"},                             // ages out of range
		{"k: 3", "k: 5000"},                                                // nobody hides among so many
		{"{prefix: {length: 5}}", `{order: {values: ["00000", "99999"]}}`}, // unknown values
		{"unit: id", "unit: name"},
		{"days: {role: insensitive, clamp: {max: 60}}", "days: {role: insensitive, mask: {keep_first: 1}}"},
		{"diagnosis: {role: sensitive, unprotected: a test}",
			"diagnosis: {role: quasi, hierarchy: {intervals: {widths: [1], min: 0, max: 9}}}"},
	} {
		policy := strings.Replace(visitsPolicy, change[0], change[1], 1)
		if policy == visitsPolicy {
			t.Fatalf("%q is not in the policy", change[0])
		}
		p := newPipeline(t, policy, newKeys(t))
		_, err := p.Run(t.Context(), tableio.FromTable(table), tableio.NewBuffer(), nil)
		if err != nil {
			wantNoCanary(t, err.Error())
		} else if change[1] != "unit: name" {
			t.Errorf("%s: no error", change[1])
		}
	}
}

func wantNoCanary(t *testing.T, text string) {
	t.Helper()
	for _, canary := range []string{"canary", "42000", "42001", "42002", "01001", "02000", "2019-"} {
		if i := strings.Index(text, canary); i >= 0 {
			t.Errorf("%q is in %q", canary, text[max(0, i-40):min(len(text), i+40)])
		}
	}
}

// TestReviewRefuses: a report that its reader does not like is not followed by a
// release.
func TestReviewRefuses(t *testing.T) {
	table := visitsTable(300)
	defer table.Release()
	dir := t.TempDir()
	dst, err := tableio.Create(filepath.Join(dir, "safe.parquet"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newPipeline(t, visitsPolicy, newKeys(t)).Run(t.Context(), tableio.FromTable(table), dst,
		&anonymize.RunOptions{Review: func(*anonymize.Report) error { return errFault }})
	if !errors.Is(err, errFault) {
		t.Errorf("%v, want the reviewer's error", err)
	}
	wantEmpty(t, dir)
}

// TestCustomHierarchy: Go code brings a hierarchy of its own.
func TestCustomHierarchy(t *testing.T) {
	policy := readPolicy(t, visitsPolicy)
	age := policy.Columns["age"]
	age.Hierarchy = &anonymize.Hierarchy{Custom: kanon.HierarchyFunc(1, nil2top)}
	policy.Columns["age"] = age
	p, err := anonymize.New(anonymize.Config{Policy: policy, Keys: newKeys(t)})
	if err != nil {
		t.Fatal(err)
	}
	table := visitsTable(1000)
	defer table.Release()
	_, report := runAll(t, p, tableio.FromTable(table), nil)
	for _, c := range report.Columns {
		if c.Name == "age" && c.Levels != 1 {
			t.Errorf("%+v", c)
		}
	}
}

// nil2top is never called: a hierarchy of one level has only the top.
func nil2top(arrow.Array, int) (arrow.Array, error) { return nil, errors.New("called") }

// Every query of package dp can be in a policy, and all results are in one table.
func TestEveryStatistic(t *testing.T) {
	policy := visitsPolicy + `
statistics:
  unit: {column: id, max_rows: 20, max_groups: 9}
  budget: {epsilon: 1e9, delta: 0.5}
  queries:
    - groups: {by: [diagnosis], rule: truncated_geometric, epsilon: 20, delta: 1e-3}
    - people: {by: [diagnosis], epsilon: 1e6}
    - sum: {column: days, lower: 0, upper: 80, epsilon: 1e6}
    - mean: {column: days, bounds_share: 0.1, epsilon: 1e6}
    - variance: {column: days, lower: 0, upper: 80, epsilon: 1e6}
    - deviation: {column: days, lower: 0, upper: 80, epsilon: 1e6}
    - covariance: {x: {column: days, lower: 0, upper: 80}, y: {column: days, lower: 0, upper: 90}, epsilon: 1e6}
    - correlation: {x: {column: days, lower: 0, upper: 80}, y: {column: days, lower: 0, upper: 90}, epsilon: 1e6}
    - quantiles: {column: days, lower: 0, upper: 80, ranks: [0.25, 0.5], epsilon: 1e6}
    - histogram: {column: days, edges: [0, 10, 20, 80], epsilon: 1e6}
    - top: {column: diagnosis, k: 2, epsilon: 1e6}
    - count: {epsilon: 8, delta: 1e-3}
`
	table := visitsTable(2000)
	defer table.Release()
	p := newPipeline(t, policy, newKeys(t))
	stats := tableio.NewBuffer()
	defer stats.Release()
	_, report := runAll(t, p, tableio.FromTable(table), &anonymize.RunOptions{Statistics: stats})
	rows := rowsOf(stats.Table())
	groups := report.Statistics.Queries[0].Groups
	if groups < 2 || len(rows) != 2*groups+6+2+3+2+1 {
		t.Fatalf("%d groups, %d rows:\n%s", groups, len(rows), strings.Join(rows, "\n"))
	}
	for i, want := range []string{
		"query=groups by diagnosis diagnosis=canary",
		"query=correlation days, days diagnosis=(null) rank=(null)",
		"query=quantiles days diagnosis=(null) rank=0.5",
		"bin_lower=10 bin_upper=20 ",
		"place=2 value=",
	} {
		if !slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, want) }) {
			t.Errorf("%d: no row has %q:\n%s", i, want, strings.Join(rows, "\n"))
		}
	}
}
