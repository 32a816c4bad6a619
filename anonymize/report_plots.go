package anonymize

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The plots are SVG in the units of their own viewBox; the page scales them to
// its width and its style sheet gives every colour and font, so that they are
// readable in a light and a dark scheme and in print. Bars of one kind are one
// path, which keeps a page with many columns small.

// plot is one drawing with the words that stand for it.
type plot struct {
	ID            string // unique in the page
	Title, Desc   string
	Width, Height float64
	Paths         []plotPath
	Lines         []plotLine
	Labels        []plotLabel
}

// plotPath is a set of bars of one class of the style sheet.
type plotPath struct{ Class, Data string }

// plotLine is a rule from one point to another.
type plotLine struct {
	Class          string
	X1, Y1, X2, Y2 float64
}

// plotLabel is text at its anchor: start, middle or end.
type plotLabel struct {
	Class  string
	X, Y   float64
	Anchor string
	Text   string
}

// bars draws bars on a base line: heights in [0, 1] of the full height. What is
// not nothing is at least visible.
type bars struct{ path strings.Builder }

func (b *bars) add(x, base, width, full, share float64) {
	if share = within(share); share > 0 {
		height := max(share*full, 0.75)
		fmt.Fprintf(&b.path, "M%s %sv-%sh%sv%sz", point(x), point(base),
			point(height), point(width), point(height))
	}
}

// point writes a coordinate with two digits at most.
func point(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }

// Geometry of the histogram of class sizes.
const (
	histogramWidth  = 420
	histogramHeight = 210
	histogramLeft   = 44
	histogramBase   = 172
	histogramFull   = 142
)

// histogram draws the share of members by the size of their class, on a
// logarithmic scale, with a rule at the size that was wanted. Both histograms
// of a report are drawn to the same top.
func (a *AnonymityReport) histogram(bins []classBin, after bool) plot {
	table, when := &a.Before, "before"
	if after {
		table, when = &a.After, "after"
	}
	p := plot{ID: "sizes-" + when, Width: histogramWidth, Height: histogramHeight,
		Title: "Class sizes " + when,
		Desc: fmt.Sprintf("Share of %s by the size of their class, %s: %s, the smallest of %s, "+
			"the largest of %s.", a.members(), when, agree(table.Classes, "class", "classes"),
			formatCount(table.Smallest), formatCount(table.Largest)),
	}
	var highest float64
	for _, b := range bins {
		highest = max(highest, b.Before.Share, b.After.Share)
	}
	top := axisTop(highest)
	for _, y := range []float64{0, top / 2, top} {
		at := histogramBase - histogramFull*y/top
		p.Lines = append(p.Lines, plotLine{"grid", histogramLeft, at, histogramWidth, at})
		p.Labels = append(p.Labels, plotLabel{"tick", histogramLeft - 6, at + 4, "end",
			strconv.Itoa(int(math.Round(y*100))) + nbsp + "%"})
	}
	width := float64(histogramWidth-histogramLeft) / float64(len(bins))
	var drawn bars
	for i, b := range bins {
		share := b.Before.Share
		if after {
			share = b.After.Share
		}
		x := histogramLeft + float64(i)*width
		drawn.add(x+width*0.08, histogramBase, width*0.84, histogramFull, share/top)
		if every := (len(bins) + 7) / 8; i%every == 0 {
			p.Labels = append(p.Labels, plotLabel{"tick", x + width*0.08, histogramBase + 16, "start",
				shortCount(b.From)})
		}
	}
	p.Paths = []plotPath{{when, drawn.path.String()}}
	p.Labels = append(p.Labels, plotLabel{"axis", histogramLeft, histogramBase + 34, "start",
		a.members() + " in a class, from this size on, doubling from bar to bar"})
	if k := a.wantedK(); k > 1 {
		x := histogramLeft + width*min(math.Log2(float64(k)), float64(len(bins)))
		const over = histogramBase - histogramFull
		p.Lines = append(p.Lines, plotLine{"limit", x, over - 12, x, histogramBase})
		label := plotLabel{"limit", x + 5, over - 6, "start", "k = " + formatCount(k)}
		if x > histogramWidth*0.8 {
			label.X, label.Anchor = x-5, "end"
		}
		p.Labels = append(p.Labels, label)
	}
	return p
}

