package kanon

import (
	"errors"
	"fmt"
	"math"
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
	closeness   bool // a model asks for table or reference

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
		switch m := m.(type) {
		case LDiversity:
			v.frequencies = v.frequencies || m.Column == column && m.Kind != Distinct
		case TCloseness:
			v.closeness = v.closeness || m.Column == column
		}
	}
	v.frequencies = v.frequencies || v.closeness
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
		if v.closeness {
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

// Reference counts the rows of a record for the distributions that TCloseness
// compares classes with. That is for tables from which suppressed rows were
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
		if !v.closeness {
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

// judgeDiversity judges the least diverse class.
func (v *checkedValues) judgeDiversity(m LDiversity) ModelResult {
	r := ModelResult{Model: m.String(), Wanted: m.L, Reached: math.Inf(1), Holds: true}
	if m.Kind == Recursive {
		r.Wanted, r.Reached = m.C, 0
	}
	broken := false // a class has no figure
	for _, values := range v.classes() {
		var times []int64
		total := int64(0)
		for _, f := range values {
			times = append(times, f.times)
			total += f.times
		}
		slices.SortFunc(times, func(a, b int64) int { return int(b - a) })
		switch m.Kind {
		case Distinct:
			r.Reached = min(r.Reached, float64(len(times)))
		case Entropy:
			sum := 0.0
			for _, n := range times {
				p := float64(n) / float64(total)
				sum -= p * math.Log(p)
			}
			r.Holds = r.Holds && sum >= math.Log(m.L)-1e-12
			r.Reached = min(r.Reached, math.Exp(sum))
		case Recursive:
			if len(times) < int(m.L) {
				broken = true
				continue
			}
			rest := int64(0)
			for _, n := range times[int(m.L)-1:] {
				rest += n
			}
			r.Holds = r.Holds && float64(times[0]) < m.C*float64(rest)*(1-1e-14)
			r.Reached = max(r.Reached, float64(times[0])/float64(rest))
		}
	}
	if m.Kind == Distinct {
		r.Holds = r.Reached >= m.L
	}
	if broken {
		r.Reached, r.Holds = 0, false
	}
	return r
}

// judgeCloseness judges the class that is farthest from the table.
func (v *checkedValues) judgeCloseness(m TCloseness, column *checkColumn, whole []int64) (
	ModelResult, error,
) {
	r := ModelResult{Model: m.String(), Wanted: m.T}
	total := int64(0)
	for _, n := range whole {
		total += n
	}
	if total > math.MaxInt32 {
		return r, fmt.Errorf("kanon: check: column %q: closeness of %d rows, want at most %d",
			column.name, total, math.MaxInt32)
	}
	distance := func(extra []int64) float64 {
		sum := int64(0)
		for _, x := range extra {
			sum += max(x, -x)
		}
		return float64(sum) / 2
	}
	switch m.Distance {
	case Ordered:
		order := slices.DeleteFunc(column.order(), func(v uint32) bool { return whole[v] == 0 })
		distance = func(extra []int64) float64 {
			sum, past := 0.0, int64(0)
			for _, v := range order {
				past += extra[v]
				sum += math.Abs(float64(past))
			}
			return sum / max(1, float64(len(order)-1))
		}
	case Hierarchical:
		paths, err := column.paths(m.Tree, whole)
		if err != nil {
			return r, fmt.Errorf("kanon: check: column %q: %w", column.name, err)
		}
		distance = func(extra []int64) float64 { return climbed(extra, paths) }
	}
	extra := make([]int64, len(whole))
	for _, values := range v.classes() {
		n := int64(0)
		for _, f := range values {
			n += f.times
		}
		for value, times := range whole {
			extra[value] = -times * n
		}
		for _, f := range values {
			extra[f.value] += f.times * total
		}
		r.Reached = max(r.Reached, distance(extra)/float64(n*total))
	}
	r.Holds = r.Reached <= m.T
	return r, nil
}

// climbed moves what a class has too much or too few of up the tree: each edge
// carries the sum of its subtree, at the price of half a level.
func climbed(extra []int64, paths [][]string) float64 {
	sum := 0.0
	for _, x := range extra {
		sum += math.Abs(float64(x))
	}
	for _, labels := range paths[:len(paths)-1] { // without the top
		under := map[string]int64{}
		for value, label := range labels {
			under[label] += extra[value]
		}
		carried := int64(0)
		for _, x := range under {
			carried += max(x, -x)
		}
		sum += float64(carried)
	}
	return sum / 2 / float64(len(paths))
}

// modelColumns are the sensitive columns that models name, each once.
func modelColumns(models []Model) []string {
	var names []string
	for _, m := range models {
		name := ""
		switch m := m.(type) {
		case LDiversity:
			name = m.Column
		case TCloseness:
			name = m.Column
		default:
			continue
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// judgeableDiversity refuses parameters that ask for nothing or contradict each
// other.
func judgeableDiversity(m LDiversity) error {
	whole := m.L == math.Trunc(m.L) && m.L >= 2
	switch {
	case m.Kind == Distinct && whole && m.C == 0,
		m.Kind == Entropy && m.L > 1 && m.C == 0,
		m.Kind == Recursive && whole && m.C > 0:
		if m.L <= math.MaxInt32 && m.C <= math.MaxInt32 {
			return nil
		}
	}
	return fmt.Errorf("diversity of kind %q with l %v and c %v cannot be checked", m.Kind, m.L, m.C)
}

func judgeableCloseness(m TCloseness) error {
	if !(m.T > 0 && m.T < 1) {
		return fmt.Errorf("t is %v, want above 0 and below 1", m.T)
	}
	switch m.Distance {
	case Equal, Ordered:
		return nil
	case Hierarchical:
		if m.Tree == nil {
			return errors.New("hierarchical closeness without a tree")
		}
		return nil
	}
	return fmt.Errorf("distance %q is unknown", m.Distance)
}
