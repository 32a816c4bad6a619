package anonymize

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormatCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1458: "1,458", -1088: "-1,088",
		-999: "-999", 1_000_000: "1,000,000", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := formatCount(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

func TestFormatShare(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want string
	}{
		{0, "0 %"}, {1, "100 %"}, {0.048, "4.8 %"}, {0.00001, "< 0.1 %"}, {0.99999, "> 99.9 %"},
		{0.001, "0.1 %"}, {0.999, "99.9 %"}, {0.5, "50.0 %"}, {1.25, "125.0 %"}, {-0.1, "-10.0 %"},
		{math.NaN(), "unknown"}, {math.Inf(1), "unknown"},
		{math.MaxFloat64, "unknown"},
	} {
		if got := strings.ReplaceAll(formatShare(c.x), nbsp, " "); got != c.want {
			t.Errorf("%v: got %s, want %s", c.x, got, c.want)
		}
	}
}

func TestFormatChance(t *testing.T) {
	for _, c := range []struct {
		p    float64
		want string
	}{
		{0.2, "1 in 5"}, {1, "1 in 1"}, {1.0 / 3, "1 in 3"}, {1.0 / 49, "1 in 49"}, {0, "none"},
		{0.3, "1 in 3.3"}, {2.0 / 3, "1 in 1.5"}, {1 / 1234.9, "1 in 1,234"}, {1.5, "1 in 1"},
		{0.0526, "1 in 19.0"}, // 19.011: never a smaller risk than there is
		{0.9999, "1 in 1.0"}, {math.NaN(), "unknown"}, {-0.1, "unknown"},
		{5e-324, "below 1 in 10^18"},
	} {
		if got := strings.ReplaceAll(formatChance(c.p), nbsp, " "); got != c.want {
			t.Errorf("%v: got %s, want %s", c.p, got, c.want)
		}
	}
}

