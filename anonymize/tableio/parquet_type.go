package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/lethe-go/lethe/anonymize/tableio/internal/pqfile"
)

// convert turns stored values of a fixed width into Arrow's; both slices hold
// the same number of values.
type convert func(dst, src []byte) error

// leafType is how a Parquet column becomes an Arrow array.
type leafType struct {
	dt     arrow.DataType
	stored int                         // bytes of a stored value; 0 for byte strings
	conv   convert                     // nil where stored and Arrow values are the same bytes
	bytes  func(dst, src []byte) error // decimals in byte strings: one value
}

var errType = errors.New("its annotation does not fit its physical type")

// naturalType is the Arrow type a Parquet column has by itself.
func naturalType(f *pqfile.Field) (leafType, error) {
	switch f.Physical {
	case pqfile.Boolean:
		return plainLeaf(f, arrow.FixedWidthTypes.Boolean, 1)
	case pqfile.Int32:
		return int32Leaf(f)
	case pqfile.Int64:
		return int64Leaf(f)
	case pqfile.Int96:
		l, err := plainLeaf(f, arrow.FixedWidthTypes.Timestamp_ns, 12)
		l.dt = &arrow.TimestampType{Unit: arrow.Nanosecond}
		l.conv = fromInt96
		return l, err
	case pqfile.Float:
		return plainLeaf(f, arrow.PrimitiveTypes.Float32, 4)
	case pqfile.Double:
		return plainLeaf(f, arrow.PrimitiveTypes.Float64, 8)
	case pqfile.ByteArray:
		return bytesLeaf(f)
	case pqfile.FixedBytes:
		return fixedLeaf(f)
	}
	return leafType{}, errors.New("its physical type is unknown")
}

func plainLeaf(f *pqfile.Field, dt arrow.DataType, stored int) (leafType, error) {
	if f.Logical.Kind != pqfile.None {
		return leafType{}, errType
	}
	return leafType{dt: dt, stored: stored}, nil
}

func int32Leaf(f *pqfile.Field) (leafType, error) {
	l := leafType{stored: 4}
	switch g := f.Logical; g.Kind {
	case pqfile.None:
		l.dt = arrow.PrimitiveTypes.Int32
	case pqfile.Date:
		l.dt = arrow.FixedWidthTypes.Date32
	case pqfile.Time:
		if g.Unit != pqfile.Millis {
			return l, errType
		}
		l.dt = arrow.FixedWidthTypes.Time32ms
	case pqfile.Decimal:
		return decimalLeaf(g, 4)
	case pqfile.Unknown:
		l.dt = arrow.Null
	case pqfile.Integer:
		return smallInteger(g)
	default:
		return l, unknownKind(g.Kind)
	}
	return l, nil
}

func smallInteger(g pqfile.Logical) (leafType, error) {
	switch {
	case g.Bits == 32 && g.Signed:
		return leafType{dt: arrow.PrimitiveTypes.Int32, stored: 4}, nil
	case g.Bits == 32:
		return leafType{dt: arrow.PrimitiveTypes.Uint32, stored: 4}, nil
	case g.Bits == 16 && g.Signed:
		return leafType{dt: arrow.PrimitiveTypes.Int16, stored: 4,
			conv: narrow(2, math.MinInt16, math.MaxInt16)}, nil
	case g.Bits == 16:
		return leafType{dt: arrow.PrimitiveTypes.Uint16, stored: 4,
			conv: narrow(2, 0, math.MaxUint16)}, nil
	case g.Bits == 8 && g.Signed:
		return leafType{dt: arrow.PrimitiveTypes.Int8, stored: 4,
			conv: narrow(1, math.MinInt8, math.MaxInt8)}, nil
	case g.Bits == 8:
		return leafType{dt: arrow.PrimitiveTypes.Uint8, stored: 4,
			conv: narrow(1, 0, math.MaxUint8)}, nil
	}
	return leafType{}, errType
}

