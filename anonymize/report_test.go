package anonymize

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// writers are the forms of a report by name.
func writers(r *Report) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"text": r.WriteText, "json": r.WriteJSON, "html": r.WriteHTML}
}

// The texts of a report are the only places in which a cell value could stand.
// Each is listed here with where it comes from; who adds one decides here that
// it cannot hold a value of the table.
func TestReportTextsAreKnown(t *testing.T) {
	want := map[string]string{
		".Title": "policy", ".Purpose": "policy", ".Lethe": "build", ".Created": "clock",
		".Digests.Policy": "hash", ".Digests.Plan": "hash", ".Digests.Input": "hash",
		".Digests.Output": "hash", ".Columns.Name": "schema", ".Columns.Role": "policy",
		".Columns.Actions": "policy", ".Anonymity.Quasi": "policy", ".Anonymity.Unit": "policy",
		".Anonymity.Recoding": "policy", ".Anonymity.Measure": "policy",
		".Anonymity.Search": "library", ".Anonymity.SuppressedAs": "policy",
		".Anonymity.Models.Model": "policy", ".Anonymity.Sensitive.Column": "policy",
		".Statistics.Unit": "policy", ".Statistics.Queries.Query": "policy",
		".Statistics.Queries.Mechanism": "library", ".Warnings": "library",
	}
	got := map[string]string{}
	eachText(reflect.ValueOf(sampleReport()), "", func(path string, _ reflect.Value) {
		got[path] = want[path]
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts of a report (-want +got):\n%s", diff)
	}
}

// What a column held reaches a report by its shares only: two columns of
// different values and equal shares give the same bytes.
func TestReportHoldsNoCellValue(t *testing.T) {
	const canary = "canary-4711-hiv-positive"
	shares := func(cells []string) []float64 {
		counts := map[string]int{}
		for _, c := range cells {
			counts[c]++
		}
		var shares []float64
		for _, n := range counts {
			shares = append(shares, float64(n)/float64(len(cells)))
		}
		return shares
	}
	reportOf := func(cells []string) *Report {
		r := sampleReport()
		r.Columns[6].setShares(shares(cells), shares(cells), false)
		return r
	}
	with := reportOf([]string{canary, canary, canary, "flu", "flu", "none"})
	without := reportOf([]string{"a", "b", "a", "c", "b", "a"})
	for name, write := range writers(with) {
		got := render(t, write)
		if strings.Contains(got, canary) || strings.Contains(got, "4711") {
			t.Errorf("%s: holds a cell value", name)
		}
		if want := render(t, writers(without)[name]); got != want {
			t.Errorf("%s: depends on the values: %s", name, cmp.Diff(want, got))
		}
	}
}

// Names and policies come from others: no text may steer a terminal or add a
// line of its own.
func TestReportTextIsPrintable(t *testing.T) {
	r := hostileReport("\x1b]0;owned\a\r\n\u202e\u2066\xff\x00 fake: 5-anonymity holds\n")
	r.Columns[8].Role = "\x1b[2J"
	for name, write := range writers(r) {
		got := render(t, write)
		if !utf8.ValidString(got) {
			t.Errorf("%s: is no UTF-8", name)
		}
		for _, c := range got {
			if c != '\n' && c != '\t' && c != '\u00a0' && !unicode.IsPrint(c) {
				if name == "json" && c > 127 {
					continue // JSON has the text as it is, escaped where it must be
				}
				t.Errorf("%s: holds %U", name, c)
				break
			}
		}
		if name == "text" && strings.Contains(got, "\n fake") {
			t.Errorf("text: a name added a line")
		}
	}
}

func TestWriteTextWidth(t *testing.T) {
	for name, r := range map[string]*Report{
		"sample": sampleReport(), "hostile": hostileReport(strings.Repeat("wide_name", 30)),
		"spaces": hostileReport("a b  c d   e f g h i j k l m n o p q r s t u v w x y z"), "empty": {},
	} {
		text, _, _ := strings.Cut(render(t, r.WriteText), "\nCheck again") // left whole to be copied
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > textWidth {
				t.Errorf("%s: %d characters: %s", name, n, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: space at the end of %q", name, line)
			}
		}
	}
}

func TestWriteJSONRoundTrip(t *testing.T) {
	want := sampleReport()
	var got Report
	if err := json.Unmarshal([]byte(render(t, want.WriteJSON)), &got); err != nil {
		t.Fatal(err)
	}
	// complete turns lists that are not there into empty ones.
	if diff := cmp.Diff(want.complete(), &got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWriteJSONHasNoNull(t *testing.T) {
	r := &Report{Columns: []ColumnReport{{Name: "a"}}, Anonymity: &AnonymityReport{},
		Statistics: &StatisticsReport{}}
	if got := render(t, r.WriteJSON); strings.Contains(got, "null") {
		t.Errorf("null in:\n%s", got)
	}
}

func TestWriteJSONRefusesNaN(t *testing.T) {
	r := sampleReport()
	r.Anonymity.Loss = math.NaN()
	err := r.WriteJSON(io.Discard)
	if err == nil || !strings.HasPrefix(err.Error(), "anonymize: report as JSON: ") {
		t.Errorf("got %v", err)
	}
}

// Rendering changes nothing in the report and can be done at the same time.
func TestReportIsNotChanged(t *testing.T) {
	r, want := hostileReport("\x1b"), hostileReport("\x1b")
	var wg sync.WaitGroup
	for range 4 {
		for name, write := range writers(r) {
			wg.Go(func() {
				if err := write(io.Discard); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	wg.Wait()
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestReportWriteErrors(t *testing.T) {
	full := errors.New("disk full")
	for name, write := range writers(sampleReport()) {
		if err := write(failingWriter{full}); !errors.Is(err, full) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Whatever the figures, the text and the page are written and no bar has a
// length that is no number.
func TestReportOfAnyFigures(t *testing.T) {
	figure := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
		math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, 1, 5e-324, math.MaxFloat64}))
	count := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 9))
	counts := rapid.SliceOfN(count, 0, 5)
	figures := rapid.SliceOfN(figure, 0, 5)
	rapid.Check(t, func(rt *rapid.T) {
		r := smallReport()
		c := &r.Columns[2]
		c.Before, c.After = figures.Draw(rt, "before"), figures.Draw(rt, "after")
		c.Loss, c.Values, c.Labels = figure.Draw(rt, "loss"), count.Draw(rt, "values"), 1
		c.Ordered = rapid.Bool().Draw(rt, "ordered")
		a := r.Anonymity
		a.Loss, a.Suppression = figure.Draw(rt, "loss"), figure.Draw(rt, "suppression")
		a.Models[0] = ModelReport{Model: "5-anonymity", Wanted: figure.Draw(rt, "wanted"),
			Reached: figure.Draw(rt, "reached"), Holds: true}
		a.After.Smallest = count.Draw(rt, "smallest")
		a.After.SizeFrom, a.After.Sizes, a.After.Members = counts.Draw(rt, "from"),
			counts.Draw(rt, "sizes"), counts.Draw(rt, "members")
		a.After.Risk = Risk{figure.Draw(rt, "p"), figure.Draw(rt, "j"), figure.Draw(rt, "m"),
			figure.Draw(rt, "r"), figure.Draw(rt, "t"), figure.Draw(rt, "u")}
		r.Statistics.Total.Epsilon = figure.Draw(rt, "total")
		r.Statistics.Spent.Epsilon = figure.Draw(rt, "spent")
		r.Statistics.Queries[0].Epsilon = figure.Draw(rt, "query")
		r.Rows.Output = count.Draw(rt, "output")
		if err := r.WriteText(io.Discard); err != nil {
			rt.Fatal(err)
		}
		var page strings.Builder
		if err := r.WriteHTML(&page); err != nil {
			rt.Fatal(err)
		}
		if wrong := noNumber.FindString(page.String()); wrong != "" {
			rt.Fatalf("%s in the page", wrong)
		}
	})
}

var noNumber = regexp.MustCompile(`NaN|\bInf\b|[vhM]-?\+?Inf`)

// smallReport is a small report that is made quickly.
func smallReport() *Report {
	a := &AnonymityReport{Quasi: []string{"age"}, Models: []ModelReport{{Model: "2-anonymity"}}}
	a.Before.addClasses(1, 4)
	a.After.addClasses(2, 2)
	return &Report{Columns: []ColumnReport{{Name: "id", Role: Identifier, Dropped: true},
		{Name: "ward", Role: Insensitive}, {Name: "age", Role: QuasiIdentifier, Levels: 3}},
		Anonymity: a, Statistics: &StatisticsReport{Queries: make([]QueryReport, 2)}}
}

func TestAddClasses(t *testing.T) {
	var c ClassReport
	for _, s := range [][2]int64{{3, 2}, {1, 5}, {0, 9}, {2, 0}, {-4, 1}, {8, 1}} {
		c.addClasses(s[0], s[1])
	}
	want := ClassReport{Classes: 8, Smallest: 1, Largest: 8, Mean: 19.0 / 8, // 5·1 + 2·3 + 1·8
		SizeFrom: []int64{1, 2, 4, 8}, Sizes: []int64{5, 2, 0, 1}, Members: []int64{5, 6, 0, 8}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !c.binned() {
		t.Error("bins are not what the plots want")
	}
}

func TestAddClassesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOf(rapid.Int64Range(1, 5000)).Draw(rt, "sizes")
		var one, other ClassReport
		for _, s := range sizes {
			one.addClasses(s, 1)
		}
		for _, s := range rapid.Permutation(sizes).Draw(rt, "permuted") {
			other.addClasses(s, 1)
		}
		if diff := cmp.Diff(one, other); diff != "" {
			rt.Fatalf("depends on the order:\n%s", diff)
		}
		if len(sizes) > 0 && (one.Smallest != slices.Min(sizes) || one.Largest != slices.Max(sizes)) {
			rt.Fatalf("from %d to %d", one.Smallest, one.Largest)
		}
	})
}

func TestSetShares(t *testing.T) {
	before, after := []float64{0.1, 0.6, 0.3}, []float64{0.25, 0.75}
	var c ColumnReport
	c.setShares(before, after, false)
	want := ColumnReport{Values: 3, Labels: 2,
		Before: []float64{0.6, 0.3, 0.1}, After: []float64{0.75, 0.25}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
	if !slices.Equal(before, []float64{0.1, 0.6, 0.3}) {
		t.Error("the caller's shares were changed")
	}
	c.setShares(before, after, true)
	want = ColumnReport{Values: 3, Labels: 2, Ordered: true, Before: before, After: after}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("ordered (-want +got):\n%s", diff)
	}
}

func TestSetSharesFoldsNeighbours(t *testing.T) {
	for n, bars := range map[int]int{0: 0, 1: 1, 60: 60, 61: 31, 120: 60, 121: 41, 6000: 60} {
		shares := make([]float64, n)
		for i := range shares {
			shares[i] = 1 / float64(n)
		}
		var c ColumnReport
		c.setShares(shares, nil, true)
		var sum float64
		for _, s := range c.Before {
			sum += s
			if s != math.Round(s*1e4)/1e4 {
				t.Errorf("%d values: %v has more than four digits", n, s)
			}
		}
		if len(c.Before) != bars || n > 0 && math.Abs(sum-1) > 0.01 || c.Values != int64(n) {
			t.Errorf("%d values: %d bars of %v in all, %d values", n, len(c.Before), sum, c.Values)
		}
	}
}
