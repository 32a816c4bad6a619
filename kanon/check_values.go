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
	cells  pairs   // of class and value
	people pairSet // of cell and person
	times  []int64
	in     []int64 // distinct values of a class

	frequencies bool // a model asks for times
	compared    bool // a model asks for table or reference

	table, reference wholeValues
}

// wholeValues is how often each value occurs in a table, by its number.
type wholeValues struct {
	people pairSet // of value and person
	times  []int64
}

func newCheckedValues(column string, models []Model) *checkedValues {
	v := &checkedValues{cells: pairs{}, people: pairSet{}}
	v.table.people, v.reference.people = pairSet{}, pairSet{}
	for _, m := range models {
		name, needs := checkedColumn(m)
		if name == column {
			v.frequencies = v.frequencies || needs >= needsTimes
			v.compared = v.compared || needs == needsWhole
		}
	}
	return v
}

// add counts a value of a class. Where person is nil it counts a row.
func (v *checkedValues) add(class, value uint32, person *uint32) {
	cell, fresh := v.cells.number(class, value)
	if fresh {
		v.in[class]++
		v.times = append(v.times, 0)
	}
	if !v.frequencies {
		return
	}
	if person != nil {
		if !v.people.add(cell, *person) {
			return
		}
	}
	v.times[cell]++
}

// count counts the values of a block of rows of the given classes.
func (v *checkedValues) count(classes []uint32, read, people func(row int) uint32, from int) {
	var person *uint32
	for i, class := range classes {
		if people != nil {
			number := people(from + i)
			person = &number
		}
		value := read(from + i)
		v.add(class, value, person)
		if v.compared {
			v.table.add(value, person)
		}
	}
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
// BetaLikeness and DeltaDisclosure compare classes with. That is for tables from which suppressed rows were
// dropped: give all rows of the table before, to as many calls as it takes,
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
	reader := func(column *checkColumn) (func(row int) uint32, error) {
		at := rec.Schema().FieldIndices(column.name)
		if len(at) != 1 {
			return nil, fmt.Errorf("kanon: check: reference: column %q: %d columns have this name",
				column.name, len(at))
		}
		read, err := column.reader(rec.Column(at[0]))
		if err != nil {
			return nil, fmt.Errorf("kanon: check: reference: column %q: %w", column.name, err)
		}
		return read, nil
	}
	var people func(row int) uint32
	if c.cfg.Unit != "" {
		var err error
		if people, err = reader(c.columns[len(c.columns)-1]); err != nil {
			return err
		}
		if err := c.noNullUnit(people, 0, int(rec.NumRows())); err != nil {
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
		var person *uint32
		for row := range int(rec.NumRows()) {
			if people != nil {
				number := people(row)
				person = &number
			}
			v.reference.add(read(row), person)
		}
	}
	return nil
}

func (w *wholeValues) add(value uint32, person *uint32) {
	if person != nil {
		if !w.people.add(value, *person) {
			return
		}
	}
	for int(value) >= len(w.times) {
		w.times = append(w.times, 0)
	}
	w.times[value]++
}

// frequency is how often a class has a value.
type frequency struct {
	value uint32
	times int64
}

// classes lists the values of each class.
func (v *checkedValues) classes() [][]frequency {
	all := make([][]frequency, len(v.in))
	for pair, cell := range v.cells {
		class := pair >> 32
		all[class] = append(all[class], frequency{uint32(pair), v.times[cell]})
	}
	for _, values := range all { // so that sums do not depend on the order of a map
		slices.SortFunc(values, func(a, b frequency) int { return int(int64(a.value) - int64(b.value)) })
	}
	return all
}