func int64Leaf(f *pqfile.Field) (leafType, error) {
	l := leafType{stored: 8}
	switch g := f.Logical; g.Kind {
	case pqfile.None:
		l.dt = arrow.PrimitiveTypes.Int64
	case pqfile.Integer:
		switch {
		case g.Bits != 64:
			return l, errType
		case g.Signed:
			l.dt = arrow.PrimitiveTypes.Int64
		default:
			l.dt = arrow.PrimitiveTypes.Uint64
		}
	case pqfile.Time:
		switch g.Unit {
		case pqfile.Micros:
			l.dt = arrow.FixedWidthTypes.Time64us
		case pqfile.Nanos:
			l.dt = arrow.FixedWidthTypes.Time64ns
		default:
			return l, errType
		}
	case pqfile.Timestamp:
		ts := &arrow.TimestampType{}
		if g.UTC {
			ts.TimeZone = "UTC"
		}
		switch g.Unit {
		case pqfile.Millis:
			ts.Unit = arrow.Millisecond
		case pqfile.Micros:
			ts.Unit = arrow.Microsecond
		case pqfile.Nanos:
			ts.Unit = arrow.Nanosecond
		default:
			return l, errType
		}
		l.dt = ts
	case pqfile.Decimal:
		return decimalLeaf(g, 8)
	default:
		return l, unknownKind(g.Kind)
	}
	return l, nil
}

func bytesLeaf(f *pqfile.Field) (leafType, error) {
	switch g := f.Logical; g.Kind {
	case pqfile.String, pqfile.Enum, pqfile.JSON:
		return leafType{dt: arrow.BinaryTypes.String}, nil
	case pqfile.None, pqfile.BSON:
		return leafType{dt: arrow.BinaryTypes.Binary}, nil
	case pqfile.Decimal:
		l, err := decimalLeaf(g, 0)
		l.bytes = fromBigEndian
		return l, err
	default:
		return leafType{}, unknownKind(g.Kind)
	}
}

func fixedLeaf(f *pqfile.Field) (leafType, error) {
	switch g := f.Logical; g.Kind {
	case pqfile.None:
		return leafType{dt: &arrow.FixedSizeBinaryType{ByteWidth: f.Width}, stored: f.Width}, nil
	case pqfile.UUID:
		if f.Width != 16 {
			return leafType{}, errType
		}
		return leafType{dt: &arrow.FixedSizeBinaryType{ByteWidth: 16}, stored: 16}, nil
	case pqfile.Decimal:
		l, err := decimalLeaf(g, f.Width)
		l.conv = bigEndianDecimal(f.Width)
		return l, err
	case pqfile.Float16:
		return leafType{}, errors.New("half-precision numbers are not supported")
	case pqfile.Interval:
		return leafType{}, errors.New("intervals are not supported")
	default:
		return leafType{}, unknownKind(g.Kind)
	}
}

func unknownKind(k pqfile.Kind) error {
	if k == pqfile.Other {
		return errors.New("it has an annotation that is not supported")
	}
	return errType
}

func decimalLeaf(g pqfile.Logical, stored int) (leafType, error) {
	if g.Precision < 1 || g.Precision > 38 || g.Scale < 0 || g.Scale > g.Precision {
		return leafType{}, fmt.Errorf("decimals of precision %d and scale %d are not supported",
			g.Precision, g.Scale)
	}
	l := leafType{stored: stored,
		dt: &arrow.Decimal128Type{Precision: g.Precision, Scale: g.Scale}}
	switch stored {
	case 4:
		l.conv = func(dst, src []byte) error {
			for i := 0; i*4 < len(src); i++ {
				v := int32(binary.LittleEndian.Uint32(src[i*4:]))
				putDecimal(dst[i*16:], decimal128.FromI64(int64(v)))
			}
			return nil
		}
	case 8:
		l.conv = func(dst, src []byte) error {
			for i := 0; i*8 < len(src); i++ {
				v := int64(binary.LittleEndian.Uint64(src[i*8:]))
				putDecimal(dst[i*16:], decimal128.FromI64(v))
			}
			return nil
		}
	}
	return l, nil
}

