package dp

import (
	"math"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/apache/arrow/go/v15/arrow"
)

func TestNewReportsEveryMistake(t *testing.T) {
	_, err := New(Config{Total: Budget{Epsilon: -1, Delta: 1}, Unit: Unit{MaxGroups: -2}})
	want := strings.Join([]string{
		"dp: 5 mistakes",
		"total: epsilon is -1, want a positive finite number",
		"total: delta is 1, want it in [0, 1)",
		"unit: no column; name the one that identifies a person",
		"unit: max_rows is 0, want at least 1",
		"unit: max_groups is -2, want at least 1, or 0 for no limit",
	}, "\n\t")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Total: Budget{Epsilon: 1, Delta: 1e-6}, Unit: Unit{Column: "p", MaxRows: 1}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c *Config){
		"nothing":         func(c *Config) { *c = Config{} },
		"zero epsilon":    func(c *Config) { c.Total.Epsilon = 0 },
		"nan epsilon":     func(c *Config) { c.Total.Epsilon = math.NaN() },
		"inf epsilon":     func(c *Config) { c.Total.Epsilon = math.Inf(1) },
		"negative delta":  func(c *Config) { c.Total.Delta = -1e-9 },
		"delta of one":    func(c *Config) { c.Total.Delta = 1 },
		"nan delta":       func(c *Config) { c.Total.Delta = math.NaN() },
		"no column":       func(c *Config) { c.Unit.Column = "" },
		"no rows":         func(c *Config) { c.Unit.MaxRows = 0 },
		"negative groups": func(c *Config) { c.Unit.MaxGroups = -1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.HasPrefix(err.Error(), "dp: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewScanRefuses(t *testing.T) {
	twice := arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.BinaryTypes.String},
		{Name: "patient", Type: arrow.BinaryTypes.String},
	}, nil)
	nested := arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.ListOf(arrow.PrimitiveTypes.Int8)},
	}, nil)
	numbers := arrow.NewSchema([]arrow.Field{
		{Name: "patient", Type: arrow.PrimitiveTypes.Int64},
		{Name: "year", Type: arrow.PrimitiveTypes.Int32},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32},
		{Name: "lower", Type: arrow.BinaryTypes.String},
	}, nil)
	big := make([]string, 2000)
	for i := range big {
		big[i] = strings.Repeat("x", i)
	}
	year := func(keys ...string) Count {
		return Count{By: []string{"year"}, Keys: map[string][]string{"year": keys}, Epsilon: 1}
	}
	type embeds struct{ Count }
	for name, test := range map[string]struct {
		schema *arrow.Schema
		query  Query
		want   string
	}{
		"no schema": {nil, Count{Epsilon: 1}, "no schema"},
		"no unit": {arrow.NewSchema(nil, nil), Count{Epsilon: 1},
			`unit: column "patient" is not in`},
		"two units":   {twice, Count{Epsilon: 1}, `column "patient" is in the table 2 times`},
		"nested unit": {nested, Count{Epsilon: 1}, `column "patient": type list`},
		"nil":         {visitSchema, nil, "query 1: want a query of package dp"},
		"nil pointer": {visitSchema, (*Mean)(nil), "query 1: want a query of package dp"},
		"embedded": {visitSchema, embeds{Count{Epsilon: 1}},
			"query 1: want a query of package dp"},
		"zero count": {visitSchema, Count{}, `query "count": epsilon is 0`},
		"nan":        {visitSchema, Count{Epsilon: math.NaN()}, "epsilon is NaN"},
		"inf":        {visitSchema, Count{Epsilon: math.Inf(1)}, "epsilon is +Inf"},
		"tiny":       {visitSchema, meanBy(1e-12), "too small for exact noise"},
		"no column":  {visitSchema, Mean{Upper: 1, Epsilon: 1}, "no column"},
		"missing": {visitSchema, Mean{Column: "x", Upper: 1, Epsilon: 1},
			`column "x" is not in`},
		"text": {visitSchema, Mean{Column: "ward", Upper: 1, Epsilon: 1},
			"type utf8, want a number"},
		"no bounds": {visitSchema, Mean{Column: "days", Epsilon: 1}, "lower is 0 and upper 0"},
		"bounds": {visitSchema, Mean{Column: "days", Lower: 2, Upper: 1, Epsilon: 1},
			"lower is 2"},
		"nan bound": {visitSchema, Mean{Column: "days", Lower: math.NaN(), Upper: 1,
			Epsilon: 1}, "NaN"},
		"inf bound": {visitSchema, Mean{Column: "days", Upper: math.Inf(1), Epsilon: 1},
			"+Inf"},
		"far bounds": {visitSchema, Mean{Column: "days", Upper: 1e300, Epsilon: 1},
			"too far apart"},
		"close bounds": {visitSchema, Mean{Column: "days", Upper: 1e-300, Epsilon: 1},
			"too close"},
		"no keys": {visitSchema, Count{By: []string{"ward"}, Epsilon: 1},
			"would reveal who is there"},
		"empty keys": {numbers, year(), `the list for "year" is empty`},
		"key twice": {numbers, year("2019", "2019"),
			`entry 2 for "year": a value occurs twice`},
		"not canonical": {numbers, year("02019"),
			`entry 1 for "year": a value is not a canonical integer`},
		"no number": {numbers, year("2019", "secret"), `entry 2 for "year"`},
		"no date": {numbers, Count{By: []string{"day"},
			Keys:    map[string][]string{"day": {"1.2.2020"}},
			Epsilon: 1}, `entry 1 for "day": a value is not a canonical date`},
		"reserved": {numbers, Count{By: []string{"lower"},
			Keys:    map[string][]string{"lower": {"x"}},
			Epsilon: 1}, "column of the result already"},
		"by twice": {visitSchema, Count{By: []string{"ward", "ward"}, Keys: wards, Epsilon: 1},
			"twice"},
		"by empty": {visitSchema, Count{By: []string{""}, Epsilon: 1}, "by: entry 1 is empty"},
		"by missing": {visitSchema, Count{By: []string{"w"}, Keys: map[string][]string{"w": {"x"}},
			Epsilon: 1}, `column "w" is not in the table`},
		"keys of no column": {visitSchema, Count{Keys: wards, Epsilon: 1}, `"ward" is not in by`},
		"many groups": {visitSchema, Count{By: []string{"ward", "patient"},
			Keys: map[string][]string{"ward": big, "patient": big}, Epsilon: 1},
			"more than 1048576 groups"},
	} {
		s := session(t, Unit{Column: "patient", MaxRows: 4})
		_, err := s.NewScan(test.schema, test.query)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
			continue
		}
		if strings.Count(err.Error(), "dp: ") != 1 || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		if got := s.Spent(); got != (Budget{}) {
			t.Errorf("%s: cost %v", name, got)
		}
	}
	if _, err := session(t, Unit{Column: "patient", MaxRows: 1}).NewScan(visitSchema); err == nil {
		t.Error("a scan without queries")
	}
}

