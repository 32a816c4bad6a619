package mechanism

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/number"
)

// Column returns a new array of the numbers of a, each with its own noise: int64
// for a mechanism of integers, which takes integers of any width, and float64
// for one of real numbers, which takes integers and floats. a is one vector and
// must have as many rows as the mechanism has numbers. Integers of 64 bits as
// real numbers want bounds within ±2^53, beyond which rounding would move
// neighbours apart. The result has
// no nulls: a null is taken as Lower, or as 0 among integers, so that it is
// noticed no more than any other number. The caller releases the result.
func (n *Noise) Column(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if err := n.check(n.length(), n != nil && n.whole, a.Len()); err != nil {
		return nil, err
	}
	if n.whole {
		read, err := integers(a)
		if err != nil {
			return nil, err
		}
		b := array.NewInt64Builder(mem)
		defer b.Release()
		b.Reserve(a.Len())
		n.mu.Lock()
		defer n.mu.Unlock()
		for i := range a.Len() {
			x := int64(0)
			if a.IsValid(i) {
				x = read(i)
			}
			b.UnsafeAppend(n.draw.Add(n.source, x))
		}
		return b.NewArray(), nil
	}
	read, err := n.grid.numbers(a)
	if err != nil {
		return nil, err
	}
	b := array.NewFloat64Builder(mem)
	defer b.Release()
	b.Reserve(a.Len())
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range a.Len() {
		x := n.grid.lower
		if a.IsValid(i) {
			x = read(i)
		}
		b.UnsafeAppend(n.float(x))
	}
	return b.NewArray(), nil
}

// integers reads the rows of an integer column; what does not fit an int64 is
// the largest one.
func integers(a arrow.Array) (func(i int) int64, error) {
	if large, ok := a.(*array.Uint64); ok {
		return func(i int) int64 { return int64(min(large.Value(i), 1<<63-1)) }, nil
	}
	if at := number.Whole(a); at != nil {
		return at, nil
	}
	return nil, fmt.Errorf("mechanism: the column is %s; want integers", a.DataType())
}

// numbers reads the rows of a column of floats or integers so that, moved into
// the bounds, no two are further apart than they were.
func (g grid) numbers(a arrow.Array) (func(i int) float64, error) {
	switch a := a.(type) {
	case *array.Float16:
		return func(i int) float64 { return number.Half(a.Value(i)) }, nil
	case *array.Float32:
		return func(i int) float64 { return float64(a.Value(i)) }, nil
	case *array.Float64:
		return a.Value, nil
	case *array.Int64, *array.Uint64:
		// Up to 2^53 the conversion is exact, and above it is monotone.
		if g.lower < -1<<53 || g.upper > 1<<53 {
			return nil, fmt.Errorf("mechanism: the column is %s; want bounds within ±2^53, or noise "+
				"for integers", a.DataType())
		}
	}
	whole, err := integers(a)
	if err != nil {
		return nil, fmt.Errorf("mechanism: the column is %s; want floats or integers", a.DataType())
	}
	return func(i int) float64 { return float64(whole(i)) }, nil
}
