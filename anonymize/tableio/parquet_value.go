package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
)

// leafNode is the Parquet type that holds an Arrow type.
func leafNode(dt arrow.DataType) (parquet.Node, error) {
	switch t := dt.(type) {
	case *arrow.BooleanType:
		return parquet.Leaf(parquet.BooleanType), nil
	case *arrow.Int8Type:
		return parquet.Int(8), nil
	case *arrow.Int16Type:
		return parquet.Int(16), nil
	case *arrow.Int32Type:
		return parquet.Int(32), nil
	case *arrow.Int64Type:
		return parquet.Int(64), nil
	case *arrow.Uint8Type:
		return parquet.Uint(8), nil
	case *arrow.Uint16Type:
		return parquet.Uint(16), nil
	case *arrow.Uint32Type:
		return parquet.Uint(32), nil
	case *arrow.Uint64Type:
		return parquet.Uint(64), nil
	case *arrow.Float32Type:
		return parquet.Leaf(parquet.FloatType), nil
	case *arrow.Float64Type:
		return parquet.Leaf(parquet.DoubleType), nil
	case *arrow.StringType, *arrow.LargeStringType:
		return parquet.String(), nil
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return parquet.Leaf(parquet.ByteArrayType), nil
	case *arrow.FixedSizeBinaryType:
		return parquet.Leaf(bytesType(t.ByteWidth)), nil
	case *arrow.Date32Type, *arrow.Date64Type:
		return parquet.Date(), nil
	case *arrow.Time32Type:
		return parquet.TimeAdjusted(parquet.Millisecond, false), nil
	case *arrow.Time64Type:
		if t.Unit == arrow.Microsecond {
			return parquet.TimeAdjusted(parquet.Microsecond, false), nil
		}
		return parquet.TimeAdjusted(parquet.Nanosecond, false), nil
	case *arrow.TimestampType:
		return timestampNode(t), nil
	case *arrow.DurationType:
		return parquet.Leaf(parquet.Int64Type), nil
	case *arrow.NullType:
		return parquet.Leaf(parquet.Int32Type), nil
	case *arrow.Float16Type:
		return parquet.Leaf(halfType()), nil
	case arrow.DecimalType:
		return decimalNode(t)
	}
	return nil, fmt.Errorf("type %s is not supported in Parquet", dt)
}

func timestampNode(t *arrow.TimestampType) parquet.Node {
	utc := t.TimeZone != ""
	switch t.Unit {
	case arrow.Microsecond:
		return parquet.TimestampAdjusted(parquet.Microsecond, utc)
	case arrow.Nanosecond:
		return parquet.TimestampAdjusted(parquet.Nanosecond, utc)
	}
	return parquet.TimestampAdjusted(parquet.Millisecond, utc)
}

// writeLeaf hands the rows of g to a column writer.
func writeLeaf(w *parquet.ColumnWriter, g *gather, column int) error {
	value, err := valuer(g.value, g.entries())
	if err != nil {
		return err
	}
	level := 0
	if g.nullable || g.value.ID() == arrow.NULL {
		level = 1
	}
	null := parquet.NullValue().Level(0, 0, column)
	var entries []parquet.Value // of a dictionary, made once
	if g.set != nil {
		for i := range g.set.rows {
			v, err := value(i)
			if err != nil {
				return err
			}
			entries = append(entries, v.Level(0, level, column))
		}
	}
	buf := make([]parquet.Value, min(chunkRows, g.rows))
	for lo := 0; lo < g.rows; lo += chunkRows {
		part := buf[:min(chunkRows, g.rows-lo)]
		for k := range part {
			i := lo + k
			switch {
			case g.valid[i] == 0 || g.value.ID() == arrow.NULL:
				part[k] = null
			case entries != nil:
				part[k] = entries[g.codes[i]]
			default:
				v, err := value(i)
				if err != nil {
					return err
				}
				part[k] = v.Level(0, level, column)
			}
		}
		if _, err := w.WriteRowValues(part); err != nil {
			return err
		}
	}
	return nil
}

