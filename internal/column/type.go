// Package column turns the values of Arrow columns into dense codes and back.
// What it calls the same value does not depend on the physical encoding: a
// dictionary or plain, 32 or 64 bits wide, large offsets or not.
package column

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
)

// Kind is what the values of a column are, without their width.
type Kind string

// The kinds. Dates are whole days or not (date64), counted in milliseconds.
const (
	Null      Kind = "null" // a column of nulls only
	Boolean   Kind = "boolean"
	Integer   Kind = "integer"  // signed
	Unsigned  Kind = "unsigned" // unsigned
	Float     Kind = "float"
	String    Kind = "string"
	Binary    Kind = "binary"
	Date      Kind = "date"
	Time      Kind = "time" // of day, in nanoseconds
	Timestamp Kind = "timestamp"
	Duration  Kind = "duration"
	Decimal   Kind = "decimal"
)

// Type is a kind with what is needed to understand its values. Two columns
// with equal types hold comparable values, whatever their physical encoding.
// Its zero value is no type.
type Type struct {
	Kind  Kind
	Unit  arrow.TimeUnit // of Timestamp and Duration
	Zone  string         // of Timestamp
	Scale int32          // of Decimal: digits after the point
}

// TypeOf is the type of the values of an Arrow type, of the values of a
// dictionary. Nested and other types without a kind are refused by name.
func TypeOf(dt arrow.DataType) (Type, error) {
	switch dt := dt.(type) {
	case *arrow.DictionaryType:
		if _, nested := dt.ValueType.(*arrow.DictionaryType); nested {
			return Type{}, fmt.Errorf("type %s is not supported", dt)
		}
		return TypeOf(dt.ValueType)
	case *arrow.TimestampType:
		return Type{Kind: Timestamp, Unit: dt.Unit, Zone: dt.TimeZone}, nil
	case *arrow.DurationType:
		return Type{Kind: Duration, Unit: dt.Unit}, nil
	case *arrow.Decimal128Type:
		return Type{Kind: Decimal, Scale: dt.Scale}, nil
	}
	switch dt.ID() {
	case arrow.NULL:
		return Type{Kind: Null}, nil
	case arrow.BOOL:
		return Type{Kind: Boolean}, nil
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64:
		return Type{Kind: Integer}, nil
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return Type{Kind: Unsigned}, nil
	case arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64:
		return Type{Kind: Float}, nil
	case arrow.STRING, arrow.LARGE_STRING:
		return Type{Kind: String}, nil
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.FIXED_SIZE_BINARY:
		return Type{Kind: Binary}, nil
	case arrow.DATE32, arrow.DATE64:
		return Type{Kind: Date}, nil
	case arrow.TIME32, arrow.TIME64:
		return Type{Kind: Time}, nil
	}
	return Type{}, fmt.Errorf("type %s is not supported", dt)
}

// String is the kind, with its parameters in brackets. ParseType reads it.
func (t Type) String() string {
	switch t.Kind {
	case Timestamp:
		if t.Zone != "" {
			return fmt.Sprintf("%s[%s,%s]", t.Kind, t.Unit, t.Zone)
		}
		return fmt.Sprintf("%s[%s]", t.Kind, t.Unit)
	case Duration:
		return fmt.Sprintf("%s[%s]", t.Kind, t.Unit)
	case Decimal:
		return fmt.Sprintf("%s[%d]", t.Kind, t.Scale)
	}
	return string(t.Kind)
}

// ParseType reads what String writes and nothing else.
func ParseType(s string) (Type, error) {
	name, arg, bracket := strings.Cut(s, "[")
	t := Type{Kind: Kind(name)}
	ok := !bracket
	switch t.Kind {
	case Null, Boolean, Integer, Unsigned, Float, String, Binary, Date, Time:
	case Timestamp, Duration, Decimal:
		arg, ok = strings.CutSuffix(arg, "]")
		ok = ok && t.parseArg(arg)
	default:
		ok = false
	}
	if !ok || t.String() != s {
		return Type{}, fmt.Errorf("unknown type %q", s)
	}
	return t, nil
}

func (t *Type) parseArg(arg string) bool {
	if t.Kind == Decimal {
		n, err := strconv.ParseInt(arg, 10, 32)
		t.Scale = int32(n)
		return err == nil
	}
	unit, zone, _ := strings.Cut(arg, ",")
	t.Zone = zone
	for u := arrow.Second; u <= arrow.Nanosecond; u++ {
		if u.String() == unit {
			t.Unit = u
			return true
		}
	}
	return false
}

// Arrow is the widest Arrow type of the kind: the one in which Coder.Array
// gives values back. A date is a date32.
func (t Type) Arrow() arrow.DataType {
	switch t.Kind {
	case Boolean:
		return arrow.FixedWidthTypes.Boolean
	case Integer:
		return arrow.PrimitiveTypes.Int64
	case Unsigned:
		return arrow.PrimitiveTypes.Uint64
	case Float:
		return arrow.PrimitiveTypes.Float64
	case String:
		return arrow.BinaryTypes.String
	case Binary:
		return arrow.BinaryTypes.Binary
	case Date:
		return arrow.FixedWidthTypes.Date32
	case Time:
		return arrow.FixedWidthTypes.Time64ns
	case Timestamp:
		return &arrow.TimestampType{Unit: t.Unit, TimeZone: t.Zone}
	case Duration:
		return &arrow.DurationType{Unit: t.Unit}
	case Decimal:
		return &arrow.Decimal128Type{Precision: 38, Scale: t.Scale}
	}
	return arrow.Null
}

// bytes says whether values are kept as bytes rather than in one word.
func (t Type) bytes() bool {
	return t.Kind == String || t.Kind == Binary || t.Kind == Decimal
}
