package anonymize

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBars(t *testing.T) {
	var b bars
	b.add(1, 100, 10, 50, 0.5)
	b.add(20, 100, 10, 50, 1e-9) // seen all the same
	b.add(30, 100, 10, 50, 0)
	b.add(40, 100, 10, 50, math.NaN())
	b.add(50, 100, 10, 50, 7) // cut
	want := "M1 100v-25h10v25zM20 100v-0.75h10v0.75zM50 100v-50h10v50z"
	if got := b.path.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestClassBins(t *testing.T) {
	var a AnonymityReport
	a.Before.addClasses(1, 3)
	a.Before.addClasses(2, 1)
	a.After.addClasses(5, 1)
	want := []classBin{
		{From: 1, To: 1, Before: binned{3, 0.6}},
		{From: 2, To: 3, Before: binned{1, 0.4}},
		{From: 4, To: 7, After: binned{1, 1}},
	}
	got := a.classBins()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[0].Label() != "1" || got[2].Label() != "4–7" {
		t.Errorf("labels %s and %s", got[0].Label(), got[2].Label())
	}
}

// Bins that are not as promised are not drawn, rather than drawn wrongly.
func TestClassBinsRefuse(t *testing.T) {
	for name, c := range map[string]ClassReport{
		"no members":    {SizeFrom: []int64{1}, Sizes: []int64{1}},
		"not from 1":    {SizeFrom: []int64{2}, Sizes: []int64{1}, Members: []int64{2}},
		"gap":           {SizeFrom: []int64{1, 4}, Sizes: []int64{1, 1}, Members: []int64{1, 4}},
		"no power":      {SizeFrom: []int64{1, 3}, Sizes: []int64{1, 1}, Members: []int64{1, 3}},
		"negative":      {SizeFrom: []int64{1}, Sizes: []int64{-1}, Members: []int64{1}},
		"less than one": {SizeFrom: []int64{0}, Sizes: []int64{1}, Members: []int64{1}},
	} {
		var good ClassReport
		good.addClasses(3, 1)
		if bins := (&AnonymityReport{Before: c, After: good}).classBins(); bins != nil {
			t.Errorf("%s: before drawn: %v", name, bins)
		}
		if bins := (&AnonymityReport{Before: good, After: c}).classBins(); bins != nil {
			t.Errorf("%s: after drawn: %v", name, bins)
		}
	}
}

// The rule at k stands where k is on the scale of the bars: at 4 it is at the
// left of the bar from 4 on, and no bar of an anonymous table is left of it.
func TestHistogramLimit(t *testing.T) {
	a := &AnonymityReport{Models: []ModelReport{{Model: "4-anonymity", Wanted: 4}}}
	a.Before.addClasses(1, 1)
	a.After.addClasses(15, 1) // four bins
	p := a.histogram(a.classBins(), true)
	limit := p.Lines[len(p.Lines)-1]
	want := histogramLeft + (histogramWidth-histogramLeft)*0.5
	if limit.Class != "limit" || limit.X1 != want {
		t.Errorf("limit %v, want at %v", limit, want)
	}
	if strings.Count(p.Paths[0].Data, "M") != 1 {
		t.Errorf("bars %s, want one", p.Paths[0].Data)
	}
}

func TestHistogramsShareTheirScale(t *testing.T) {
	a := sampleReport().Anonymity
	bins := a.classBins()
	before, after := a.histogram(bins, false), a.histogram(bins, true)
	labels := func(p plot) (texts []string) {
		for _, l := range p.Labels {
			texts = append(texts, l.Text)
		}
		return texts
	}
	if diff := cmp.Diff(labels(before), labels(after)); diff != "" {
		t.Errorf("labels differ:\n%s", diff)
	}
}

func TestAxisTop(t *testing.T) {
	for highest, want := range map[float64]float64{0: 0.1, 0.1: 0.1, 0.11: 0.2, 0.5: 0.6,
		0.81: 1, 1: 1} {
		if got := axisTop(highest); got != want {
			t.Errorf("%v: got %v, want %v", highest, got, want)
		}
	}
}

func TestShortCount(t *testing.T) {
	for n, want := range map[int64]string{1: "1", 512: "512", 1024: "1k", 65536: "64k",
		1 << 20: "1M", 1 << 40: "1,024G"} {
		if got := shortCount(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

// The distribution of a column is drawn without a word: labels of bars would
// be values.
func TestSharesHaveNoLabels(t *testing.T) {
	c := ColumnReport{Name: "zip", Before: []float64{0.7, 0.3}, After: []float64{1}}
	p := c.shares("x")
	if len(p.Labels) != 0 || len(p.Paths) != 2 {
		t.Errorf("%d labels and %d sets of bars", len(p.Labels), len(p.Paths))
	}
	c.After = nil
	if p = c.shares("x"); len(p.Labels) != 1 || p.Labels[0].Text != "none" {
		t.Errorf("labels %v", p.Labels)
	}
}

// The bar of the budget has a piece a query and one for what is left, and is
// drawn to what was spent even where costs do not add up to it.
func TestBudgetBar(t *testing.T) {
	s := &StatisticsReport{Total: BudgetReport{Epsilon: 2}, Spent: BudgetReport{Epsilon: 1},
		Queries: []QueryReport{{Epsilon: 0.9}, {Epsilon: 0.9}}}
	p := s.budget()
	var classes []string
	for _, path := range p.Paths {
		classes = append(classes, path.Class)
	}
	if got := strings.Join(classes, " "); got != "after after track" {
		t.Errorf("pieces %s", got)
	}
	if got := p.Paths[2].Data; !strings.HasPrefix(got, "M300 ") {
		t.Errorf("what is left is %s, want from 300", got)
	}
	for _, total := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		s.Total.Epsilon = total
		if s.budget() != nil {
			t.Errorf("a bar for a budget of %v", total)
		}
	}
}