func TestFormatFigure(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want string
	}{
		{5, "5"}, {0, "0"}, {0.25, "0.25"}, {0.30000000000000004, "0.3"}, {1e-6, "1e-6"},
		{5e-7, "5e-7"}, {0.0005, "5e-4"}, {1.25e-12, "1.25e-12"}, {3.14159, "3.1416"}, {-2, "-2"},
		{12_000, "12,000"}, {math.MaxFloat64, "1.8e+308"}, {math.Inf(1), "unlimited"},
		{math.Inf(-1), "unknown"}, {math.NaN(), "unknown"},
	} {
		if got := formatFigure(c.x); got != c.want {
			t.Errorf("%v: got %s, want %s", c.x, got, c.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"zip code": "zip code", "größe": "größe", "年齢": "年齢", "a\x1b[31mb": `a\x1b[31mb`,
		"a\u202eb": `a\u202eb`, "a\nb": `a\nb`, "a\xffb": `a\xffb`, "a\u00a0b": `a\u00a0b`,
		"a\uFFFDb": "a\uFFFDb",
	} {
		if got := printable(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestWrapWords(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 20, []string{""}},
		{"one  two ", 20, []string{"one two"}},
		{"aaaaaaaaaa bbbbbbbbb cc", 20, []string{"aaaaaaaaaa bbbbbbbbb", "cc"}},
		{"aa " + strings.Repeat("ü", 45) + " b", 20, []string{"aa", strings.Repeat("ü", 20),
			strings.Repeat("ü", 20), "üüüüü b"}},
		{"ends at any width", -3, []string{"ends at any", "width"}},
	} {
		if diff := cmp.Diff(c.want, wrapWords(c.text, c.width)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestVerdict(t *testing.T) {
	empty := smallReport()
	empty.Anonymity.Models[0].Holds = true
	two := smallReport()
	two.Rows.Output = 4
	two.Anonymity.Before.Risk.ProsecutorHighest, two.Anonymity.After.Risk.ProsecutorHighest = 1, 0.5
	two.Anonymity.Models = []ModelReport{{Model: "2-anonymity", Holds: true},
		{Model: "m", Holds: true}}
	fails := smallReport()
	fails.Anonymity.Models = []ModelReport{{Model: "2-anonymity"},
		{Model: "m", Holds: true}, {Model: "n"}}
	lies := smallReport()
	lies.Anonymity.Models[0] = ModelReport{Model: "3-anonymity", Wanted: 3, Reached: 3, Holds: true}
	none := smallReport()
	none.Anonymity.Models = nil
	for name, c := range map[string]struct {
		r               *Report
		state, sentence string
	}{
		"nothing asked": {&Report{}, "unchecked", "No privacy model was asked for"},
		"no models":     {none, "unchecked", "No privacy model was asked for"},
		"lies":          {lies, "fails", "contradicts itself: a class of 2 cannot be 3-anonymous"},
		"no rows":       {empty, "holds", "has no rows"},
		"holds": {two, "holds", "Every privacy model holds on the 4 rows written; the highest " +
			"risk that somebody is singled out went from 1 in 1 to 1 in 2."},
		"fails": {fails, "fails", "2-anonymity, n do not hold on this table (2 of 3 privacy models)."},
	} {
		got := c.r.verdict()
		sentence := strings.ReplaceAll(got.Sentence, nbsp, " ")
		if got.State != c.state || !strings.Contains(sentence, c.sentence) {
			t.Errorf("%s: got %s: %s", name, got.State, sentence)
		}
		if n := strings.Count(got.Sentence, ". ") + 1; n != 1 {
			t.Errorf("%s: %d sentences", name, n)
		}
	}
}

// Each caveat is there exactly when it concerns the release.
func TestCaveats(t *testing.T) {
	has := func(r *Report, part string) bool {
		for _, c := range r.caveats() {
			if strings.Contains(c.Head+" "+c.Text, part) {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		part   string
		change func(*Report)
		want   bool
	}{
		{"Rows were counted, not people", nil, true},
		{"Rows were counted, not people", func(r *Report) { r.Anonymity.Unit = "id" }, false},
		{"What all in a class share", nil, true},
		{"Another release", nil, true},
		{"these columns and no others: age", nil, true},
		{"Written but not counted: ward.", nil, true},
		{"Written but not counted", func(r *Report) { r.Columns[1].Dropped = true }, false},
		{"Pseudonyms", nil, false},
		{"Pseudonyms", func(r *Report) { r.Columns[0].Dropped = false }, true},
		{"Pseudonyms", func(r *Report) { r.Anonymity, r.Columns[0].Dropped = nil, false }, true},
		{"statement of their own", nil, true},
		{"statement of their own", func(r *Report) { r.Statistics = nil }, false},
		{"nothing was generalized", nil, false},
		{"nothing was generalized", func(r *Report) { r.Anonymity = nil }, true},
		{"exact counts", func(r *Report) { *r = Report{} }, true},
		{"all have the same value", nil, false},
		{"In hiv there is a class whose members all have the same value", func(r *Report) {
			r.Anonymity.Sensitive = []SensitiveReport{{"hiv", 1}}
		}, true},
		{"In hiv each class has at least 2 different values", func(r *Report) {
			r.Anonymity.Sensitive = []SensitiveReport{{"hiv", 2}}
		}, true},
		{"In hiv", func(r *Report) { r.Anonymity.Sensitive = []SensitiveReport{{"hiv", 0}} }, false},
	} {
		r := smallReport()
		if c.change != nil {
			c.change(r)
		}
		if got := has(r, c.part); got != c.want {
			t.Errorf("%q: got %v, want %v", c.part, got, c.want)
		}
	}
}

func TestWantedK(t *testing.T) {
	for name, c := range map[string]struct {
		models []ModelReport
		want   int64
	}{
		"none": {nil, 0},
		"one":  {[]ModelReport{{Model: "5-anonymity", Wanted: 5}}, 5},
		"most": {[]ModelReport{{Model: "5-anonymity", Wanted: 5},
			{Model: "11-anonymity", Wanted: 11}}, 11},
		"another": {[]ModelReport{{Model: "3-diversity of a", Wanted: 3}}, 0},
		"lies":    {[]ModelReport{{Model: "5-anonymity", Wanted: 2}}, 0},
		"NaN":     {[]ModelReport{{Model: "5-anonymity", Wanted: math.NaN()}}, 0},
	} {
		if got := (&AnonymityReport{Models: c.models}).wantedK(); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestCheckCommand(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   string
	}{
		"plain": {func(*Report) {}, "lethe check --in OUTPUT --quasi age --unit id --k 2"},
		"dropped": {func(r *Report) { r.Columns[0].Dropped = true },
			"lethe check --in OUTPUT --quasi age --k 2"},
		"quoted": {func(r *Report) { r.Anonymity.Quasi = []string{"a,b", "c'; rm -rf ~"} },
			`lethe check --in OUTPUT --quasi '"a,b",c'\''; rm -rf ~' --unit id --k 2`},
		"option": {func(r *Report) { r.Anonymity.Quasi = []string{"--in"} },
			`lethe check --in OUTPUT --quasi '--in' --unit id --k 2`},
		"sensitive": {func(r *Report) { r.Anonymity.Sensitive = []SensitiveReport{{"d", 2}} },
			"lethe check --in OUTPUT --quasi age --sensitive d --unit id --k 2"},
		"bounds": {func(r *Report) { r.Anonymity.Written = []string{"age_lower", "age_upper"} },
			"lethe check --in OUTPUT --quasi age_lower,age_upper --unit id --k 2"},
		"hidden":    {func(r *Report) { r.Anonymity.Quasi = []string{"a\x1bb"} }, ""},
		"newline":   {func(r *Report) { r.Anonymity.Unit = "a\nb" }, ""},
		"no quasi":  {func(r *Report) { r.Anonymity.Quasi = nil }, ""},
		"no models": {func(r *Report) { r.Anonymity = nil }, ""},
	} {
		r := smallReport()
		r.Columns[0].Dropped = false
		r.Anonymity.Unit, r.Anonymity.Models[0].Wanted = "id", 2
		c.change(r)
		if got := strings.Join(r.checkCommand(), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestReportTellsTheSearch(t *testing.T) {
	bound := 0.125
	for want, change := range map[string]func(a *AnonymityReport){
		"search best_effort, no plan loses less than 12.5 %": func(a *AnonymityReport) {
			a.Search, a.Bound = "best_effort", &bound
		},
		"search sweep, not proved to lose least": func(a *AnonymityReport) {
			a.Search, a.Recoding = "sweep", "local"
		},
		"search split, then classes rebuilt 2,000 times from seed 7, not proved to lose least": func(
			a *AnonymityReport,
		) {
			a.Search, a.Recoding, a.Iterations, a.Seed = "split", "local", 2000, 7
		},
	} {
		r := smallReport()
		change(r.Anonymity)
		var text, page strings.Builder
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{"text": text.String(), "page": page.String()} {
			got = strings.ToLower(strings.Join(strings.Fields(got), " "))
			if got = strings.ReplaceAll(got, "search: ", "search "); !strings.Contains(got, want) {
				t.Errorf("the %s lacks %q:\n%s", name, want, got)
			}
		}
	}
}