// bigEndianDecimal reads fixed-length big-endian values.
func bigEndianDecimal(width int) convert {
	return func(dst, src []byte) error {
		for i := 0; i*width < len(src); i++ {
			if err := fromBigEndian(dst[i*16:i*16+16], src[i*width:(i+1)*width]); err != nil {
				return err
			}
		}
		return nil
	}
}

// fromBigEndian reads a two's complement number of any length.
func fromBigEndian(dst, src []byte) error {
	sign := byte(0)
	if len(src) > 0 && src[0]&0x80 != 0 {
		sign = 0xff
	}
	for len(src) > 16 {
		if src[0] != sign || (src[1]^sign)&0x80 != 0 {
			return errors.New("a decimal has more digits than its type")
		}
		src = src[1:]
	}
	for i := range 16 {
		if i < len(src) {
			dst[i] = src[len(src)-1-i]
		} else {
			dst[i] = sign
		}
	}
	return nil
}

func putDecimal(dst []byte, d decimal128.Num) {
	binary.LittleEndian.PutUint64(dst, d.LowBits())
	binary.LittleEndian.PutUint64(dst[8:], uint64(d.HighBits()))
}

// narrow stores 32-bit integers in fewer bytes, where they fit.
func narrow(width int, lo, hi int64) convert {
	return func(dst, src []byte) error {
		for i := 0; i*4 < len(src); i++ {
			v := int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
			if v < lo || v > hi {
				return errors.New("an integer is outside its type")
			}
			if width == 1 {
				dst[i] = byte(v)
			} else {
				binary.LittleEndian.PutUint16(dst[i*2:], uint16(v))
			}
		}
		return nil
	}
}

// fromInt96 reads the nanoseconds of a day and its Julian number.
func fromInt96(dst, src []byte) error {
	const (
		epoch     = 2440588
		nanosADay = 86400 * 1_000_000_000
		lastDay   = math.MaxInt64 / nanosADay
	)
	for i := 0; i*12 < len(src); i++ {
		nanos := int64(binary.LittleEndian.Uint64(src[i*12:]))
		day := int64(binary.LittleEndian.Uint32(src[i*12+8:])) - epoch
		if day <= -lastDay || day >= lastDay || nanos < 0 || nanos > nanosADay {
			return errors.New("a timestamp is outside the range of nanoseconds")
		}
		binary.LittleEndian.PutUint64(dst[i*8:], uint64(day*nanosADay+nanos))
	}
	return nil
}

// divide turns stored integers into coarser ones, which must come out even.
func divide(stored, by int64) convert {
	return func(dst, src []byte) error {
		for i := int64(0); i*stored < int64(len(src)); i++ {
			if stored == 4 {
				v := int32(binary.LittleEndian.Uint32(src[i*4:]))
				if v%int32(by) != 0 {
					return errUneven
				}
				binary.LittleEndian.PutUint32(dst[i*4:], uint32(v/int32(by)))
				continue
			}
			v := int64(binary.LittleEndian.Uint64(src[i*8:]))
			if v%by != 0 {
				return errUneven
			}
			binary.LittleEndian.PutUint64(dst[i*8:], uint64(v/by))
		}
		return nil
	}
}

var errUneven = errors.New("a time is not a whole number of its unit")

const millisADay = 86400 * 1000

// daysToMillis turns date32 into date64.
func daysToMillis(dst, src []byte) error {
	for i := 0; i*4 < len(src); i++ {
		day := int64(int32(binary.LittleEndian.Uint32(src[i*4:])))
		binary.LittleEndian.PutUint64(dst[i*8:], uint64(day*millisADay))
	}
	return nil
}

// bigEndianBytes is the shortest length that holds every number of precision
// decimal digits.
func bigEndianBytes(precision int32) int {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
	return limit.BitLen()/8 + 1
}
