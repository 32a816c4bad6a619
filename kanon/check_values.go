package kanon

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// checkedValues are the values of a sensitive column by class, and of the
// table by itself. Rows are counted, or people where a unit is set: each once
// for each value that the class, or the table, has of that person.
type checkedValues struct {
	cells  *keyPairs // of class and value
	people *keyPairs // of cell and person
	times  []int64   // people of a cell; nil where rows are counted
	in     []int64   // distinct values of a class

	frequencies bool // a model asks for times
	compared    bool // a model asks for table or reference

	table, reference wholeValues
}

// wholeValues is how often each value occurs in a table, by its number.
type wholeValues struct {
	people *keyPairs // of value and person
	times  []int64
}

func newCheckedValues(column string, models []Model) *checkedValues {
	v := &checkedValues{cells: newKeyPairs(), people: newKeyPairs()}
	v.table.people, v.reference.people = newKeyPairs(), newKeyPairs()
	for _, m := range models {
		name, needs := checkedColumn(m)
		if name == column {
			v.frequencies = v.frequencies || needs >= needsTimes
			v.compared = v.compared || needs == needsWhole
		}
	}
	return v
}

// count counts the values of a block of rows of the given classes, of which
// there are as many, or of people, which are nil where rows are counted.
func (v *checkedValues) count(classes, values, people []uint32, all int) {
	v.in = extendedTo(v.in, all)
	cells := v.cells.pairs(classes, values, func(i int) { v.in[classes[i]]++ })
	if v.frequencies && people != nil {
		v.times = extendedTo(v.times, v.cells.len())
		v.people.pairs(cells, people, func(i int) { v.times[cells[i]]++ })
	}
	if v.compared {
		v.table.count(values, people)
	}
}

// extendedTo is a list of n counts, new ones 0.
func extendedTo(counts []int64, n int) []int64 {
	return append(counts, make([]int64, n-len(counts))...)
}

// whole is the distribution that classes are compared with, by the number of a
// value: the table's own, or that of the reference, of which the table must be
// a part.
func (v *checkedValues) whole(column string, compared bool) ([]int64, error) {
	if !compared {
		return v.table.times, nil
	}
	for value, n := range v.table.times {
		if value >= len(v.reference.times) || v.reference.times[value] < n {
			return nil, fmt.Errorf("kanon: check: column %q: the reference does not hold all "+
				"rows of the table", column)
		}
	}
	return v.reference.times, nil
}

// Reference counts the rows of a record for the distributions that TCloseness,
// BetaLikeness and DeltaDisclosure compare classes with. That is for tables from
// which suppressed rows were dropped: give all rows of the table before, to as many calls as it takes,
// beside what Add is given. Without a call, classes are compared with the table
// itself. Only the columns of these models, and the unit, need to be there.
// Rows that were added and are missing here are an error of Audit, as far as
// their number tells. Errors are as those of Add.
func (c *Checker) Reference(rec arrow.Record) error {
	if c.err == nil {
		c.err = c.refer(rec)
	}
	return c.err
}

func (c *Checker) refer(rec arrow.Record) error {
	c.compared = true
	c.referred += rec.NumRows()
	refused := func(column string, err error) error {
		return fmt.Errorf("kanon: check: reference: column %q: %w", column, err)
	}
	reader := func(column *checkColumn) (blockReader, error) {
		at := rec.Schema().FieldIndices(column.name)
		if len(at) != 1 {
			return nil, fmt.Errorf("kanon: check: reference: column %q: %d columns have this name",
				column.name, len(at))
		}
		read, err := column.reader(rec.Column(at[0]))
		if err != nil {
			return nil, refused(column.name, err)
		}
		return read, nil
	}
	var people []uint32
	n := int(rec.NumRows())
	if c.cfg.Unit != "" {
		read, err := reader(c.columns[len(c.columns)-1])
		if err != nil {
			return err
		}
		if people, err = read.block(nil, 0, n); err != nil {
			return refused(c.cfg.Unit, err)
		}
		if err := c.noNullUnit(people, 0); err != nil {
			return err
		}
	}
	for i, v := range c.values {
		if !v.compared {
			continue
		}
		read, err := reader(c.columns[len(c.cfg.Quasi)+i])
		if err != nil {
			return err
		}
		values, err := read.block(nil, 0, n)
		if err != nil {
			return refused(c.cfg.Sensitive[i], err)
		}
		v.reference.count(values, people)
	}
	return nil
}

// count counts values of rows, or of people where these are not nil.
func (w *wholeValues) count(values, people []uint32) {
	highest := -1
	for _, value := range values {
		highest = max(highest, int(value))
	}
	w.times = extendedTo(w.times, max(highest+1, len(w.times)))
	if people != nil {
		w.people.pairs(values, people, func(i int) { w.times[values[i]]++ })
		return
	}
	for _, value := range values {
		w.times[value]++
	}
}

// frequency is how often a class has a value.
type frequency struct {
	value uint32
	times int64
}

// classes lists the values of each class.
func (v *checkedValues) classes() [][]frequency {
	all, flat := make([][]frequency, len(v.in)), make([]frequency, v.cells.len())
	for class, n := range v.in {
		all[class], flat = flat[:0:n], flat[n:]
	}
	times := v.times
	if times == nil {
		times = v.cells.times()
	}
	for key, cell := range v.cells.all {
		class, value := pair(key)
		all[class] = append(all[class], frequency{value, times[cell]})
	}
	for _, values := range all { // so that sums do not depend on the order of rows
		slices.SortFunc(values, func(a, b frequency) int { return int(int64(a.value) - int64(b.value)) })
	}
	return all
}
