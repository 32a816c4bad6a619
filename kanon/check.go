package kanon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// CheckConfig says what is known to an attacker and what a table must satisfy.
// It is all a check needs: neither hierarchies nor the plan that made the
// table.
type CheckConfig struct {
	// Quasi names the quasi-identifiers, at least one. Rows that agree in all
	// of them form a class.
	Quasi []string
	// Unit names the column that identifies a person. Class sizes then count
	// distinct people; when empty they count rows.
	Unit string
	// Sensitive names columns whose distinct values in a class are counted, as
	// are those of the columns that models name.
	Sensitive []string
	// Models must all hold. Without any the audit only reports.
	Models []Model
	// Frequencies asks for all figures of SensitiveAudit, for which it is counted
	// how often each value occurs.
	Frequencies bool
}

// Checker counts the classes of a table and says which models they satisfy. It
// is written independently of the search and the recoding that it checks, and
// shares no code with them.
//
// A class is a tuple of exact values. Null is one value, equal to itself only.
// Values are compared across physical encodings: plain and dictionary columns,
// and integers or floats of any width, are equal where their values are; −0 is
// 0, and NaN is one value.
//
// Memory grows with the classes, the distinct values, and the distinct pairs
// of a class and a person or a sensitive value; not with the rows. A Checker
// is not safe for concurrent use.
type Checker struct {
	cfg     CheckConfig
	columns []*checkColumn // quasi, then sensitive, then unit
	err     error          // of an Add, after which the counts mean nothing
	seen    bool           // a schema

	rows    int64
	classes *checkClasses
	people  *keyPairs        // of class and person
	traces  []trace          // of a person
	values  []*checkedValues // a sensitive column

	rowsIn   []int64 // of a class
	peopleIn []int64
	block    [][]uint32 // numbers of a block of rows, by column
	ids      []uint32   // their classes
	compared bool       // with a reference
	referred int64      // rows of it

	population []int64 // people of a class; nil without a population
}

// checkBlock is how many rows are handled column by column at a time.
const checkBlock = 1 << 14

// NewChecker returns a checker that has seen no rows. It copies cfg. Refused,
// all at once, are: no quasi-identifier, a column named twice, and a model
// that this checker cannot judge.
func NewChecker(cfg CheckConfig) (*Checker, error) {
	c := &Checker{cfg: CheckConfig{
		Quasi: slices.Clone(cfg.Quasi), Unit: cfg.Unit,
		Sensitive: slices.Clone(cfg.Sensitive), Models: slices.Clone(cfg.Models),
		Frequencies: cfg.Frequencies,
	}}
	var errs []error
	if len(cfg.Quasi) == 0 {
		errs = append(errs, errors.New("kanon: check: no quasi-identifier"))
	}
	names := slices.Concat(cfg.Quasi, cfg.Sensitive)
	if cfg.Unit != "" {
		names = append(names, cfg.Unit)
	}
	for _, name := range modelColumns(cfg.Models) {
		if !slices.Contains(cfg.Sensitive, name) {
			c.cfg.Sensitive = append(c.cfg.Sensitive, name)
			names = slices.Insert(names, len(cfg.Quasi)+len(c.cfg.Sensitive)-1, name)
		}
	}
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" {
			errs = append(errs, errors.New("kanon: check: a column without a name"))
		} else if seen[name] {
			errs = append(errs, fmt.Errorf("kanon: check: column %q: named twice among the "+
				"quasi-identifiers, the sensitive columns and the unit", name))
		}
		seen[name] = true
		c.columns = append(c.columns, newCheckColumn(name))
	}
	for i, m := range cfg.Models {
		if err := judgeable(m); err != nil {
			errs = append(errs, fmt.Errorf("kanon: check: model %d: %w", i+1, err))
		}
	}
	c.classes, c.block = newCheckClasses(len(cfg.Quasi)), make([][]uint32, len(c.columns))
	for _, name := range c.cfg.Sensitive {
		v := newCheckedValues(name, cfg.Models)
		v.frequencies = v.frequencies || cfg.Frequencies
		v.compared = v.compared || cfg.Frequencies
		c.values = append(c.values, v)
	}
	c.people = newKeyPairs()
	return c, errors.Join(errs...)
}

