package kanon

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/criterion"
	"github.com/lethe-go/lethe/internal/lattice"
)

// populationModel is a Model of how many people of a population, which is
// counted, are in a class.
type populationModel interface {
	Model
	validate() error
	population() criterion.Criterion
}

// NewPopulation starts counting a population, one row a person, for
// SolveSample. Its tables have the quasi-identifiers of the configuration and
// need no other column. Errors are those of NewCounts.
func (a *Anonymizer) NewPopulation(schema *arrow.Schema) (*Counts, error) {
	return a.people().NewCounts(schema)
}

// people counts the quasi-identifiers and nothing else.
func (a *Anonymizer) people() *Anonymizer {
	p := &Anonymizer{cfg: a.cfg, k: a.k}
	p.cfg.Unit = ""
	return p
}

// SolveSample is Solve for a table that is a sample of a population, counted by
// NewPopulation, as KMap and DeltaPresence need it. Values that only the
// population has are values of the domains, too, and the plan knows them, so
// that Transform can make of the population what Checker.AddPopulation is
// given. It fails as Solve does, where no model needs the population, where
// either count was spilled, and where DeltaPresence is asked for and the
// population lacks rows of the table.
func (a *Anonymizer) SolveSample(ctx context.Context, c, population *Counts) (*Plan, error) {
	if len(a.populations) == 0 {
		return nil, errors.New("kanon: a population is given, but no model needs one; use Solve")
	}
	if err := a.accepts(c); err != nil {
		return nil, err
	}
	if err := a.people().accepts(population); err != nil {
		return nil, fmt.Errorf("population: %w", err)
	}
	if c.spilled() || population.spilled() {
		return nil, errors.New("kanon: counts outgrew their memory, in which no population can be " +
			"taken into account; raise it")
	}
	joint, people, err := c.within(population)
	if err != nil {
		return nil, err
	}
	return a.solve(ctx, joint, people)
}

// within adds the combinations of a population, which have no rows, and how
// many people have each. The counts stay as they are, and those returned share
// what they do not change.
func (c *Counts) within(population *Counts) (*Counts, []int64, error) {
	out := &Counts{quasi: c.quasi, unit: c.unit, people: c.people, total: c.total,
		pairs: c.pairs, values: c.values}
	maps := [2][][]uint32{} // of both, by column: codes there to codes here
	for i, coder := range c.coders {
		joint := column.NewCoder(coder.Type())
		for k, from := range []*column.Coder{coder, population.coders[i]} {
			to, err := mergeCoders(c.quasi[i], joint, from)
			if err != nil {
				return nil, nil, err
			}
			maps[k] = append(maps[k], to)
		}
		out.coders = append(out.coders, joint)
	}
	out.start()
	people := []int64{}
	for k, from := range []*Counts{c, population} {
		n := from.tuples.Len()
		keys := make([]uint64, n*out.layout.Words())
		codes := make([]uint32, n)
		for i := range out.coders {
			from.layout.Get(from.tuples.Keys(), i, codes)
			for t, code := range codes {
				codes[t] = maps[k][i][code]
			}
			out.layout.Put(keys, i, codes)
		}
		out.tuples.Add(keys, codes) // of c as they were, as all are new
		if k == 0 {
			out.rows = slices.Clone(c.rows)
			continue
		}
		more := out.tuples.Len() - len(out.rows)
		out.rows = append(out.rows, make([]int64, more)...)
		people = make([]int64, len(out.rows))
		for t, code := range codes {
			people[code] = population.rows[t]
		}
	}
	return out, people, nil
}

// addPopulation makes a condition on the people of each class of each model.
func (a *Anonymizer) addPopulation(p *lattice.Problem, people []int64) error {
	for _, m := range a.populations {
		s := lattice.Sensitive{
			Start: make([]int, 1, len(people)+1), Rows: []int64{}, Values: 1,
			Criteria: []criterion.Criterion{m.population()},
		}
		_, presence := m.(DeltaPresence)
		if presence {
			s.Values, s.Rest = 2, true
		}
		for t, n := range people {
			counts := []int64{n}
			if presence {
				if n < p.Rows[t] {
					return fmt.Errorf("kanon: %s: the population lacks rows of the table", m)
				}
				counts = []int64{p.Rows[t], n - p.Rows[t]} // criterion.Inside, Outside
			}
			for value, n := range counts {
				if n > 0 {
					s.Item, s.Rows = append(s.Item, uint32(value)), append(s.Rows, n)
				}
			}
			s.Start = append(s.Start, len(s.Item))
		}
		p.Sensitive = append(p.Sensitive, s)
	}
	return nil
}

// ApplySample is Apply to a table that is a sample of a population, one row a
// person, as KMap and DeltaPresence need it.
func ApplySample(
	ctx context.Context, cfg Config, t, population arrow.Table,
) (arrow.Table, *Audit, error) {
	a, err := New(cfg)
	if err != nil {
		return nil, nil, err
	}
	counts, err := a.NewCounts(t.Schema())
	if err != nil {
		return nil, nil, err
	}
	people, err := a.NewPopulation(population.Schema())
	if err != nil {
		return nil, nil, fmt.Errorf("population: %w", err)
	}
	if err := errors.Join(eachRecord(ctx, t, counts.Add), eachRecord(ctx, population, people.Add)); err != nil {
		return nil, nil, err
	}
	plan, err := a.SolveSample(ctx, counts, people)
	if err != nil {
		return nil, nil, err
	}
	out, err := plan.table(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	quasi, err := columnsOf(population, a.columns())
	if err != nil {
		out.Release()
		return nil, nil, err
	}
	defer quasi.Release()
	found, err := audit(ctx, cfg, plan.Quasi(), out, t, func(c *Checker) error {
		return eachRecord(ctx, quasi, func(rec arrow.Record) error {
			classes, err := plan.Transform(ctx, rec)
			if err != nil {
				return err
			}
			defer classes.Release()
			return c.AddPopulation(classes)
		})
	})
	return checked(out, found, err)
}

// columnsOf is a table of some of the columns of another.
func columnsOf(t arrow.Table, names []string) (arrow.Table, error) {
	var fields []arrow.Field
	var columns []arrow.Column
	for _, name := range names {
		i, err := fieldIndex(t.Schema(), name)
		if err != nil {
			return nil, err
		}
		fields = append(fields, t.Schema().Field(i))
		columns = append(columns, *t.Column(i))
	}
	return array.NewTable(arrow.NewSchema(fields, nil), columns, t.NumRows()), nil
}
