package kanon

import (
	"context"
	"errors"
	"fmt"
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

	peopleIn []int64       // of a class
	block    *checkedBlock // of Add
	ids      []uint32      // classes of the rows of a block
	compared bool          // with a reference
	referred int64         // rows of it

	population []int64 // people of a class; nil without a population
}

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
	c.classes, c.block = newCheckClasses(len(cfg.Quasi)), newCheckedBlock(len(c.columns))
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

// Add counts the rows of a record. Columns are found by name, others are
// ignored. After an error the checker is of no use: every further call returns
// the error.
func (c *Checker) Add(rec arrow.Record) error {
	if c.err == nil {
		c.err = c.add(rec)
	}
	return c.err
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
