package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/anonymize/tableio/internal/pqfile"
)

// storedType is how an Arrow type is held by a Parquet column: the column
// without a name, and what turns values into stored ones, nil where they are
// the same bytes. It is the way back of naturalType and restore.
func storedType(dt arrow.DataType) (pqfile.Field, convert, error) {
	switch t := dt.(type) {
	case *arrow.BooleanType:
		return pqfile.Field{Physical: pqfile.Boolean}, nil, nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		return storedInteger(t.(arrow.FixedWidthDataType).BitWidth(), true)
	case *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return storedInteger(t.(arrow.FixedWidthDataType).BitWidth(), false)
	case *arrow.Float16Type:
		return pqfile.Field{Physical: pqfile.FixedBytes, Width: 2,
			Logical: pqfile.Logical{Kind: pqfile.Float16}}, nil, nil
	case *arrow.Float32Type:
		return pqfile.Field{Physical: pqfile.Float}, nil, nil
	case *arrow.Float64Type:
		return pqfile.Field{Physical: pqfile.Double}, nil, nil
	case *arrow.StringType, *arrow.LargeStringType:
		return pqfile.Field{Physical: pqfile.ByteArray,
			Logical: pqfile.Logical{Kind: pqfile.String}}, nil, nil
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return pqfile.Field{Physical: pqfile.ByteArray}, nil, nil
	case *arrow.FixedSizeBinaryType:
		return pqfile.Field{Physical: pqfile.FixedBytes, Width: t.ByteWidth}, nil, nil
	case *arrow.Date32Type:
		return pqfile.Field{Physical: pqfile.Int32,
			Logical: pqfile.Logical{Kind: pqfile.Date}}, nil, nil
	case *arrow.Date64Type:
		return pqfile.Field{Physical: pqfile.Int32,
			Logical: pqfile.Logical{Kind: pqfile.Date}}, millisToDays, nil
	case *arrow.DurationType:
		return pqfile.Field{Physical: pqfile.Int64}, nil, nil
	case *arrow.NullType:
		return pqfile.Field{Physical: pqfile.Int32}, nil, nil
	case arrow.DecimalType:
		return storedDecimal(t)
	}
	return storedTime(dt)
}

func storedInteger(bits int, isSigned bool) (pqfile.Field, convert, error) {
	f := pqfile.Field{Physical: pqfile.Int32,
		Logical: pqfile.Logical{Kind: pqfile.Integer, Bits: bits, Signed: isSigned}}
	switch bits {
	case 8, 16:
		return f, widen(bits/8, isSigned), nil
	case 64:
		f.Physical = pqfile.Int64
	}
	return f, nil, nil
}

// storedTime is storedType for what has a unit; seconds become milliseconds,
// the coarsest that Parquet has.
func storedTime(dt arrow.DataType) (f pqfile.Field, conv convert, err error) {
	f.Physical = pqfile.Int64
	unit := arrow.Millisecond
	switch t := dt.(type) {
	case *arrow.Time32Type:
		f.Physical, f.Logical.Kind = pqfile.Int32, pqfile.Time
		if t.Unit == arrow.Second {
			conv = multiply(4, 1000)
		}
	case *arrow.Time64Type:
		f.Logical.Kind, unit = pqfile.Time, t.Unit
	case *arrow.TimestampType:
		f.Logical.Kind, f.Logical.UTC = pqfile.Timestamp, t.TimeZone != ""
		if unit = t.Unit; unit == arrow.Second {
			conv = multiply(8, 1000)
		}
	default:
		return f, nil, fmt.Errorf("type %s is not supported in Parquet", dt)
	}
	switch unit {
	case arrow.Microsecond:
		f.Logical.Unit = pqfile.Micros
	case arrow.Nanosecond:
		f.Logical.Unit = pqfile.Nanos
	default:
		f.Logical.Unit = pqfile.Millis
	}
	return f, conv, nil
}

// Digits that integers of 32 and 64 bits hold.
const (
	maxDigits32 = 9
	maxDigits64 = 18
)

// storedDecimal holds decimals of few digits as integers, as the format
// proposes.
func storedDecimal(t arrow.DecimalType) (f pqfile.Field, conv convert, err error) {
	scale, precision := t.GetScale(), t.GetPrecision()
	if !sensible(t) || scale < 0 || scale > precision {
		return f, nil, fmt.Errorf("type %s is not supported in Parquet", t)
	}
	f.Logical = pqfile.Logical{Kind: pqfile.Decimal, Precision: precision, Scale: scale}
	width := decimalBytes(t)
	switch {
	case precision <= maxDigits32:
		f.Physical, conv = pqfile.Int32, toInteger(width, 4)
	case precision <= maxDigits64:
		f.Physical, conv = pqfile.Int64, toInteger(width, 8)
	default:
		f.Physical, f.Width = pqfile.FixedBytes, bigEndianBytes(precision)
		conv = func(dst, src []byte) error {
			for ; len(src) > 0; dst, src = dst[f.Width:], src[width:] {
				if err := toBigEndian(dst[:f.Width], src[:width]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return f, conv, nil
}

// toInteger stores decimals of width bytes as integers.
func toInteger(width, stored int) convert {
	return func(dst, src []byte) error {
		for ; len(src) > 0; dst, src = dst[stored:], src[width:] {
			v, err := toInt64(src[:width], stored*8)
			if err != nil {
				return err
			}
			if stored == 4 {
				binary.LittleEndian.PutUint32(dst, uint32(v))
			} else {
				binary.LittleEndian.PutUint64(dst, uint64(v))
			}
		}
		return nil
	}
}

// widen stores integers of one or two bytes as 32 bits.
func widen(width int, isSigned bool) convert {
	switch {
	case width == 1 && isSigned:
		return widened[int8]
	case width == 1:
		return widened[uint8]
	case isSigned:
		return widened[int16]
	}
	return widened[uint16]
}

func widened[T int8 | uint8 | int16 | uint16](dst, src []byte) error {
	to := arrow.Int32Traits.CastFromBytes(dst)
	for i, v := range arrow.GetData[T](src) {
		to[i] = int32(v)
	}
	return nil
}

var (
	errMidnight = errors.New("a date64 is not at midnight, which Parquet cannot hold")
	errTime     = errors.New("a time is outside the range of milliseconds")
)

// multiply stores integers as so many times as much, where it fits.
func multiply(stored int, by int64) convert {
	return func(dst, src []byte) error {
		for i := 0; i*stored < len(src); i++ {
			if stored == 4 {
				v := int64(int32(binary.LittleEndian.Uint32(src[i*4:]))) * by
				if int64(int32(v)) != v {
					return errTime
				}
				binary.LittleEndian.PutUint32(dst[i*4:], uint32(v))
				continue
			}
			v := int64(binary.LittleEndian.Uint64(src[i*8:]))
			if v > math.MaxInt64/by || v < math.MinInt64/by {
				return errTime
			}
			binary.LittleEndian.PutUint64(dst[i*8:], uint64(v*by))
		}
		return nil
	}
}

// millisToDays turns date64 into date32.
func millisToDays(dst, src []byte) error {
	for i := 0; i*8 < len(src); i++ {
		v := int64(binary.LittleEndian.Uint64(src[i*8:]))
		day := v / millisADay
		if v%millisADay != 0 || int64(int32(day)) != day {
			return errMidnight
		}
		binary.LittleEndian.PutUint32(dst[i*4:], uint32(day))
	}
	return nil
}
