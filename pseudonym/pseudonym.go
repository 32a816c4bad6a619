package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Column says how one column is pseudonymized. Name and Method must be set, and
// the domain and the entity of Field unless the method has no key.
type Column struct {
	// Name is the name of the column in the table.
	Name string
	// Field decides with which other columns its tokens join.
	Field Field
	// Method makes the tokens.
	Method Method

	// Canonical lists the steps that bring a value into the form that the
	// method sees: trim, nfc or nfkc, lower or fold, and digits or e164, which
	// are applied in this order whatever their order here. Columns are sure to
	// join only if they name the same steps. Nil leaves values as they are. Of a
	// [DateShift] it is the subject that is brought into this form.
	Canonical []string
	// Empty says what becomes of a value that is empty in its canonical form;
	// the zero value is Token.
	Empty Handling
	// Sentinels are values that stand for none, such as "N/A" or "999999999".
	// They are compared as they are and in their canonical form.
	Sentinels []string
	// SentinelAs says what becomes of them; the zero value is Null.
	SentinelAs Handling
	// LowEntropy says why the column may hold deterministic tokens although it
	// has few distinct values or one that dominates, which the guards of
	// [Counts] refuse otherwise. Empty means that it may not.
	LowEntropy string
	// Describe writes the specification of the column and the id of the key
	// into the metadata of its field, as [Manifest] has them.
	Describe bool
}

// Pseudonymizer replaces columns of a table by tokens. It does not change, is
// safe for concurrent use, and like a [Keyring] cannot be printed. [New] makes
// one; the zero Pseudonymizer replaces nothing and fails.
type Pseudonymizer struct {
	id      uint32
	columns []column
	mem     memory.Allocator
}

// column is a compiled Column.
type column struct {
	name string
	kernel
	source Column // what it was compiled from
}

// check returns all that is wrong with the column but for its name.
func (c Column) check() []error {
	errs := checkMethod(c.Method)
	if _, err := methodOf(c.Method); err == nil && traitsOf(c.Method).keyless {
		if c.Field != (Field{}) {
			errs = append(errs, errors.New("the method has no key, so there is no domain, "+
				"entity or dataset to give"))
		}
	} else {
		errs = append(c.Field.check(), errs...)
	}
	_, mistakes := newPreparation(c)
	return append(errs, mistakes...)
}

// compile makes the kernel of a column of which check has found nothing.
func (c Column) compile(kr *Keyring) (column, error) {
	k, err := c.Method.compile(kr, c)
	if err != nil {
		return column{}, err
	}
	if !traitsOf(c.Method).prepares {
		p, _ := newPreparation(c)
		if k, err = prepared(k, p); err != nil {
			return column{}, err
		}
	}
	return column{c.Name, nestedKernel{k}, c}, nil
}