// Check audits all records of r. It ends with an error when ctx is done, a
// column is missing or of a type that is not supported, a unit is null, or r
// fails. It does not release r.
func Check(ctx context.Context, r array.RecordReader, cfg CheckConfig) (*Audit, error) {
	c, err := NewChecker(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.AddAll(ctx, r); err != nil {
		return nil, err
	}
	return c.Audit()
}

// AddAll counts the rows of all records of r, as Add does. It ends with an error
// when ctx is done or r fails, too. It does not release r.
func (c *Checker) AddAll(ctx context.Context, r array.RecordReader) error {
	if c.err == nil {
		c.err = c.addAll(ctx, r)
	}
	return c.err
}

func (c *Checker) addAll(ctx context.Context, r array.RecordReader) error {
	if _, err := c.find(r.Schema()); err != nil {
		return err
	}
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("kanon: check: %w", err)
		}
		if err := c.add(r.Record()); err != nil {
			return err
		}
	}
	if err := errors.Join(r.Err(), ctx.Err()); err != nil {
		return fmt.Errorf("kanon: check: %w", err)
	}
	return nil
}

// Add counts the rows of a record. Columns are found by name, others are
// ignored. After an error the checker is of no use: every further call returns
// the error.
func (c *Checker) Add(rec arrow.Record) error {
	if c.err == nil {
		c.err = c.add(rec)
	}
	return c.err
}

func (c *Checker) add(rec arrow.Record) error {
	at, err := c.find(rec.Schema())
	if err != nil {
		return err
	}
	if c.population != nil {
		return errors.New("kanon: check: rows after the population; add the table first")
	}
	if c.rows+rec.NumRows() >= math.MaxUint32 { // so that no number of a pair overflows
		return fmt.Errorf("kanon: check: more than %d rows", uint32(math.MaxUint32-1))
	}
	read := make([]blockReader, len(at))
	for i, column := range c.columns {
		if read[i], err = column.reader(rec.Column(at[i])); err != nil {
			return fmt.Errorf("kanon: check: column %q: %w", column.name, err)
		}
	}
	q, s := len(c.cfg.Quasi), len(c.values)
	for from := 0; from < int(rec.NumRows()); from += checkBlock {
		n := min(checkBlock, int(rec.NumRows())-from)
		for i, read := range read {
			c.block[i] = read.block(c.block[i], from, n)
		}
		c.countClasses(c.block[:q], n)
		var people []uint32
		if c.cfg.Unit != "" {
			people = c.block[q+s]
			if err := c.noNullUnit(people, from); err != nil {
				return err
			}
			c.countPeople(c.ids, people)
		}
		for i, values := range c.block[q : q+s] {
			c.values[i].count(c.ids, values, people)
		}
	}
	c.rows += rec.NumRows()
	return nil
}

// countClasses numbers the classes of n rows and counts the rows in each.
func (c *Checker) countClasses(values [][]uint32, n int) {
	c.ids = slices.Grow(c.ids[:0], n)[:n]
	c.classes.classes(values, c.ids)
	for more := c.classes.len() - len(c.rowsIn); more > 0; more-- {
		c.rowsIn = append(c.rowsIn, 0)
		if c.cfg.Unit != "" {
			c.peopleIn = append(c.peopleIn, 0)
		}
		for _, v := range c.values {
			v.in = append(v.in, 0)
		}
	}
	for _, class := range c.ids {
		c.rowsIn[class]++
	}
}

func (c *Checker) noNullUnit(people []uint32, from int) error {
	nulls := 0
	for _, person := range people {
		if person == nullCode {
			nulls++
		}
	}
	if nulls == 0 {
		return nil
	}
	return fmt.Errorf("kanon: check: column %q: null in %d of %d rows from row %d, "+
		"but it says whose row it is; fill it or drop these rows", c.cfg.Unit, nulls, len(people),
		c.rows+int64(from))
}

// find returns the position of each column in a schema.
func (c *Checker) find(schema *arrow.Schema) ([]int, error) {
	var errs []error
	at := make([]int, len(c.columns))
	for i, column := range c.columns {
		switch found := schema.FieldIndices(column.name); len(found) {
		case 0:
			errs = append(errs, fmt.Errorf("kanon: check: column %q: not in the table", column.name))
		case 1:
			at[i] = found[0]
			if err := checkable(schema.Field(at[i]).Type); err != nil {
				errs = append(errs, fmt.Errorf("kanon: check: column %q: %w", column.name, err))
			}
		default:
			errs = append(errs, fmt.Errorf("kanon: check: column %q: %d columns have this name",
				column.name, len(found)))
		}
	}
	c.seen = true
	return at, errors.Join(errs...)
}
