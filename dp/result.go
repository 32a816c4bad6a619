package dp

import (
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// miss is the probability with which an interval may miss.
const miss = 0.05

// record makes the result of the i-th query of its noisy numbers.
func (p *plan) record(i int, t tally) arrow.Record {
	q := &p.questions[i]
	g := p.groupings[q.grouping]
	var r columns
	for c, name := range g.by {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for group := range g.size {
			b.Append(g.key(group, c))
		}
		r.add(name, b)
	}
	if q.measure < 0 {
		q.countColumns(&r, t)
	} else {
		q.meanColumns(&r, t, &p.measures[q.measure].grid)
	}
	return r.record(int64(g.size))
}

// columns collects what a record is made of.
type columns struct {
	fields []arrow.Field
	arrays []arrow.Array
}

func (r *columns) add(name string, b array.Builder) {
	a := b.NewArray()
	b.Release()
	r.fields = append(r.fields, arrow.Field{Name: name, Type: a.DataType()})
	r.arrays = append(r.arrays, a)
}

func (r *columns) integers(name string, values []int64) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	r.add(name, b)
}

func (r *columns) floats(name string, values []float64) {
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	r.add(name, b)
}

func (r *columns) record(rows int64) arrow.Record {
	rec := array.NewRecord(arrow.NewSchema(r.fields, nil), r.arrays, rows)
	for _, a := range r.arrays {
		a.Release()
	}
	return rec
}

func float(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f
}

func (q *question) countColumns(r *columns, t tally) {
	n := len(t.rows)
	scale, lower, upper := make([]float64, n), make([]int64, n), make([]int64, n)
	width := q.count.Tail(miss)
	for i, count := range t.rows {
		scale[i] = float(q.count.Scale())
		lower[i], upper[i] = around(count, width, 0)
	}
	r.integers("count", t.rows)
	r.floats("noise_scale", scale)
	r.integers("lower", lower)
	r.integers("upper", upper)
}

// around is the interval of a width about a noisy number, without what lies
// below least, where the number without noise is known not to be.
func around(noisy, width, least int64) (lower, upper int64) {
	return max(least, noisy-width), max(least, noisy+width)
}

func (q *question) meanColumns(r *columns, t tally, g *grid) {
	n := len(t.rows)
	mean, scale := make([]float64, n), make([]float64, n)
	lower, upper := make([]float64, n), make([]float64, n)
	noise := float(q.sum.Scale()) / g.perUnit
	for i, count := range t.rows {
		by := float64(max(1, count))
		mean[i] = g.value(float64(t.sums[i]) / by)
		scale[i] = noise / by
		lower[i], upper[i] = q.meanInterval(t.sums[i], count, g)
	}
	r.floats("mean", mean)
	r.integers("count", t.rows)
	r.floats("noise_scale", scale)
	r.floats("lower", lower)
	r.floats("upper", upper)
}

// meanInterval holds the mean without noise with a probability of at least
// 1-miss, if there are rows at all: unless one of two events happens, each of
// probability miss/2, sum and count lie in their intervals, and their quotient
// between those of the ends. Half a step is added for the rounding of the
// values.
func (q *question) meanInterval(sum, count int64, g *grid) (lower, upper float64) {
	sums, counts := q.sum.Tail(miss/2), q.count.Tail(miss/2)
	if count < 1-counts { // no number of rows there can be is in the interval
		return g.lower, g.upper
	}
	few, many := around(count, counts, 1)
	low, high := float64(sum)-float64(sums), float64(sum)+float64(sums)
	quotient := func(x float64, away bool) float64 {
		if (x > 0) == away {
			return x / float64(few)
		}
		return x / float64(many)
	}
	lower = g.value(math.Nextafter(quotient(low, false), math.Inf(-1)) - 0.5)
	upper = g.value(math.Nextafter(quotient(high, true), math.Inf(1)) + 0.5)
	return lower, upper
}
