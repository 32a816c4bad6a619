package kanon

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/criterion"
	"github.com/lethe-go/lethe/internal/lattice"
)

// sensitiveModel is a Model of the values of a sensitive column.
type sensitiveModel interface {
	Model
	validate() error
	sensitive() string // the column
	sort() string      // models of one column and sort exclude each other
	frequencies() bool // whether how often a value occurs matters
	compares() bool    // with the distribution of the table
	criterion(d *sensitiveDomain) (criterion.Criterion, error)
}

// maxCompared bounds the rows of a table whose classes are compared with it, so
// that products of two counts are exact.
const maxCompared = math.MaxInt32

// sensitiveColumn is a column with the models that name it.
type sensitiveColumn struct {
	name        string
	frequencies bool
	models      []sensitiveModel
}

// addSensitive files a model under its column. Columns stay sorted by name.
func (a *Anonymizer) addSensitive(m sensitiveModel) {
	i, found := slices.BinarySearchFunc(a.sensitive, m.sensitive(),
		func(c sensitiveColumn, name string) int { return cmp.Compare(c.name, name) })
	if !found {
		a.sensitive = slices.Insert(a.sensitive, i, sensitiveColumn{name: m.sensitive()})
	}
	c := &a.sensitive[i]
	c.models = append(c.models, m)
	c.frequencies = c.frequencies || m.frequencies()
}

// sensitiveMistakes says what is wrong with a model in its configuration.
func (a *Anonymizer) sensitiveMistakes(m sensitiveModel) (errs []error) {
	name := m.sensitive()
	where := fmt.Sprintf("kanon: column %q: ", name)
	mistake := func(text string) { errs = append(errs, fmt.Errorf("%s%s", where, text)) }
	switch {
	case name == "":
		where = "kanon: "
		mistake("a model of a sensitive column names none")
	case name == a.cfg.Unit:
		mistake("is the unit and cannot be sensitive")
	case slices.Contains(a.columns(), name):
		mistake("is a quasi-identifier and cannot be sensitive")
	}
	for _, c := range a.sensitive {
		for _, other := range c.models {
			if c.name == name && other.sort() == m.sort() {
				mistake(m.sort() + " is asked for twice")
			}
		}
	}
	for _, err := range flatErrors(m.validate()) {
		mistake(err.Error())
	}
	return errs
}

// flatErrors takes a joined error apart.
func flatErrors(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// sensitiveDomain is what occurs in a sensitive column, in canonical order with
// null last.
type sensitiveDomain struct {
	values *valueCounts
	order  []uint32 // codes, without null
	place  []uint32 // by code
	total  int64    // that the frequencies add up to
}

func newSensitiveDomain(v *valueCounts) *sensitiveDomain {
	d := &sensitiveDomain{values: v, order: v.coder.Order()}
	d.place = make([]uint32, v.coder.Len())
	for i, code := range d.order {
		d.place[code] = uint32(i)
	}
	if code, seen := v.coder.Null(); seen {
		d.place[code] = uint32(len(d.order))
	}
	d.total = v.total()
	return d
}

// nodes are the nodes above each value, level by level, as in criterion.Close.
// Null has nodes of its own below the top.
func (d *sensitiveDomain) nodes(t *Tree) ([][]uint32, error) {
	values := d.values.coder.Array(memory.DefaultAllocator, d.order)
	defer values.Release()
	null := len(d.place) > len(d.order)
	below := make([]uint32, len(d.place)) // node of each value at the level below
	for i := range below {
		below[i] = uint32(i)
	}
	nodes := len(below)
	var up [][]uint32
	for level := 1; level <= t.Levels(); level++ {
		labels, err := t.Generalize(values, level)
		if err != nil {
			return nil, err
		}
		text := labels.(*array.String)
		number := map[string]uint32{}
		above := make([]uint32, len(below))
		for i := range d.order {
			n, ok := number[text.Value(i)]
			if !ok {
				n = uint32(len(number))
				number[text.Value(i)] = n
			}
			above[i] = n
		}
		labels.Release()
		next := len(number)
		if null && level < t.Levels() {
			above[len(d.order)] = uint32(next)
			next++
		}
		step := make([]uint32, nodes)
		for i, n := range below {
			step[n] = above[i]
		}
		up, below, nodes = append(up, step), above, max(next, 1)
	}
	return up, nil
}

// lattice makes the search's form of a sensitive column of n tuples, which are
// those of the table.
func (c *sensitiveColumn) lattice(v *valueCounts, n int) (lattice.Sensitive, error) {
	d := newSensitiveDomain(v)
	out := c.tuples(d, n)
	for _, m := range c.models {
		if m.compares() && d.total > maxCompared {
			return out, fmt.Errorf("kanon: column %q: %s compares %d rows with the table, "+
				"want at most %d", c.name, m, d.total, maxCompared)
		}
		criterion, err := m.criterion(d)
		if err != nil {
			return out, fmt.Errorf("kanon: column %q: %w", c.name, err)
		}
		out.Criteria = append(out.Criteria, criterion)
	}
	return out, nil
}

// tuples are n tuples with their values.
func (c *sensitiveColumn) tuples(d *sensitiveDomain, n int) lattice.Sensitive {
	out := lattice.Sensitive{Values: len(d.place)}
	d.values.byTuple(n, d.place, &out)
	if !c.frequencies { // each value once is enough, and takes half the memory
		out.Rows, out.Value = nil, identity(out.Values)
	}
	return out
}

// accepts asks the trees for the labels of no values, as Quasi.accepts does.
func (c *sensitiveColumn) accepts(coder *column.Coder) error {
	for _, m := range c.models {
		if t, ok := m.(TCloseness); ok && t.Tree != nil {
			if err := (Quasi{Column: c.name, Hierarchy: t.Tree}).accepts(coder); err != nil {
				return err
			}
		}
	}
	return nil
}
