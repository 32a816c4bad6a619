package anonymize

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// textWidth is the longest line of a text report, in characters.
const textWidth = 100

// WriteText writes the report for a terminal, in lines of at most 100
// characters. Characters that could steer the terminal are written as their
// escapes, and long names of columns are cut; the JSON form has them whole.
func (r *Report) WriteText(w io.Writer) error {
	t := &textReport{Report: r.printable()}
	t.head()
	t.rows()
	t.columns()
	t.anonymity()
	t.statistics()
	t.caveats()
	t.origin(r.checkCommand())
	text := bytes.ReplaceAll(t.Bytes(), []byte(nbsp), []byte(" "))
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("anonymize: write report: %w", err)
	}
	return nil
}

// textReport collects the text of a printable report.
type textReport struct {
	*Report
	bytes.Buffer
}

func (t *textReport) head() {
	title := "Anonymization report"
	if t.Title != "" {
		title += ": " + t.Title
	}
	t.paragraph("", title)
	t.paragraph("", "made "+orDash(t.Created)+" by lethe "+orDash(t.Lethe))
	if t.Purpose != "" {
		t.paragraph("", "purpose: "+t.Purpose)
	}
	v := t.verdict()
	t.WriteString("\n")
	t.paragraph("", strings.ToUpper(v.Word)+". "+v.Sentence)
	if n := len(t.Warnings); n > 0 {
		t.section(plural(int64(n), "warning"))
		for _, warning := range t.Warnings {
			t.paragraph("- ", warning)
		}
	}
}

func (t *textReport) rows() {
	t.section("Rows")
	table := textTable{right: []bool{false, true, true}}
	for _, s := range t.steps() {
		less := ""
		if s.Less != 0 {
			less = formatCount(-s.Less)
		}
		table.add(strings.ToLower(s.Name), formatCount(s.Rows), less, s.Note)
	}
	t.table(table)
}

func (t *textReport) columns() {
	t.section("Columns")
	table := textTable{right: []bool{false, false, true, true}}
	table.add("name", "role", "level", "loss", "what was done")
	for _, c := range t.Columns {
		level, loss := "", ""
		if c.quasi() {
			level, loss = fmt.Sprintf("%d/%d", c.Level, c.Levels), formatShare(c.Loss)
		}
		table.add(cut(c.Name, 28), cut(string(c.Role), 12), level, loss,
			orDash(strings.Join(c.done(), "; ")))
	}
	t.table(table)
}

func (t *textReport) anonymity() {
	a := t.Anonymity
	if a == nil {
		return
	}
	t.section("Privacy models")
	table := textTable{right: []bool{false, true, true}}
	table.add("model", "wanted", "reached", "")
	for _, m := range a.Models {
		table.add(cut(m.Model, 48), formatFigure(m.Wanted), formatFigure(m.Reached), holdsWord(m.Holds))
	}
	t.table(table)
	unit := "rows are counted"
	if a.Unit != "" {
		unit = "people are counted by " + a.Unit
	}
	t.paragraph("  ", unit+"; recoding "+orDash(a.Recoding)+"; search "+a.searched()+
		"; loss "+a.lost())
	for _, s := range a.Sensitive {
		t.paragraph("  ", plural(s.Distinct, "different value")+" of "+s.Column+
			" in the least varied class")
	}
	t.risk(a)
	t.classes(a)
}

func (t *textReport) risk(a *AnonymityReport) {
	t.section("Risk of re-identification")
	table := textTable{right: []bool{false, true, true}}
	table.add("", "before", "after")
	for _, m := range a.measures() {
		name := strings.ToLower(m.Name)
		if name == "at risk" {
			name += ", above " + formatChance(a.After.Risk.Threshold)
		}
		table.add(name, m.Before, m.After)
	}
	for _, c := range []struct {
		name          string
		before, after int64
	}{
		{"classes", a.Before.Classes, a.After.Classes},
		{"smallest class", a.Before.Smallest, a.After.Smallest},
		{"largest class", a.Before.Largest, a.After.Largest},
	} {
		table.add(c.name, formatCount(c.before), formatCount(c.after))
	}
	t.table(table)
}

// classes draws the share of members by the size of their class.
func (t *textReport) classes(a *AnonymityReport) {
	bins := a.classBins()
	if len(bins) == 0 {
		return
	}
	t.section("Class sizes, by share of " + a.members())
	table := textTable{right: []bool{true, true, false, true, false}}
	table.add("size", "before", "", "after", "")
	for _, b := range bins {
		table.add(b.Label(), formatShare(b.Before.Share), hashes(b.Before.Share),
			formatShare(b.After.Share), hashes(b.After.Share))
	}
	t.table(table)
}

// hashes draws a share as a bar of up to 25 characters, padded to that.
func hashes(share float64) string {
	n := int(math.Ceil(within(share) * 25))
	return strings.Repeat("#", n) + strings.Repeat(" ", 25-n)
}

func (t *textReport) statistics() {
	s := t.Statistics
	if s == nil {
		return
	}
	t.section("Differentially private statistics")
	table := textTable{right: []bool{false, true, true, true}}
	table.add("query", s.currency(), "δ", "rows")
	for _, q := range s.Queries {
		table.add(cut(q.Query, 56), formatFigure(q.loss()), formatFigure(q.Delta),
			formatCount(int64(q.Groups)))
	}
	table.add("spent", formatFigure(s.Spent.loss()), formatFigure(s.Spent.Delta))
	table.add("of a budget of", formatFigure(s.Total.loss()), formatFigure(s.Total.Delta))
	t.table(table)
	for _, q := range s.Queries {
		t.paragraph("- ", q.how())
	}
	t.paragraph("  ", s.protects())
	if s.Ledger != nil {
		t.paragraph("  ", s.Ledger.kept())
		t.WriteString("  Entry " + s.Ledger.Entry + "\n")
	}
}

func (t *textReport) caveats() {
	t.section("Not protected")
	for _, c := range t.Report.caveats() {
		t.paragraph("- ", c.Head+" "+c.Text)
	}
}

func (t *textReport) origin(command []string) {
	t.section("Digests (SHA-256)")
	table := textTable{}
	for _, d := range t.digests() {
		table.add(strings.ToLower(d.Name), cut(d.Value, 80))
	}
	t.table(table)
	if command != nil {
		t.section("Check again")
		line := strings.Join(command, " ")
		if 2+utf8.RuneCountInString(line) > textWidth {
			line = strings.Join(command, " \\\n      ") // longer words are left whole to be copied
		}
		t.WriteString("  " + line + "\n")
		t.paragraph("  ", t.checkNote())
		t.WriteString("  " + verifyCommand + "\n")
		t.paragraph("  ", "compares the written table with this report as a .json file.")
	}
}

// holdsWord says whether a model holds.
func holdsWord(holds bool) string {
	if holds {
		return "holds"
	}
	return "DOES NOT HOLD"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