func TestNewScanReportsEveryMistake(t *testing.T) {
	s := session(t, Unit{Column: "person", MaxRows: 4})
	_, err := s.NewScan(visitSchema,
		Mean{Column: "days", Lower: 3, Upper: 1, By: []string{"ward"}}, Count{Epsilon: -1})
	want := strings.Join([]string{
		"dp: 4 mistakes",
		`unit: column "person" is not in the table`,
		`query "mean days by ward": lower is 3 and upper 1, want finite numbers, lower below upper`,
		`query "mean days by ward": epsilon is 0, want a positive finite number`,
		`query "count": epsilon is -1, want a positive finite number`,
	}, "\n\t")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// The caller's slices and maps are its own again after NewScan.
func TestNewScanCopies(t *testing.T) {
	keys := map[string][]string{"ward": {"ICU", "Surgery"}}
	q := &Count{By: []string{"ward"}, Keys: keys, Epsilon: exactly}
	scan := newScan(t, Unit{Column: "patient", MaxRows: 2}, q)
	keys["ward"][0], q.By[0], q.Epsilon = "Changed", "days", 1e-3
	delete(keys, "ward")
	add(t, scan, byHand...)
	rec := results(t, scan)[0]
	if got := texts(t, rec, "ward"); got[0] != "ICU" || ints(t, rec, "count")[0] != 2 {
		t.Errorf("%v", rec)
	}
}

// The form of a policy file.
func TestYAML(t *testing.T) {
	const text = `
by: [ward, year, day, insured]
keys: {ward: [ICU, "7"], year: [2019, 2020], day: [2020-02-29], insured: [true, false]}
column: stay_days
lower: 0
upper: 60
epsilon: 0.5
`
	var q Mean
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&q); err != nil {
		t.Fatal(err)
	}
	if err := q.ask(Unit{MaxRows: 1}).check(Unit{MaxRows: 1}); err != nil {
		t.Error(err)
	}
	if q.Keys["year"][0] != "2019" || q.Keys["day"][0] != "2020-02-29" ||
		q.Keys["insured"][1] != "false" {
		t.Errorf("keys %q", q.Keys)
	}
	if got := q.String(); got != "mean stay_days by ward, year, day, insured" {
		t.Errorf("text %q", got)
	}
	if got := strings.Join(q.Columns(), " "); got != "stay_days ward year day insured" {
		t.Errorf("columns %q", got)
	}
	var cfg Config
	if err := yaml.Unmarshal([]byte("budget: {epsilon: 1, delta: 1e-6}\n"+
		"unit: {column: patient_id, max_rows: 4, max_groups: 2}"), &cfg); err != nil {
		t.Fatal(err)
	}
	if cfg != (Config{Total: Budget{Epsilon: 1, Delta: 1e-6}, Unit: Unit{"patient_id", 4, 2}}) {
		t.Errorf("config %+v", cfg)
	}
}
