package anonymize

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/take"
)

// layout says which columns of the input each pass reads and which of them
// leave it. It exists once the policy and the input have been compared.
type layout struct {
	columns []string      // of the whole input, in order
	schema  *arrow.Schema // of those that a pass reads

	fitRead, fitKeep     []string // pass 1: counts and statistics
	applyRead, applyKeep []string // pass 2: the output and the unit
	hidden               []string // in pass 2 for the count of people and date shifts only
}

// layout compares the policy with the input: each has exactly the columns of
// the other, and those that a pass reads can be read.
func (p *Pipeline) layout(ctx context.Context, src Source) (*layout, error) {
	in, err := listing(ctx, src)
	if err != nil {
		return nil, err
	}
	if mistakes := p.compare(in.names); len(mistakes) > 0 {
		return nil, p.policy.mistaken(mistakes)
	}
	l := p.lay(in.names)
	read := l.ordered(slices.Concat(l.fitRead, l.applyRead))
	var mistakes []mistake
	for _, name := range read {
		if err := in.unreadable[name]; err != nil {
			mistakes = append(mistakes, mistake{path: join("columns", name),
				text: fmt.Sprintf("%v; drop it, or write it flat and of a type that is supported", err)})
		}
	}
	if len(mistakes) > 0 {
		return nil, p.policy.mistaken(mistakes)
	}
	l.schema, err = in.schemaOf(ctx, src, read)
	return l, err
}

// listed is what there is to know of the columns of a source.
type listed struct {
	names      []string
	unreadable map[string]error // why each cannot be read that cannot
	schema     *arrow.Schema    // of all columns; nil where it is not known
}

func listing(ctx context.Context, src Source) (in listed, err error) {
	if s, ok := src.(Lister); ok {
		in.names, in.unreadable = s.Columns()
		return in, nil
	}
	r, err := src.Open(ctx)
	if err != nil {
		return in, err
	}
	defer r.Release()
	in.schema, in.unreadable = r.Schema(), map[string]error{}
	for _, f := range in.schema.Fields() {
		in.names = append(in.names, f.Name)
		t := f.Type
		if d, ok := t.(*arrow.DictionaryType); ok {
			t = d.ValueType
		}
		if !take.Flat(t) {
			in.unreadable[f.Name] = fmt.Errorf("column %q is of type %s, which is not supported", f.Name, t)
		}
	}
	return in, nil
}

// schemaOf is the schema of some columns, each of which is there once.
func (in *listed) schemaOf(
	ctx context.Context, src Source, columns []string,
) (*arrow.Schema, error) {
	if in.schema == nil && len(columns) > 0 {
		r, err := src.Open(ctx, columns...)
		if err != nil {
			return nil, err
		}
		defer r.Release()
		return r.Schema(), nil
	}
	var fields []arrow.Field
	for _, name := range columns {
		fields = append(fields, in.schema.Field(in.schema.FieldIndices(name)[0]))
	}
	return arrow.NewSchema(fields, nil), nil
}

// compare says where the policy and the input differ in their columns.
func (p *Pipeline) compare(names []string) (mistakes []mistake) {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			mistakes = append(mistakes, mistake{path: "columns",
				text: fmt.Sprintf("column %q is twice in the input; rename one", name)})
		} else if _, ok := p.policy.Columns[name]; !ok {
			mistakes = append(mistakes, mistake{path: "columns", text: fmt.Sprintf(
				"column %q of the input is not in the policy; give it a role", name)})
		}
		seen[name] = true
	}
	for _, name := range sortedColumns(p.policy) {
		if !seen[name] {
			mistakes = append(mistakes, mistake{path: join("columns", name),
				text: fmt.Sprintf("column %q is not in the input%s", name,
					suggestion(name, slices.Values(names)))})
		}
	}
	return mistakes
}

// lay shares out the columns to the passes.
func (p *Pipeline) lay(names []string) *layout {
	l := &layout{columns: names}
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
	for _, name := range names {
		if !p.policy.dropped(name) {
			output = append(output, name)
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
	return l
}

// ordered returns each of the names once, in the order of the input.
func (l *layout) ordered(names []string) []string {
	var out []string
	for _, name := range l.columns {
		if slices.Contains(names, name) {
			out = append(out, name)
		}
	}
	return out
}

func sortedColumns(p *Policy) []string { return slices.Sorted(maps.Keys(p.Columns)) }
