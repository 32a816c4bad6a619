package tableio

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
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
		return decimalLeaf(g, 4, littleEndianDecimal(4))
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
		return decimalLeaf(g, 8, littleEndianDecimal(8))
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
		l, err := decimalLeaf(g, 0, nil)
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
		return decimalLeaf(g, f.Width, bigEndianDecimal(f.Width))
	case pqfile.Float16:
		if f.Width != 2 {
			return leafType{}, errType
		}
		return leafType{dt: arrow.FixedWidthTypes.Float16, stored: 2}, nil
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
