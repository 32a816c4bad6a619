package anonymize

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lethe-go/lethe/dp"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/risk"
)

// riskThreshold is the prosecutor risk above which a member counts as at risk:
// one in five, the customary limit for data that is shared under an agreement.
const riskThreshold = 0.2

// report fills the report of a run whose output is written and checked.
func (r *run) report(
	ctx context.Context, src Source, dst Sink, session *dp.Session,
) (*Report, error) {
	p := r.policy
	report := &Report{
		Version: ReportVersion,
		Title:   p.Title,
		Purpose: p.Purpose,
		Lethe:   Version(),
		Created: time.Now().UTC().Format(time.RFC3339),
		Rows:    r.rows,
	}
	var err error
	report.Digests.Policy = p.digest()
	if report.Digests.Plan, err = r.plan.SHA256(); err != nil {
		return nil, err
	}
	for _, file := range []struct {
		of any
		to *string
	}{{src, &report.Digests.Input}, {dst, &report.Digests.Output}} {
		if d, ok := file.of.(Digester); ok {
			if *file.to, err = d.SHA256(); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range r.columns {
		report.Columns = append(report.Columns, r.columnReport(name))
	}
	if r.audit != nil {
		if report.Anonymity, err = r.anonymityReport(); err != nil {
			return nil, err
		}
	}
	if session != nil {
		if report.Statistics, err = r.statisticsReport(session); err != nil {
			return nil, err
		}
		if report.Statistics.Ledger, err = r.ledgerReport(ctx); err != nil {
			return nil, err
		}
	}
	report.Warnings = slices.Concat(r.warnings(), r.tied(report.Anonymity), report.emptied())
	return report, nil
}

func (r *run) columnReport(name string) ColumnReport {
	c := r.policy.Columns[name]
	out := ColumnReport{Name: name, Role: c.Role, Dropped: r.policy.dropped(name)}
	if out.Dropped {
		out.Actions = []string{"dropped"}
		return out
	}
	out.Actions = c.minimization().actions()
	if ps := c.Pseudonym; ps != nil {
		out.Actions = append(out.Actions, ps.action(name))
		if m, ok := r.tokens.manifest[name]; ok {
			out.Pseudonym = &m
		}
	}
	if l := c.LocalDP; l != nil {
		out.LocalDP = l.report()
		out.Actions = append(out.Actions, out.LocalDP.Method)
	}
	if r.plan.Anonymity == nil || c.Role != QuasiIdentifier {
		return out
	}
	for _, s := range r.plan.Anonymity.Summary().Columns {
		if s.Name != name {
			continue
		}
		out.Level, out.Levels, out.Loss = s.Level, s.Levels, s.Loss
		out.setShares(s.Before, s.After, s.Ordered)
		out.Values, out.Labels = s.Values, s.Labels
		action := "kept at level 0 of " + c.Hierarchy.describe()
		switch {
		case s.Level == 0:
		case r.policy.Privacy.Recoding == kanon.Global:
			action = fmt.Sprintf("generalized to level %d of %s", s.Level, c.Hierarchy.describe())
		default:
			action = fmt.Sprintf("generalized class by class, as far as level %d of %s",
				s.Level, c.Hierarchy.describe())
		}
		out.Actions = append(out.Actions, action)
		if n := r.policy.Output.Numeric; n != "" && n != kanon.NumericLabels && s.Ordered {
			out.Actions = append(out.Actions, fmt.Sprintf("numbers and dates written as %s", n))
		}
	}
	return out
}

func (r *run) anonymityReport() (*AnonymityReport, error) {
	p, summary := r.policy, r.plan.Anonymity.Summary()
	a := &AnonymityReport{
		Quasi:          p.quasi(),
		Unit:           p.Privacy.Unit,
		Recoding:       string(p.Privacy.Recoding),
		Search:         summary.Search,
		Iterations:     p.Privacy.Local.Iterations,
		Seed:           p.Privacy.Local.Seed,
		Bound:          summary.Bound,
		Measure:        summary.Measure,
		Loss:           summary.Loss,
		MaxSuppression: p.Privacy.MaxSuppression,
		SuppressedAs:   string(r.suppressed()),
	}
	if !slices.Equal(a.Quasi, r.audit.Quasi) {
		a.Written = r.audit.Quasi
	}
	if r.rows.Sampled > 0 {
		a.Suppression = float64(r.rows.Suppressed) / float64(r.rows.Sampled)
	}
	for _, m := range r.audit.Models {
		a.Models = append(a.Models, ModelReport(m))
	}
	for _, s := range r.audit.Sensitive {
		a.Sensitive = append(a.Sensitive, SensitiveReport{Column: s.Column, Distinct: s.DistinctL})
	}
	var err error
	if a.Before, err = classReport(summary.Before); err != nil {
		return nil, err
	}
	if a.After, err = classReport(r.audit.Sizes); err != nil {
		return nil, err
	}
	if a.Unit != "" && !p.dropped(a.Unit) {
		linked, err := classReport(r.audit.Linked)
		if err != nil {
			return nil, err
		}
		a.Linked = &linked.Risk
	}
	return a, nil
}

func classReport(sizes []kanon.SizeCount) (ClassReport, error) {
	var c ClassReport
	for _, s := range sizes {
		c.addClasses(s.Size, s.Classes)
	}
	m, err := risk.Measure(sizes, riskThreshold)
	if err != nil {
		return c, err
	}
	c.Risk = Risk{
		ProsecutorHighest: m.ProsecutorHighest,
		JournalistHighest: m.JournalistHighest,
		Marketer:          m.Marketer,
		AtRisk:            m.AtRisk,
		Threshold:         riskThreshold,
		Unique:            m.Unique,
	}
	return c, nil
}

func (r *run) statisticsReport(session *dp.Session) (*StatisticsReport, error) {
	p := r.policy.Statistics
	spent := session.Spent()
	s := &StatisticsReport{
		Unit:      p.Unit.Column,
		MaxRows:   p.Unit.MaxRows,
		MaxGroups: p.Unit.MaxGroups,
		Total:     BudgetReport(p.Budget),
		Spent:     BudgetReport(spent),
	}
	for i, q := range r.policy.queries() {
		cost, err := q.Cost().In(p.Budget)
		if err != nil {
			return nil, fmt.Errorf("anonymize: query %q: %w", q, err)
		}
		scale, width := noiseOf(r.results[i])
		s.Queries = append(s.Queries, QueryReport{Query: q.String(), Epsilon: cost.Epsilon,
			Delta: cost.Delta, Rho: cost.Rho, Groups: int(r.results[i].NumRows()),
			Mechanism: q.Mechanism(), NoiseScale: scale, HalfWidth: width})
	}
	return s, nil
}

// warnings says in plain words what the reader must know of this release. What
// holds of every release is in the text of the report itself.
func (r *run) warnings() []string {
	p := r.policy
	warnings := []string{}
	warnf := func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}
	for _, name := range r.columns {
		c := p.Columns[name]
		if c.Role == Sensitive && !p.dropped(name) && c.Unprotected != "" {
			warnf("Column %q is sensitive and no model protects it: people of one class may all "+
				"share a value. The policy's reason: %s", name, c.Unprotected)
		}
		if v, ok := r.tokens.accepted[name]; ok {
			warnf("Column %q holds tokens that their frequencies may give away: %v. "+
				"The policy's reason: %s", name, v.Accepted, v.Reason)
		}
	}
	warnings = append(warnings, r.sharedKeys()...)
	if r.audit != nil {
		for _, s := range r.audit.Sensitive {
			if s.DistinctL == 1 && r.audit.Rows > 0 {
				warnf("In at least one class everybody has the same %q: membership of the class "+
					"tells it.", s.Column)
			}
		}
	}
	if r.bounded() {
		warnf("The search was bounded by the memory that it was given, and so may lose far more than it " +
			"has to. Give it more.")
	}
	for _, c := range r.generalized() {
		if slices.Contains(r.sorted, c) {
			warnf("The rows are sorted by %q and keep their order, so the place of a row nearly tells "+
				"its value, however far it was generalized. Shuffle the input before.", c)
		}
	}
	return warnings
}

// sharedKeys warns of keys under which there are tokens to join by and tokens to
// be reversed: they belong to different people.
func (r *run) sharedKeys() []string {
	type columns struct{ join, reverse []string }
	of := map[uint32]*columns{}
	for _, name := range slices.Sorted(maps.Keys(r.tokens.manifest)) {
		p := r.policy.Columns[name].Pseudonym
		id := r.tokens.manifest[name].KeyID
		if p == nil || id == 0 {
			continue
		}
		if of[id] == nil {
			of[id] = &columns{}
		}
		switch {
		case p.reversible():
			of[id].reverse = append(of[id].reverse, name)
		case p.DateShift == nil:
			of[id].join = append(of[id].join, name)
		}
	}
	var warnings []string
	for _, id := range slices.Sorted(maps.Keys(of)) {
		if c := of[id]; len(c.join) > 0 && len(c.reverse) > 0 {
			warnings = append(warnings, fmt.Sprintf("Key %d makes the tokens of %q, which serve to "+
				"join, and of %q, which it reverses: whoever may make the first can read the second. "+
				"Give them keyrings of their own.", id, c.join, c.reverse))
		}
	}
	return warnings
}

// bounded says whether the bound of the memory made the plan coarser.
func (r *run) bounded() bool {
	if r.opts.Memory == 0 || r.plan.Anonymity == nil {
		return false
	}
	s := r.plan.Anonymity.Summary()
	return s.Search == "best_effort" || s.Coarsened > 0
}

// generalized lists the quasi-identifiers that are not written as they were.
func (r *run) generalized() []string {
	var names []string
	if r.plan.Anonymity != nil {
		for _, c := range r.plan.Anonymity.Summary().Columns {
			if c.Level > 0 {
				names = append(names, c.Name)
			}
		}
	}
	return names
}
