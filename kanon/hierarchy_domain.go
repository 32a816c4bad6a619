package kanon

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/number"
)

// The readers here give the built-in hierarchies the values of a domain by
// position, whatever its physical encoding.

// noNulls refuses a domain with nulls: null is a value of its own, which no
// hierarchy generalizes.
func noNulls(domain arrow.Array) error {
	nulls := domain.NullN()
	if d, ok := domain.(*array.Dictionary); ok {
		entries := d.Dictionary()
		for i := range d.Len() {
			if d.IsValid(i) && entries.IsNull(d.GetValueIndex(i)) {
				nulls++
			}
		}
	}
	if nulls > 0 {
		return fmt.Errorf("%d nulls in the domain, want none", nulls)
	}
	return nil
}

// texts reads values as the canonical text in which a hierarchy that lists its
// values spells them: integers without leading zeros, floats as short as they
// round-trip, decimals to their scale, dates as 2019-03-07.
func texts(domain arrow.Array) (func(i int) string, error) {
	switch a := domain.(type) {
	case *array.Dictionary:
		at, err := texts(a.Dictionary())
		if err != nil {
			return nil, err
		}
		return func(i int) string { return at(a.GetValueIndex(i)) }, nil
	case *array.String:
		return a.Value, nil
	case *array.LargeString:
		return a.Value, nil
	case *array.Boolean:
		return func(i int) string { return strconv.FormatBool(a.Value(i)) }, nil
	case *array.Uint64:
		return func(i int) string { return strconv.FormatUint(a.Value(i), 10) }, nil
	case *array.Float32:
		return func(i int) string {
			return strconv.FormatFloat(float64(a.Value(i))+0, 'f', -1, 32)
		}, nil
	case *array.Float64:
		return func(i int) string { return strconv.FormatFloat(a.Value(i)+0, 'f', -1, 64) }, nil
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(i int) string { return a.Value(i).ToString(scale) }, nil
	case *array.Date32:
		return func(i int) string { return a.Value(i).ToTime().Format(time.DateOnly) }, nil
	case *array.Date64:
		return func(i int) string { return a.Value(i).ToTime().Format(time.DateOnly) }, nil
	}
	if at := integers(domain); at != nil {
		return func(i int) string { return strconv.FormatInt(at(i), 10) }, nil
	}
	return nil, fmt.Errorf("a column of type %s cannot be matched with a list of values",
		domain.DataType())
}

// integers reads the values of a column of integers or of decimals of scale 0,
// or is nil for another one. A value beyond int64 is the nearest int64.
func integers(domain arrow.Array) func(i int) int64 {
	switch a := domain.(type) {
	case *array.Dictionary:
		if at := integers(a.Dictionary()); at != nil {
			return func(i int) int64 { return at(a.GetValueIndex(i)) }
		}
	case *array.Uint64:
		return func(i int) int64 { return int64(min(a.Value(i), math.MaxInt64)) }
	case *array.Decimal128:
		if a.DataType().(*arrow.Decimal128Type).Scale == 0 {
			return func(i int) int64 { return nearestInt64(a.Value(i).BigInt()) }
		}
	default:
		return number.Whole(domain)
	}
	return nil
}

func nearestInt64(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// floats reads the values of a column of floats or decimals, or is nil for
// another one. Round gives the nearest number of the column's own precision:
// a float32 column compares with float32(0.7), not with 0.7.
func floats(domain arrow.Array) (at func(i int) float64, round func(float64) float64) {
	same := func(v float64) float64 { return v }
	switch a := domain.(type) {
	case *array.Dictionary:
		if at, round := floats(a.Dictionary()); at != nil {
			return func(i int) float64 { return at(a.GetValueIndex(i)) }, round
		}
	case *array.Float32:
		return func(i int) float64 { return float64(a.Value(i)) },
			func(v float64) float64 { return float64(float32(v)) }
	case *array.Float64:
		return a.Value, same
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(i int) float64 { return number.Decimal(a.Value(i), scale) }, same
	}
	return nil, nil
}

// labelArray builds n labels.
func labelArray(n int, at func(i int) string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		b.Append(at(i))
	}
	return b.NewArray()
}

// memo returns f with its results kept, for labels shared by many values.
func memo[K comparable](f func(K) string) func(K) string {
	seen := map[K]string{}
	return func(k K) string {
		s, ok := seen[k]
		if !ok {
			s = f(k)
			seen[k] = s
		}
		return s
	}
}
