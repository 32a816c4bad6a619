package dp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/decimal"
	"github.com/lethe-go/lethe/internal/entropy"
	"github.com/lethe-go/lethe/internal/exact"
)

// plan is what the queries of a scan read and what they make of it. It does not
// change after it is made, so that shards share it.
type plan struct {
	unit      Unit
	unitType  column.Type
	groupings []*grouping // distinct ones
	measures  []*measure  // distinct ones
	questions []question
}

// question is a query with what it needs of the plan and its noise.
type question struct {
	query    Query
	grouping int // index in plan.groupings
	measure  int // index in plan.measures; -1 for a count
	count    exact.Laplace
	sum      exact.Laplace // of a mean
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
	for i, q := range queries {
		if err := p.add(schema, q); err != nil {
			if errors.Is(err, errNoQuery) {
				err = fmt.Errorf("query %d: %w", i+1, err)
			}
			errs = append(errs, err)
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

var errNoQuery = errors.New("want a Count or a Mean")

// add appends the question for a query. A pointer is taken for what it points
// to; a type that only embeds a query is none.
func (p *plan) add(schema *arrow.Schema, q Query) error {
	switch q := q.(type) {
	case Count:
		return named(q, p.addCount(schema, q))
	case *Count:
		if q != nil {
			return p.add(schema, *q)
		}
	case Mean:
		return named(q, p.addMean(schema, q))
	case *Mean:
		if q != nil {
			return p.add(schema, *q)
		}
	}
	return errNoQuery
}

func (p *plan) addCount(schema *arrow.Schema, q Count) error {
	if err := q.validate(); err != nil {
		return err
	}
	noise, err := countNoise(p.unit.MaxRows, decimal.Of(q.Epsilon))
	if err != nil {
		return err
	}
	g, err := p.group(schema, q.By, q.Keys)
	if err != nil {
		return err
	}
	q.By = slices.Clone(q.By)
	q.Keys = nil // held by the grouping, so that the caller may change the map
	p.questions = append(p.questions, question{query: q, grouping: g, measure: -1, count: noise})
	return nil
}

func (p *plan) addMean(schema *arrow.Schema, q Mean) error {
	if err := q.validate(); err != nil {
		return err
	}
	scale, err := newGrid(q.Lower, q.Upper)
	if err != nil {
		return err
	}
	sum, count, err := meanNoise(p.unit.MaxRows, scale, decimal.Of(q.Epsilon))
	if err != nil {
		return err
	}
	m, errMeasure := p.measure(schema, q.Column, scale)
	g, errGroup := p.group(schema, q.By, q.Keys)
	if err := errors.Join(errMeasure, errGroup); err != nil {
		return err
	}
	q.By = slices.Clone(q.By)
	q.Keys = nil
	p.questions = append(p.questions,
		question{query: q, grouping: g, measure: m, count: count, sum: sum})
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

func (p *plan) measure(schema *arrow.Schema, name string, g grid) (int, error) {
	i := slices.IndexFunc(p.measures, func(m *measure) bool {
		return m.name == name && m.grid == g
	})
	if i >= 0 {
		return i, nil
	}
	f, err := field(schema, name)
	if err != nil {
		return 0, err
	}
	if !numeric(f.Type) {
		return 0, fmt.Errorf("column %q is of type %s, want a number", name, f.Type)
	}
	p.measures = append(p.measures, &measure{name: name, grid: g})
	return len(p.measures) - 1, nil
}

func (p *plan) newScan(root bool) *Scan {
	return &Scan{
		plan:   p,
		root:   root,
		source: entropy.New(),
		people: column.NewCoder(p.unitType),
		sample: newSample(p.unit.MaxRows, len(p.groupings), len(p.measures)),
		groups: make([][]uint32, len(p.groupings)),
		values: make([][]int32, len(p.measures)),
	}
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
