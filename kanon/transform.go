package kanon

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/take"
)

// labelType is the type of a generalized column.
var labelType = &arrow.DictionaryType{
	IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String,
}

// Schema is the schema of what Transform makes of records of the schema in. A
// quasi-identifier that comes out as numbers has the type, or the two fields,
// that Numeric says. Another one at level 0 keeps its field, which is nullable where rows
// are starred and it is not text. At a higher level it becomes a dictionary of
// int32 and utf8 labels. Other fields stay. The metadata of all fields and of
// the schema, which may describe what was there before, are left out. It
// fails if a quasi-identifier is missing, there twice, or of another kind than
// the plan's, and if rows of another column could not be picked.
func (p *Plan) Schema(in *arrow.Schema) (*arrow.Schema, error) {
	if p.kept == nil {
		return nil, errNoPlan
	}
	var errs []error
	quasi := map[int]*planColumn{}
	for j := range p.columns {
		c := &p.columns[j]
		i, err := c.find(in)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		quasi[i] = c
	}
	var fields []arrow.Field
	for i, f := range in.Fields() {
		f.Metadata = arrow.Metadata{}
		if c := quasi[i]; c != nil {
			fields = append(fields, c.fields(f, p)...)
			continue
		}
		fields = append(fields, f)
		if p.doc.Suppressed == Drop && !take.Flat(f.Type) {
			errs = append(errs, fmt.Errorf("kanon: column %q: rows of type %s cannot be dropped; "+
				"leave the column out or choose %q", f.Name, f.Type, Star))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, distinctFields(fields))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return arrow.NewSchema(fields, nil), nil
}

func (c *planColumn) find(in *arrow.Schema) (int, error) {
	i, err := fieldIndex(in, c.Name)
	if err != nil {
		return 0, err
	}
	t, err := column.TypeOf(in.Field(i).Type)
	if err == nil && t != c.typ {
		err = fmt.Errorf("values are of type %s, want %s", t, c.typ)
	}
	if err != nil {
		return 0, fmt.Errorf("kanon: column %q: %w", c.Name, err)
	}
	return i, nil
}

// fields are what becomes of the field of a column.
func (c *planColumn) fields(f arrow.Field, p *Plan) []arrow.Field {
	switch {
	case len(c.Numbers) > 0:
		return c.numberFields(f.Name, p.doc.Numeric)
	case c.Level > 0:
		return []arrow.Field{{Name: f.Name, Type: labelType, Nullable: f.Nullable}}
	case p.doc.Suppressed == Star && c.typ.Kind != column.String:
		f.Nullable = true
	}
	return []arrow.Field{f}
}

// transformScratch is the memory of one call of Transform.
type transformScratch struct {
	memo   column.Memo
	codes  []uint32
	labels [][]uint32 // by column that is written as labels
	keys   []uint64
	sums   []uint64 // for a fingerprint
	number []uint32 // of the tuple of a row, or of its class
	keep   []bool

	suppressed int
	rows       []int32 // those kept, listed where some are not
}

// Transform generalizes the rows of a record, which stays as it is, and drops
// or stars those that are suppressed: all whose combination of labels is not
// among those the plan keeps. The schema of the result is what Schema says.
//
// A label column holds the labels that occur in the record, and null where the
// value is null and its label is not the top. A starred row has the label "*"
// in label columns, the text "*" in text columns at level 0, and null in
// others. Of rows that are dropped nothing is left behind, in dictionaries
// neither. Floating-point values at level 0 have their zeros and NaNs made
// equal, as they are counted.
//
// A value that was not counted is an error that names the column, since the
// plan knows no label for it. Transform is safe for concurrent use, depends on
// nothing but the plan and the record, and the caller releases the result.
func (p *Plan) Transform(ctx context.Context, rec arrow.Record) (arrow.Record, error) {
	out, _, err := p.TransformCounting(ctx, rec, nil)
	return out, err
}

// TransformCounting is Transform that also tells how many rows it suppressed,
// which a table with starred rows does not, and adds all rows that it was given
// to seen, unless that is nil.
func (p *Plan) TransformCounting(
	ctx context.Context, rec arrow.Record, seen *Fingerprint,
) (out arrow.Record, suppressed int64, err error) {
	schema, err := p.Schema(rec.Schema())
	if err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("kanon: %w", err)
	}
	// Arrays remember what they are asked for, such as their number of nulls.
	// In arrays of one's own that disturbs nobody who reads the record.
	rec = rec.NewSlice(0, rec.NumRows())
	defer rec.Release()
	s, _ := p.scratch.Get().(*transformScratch)
	if s == nil {
		s = &transformScratch{labels: make([][]uint32, len(p.columns))}
	}
	defer p.scratch.Put(s)
	if err := p.classify(rec, s, seen); err != nil {
		return nil, 0, err
	}
	cols := make([]arrow.Array, 0, rec.NumCols())
	defer func() {
		for _, col := range cols {
			col.Release()
		}
	}()
	for i, col := range rec.Columns() {
		out, err := p.column(rec.ColumnName(i), col, s)
		if err != nil {
			return nil, 0, fmt.Errorf("kanon: column %q: %w", rec.ColumnName(i), err)
		}
		cols = append(cols, out...)
	}
	n := rec.NumRows()
	if p.doc.Suppressed == Drop {
		n -= int64(s.suppressed)
	}
	return array.NewRecord(schema, cols, n), int64(s.suppressed), nil
}

