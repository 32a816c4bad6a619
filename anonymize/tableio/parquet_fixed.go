package tableio

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// unbounded is a type of fixed-length byte strings whose pages are indexed
// with the least and the greatest of all values of the type. The library
// orders such values by their bytes, which is not how the format orders
// decimals and half-precision numbers: a reader that skips pages by such
// bounds would miss rows. It also cuts them and leaves out pages of nulls.
// Bounds of the row group are switched off beside it.
type unbounded struct {
	parquet.Type
	least, most []byte
}

func (t *unbounded) NewColumnIndexer(int) parquet.ColumnIndexer {
	return &unboundedIndexer{
		ColumnIndexer: t.Type.NewColumnIndexer(0),
		least:         parquet.FixedLenByteArrayValue(t.least),
		most:          parquet.FixedLenByteArrayValue(t.most),
	}
}

type unboundedIndexer struct {
	parquet.ColumnIndexer
	least, most parquet.Value
}

func (i *unboundedIndexer) IndexPage(values, nulls int64, _, _ parquet.Value) {
	i.ColumnIndexer.IndexPage(values, nulls, i.least, i.most)
}

// bytesType is that of byte strings of one length, without a meaning.
func bytesType(width int) parquet.Type {
	return &unbounded{parquet.FixedLenByteArrayType(width),
		make([]byte, width), bytes.Repeat([]byte{0xff}, width)}
}

// half is the logical type FLOAT16, for which the library has no node.
type half struct{ unbounded }

func halfType() parquet.Type {
	const infinity, negative = 0x7c, 0xfc // the second byte
	return &half{unbounded{parquet.FixedLenByteArrayType(2),
		[]byte{0, negative}, []byte{0, infinity}}}
}

func (*half) String() string { return "FLOAT16" }

func (*half) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: new(format.Float16Type)}
}

func (*half) ConvertedType() *deprecated.ConvertedType { return nil }

// Digits that integers of 32 and 64 bits hold.
const (
	maxDigits32 = 9
	maxDigits64 = 18
)

// decimalNode stores decimals of few digits as integers, as the format
// proposes: they are smaller, faster and have bounds.
func decimalNode(t arrow.DecimalType) (parquet.Node, error) {
	scale, precision := t.GetScale(), t.GetPrecision()
	if !sensible(t) || scale < 0 || scale > precision {
		return nil, fmt.Errorf("type %s is not supported in Parquet", t)
	}
	if precision <= maxDigits32 {
		return parquet.Decimal(int(scale), int(precision), parquet.Int32Type), nil
	}
	if precision <= maxDigits64 {
		return parquet.Decimal(int(scale), int(precision), parquet.Int64Type), nil
	}
	width := bigEndianBytes(precision)
	least, most := make([]byte, width), bytes.Repeat([]byte{0xff}, width)
	least[0], most[0] = 0x80, 0x7f
	fixed := &unbounded{parquet.FixedLenByteArrayType(width), least, most}
	return unboundedDecimal(int(scale), int(precision), fixed), nil
}

// unboundedDecimal keeps the indexer that the library's decimal would hide.
func unboundedDecimal(scale, precision int, t *unbounded) parquet.Node {
	node := parquet.Decimal(scale, precision, t)
	return parquet.Leaf(&unbounded{node.Type(), t.least, t.most})
}

func decimalValuer(t arrow.DecimalType, g *gather) func(i int) (parquet.Value, error) {
	switch precision := t.GetPrecision(); {
	case precision <= maxDigits32:
		return func(i int) (parquet.Value, error) {
			v, err := toInt64(g.entry(i), 32)
			return parquet.Int32Value(int32(v)), err
		}
	case precision <= maxDigits64:
		return func(i int) (parquet.Value, error) {
			v, err := toInt64(g.entry(i), 64)
			return parquet.Int64Value(v), err
		}
	default:
		width := bigEndianBytes(precision)
		return func(i int) (parquet.Value, error) {
			out := make([]byte, width)
			err := toBigEndian(out, g.entry(i))
			return parquet.FixedLenByteArrayValue(out), err
		}
	}
}
