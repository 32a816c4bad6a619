package anonymize

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// layout says which columns of the input each pass reads and which of them
// leave it. It exists once the policy and the input have been compared.
type layout struct {
	schema *arrow.Schema // of the whole input

	fitRead, fitKeep     []string // pass 1: counts and statistics
	applyRead, applyKeep []string // pass 2: the output and the unit
	hidden               []string // in pass 2 for the count of people and date shifts only
}

// layout compares the policy with the input: each has exactly the columns of
// the other.
func (p *Pipeline) layout(ctx context.Context, src Source) (*layout, error) {
	r, err := src.Open(ctx)
	if err != nil {
		return nil, err
	}
	schema := r.Schema()
	r.Release()

	var mistakes []mistake
	seen := map[string]bool{}
	for _, f := range schema.Fields() {
		if seen[f.Name] {
			mistakes = append(mistakes, mistake{path: "columns",
				text: fmt.Sprintf("column %q is twice in the input; rename one", f.Name)})
		} else if _, ok := p.policy.Columns[f.Name]; !ok {
			mistakes = append(mistakes, mistake{path: "columns", text: fmt.Sprintf(
				"column %q of the input is not in the policy; give it a role", f.Name)})
		}
		seen[f.Name] = true
	}
	for _, name := range sortedColumns(p.policy) {
		if !seen[name] {
			mistakes = append(mistakes, mistake{path: join("columns", name),
				text: fmt.Sprintf("column %q is not in the input", name)})
		}
	}
	if len(mistakes) > 0 {
		return nil, p.policy.mistaken(mistakes)
	}

	l := &layout{schema: schema}
	var rowLocal, fit []string // read for the filters; kept for counts and queries
	if r := p.policy.Minimize.Retain; r != nil {
		rowLocal = append(rowLocal, r.Column)
	}
	if s := p.policy.Minimize.Sample; s != nil {
		rowLocal = append(rowLocal, s.Column)
	}
	fit = append(fit, p.policy.quasi()...)
	fit = append(fit, p.policy.modelled()...)
	if u := p.policy.Privacy.Unit; u != "" {
		fit = append(fit, u)
		if p.policy.dropped(u) {
			l.hidden = append(l.hidden, u)
		}
	}
	if s := p.policy.Statistics; s != nil {
		fit = append(fit, s.Unit.Column)
		for _, q := range p.policy.queries() {
			fit = append(fit, q.Columns()...)
		}
	}
	var output []string
	for _, f := range schema.Fields() {
		if !p.policy.dropped(f.Name) {
			output = append(output, f.Name)
		}
	}
	if len(p.steps) > 0 { // they may look at any column
		fit = append(fit, output...)
	}
	// Dates are shifted by their subject, which may not be published.
	fit = append(fit, p.policy.subjects(fit)...)
	for _, s := range p.policy.subjects(output) {
		if p.policy.dropped(s) && !slices.Contains(l.hidden, s) {
			l.hidden = append(l.hidden, s)
		}
	}
	l.fitKeep = l.ordered(fit)
	l.fitRead = l.ordered(append(fit, rowLocal...))
	l.applyKeep = l.ordered(append(output, l.hidden...))
	l.applyRead = l.ordered(append(l.applyKeep, rowLocal...))
	return l, nil
}

// ordered returns each of the names once, in the order of the input.
func (l *layout) ordered(names []string) []string {
	var out []string
	for _, f := range l.schema.Fields() {
		if slices.Contains(names, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

func sortedColumns(p *Policy) []string { return slices.Sorted(maps.Keys(p.Columns)) }
