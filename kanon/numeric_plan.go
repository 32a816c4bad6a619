package kanon

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/group"
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

// means are the means of n classes that have labels, by the class, the value
// and the rows of each tuple. They do not depend on the order of the tuples,
// since the rows of a value are added up first and the values as they ascend.
func (d *domain) means(
	n int, label func(class int) recode.Label, class, value []uint32, rows []int64,
) []*float64 {
	type cell struct {
		key  uint64 // class, then value
		rows int64
	}
	var cells []cell
	for t, v := range value {
		if int(v) < len(d.order) && class[t] != recode.None {
			cells = append(cells, cell{uint64(class[t])<<32 | uint64(v), rows[t]})
		}
	}
	slices.SortFunc(cells, func(a, b cell) int { return cmp.Compare(a.key, b.key) })
	sum, count := make([]float64, n), make([]float64, n)
	for len(cells) > 0 {
		key, r := cells[0].key, int64(0)
		for len(cells) > 0 && cells[0].key == key {
			r += cells[0].rows
			cells = cells[1:]
		}
		sum[key>>32] += float64(d.numbers.value[uint32(key)] * float64(r))
		count[key>>32] += float64(r)
	}
	list := make([]*float64, n)
	for class := range list {
		if _, _, known := d.limits(label(class)); known {
			list[class] = orNull(d.numbers.round(sum[class] / count[class]))
		}
	}
	return list
}

// addMeans puts the means of the classes in the place of the numbers of labels,
// where a global recoding is to have them.
func (doc *planDoc) addMeans(
	counts func(column int) (*Counts, error), domains []*domain, layout group.Layout,
) error {
	w := layout.Words()
	kept := make([]uint64, doc.Kept.n*w)
	for i := range domains {
		layout.Put(kept, i, doc.Kept.columns[i])
	}
	table := group.New(w, doc.Kept.n)
	table.Add(kept, make([]uint32, doc.Kept.n))
	for i, d := range domains {
		if d.numbers == nil {
			continue
		}
		c, err := counts(i)
		if err != nil {
			return err
		}
		of := func(class int) recode.Label {
			return recode.Label{Level: doc.Columns[i].Level, Code: doc.Kept.columns[i][class]}
		}
		class, values := doc.classesOf(c, domains, layout, table, i)
		doc.Columns[i].Numbers = [][]*float64{d.means(doc.Kept.n, of, class, values, c.rows)}
	}
	return nil
}

// classesOf finds the class of each combination, and its value in a column.
func (doc *planDoc) classesOf(
	c *Counts, domains []*domain, layout group.Layout, table *group.Table, column int,
) (class, value []uint32) {
	n := c.tuples.Len()
	keys, codes := make([]uint64, n*layout.Words()), make([]uint32, n)
	class, value = make([]uint32, n), make([]uint32, n)
	for i, d := range domains {
		c.layout.Get(c.tuples.Keys(), i, codes)
		for t, code := range codes {
			if i == column {
				value[t] = d.leaf[code]
			}
			codes[t] = d.column.Codes[doc.Columns[i].Level][d.leaf[code]]
		}
		layout.Put(keys, i, codes)
	}
	table.Find(keys, class)
	return class, value
}

// ofAll gives the counts themselves, of each column.
func (c *Counts) ofAll(int) (*Counts, error) { return c, nil }

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