// resized is memory for n values; what is in it is of no meaning.
func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// classify fills the labels of every row and whether it is kept.
func (p *Plan) classify(rec arrow.Record, s *transformScratch, seen *Fingerprint) error {
	n := int(rec.NumRows())
	s.codes, s.number, s.keep = resized(s.codes, n), resized(s.number, n), resized(s.keep, n)
	s.keys, s.sums = resized(s.keys, n*p.kept.words), resized(s.sums, n)
	clear(s.keys)
	clear(s.sums)
	for i := range p.columns {
		c := &p.columns[i]
		at, err := fieldIndex(rec.Schema(), c.Name)
		if err != nil {
			return err
		}
		codes := s.codes
		if c.Level > 0 || len(c.Numbers) > 0 || p.parts != nil {
			s.labels[i] = resized(s.labels[i], n)
			codes = s.labels[i]
		}
		missing, err := c.coder.Find(rec.Column(at), codes, &s.memo)
		if err != nil {
			return fmt.Errorf("kanon: column %q: %w", c.Name, err)
		}
		if missing > 0 {
			return fmt.Errorf("kanon: column %q: %d rows have a value that the plan does not know; "+
				"count all rows before solving", c.Name, missing)
		}
		if seen != nil {
			for k, code := range codes {
				s.sums[k] += c.hash[code]
			}
		}
		if c.label != nil {
			for k, code := range codes {
				codes[k] = c.label[code]
			}
		}
		if p.parts == nil {
			p.kept.add(s.keys, i, codes)
		}
	}
	if seen != nil {
		seen.add(s.sums, nil)
	}
	if p.parts != nil {
		s.suppressed = p.classifyByParts(s.labels, s.keep)
	} else {
		s.suppressed = p.kept.find(s.keys, s.number, s.keep)
	}
	if s.suppressed > 0 && p.doc.Suppressed == Drop {
		s.rows = s.rows[:0]
		for k, keep := range s.keep {
			if keep {
				s.rows = append(s.rows, int32(k))
			}
		}
	}
	if p.doc.Local != nil && p.parts == nil {
		p.classLabels(s)
	}
	return nil
}

// classLabels turns tuples into classes, and values into the labels of these.
func (p *Plan) classLabels(s *transformScratch) {
	for k, tuple := range s.number {
		if s.keep[k] {
			s.number[k] = p.doc.Local.Class[tuple]
		}
	}
	for i := range p.columns {
		c := &p.columns[i]
		if c.Level == 0 && len(c.Numbers) == 0 {
			continue
		}
		labels, of := s.labels[i], c.classLabel
		for k, class := range s.number {
			if s.keep[k] {
				labels[k] = of[class]
			}
		}
	}
}

// column makes of a column what is written of it.
func (p *Plan) column(name string, col arrow.Array, s *transformScratch) ([]arrow.Array, error) {
	mem := memory.DefaultAllocator
	star := p.doc.Suppressed == Star
	var out arrow.Array
	var err error
	switch i := p.place(name); {
	case i >= 0 && len(p.columns[i].Numbers) > 0:
		number := s.labels[i]
		if p.doc.Numeric == NumericMean {
			number = s.number
		}
		return p.columns[i].numberArrays(mem, p.doc.Numeric, number, s.keep, star), nil
	case i >= 0 && p.columns[i].Level > 0:
		out = p.columns[i].labelArray(mem, s, s.labels[i], star)
	case i >= 0 && star && s.suppressed > 0:
		out, err = starred(mem, col, s.keep)
	case i >= 0:
		out, err = s.kept(mem, col, star)
		out, err = canonicalFloats(mem, out, err)
	default:
		out, err = s.kept(mem, col, star)
	}
	return []arrow.Array{out}, err
}

// kept are the rows of a column that are kept, or starred, which may be all.
// Their values are all that is in its dictionary.
func (s *transformScratch) kept(
	mem memory.Allocator, col arrow.Array, star bool,
) (arrow.Array, error) {
	if s.suppressed == 0 || star {
		return take.Compact(mem, col)
	}
	return take.Rows(mem, col, s.rows)
}

// place is the place of a quasi-identifier among the columns, -1 for another.
func (p *Plan) place(name string) int {
	return slices.IndexFunc(p.columns, func(c planColumn) bool { return c.Name == name })
}
