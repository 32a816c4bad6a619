package dp

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// miss is the probability with which an interval may miss.
const miss = 0.05

// record makes the result of the i-th query of its noisy numbers.
func (v *view) record(i int, a *answer) arrow.Record {
	q := &v.plan.questions[i]
	var c columns
	q.kind.columns(&c, v, q, &a.tally, a.noise)
	return c.record()
}

// columns collects what a record is made of.
type columns struct {
	fields []arrow.Field
	arrays []arrow.Array
	rows   int
}

func (c *columns) add(name string, b array.Builder) {
	a := b.NewArray()
	b.Release()
	c.fields = append(c.fields, arrow.Field{Name: name, Type: a.DataType()})
	c.arrays = append(c.arrays, a)
	c.rows = a.Len()
}

// groups adds the columns of the keys, with each group as often as given.
func (c *columns) groups(set *groupSet, each int) {
	order := make([]int, 0, set.size*each)
	for g := range set.size {
		for range each {
			order = append(order, g)
		}
	}
	c.chosen(set, order)
}

// chosen adds the columns of the keys of the groups given.
func (c *columns) chosen(set *groupSet, groups []int) {
	for i, name := range set.by {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for _, g := range groups {
			b.Append(set.key(g, i))
		}
		c.add(name, b)
	}
}

func (c *columns) integers(name string, values []int64) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	c.add(name, b)
}

func (c *columns) floats(name string, values []float64) {
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	c.add(name, b)
}

// counts adds noisy numbers of rows or people, their noise, and intervals that
// miss with a probability of at most alpha.
func (c *columns) counts(name string, noisy []int64, n noise, alpha float64) {
	lower, upper := make([]int64, len(noisy)), make([]int64, len(noisy))
	width := n.Tail(alpha)
	for i, x := range noisy {
		// Without noise a count is not below zero.
		lower[i], upper[i] = max(0, x-width), max(0, x+width)
	}
	c.integers(name, noisy)
	c.floats("noise_scale", constant(scaleOf(n), len(noisy)))
	c.integers("lower", lower)
	c.integers("upper", upper)
}

// interval adds the columns of intervals.
func (c *columns) interval(lower, upper []float64) {
	c.floats("lower", lower)
	c.floats("upper", upper)
}

// bounds adds the bounds of the question's measures that were found.
func (c *columns) bounds(q *question, v *view, rows int) {
	for i, prefix := range []string{"", "y_"}[:len(q.measures)] {
		if q.ask.measures[i].find != nil {
			g := q.grid(v, i)
			c.floats(prefix+"bound_lower", constant(g.lower, rows))
			c.floats(prefix+"bound_upper", constant(g.upper, rows))
		}
	}
}

// constant repeats x.
func constant(x float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x
	}
	return out
}

func (c *columns) record() arrow.Record {
	rec := array.NewRecord(arrow.NewSchema(c.fields, nil), c.arrays, int64(c.rows))
	for _, a := range c.arrays {
		a.Release()
	}
	return rec
}
