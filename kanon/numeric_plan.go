package kanon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/recode"
)

// levelNumbers are the numbers written for the labels of a level, null behind
// the others where it has a label of its own.
func (d *domain) levelNumbers(level int) [][]*float64 {
	if d.numbers == nil {
		return nil
	}
	n := d.labelsAt(level)
	if len(d.order) == 0 && !d.null {
		n = 0
	}
	var out [][]*float64
	for code := range n {
		out = appendNumbers(out, d.written(recode.Label{Level: level, Code: uint32(code)}))
	}
	return d.lists(out)
}

// appendNumbers adds one number to each list.
func appendNumbers(lists [][]*float64, numbers []*float64) [][]*float64 {
	if lists == nil {
		lists = make([][]*float64, len(numbers))
	}
	for i, x := range numbers {
		lists[i] = append(lists[i], x)
	}
	return lists
}

// lists are as many as are written, empty where there were no labels.
func (d *domain) lists(lists [][]*float64) [][]*float64 {
	n := 1
	if d.numbers.as == NumericBounds {
		n = 2
	}
	for len(lists) < n {
		lists = append(lists, []*float64{})
	}
	return lists
}

// numberFace is what is written for a label as numbers, and as the text that
// stands for them in a plan.
func (d *domain) numberFace(l recode.Label) face {
	f := face{numbers: d.written(l), null: true}
	var parts []string
	for _, x := range f.numbers {
		if x == nil {
			parts = append(parts, "")
			continue
		}
		f.null = false
		parts = append(parts, strconv.FormatFloat(*x, 'g', -1, 64))
	}
	if !f.null {
		f.text = strings.Join(parts, " ")
	}
	return f
}

// means are the means of column i of the classes of a local recoding. The
// tuples come in ascending order, so that sums do not depend on theirs.
func (d *domain) means(r *recode.Result, i, m int, tuples, codes []uint32, rows []int64) []*float64 {
	sum, count := make([]float64, len(r.Rows)), make([]float64, len(r.Rows))
	for _, t := range tuples {
		if v := codes[t]; int(v) < len(d.order) {
			class, n := r.Class[t], float64(rows[t])
			sum[class] += float64(d.numbers.value[v] * n)
			count[class] += n
		}
	}
	list := make([]*float64, len(r.Rows))
	for class := range list {
		if _, _, known := d.limits(r.Labels[class*m+i]); known {
			list[class] = orNull(d.numbers.round(sum[class] / count[class]))
		}
	}
	return list
}

// Quasi names the columns of what Transform makes that hold the
// quasi-identifiers, which are those to check: two for each of NumericBounds.
func (p *Plan) Quasi() []string {
	var names []string
	for i := range p.columns {
		for _, f := range p.columns[i].fields(arrow.Field{Name: p.columns[i].Name}, p) {
			names = append(names, f.Name)
		}
	}
	return names
}

// numberFields are the fields of a column that comes out as numbers.
func (c *planColumn) numberFields(name string, as Numeric) []arrow.Field {
	var dt arrow.DataType = arrow.PrimitiveTypes.Float64
	switch {
	case isDay(c.typ):
		dt = arrow.FixedWidthTypes.Date32
	case isInteger(c.typ) && as == NumericBounds:
		dt = arrow.PrimitiveTypes.Int64
	}
	if as != NumericBounds {
		return []arrow.Field{{Name: name, Type: dt, Nullable: true}}
	}
	return []arrow.Field{{Name: name + LowerSuffix, Type: dt, Nullable: true},
		{Name: name + UpperSuffix, Type: dt, Nullable: true}}
}

// numberArrays writes the numbers of labels, or of classes where these have
// means.
func (c *planColumn) numberArrays(
	mem memory.Allocator, as Numeric, number []uint32, keep []bool, star bool,
) []arrow.Array {
	var out []arrow.Array
	for i, f := range c.numberFields(c.Name, as) {
		b := array.NewBuilder(mem, f.Type)
		b.Reserve(len(number))
		for k, n := range number {
			switch {
			case !keep[k] && !star:
			case !keep[k] || c.Numbers[i][n] == nil:
				b.AppendNull()
			default:
				x := *c.Numbers[i][n]
				switch b := b.(type) {
				case *array.Float64Builder:
					b.UnsafeAppend(x)
				case *array.Int64Builder:
					b.UnsafeAppend(int64(x))
				case *array.Date32Builder:
					b.UnsafeAppend(arrow.Date32(x))
				}
			}
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out
}

// distinctFields refuses two fields of one name, as of bounds beside a column that
// is called so already.
func distinctFields(fields []arrow.Field) error {
	var names []string
	for _, f := range fields {
		if slices.Contains(names, f.Name) {
			return fmt.Errorf("kanon: column %q: the table would have two of this name; rename it, or "+
				"choose another numeric than %q", f.Name, NumericBounds)
		}
		names = append(names, f.Name)
	}
	return nil
}