// axisTop is the end of an axis that shows shares up to highest.
func axisTop(highest float64) float64 {
	for _, top := range []float64{0.1, 0.2, 0.4, 0.6, 0.8} {
		if highest <= top {
			return top
		}
	}
	return 1
}

// shortCount writes powers of two of a thousand and more as 1k, 1M.
func shortCount(n int64) string {
	for _, unit := range []struct {
		size int64
		sign string
	}{{1 << 30, "G"}, {1 << 20, "M"}, {1 << 10, "k"}} {
		if n >= unit.size {
			return formatCount(n/unit.size) + unit.sign
		}
	}
	return formatCount(n)
}

// Geometry of the distribution of one column.
const (
	sharesWidth  = 240
	sharesHeight = 112
	sharesFull   = 44
)

// shares draws the distribution of a column before (above) and after (below)
// without any label of a value. Each is drawn to its own highest bar.
func (c *ColumnReport) shares(id string) plot {
	p := plot{ID: id, Width: sharesWidth, Height: sharesHeight,
		Title: "Distribution of " + c.Name,
		Desc: fmt.Sprintf("Share of rows a value: %s before, the largest %s; %s after, the largest %s.",
			plural(int64(len(c.Before)), "bar"), formatShare(largestShare(c.Before)),
			plural(int64(len(c.After)), "bar"), formatShare(largestShare(c.After))),
	}
	for i, part := range []struct {
		when   string
		shares []float64
	}{{"before", c.Before}, {"after", c.After}} {
		base := float64(i)*(sharesFull+12) + sharesFull + 6
		p.Lines = append(p.Lines, plotLine{"grid", 0, base + 0.5, sharesWidth, base + 0.5})
		top := largestShare(part.shares)
		if top == 0 {
			p.Labels = append(p.Labels, plotLabel{"tick", sharesWidth / 2, base - 16, "middle", "none"})
			continue
		}
		width := sharesWidth / float64(len(part.shares))
		if !c.Ordered {
			width = min(width, 20)
		}
		var drawn bars
		for j, share := range part.shares {
			drawn.add(float64(j)*width, base, max(width-min(1.5, width*0.25), 0.5), sharesFull, share/top)
		}
		p.Paths = append(p.Paths, plotPath{part.when, drawn.path.String()})
	}
	return p
}

// largestShare is the largest of the shares that are numbers, or 0.
func largestShare(shares []float64) float64 {
	var top float64
	for _, s := range shares {
		top = max(top, within(s))
	}
	return top
}

// Geometry of the bar of a privacy budget.
const (
	budgetWidth  = 600
	budgetHeight = 22
)

// budget draws what is spent of the whole ε or ρ, divided as the queries cost. It
// is nil where the budget is no positive finite number.
func (s *StatisticsReport) budget() *plot {
	total := s.Total.loss()
	if !(total > 0) || math.IsInf(total, 1) {
		return nil
	}
	p := &plot{ID: "budget", Width: budgetWidth, Height: budgetHeight, Title: "Privacy budget",
		Desc: fmt.Sprintf("%s spent: %s of %s.", s.currency(), formatFigure(s.Spent.loss()),
			formatFigure(total))}
	piece := func(class string, from, to float64) {
		var b bars
		if width := budgetWidth * (within(to) - within(from)); width > 0 {
			b.add(budgetWidth*within(from), budgetHeight, max(width-1.5, 0.5), budgetHeight, 1)
			p.Paths = append(p.Paths, plotPath{class, b.path.String()})
		}
	}
	spent := within(s.Spent.loss() / total)
	var sum, from float64
	for _, q := range s.Queries {
		sum += q.loss()
	}
	for _, q := range s.Queries {
		to := from + spent*q.loss()/sum
		piece("after", from, to)
		from = to
	}
	piece("track", spent, 1)
	return p
}
