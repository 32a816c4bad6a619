package masking

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/microaggregate"
)

// exactInteger is below where all integers are floats.
const exactInteger = 1 << 53

// readNumbers reads a numeric column without nulls.
func readNumbers(t arrow.Table, name string) ([]float64, error) {
	c, err := find(t, name)
	if err != nil {
		return nil, err
	}
	if n := c.NullN(); n > 0 {
		return nil, fmt.Errorf("column %q has %d nulls; fill or drop these rows first", name, n)
	}
	out := make([]float64, 0, c.Len())
	for _, chunk := range c.Data().Chunks() {
		if out, err = appendNumbers(out, chunk); err != nil {
			return nil, fmt.Errorf("column %q %w", name, err)
		}
	}
	for _, v := range out {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("column %q has values that are not finite; drop these rows first", name)
		}
	}
	return out, nil
}

func appendNumbers(out []float64, a arrow.Array) ([]float64, error) {
	switch a := a.(type) {
	case *array.Int8:
		return widen(out, a.Int8Values())
	case *array.Int16:
		return widen(out, a.Int16Values())
	case *array.Int32:
		return widen(out, a.Int32Values())
	case *array.Int64:
		return widen(out, a.Int64Values())
	case *array.Uint8:
		return widen(out, a.Uint8Values())
	case *array.Uint16:
		return widen(out, a.Uint16Values())
	case *array.Uint32:
		return widen(out, a.Uint32Values())
	case *array.Uint64:
		return widen(out, a.Uint64Values())
	case *array.Float32:
		for _, v := range a.Float32Values() {
			out = append(out, float64(v))
		}
		return out, nil
	case *array.Float64:
		return append(out, a.Float64Values()...), nil
	}
	return nil, fmt.Errorf("is %s, want integers or floats", a.DataType())
}

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func widen[T integer](out []float64, values []T) ([]float64, error) {
	for _, v := range values {
		f := float64(v)
		if f >= exactInteger || f <= -exactInteger {
			return nil, errors.New("has integers of 2^53 or beyond, whose mean would not be exact; " +
				"scale them")
		}
		out = append(out, f)
	}
	return out, nil
}

// writeNumbers makes a column of a type that readNumbers reads. The values lie
// between some that were read.
func writeNumbers(dt arrow.DataType, values []float64) arrow.Array {
	mem := memory.DefaultAllocator
	switch dt.ID() {
	case arrow.INT8:
		return build[int8](array.NewInt8Builder(mem), values)
	case arrow.INT16:
		return build[int16](array.NewInt16Builder(mem), values)
	case arrow.INT32:
		return build[int32](array.NewInt32Builder(mem), values)
	case arrow.INT64:
		return build[int64](array.NewInt64Builder(mem), values)
	case arrow.UINT8:
		return build[uint8](array.NewUint8Builder(mem), values)
	case arrow.UINT16:
		return build[uint16](array.NewUint16Builder(mem), values)
	case arrow.UINT32:
		return build[uint32](array.NewUint32Builder(mem), values)
	case arrow.UINT64:
		return build[uint64](array.NewUint64Builder(mem), values)
	case arrow.FLOAT32:
		b := array.NewFloat32Builder(mem)
		defer b.Release()
		b.Reserve(len(values))
		for _, v := range values {
			b.UnsafeAppend(float32(v))
		}
		return b.NewArray()
	}
	b := array.NewFloat64Builder(mem)
	defer b.Release()
	b.AppendValues(values, nil)
	return b.NewArray()
}

func build[T integer, B interface {
	array.Builder
	UnsafeAppend(T)
}](b B, values []float64) arrow.Array {
	defer b.Release()
	b.Reserve(len(values))
	for _, v := range values {
		b.UnsafeAppend(T(math.RoundToEven(v)))
	}
	return b.NewArray()
}

// scores are the rows as points of z-scores. A column of one value is 0.
func scores(columns [][]float64) microaggregate.Points {
	p := microaggregate.Points{N: len(columns[0]), D: len(columns)}
	p.X = make([]float64, p.N*p.D)
	for j, values := range columns {
		// Scaled to at most 1 nothing overflows on the way.
		most := 0.0
		for _, v := range values {
			most = max(most, math.Abs(v))
		}
		if most == 0 {
			continue
		}
		mean, squares := 0.0, 0.0
		for _, v := range values {
			mean += v / most / float64(p.N)
		}
		for _, v := range values {
			d := v/most - mean
			squares += d * d
		}
		sd := math.Sqrt(squares / float64(max(p.N-1, 1)))
		if sd < 1e-14 { // rounding of one value
			continue
		}
		for i, v := range values {
			p.X[i*p.D+j] = (v/most - mean) / sd
		}
	}
	return p
}
