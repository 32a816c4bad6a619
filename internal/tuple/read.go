// Package tuple reads columns of a table as codes and numbers, and numbers the
// distinct tuples of some of them. It is what measures of a whole table are
// made of; memory is four bytes a row and column.
//
// Errors name the column and start without a prefix.
package tuple

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/number"
)

// Table holds columns of a table.
type Table struct {
	// Columns are those read as codes, in the order in which they were named.
	Columns []Column
	// Numbers are the columns read as numbers, NaN for null.
	Numbers [][]float64
	Rows    int
}

// Column is a column as codes of its Coder, one a row.
type Column struct {
	Name  string
	Coder *column.Coder
	Codes []uint32
}

// MaxRows is how many rows are read at most.
const MaxRows = math.MaxUint32 - 1

// Read reads all records of r: the columns of codes and those of numbers. It
// does not release r. Refused, all at once, are columns that are missing, named
// twice among the codes, ambiguous, or of a type that is not supported.
func Read(ctx context.Context, r array.RecordReader, codes, numbers []string) (*Table, error) {
	t := &Table{Numbers: make([][]float64, len(numbers))}
	at, err := t.find(r.Schema(), codes, numbers)
	if err != nil {
		return nil, err
	}
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := t.add(r.Record(), at, numbers); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(r.Err(), ctx.Err()); err != nil {
		return nil, err
	}
	return t, nil
}

// find returns the position of each column, first those of codes.
func (t *Table) find(schema *arrow.Schema, codes, numbers []string) ([]int, error) {
	var errs []error
	var at []int
	seen := map[string]bool{}
	for i, name := range append(append([]string(nil), codes...), numbers...) {
		found := schema.FieldIndices(name)
		switch {
		case len(found) == 0:
			errs = append(errs, fmt.Errorf("column %q: not in the table", name))
			continue
		case len(found) > 1:
			errs = append(errs, fmt.Errorf("column %q: %d columns have this name", name, len(found)))
			continue
		case i < len(codes) && seen[name]:
			errs = append(errs, fmt.Errorf("column %q: named twice", name))
			continue
		}
		at = append(at, found[0])
		dt := schema.Field(found[0]).Type
		if i >= len(codes) {
			if !number.Is(dt) {
				errs = append(errs, fmt.Errorf("column %q: type %s, want numbers", name, dt))
			}
			continue
		}
		seen[name] = true
		typ, err := column.TypeOf(dt)
		if err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", name, err))
			continue
		}
		t.Columns = append(t.Columns, Column{Name: name, Coder: column.NewCoder(typ)})
	}
	return at, errors.Join(errs...)
}

// add takes in a record, each column in a goroutine of its own.
func (t *Table) add(rec arrow.Record, at []int, numbers []string) error {
	n := int(rec.NumRows())
	if n > MaxRows-t.Rows {
		return fmt.Errorf("more than %d rows", MaxRows)
	}
	t.Rows += n
	errs := make([]error, len(at))
	var wg sync.WaitGroup
	for i := range at {
		wg.Go(func() {
			a := rec.Column(at[i])
			if k := i - len(t.Columns); k >= 0 {
				from := len(t.Numbers[k])
				t.Numbers[k] = append(t.Numbers[k], make([]float64, n)...)
				if err := number.Read(a, t.Numbers[k][from:], new([]float64)); err != nil {
					errs[i] = fmt.Errorf("column %q: %w", numbers[k], err)
				}
				return
			}
			c := &t.Columns[i]
			from := len(c.Codes)
			c.Codes = append(c.Codes, make([]uint32, n)...)
			if err := c.Coder.Encode(a, c.Codes[from:]); err != nil {
				errs[i] = fmt.Errorf("column %q: %w", c.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Append adds the rows of another table with the same columns of codes behind
// those of t. It uses up o. A column of another type is refused.
func (t *Table) Append(o *Table) error {
	if o.Rows > MaxRows-t.Rows {
		return fmt.Errorf("more than %d rows", MaxRows)
	}
	var errs []error
	for i := range t.Columns {
		c, other := &t.Columns[i], &o.Columns[i]
		to, err := c.Coder.Merge(other.Coder)
		if err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", c.Name, err))
			continue
		}
		for _, code := range other.Codes {
			c.Codes = append(c.Codes, to[code])
		}
	}
	t.Rows += o.Rows
	return errors.Join(errs...)
}
