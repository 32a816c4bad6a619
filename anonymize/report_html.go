package anonymize

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
)

//go:embed report.html.tmpl
var reportPage string

//go:embed report.css
var reportStyle string

// reportTemplate is parsed when the first page is written.
var reportTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("report").Funcs(template.FuncMap{
		"count":    formatCount,
		"share":    formatShare,
		"figure":   formatFigure,
		"dash":     orDash,
		"holds":    holdsWord,
		"point":    point,
		"meter":    func(x float64) string { return point(within(x) * 100) },
		"done":     func(c ColumnReport) []string { return c.done() },
		"quasi":    func(c ColumnReport) bool { return c.quasi() },
		"currency": func(s *StatisticsReport) string { return s.currency() },
		"loss":     func(b interface{ loss() float64 }) string { return formatFigure(b.loss()) },
		"searched": func(a *AnonymityReport) string { return a.searched() },
		"kept":     func(l *LedgerReport) string { return l.kept() },
		"noise":    func(q QueryReport) string { return q.noise() },
		"protects": func(s *StatisticsReport) string { return s.protects() },
	}).Parse(reportPage)
})

// page is what the template shows: a printable report and what follows from
// it. All text in it is untrusted and escaped by the template.
type page struct {
	*Report
	Style   template.CSS
	Policy  string // of the page's content: nothing is loaded, one style is allowed
	Verdict verdict
	Key     []keyFigure
	Caveats []caveat
	Steps   []rowStep
	Members string
	Risks   []riskMeasure
	Bins    []classBin
	Plots   []plot // class sizes before and after
	Shares  []sharesFigure
	Budget  *plot
	Digests []fileDigest
	Command string
	Verify  string
	Note    string // on what the command must report
}

// keyFigure is a figure at the head of the page.
type keyFigure struct{ Name, Value, Note string }

// sharesFigure is the plot of a column's distribution with its caption.
type sharesFigure struct {
	Column, Caption string
	Plot            plot
}

// WriteHTML writes the report as one page that loads nothing: no script, font,
// image or style from elsewhere, and a content security policy that forbids
// them. All text of the report is escaped. The page adapts to a phone, to A4
// paper and to a dark scheme.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := reportTemplate()
	if err != nil {
		return fmt.Errorf("anonymize: report page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r.page()); err != nil {
		return fmt.Errorf("anonymize: report page: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("anonymize: write report: %w", err)
	}
	return nil
}

func (r *Report) page() *page {
	shown := r.printable()
	hash := sha256.Sum256([]byte(reportStyle))
	p := &page{
		Report: shown,
		Style:  template.CSS(reportStyle),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(hash[:]) + "'",
		Verdict: shown.verdict(),
		Key:     shown.keyFigures(),
		Caveats: shown.caveats(),
		Steps:   shown.steps(),
		Digests: shown.digests(),
		Command: strings.Join(r.checkCommand(), " "),
		Verify:  verifyCommand,
	}
	if p.Command != "" {
		p.Note = shown.checkNote()
	}
	if a := shown.Anonymity; a != nil {
		p.Members, p.Risks, p.Bins = a.members(), a.measures(), a.classBins()
		if len(p.Bins) > 0 {
			p.Plots = []plot{a.histogram(p.Bins, false), a.histogram(p.Bins, true)}
		}
	}
	if s := shown.Statistics; s != nil {
		p.Budget = s.budget()
	}
	for i := range shown.Columns {
		if c := &shown.Columns[i]; len(c.Before) > 0 || len(c.After) > 0 {
			p.Shares = append(p.Shares, sharesFigure{c.Name, c.sharesCaption(),
				c.shares("shares-" + strconv.Itoa(i))})
		}
	}
	return p
}

// keyFigures are the figures at the head of the page.
func (r *Report) keyFigures() []keyFigure {
	list := []keyFigure{{"Rows written", formatCount(r.Rows.Output),
		"of " + formatCount(r.Rows.Input) + " read"}}
	a := r.Anonymity
	if a == nil {
		return list
	}
	return append(list,
		keyFigure{"Highest risk", formatChance(a.After.Risk.ProsecutorHighest),
			"before: " + formatChance(a.Before.Risk.ProsecutorHighest)},
		keyFigure{"Smallest class", formatCount(a.After.Smallest) + " " + a.members(),
			"before: " + formatCount(a.Before.Smallest)},
		keyFigure{"Suppressed", formatShare(a.Suppression), "allowed: " + formatShare(a.MaxSuppression)},
		keyFigure{"Information lost", a.lost(), "in " + plural(int64(len(a.Quasi)), "column")})
}

// sharesCaption says how many values became how many labels.
func (c *ColumnReport) sharesCaption() string {
	var parts []string
	if c.Values > 0 && c.Labels > 0 {
		parts = append(parts, plural(c.Values, "value")+" → "+plural(c.Labels, "label"))
	}
	if c.Ordered {
		return strings.Join(append(parts, "in order"), ", ")
	}
	return strings.Join(append(parts, "by falling share"), ", ")
}
