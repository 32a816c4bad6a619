package dp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/number"
)

// plan is what the queries of a scan read and what they make of it. It does not
// change after it is made, so that shards share it.
type plan struct {
	unit      Unit
	unitType  column.Type
	groupings []*grouping // distinct ones
	numbers   []string    // distinct numeric columns
	kept      []bool      // by number: kept as it is, because bounds are to be found
	measures  []*measure  // distinct ones
	questions []question
}

func newPlan(u Unit, schema *arrow.Schema, queries []Query) (*plan, error) {
	if schema == nil {
		return nil, errors.New("dp: no schema")
	}
	p := &plan{unit: u}
	var errs []error
	if t, err := columnType(schema, u.Column); err != nil {
		errs = append(errs, fmt.Errorf("unit: %w", err))
	} else {
		p.unitType = t
	}
	if len(queries) == 0 {
		errs = append(errs, errors.New("no query"))
	}
	asks, mistaken := asks(u, queries)
	errs = append(errs, mistaken...)
	for _, a := range asks {
		if err := p.add(schema, a); err != nil {
			errs = append(errs, named(a.query, err))
		}
	}
	return p, mistakes(errs)
}

func (p *plan) list() []Query {
	queries := make([]Query, len(p.questions))
	for i := range p.questions {
		queries[i] = p.questions[i].query
	}
	return queries
}

// add appends the question for what a query asks.
func (p *plan) add(schema *arrow.Schema, a *ask) error {
	q := question{ask: a}
	var errs []error
	for _, m := range a.measures {
		at, err := p.measure(schema, m)
		errs = append(errs, err)
		q.measures = append(q.measures, at)
	}
	var err error
	q.grouping, err = p.group(schema, a.by, a.keys)
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	if a.selection != nil {
		p.groupings[q.grouping].selection = a.selection
	}
	a.by, a.keys = slices.Clone(a.by), nil // held by the grouping; the caller may change them
	p.questions = append(p.questions, q)
	return nil
}

// group returns the index of the grouping, which is shared by all queries that
// group alike.
func (p *plan) group(schema *arrow.Schema, by []string, keys map[string][]string) (int, error) {
	for i, g := range p.groupings {
		if g.is(by, keys) {
			return i, nil
		}
	}
	g, err := newGrouping(schema, by, keys)
	if err != nil {
		return 0, err
	}
	p.groupings = append(p.groupings, g)
	return len(p.groupings) - 1, nil
}

func (p *plan) measure(schema *arrow.Schema, m asked) (int, error) {
	f, err := field(schema, m.column)
	if err != nil {
		return 0, err
	}
	if !number.Is(f.Type) {
		return 0, fmt.Errorf("column %q is of type %s, want a number", m.column, f.Type)
	}
	at := slices.Index(p.numbers, m.column)
	if at < 0 {
		at = len(p.numbers)
		p.numbers, p.kept = append(p.numbers, m.column), append(p.kept, false)
	}
	m.measure.column = at
	m.measure.grid.whole = integral(f.Type)
	p.kept[at] = p.kept[at] || m.find != nil
	if i := slices.IndexFunc(p.measures, m.is); i >= 0 {
		return i, nil
	}
	p.measures = append(p.measures, &m.measure)
	return len(p.measures) - 1, nil
}

func (p *plan) newScan(root bool) *Scan {
	s := &Scan{
		plan:   p,
		root:   root,
		source: entropy.New(),
		people: column.NewCoder(p.unitType),
		rolls:  make([]*roll, len(p.groupings)),
		sample: newSample(p),
		batch: batch{
			groups:  make([][]uint32, len(p.groupings)),
			numbers: make([][]float64, len(p.numbers)),
			values:  make([][]int32, len(p.measures)),
		},
	}
	for i, g := range p.groupings {
		if g.private() {
			s.rolls[i] = newRoll(g)
		}
	}
	return s
}

// field finds a column that must be there once.
func field(schema *arrow.Schema, name string) (arrow.Field, error) {
	switch at := schema.FieldIndices(name); len(at) {
	case 0:
		return arrow.Field{}, fmt.Errorf("column %q is not in the table", name)
	case 1:
		return schema.Field(at[0]), nil
	default:
		return arrow.Field{}, fmt.Errorf("column %q is in the table %d times", name, len(at))
	}
}

func columnType(schema *arrow.Schema, name string) (column.Type, error) {
	f, err := field(schema, name)
	if err != nil {
		return column.Type{}, err
	}
	t, err := column.TypeOf(f.Type)
	if err != nil {
		return column.Type{}, fmt.Errorf("column %q: %w", name, err)
	}
	return t, nil
}
