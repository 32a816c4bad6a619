package local

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/dp/budget"
	"github.com/lethe-go/lethe/internal/decimal"
)

// Column is a column with what is done to it.
type Column struct {
	Name   string
	Method Method
}

// Randomizer randomizes columns of a table, row by row. It does not change and
// is safe for concurrent use.
type Randomizer struct {
	columns []Column
}

// New checks the columns, all of them at once.
func New(columns ...Column) (*Randomizer, error) {
	var errs []error
	if len(columns) == 0 {
		errs = append(errs, errors.New("local: no columns"))
	}
	for i, c := range columns {
		switch {
		case c.Name == "":
			errs = append(errs, fmt.Errorf("local: column %d has no name", i+1))
		case slices.ContainsFunc(columns[:i], func(d Column) bool { return d.Name == c.Name }):
			errs = append(errs, fmt.Errorf("local: column %q is there twice: a cell is randomized once",
				c.Name))
		}
		if c.Method == nil {
			errs = append(errs, fmt.Errorf("local: column %q: no method; want RandomizedResponse, "+
				"UnaryEncoding or Noise", c.Name))
			continue
		}
		for _, err := range c.Method.mistakes() {
			errs = append(errs, fmt.Errorf("local: column %q: %w", c.Name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Randomizer{columns: slices.Clone(columns)}, nil
}

// Cost is what one row costs its person: the sum over the columns, rounded up. A
// person with several rows pays for each.
func (r *Randomizer) Cost() budget.Cost {
	sum := new(big.Rat)
	for _, c := range r.columns {
		sum.Add(sum, decimal.Of(c.Method.loss()))
	}
	return budget.Cost{Epsilon: decimal.AtLeast(sum)}
}

// Schema is that of the records of Transform for those of schema in: the columns
// keep their places and names, without the metadata of the fields that are
// randomized. It is an error if a column is missing or of a type that its method
// does not take.
func (r *Randomizer) Schema(in *arrow.Schema) (*arrow.Schema, error) {
	schema, _, err := r.bind(in, false)
	return schema, err
}

// bind finds the columns and, if kernels are wanted, prepares their methods.
func (r *Randomizer) bind(in *arrow.Schema, kernels bool) (*arrow.Schema, map[int]kernel, error) {
	fields := slices.Clone(in.Fields())
	bound := make(map[int]kernel, len(r.columns))
	var errs []error
	for _, c := range r.columns {
		at := in.FieldIndices(c.Name)
		if len(at) != 1 {
			errs = append(errs, fmt.Errorf("local: column %q is in the table %d times, want once",
				c.Name, len(at)))
			continue
		}
		out, err := c.Method.outType(in.Field(at[0]).Type)
		if err == nil && kernels {
			bound[at[0]], err = c.Method.bind(in.Field(at[0]).Type)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("local: column %q: %w", c.Name, err))
			continue
		}
		fields[at[0]] = arrow.Field{Name: c.Name, Type: out}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	meta := in.Metadata()
	return arrow.NewSchema(fields, &meta), bound, nil
}

// Transform returns a new record in which the columns are randomized, and the
// others are shared. Each call draws afresh, and costs Cost for each of its
// rows. The caller releases the record. An error names the column and never a
// value; it matches the error of ctx where that is done.
func (r *Randomizer) Transform(ctx context.Context, rec arrow.Record) (arrow.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	schema, kernels, err := r.bind(rec.Schema(), true)
	if err != nil {
		return nil, err
	}
	columns := make([]arrow.Array, 0, rec.NumCols())
	defer func() {
		for _, a := range columns {
			a.Release()
		}
	}()
	for i, a := range rec.Columns() {
		if k, ok := kernels[i]; ok {
			if a, err = k(memory.DefaultAllocator, a); err != nil {
				return nil, fmt.Errorf("local: column %q: %w", rec.ColumnName(i), err)
			}
		} else {
			a.Retain()
		}
		columns = append(columns, a)
	}
	return array.NewRecord(schema, columns, rec.NumRows()), nil
}