// entries is where the values are: the dictionary's, or the rows themselves.
func (g *gather) entries() *gather {
	if g.set != nil {
		return g.set
	}
	return g
}

var (
	errMidnight = errors.New("a date64 is not at midnight, which Parquet cannot hold")
	errTime     = errors.New("a time is outside the range of milliseconds")
)

// valuer returns the function that makes a Parquet value of row i of g, which
// is not null.
func valuer(dt arrow.DataType, g *gather) (func(i int) (parquet.Value, error), error) {
	u32 := func(i int) uint32 { return binary.LittleEndian.Uint32(g.fixed[i*4:]) }
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(g.fixed[i*8:]) }
	always := func(f func(i int) parquet.Value) func(int) (parquet.Value, error) {
		return func(i int) (parquet.Value, error) { return f(i), nil }
	}
	switch t := dt.(type) {
	case *arrow.NullType:
		return nil, nil
	case *arrow.BooleanType:
		return always(func(i int) parquet.Value { return parquet.BooleanValue(g.fixed[i] != 0) }), nil
	case *arrow.Int8Type:
		return always(func(i int) parquet.Value {
			return parquet.Int32Value(int32(int8(g.fixed[i])))
		}), nil
	case *arrow.Uint8Type:
		return always(func(i int) parquet.Value { return parquet.Int32Value(int32(g.fixed[i])) }), nil
	case *arrow.Int16Type:
		return always(func(i int) parquet.Value {
			return parquet.Int32Value(int32(int16(binary.LittleEndian.Uint16(g.fixed[i*2:]))))
		}), nil
	case *arrow.Uint16Type:
		return always(func(i int) parquet.Value {
			return parquet.Int32Value(int32(binary.LittleEndian.Uint16(g.fixed[i*2:])))
		}), nil
	case *arrow.Int32Type, *arrow.Uint32Type, *arrow.Date32Type:
		return always(func(i int) parquet.Value { return parquet.Int32Value(int32(u32(i))) }), nil
	case *arrow.Int64Type, *arrow.Uint64Type, *arrow.Time64Type, *arrow.DurationType:
		return always(func(i int) parquet.Value { return parquet.Int64Value(int64(u64(i))) }), nil
	case *arrow.Float32Type:
		return always(func(i int) parquet.Value {
			return parquet.FloatValue(math.Float32frombits(u32(i)))
		}), nil
	case *arrow.Float64Type:
		return always(func(i int) parquet.Value {
			return parquet.DoubleValue(math.Float64frombits(u64(i)))
		}), nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType:
		return always(func(i int) parquet.Value { return parquet.ByteArrayValue(g.entry(i)) }), nil
	case *arrow.FixedSizeBinaryType, *arrow.Float16Type:
		return always(func(i int) parquet.Value {
			return parquet.FixedLenByteArrayValue(g.entry(i))
		}), nil
	case *arrow.Date64Type:
		return func(i int) (parquet.Value, error) {
			v := int64(u64(i))
			if day := v / millisADay; v%millisADay == 0 && int64(int32(day)) == day {
				return parquet.Int32Value(int32(day)), nil
			}
			return parquet.Value{}, errMidnight
		}, nil
	case *arrow.Time32Type:
		return func(i int) (parquet.Value, error) {
			v := int32(u32(i))
			if t.Unit == arrow.Second {
				if v > math.MaxInt32/1000 || v < math.MinInt32/1000 {
					return parquet.Value{}, errTime
				}
				v *= 1000
			}
			return parquet.Int32Value(v), nil
		}, nil
	case *arrow.TimestampType:
		return func(i int) (parquet.Value, error) {
			v := int64(u64(i))
			if t.Unit == arrow.Second {
				if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
					return parquet.Value{}, errTime
				}
				v *= 1000
			}
			return parquet.Int64Value(v), nil
		}, nil
	case arrow.DecimalType:
		return decimalValuer(t, g), nil
	}
	return nil, fmt.Errorf("type %s is not supported in Parquet", dt)
}