// New returns a pseudonymizer of the given columns under the primary key of
// kr, which may be nil if no method has a key. It reports every mistake at once: no keyring, no columns, a column
// without a name, given twice, without a domain or an entity, or without a
// method that is known.
func New(kr *Keyring, columns ...Column) (*Pseudonymizer, error) {
	var errs []error
	needsKey := len(columns) == 0 || slices.ContainsFunc(columns, func(c Column) bool {
		_, err := methodOf(c.Method)
		return err != nil || !traitsOf(c.Method).keyless
	})
	switch {
	case kr != nil && kr.derive != nil:
	case kr != nil || needsKey:
		errs = append(errs, errNoKeyring)
	}
	if len(columns) == 0 {
		errs = append(errs, errors.New("no columns"))
	}
	p := &Pseudonymizer{mem: memory.DefaultAllocator}
	named := make(map[string]bool)
	for i, c := range columns {
		name := fmt.Sprintf("column %q", c.Name)
		if c.Name == "" {
			name = fmt.Sprintf("column %d of %d", i+1, len(columns))
			errs = append(errs, fmt.Errorf("%s: no name", name))
		} else if named[c.Name] {
			errs = append(errs, fmt.Errorf("%s: given twice", name))
		}
		named[c.Name] = true
		for _, err := range c.check() {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if len(errs) > 0 {
		return nil, join(errs)
	}
	if kr != nil {
		p.id = kr.ID()
	}
	for _, c := range columns {
		compiled, err := c.compile(kr)
		if err != nil {
			return nil, fmt.Errorf("pseudonym: column %q: %w", c.Name, err)
		}
		p.columns = append(p.columns, compiled)
	}
	return p, nil
}

// Schema returns the schema of what Transform makes of a record of schema in.
// A pseudonymized column is utf8, or fixed_size_binary[16] in the format
// Binary; from a dictionary column it is a dictionary of these with int32
// indices. It loses its metadata and so does the schema as a whole, because
// both may hold statistics of what was replaced; other columns stay as they
// are. All columns that are missing, occur twice or have a type that cannot be
// pseudonymized are reported at once.
func (p *Pseudonymizer) Schema(in *arrow.Schema) (*arrow.Schema, error) {
	out, _, err := p.plan(in)
	return out, err
}

// place is where a column and those that its method reads are in a table.
type place struct {
	at      int
	further []int
}

// plan returns the output schema and the place of each column.
func (p *Pseudonymizer) plan(in *arrow.Schema) (*arrow.Schema, []place, error) {
	if len(p.columns) == 0 {
		return nil, nil, errors.New("pseudonym: a zero Pseudonymizer; make one with New")
	}
	var errs []error
	fields := slices.Clone(in.Fields())
	places := make([]place, len(p.columns))
	for i := range p.columns {
		c := &p.columns[i]
		at, mistakes := c.find(in)
		if len(mistakes) > 0 {
			errs = append(errs, mistakes...)
			continue
		}
		f, further := in.Field(at.at), make([]arrow.DataType, len(at.further))
		for j, k := range at.further {
			further[j] = in.Field(k).Type
		}
		typ, err := c.outType(f.Type, further)
		if err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", c.name, err))
			continue
		}
		places[i] = at
		fields[at.at] = arrow.Field{
			Name: f.Name,
			Type: typ,
			// The entries of a dictionary may be null whatever its field says.
			Nullable: f.Nullable || f.Type.ID() == arrow.DICTIONARY || c.mayBeNull(),
			Metadata: c.metadata(p.id),
		}
	}
	if len(errs) > 0 {
		return nil, nil, join(errs)
	}
	return arrow.NewSchema(fields, nil), places, nil
}

// find returns where the column is in a table, or all that is missing.
func (c *column) find(in *arrow.Schema) (place, []error) {
	var errs []error
	find := func(name, what string) int {
		found := in.FieldIndices(name)
		if len(found) == 1 {
			return found[0]
		}
		errs = append(errs, fmt.Errorf("column %q: %s%s", c.name, what, occurs(len(found))))
		return -1
	}
	at := place{at: find(c.name, "")}
	for _, name := range c.reads() {
		at.further = append(at.further, find(name, fmt.Sprintf("column %q, which it reads, ", name)))
	}
	return at, errs
}

func occurs(times int) string {
	if times == 0 {
		return "not in the table"
	}
	return fmt.Sprintf("occurs %d times in the table; rename or drop the others", times)
}

// Transform returns a record of the schema that Schema describes, with the
// rows of rec in their order. It does not change rec, and the caller releases
// the result. Beside the errors of Schema it fails if ctx is done, if a date64
// value has a time of day, if a batch needs more than 2 GiB of text for a
// column, or if the buffers of an array contradict each other. No error holds
// a value.
func (p *Pseudonymizer) Transform(ctx context.Context, rec arrow.Record) (arrow.Record, error) {
	schema, places, err := p.plan(rec.Schema())
	if err != nil {
		return nil, err
	}
	columns := slices.Clone(rec.Columns())
	for i := range p.columns {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("pseudonym: %w", err)
		}
		c, at := &p.columns[i], places[i]
		further := make([]arrow.Array, len(at.further))
		for j, k := range at.further {
			further[j] = rec.Column(k)
		}
		a, err := c.transform(ctx, p.mem, rec.Column(at.at), further)
		if err != nil {
			return nil, fmt.Errorf("pseudonym: column %q: %w", c.name, err)
		}
		defer a.Release()
		columns[at.at] = a
	}
	return array.NewRecord(schema, columns, rec.NumRows()), nil
}

// String returns a placeholder with the id of the key.
func (p Pseudonymizer) String() string { return redacted("Pseudonymizer", p.id) }

// Format writes what String returns, for every verb.
func (p Pseudonymizer) Format(s fmt.State, _ rune) { fmt.Fprint(s, p.String()) }

// LogValue returns what String returns.
func (p Pseudonymizer) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText returns what String returns; it never fails.
func (p Pseudonymizer) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// join makes one error of several mistakes, one a line.
func join(errs []error) error {
	if len(errs) == 1 {
		return fmt.Errorf("pseudonym: %w", errs[0])
	}
	lines := make([]any, 0, len(errs)+1)
	lines = append(lines, len(errs))
	for _, err := range errs {
		lines = append(lines, err)
	}
	return fmt.Errorf("pseudonym: %d mistakes"+strings.Repeat("\n\t%w", len(errs)), lines...)
}
