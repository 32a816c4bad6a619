package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
)

// textParser reads the values of one type from text.
type textParser struct {
	dt    arrow.DataType
	width int // bytes of a value; 0 for text and nulls
	// parse stores the value of b in dst, or returns false.
	parse func(dst, b []byte) bool
	what  string // for errors
}

// newTextParser returns the parser of a type whose values are written as how
// says, or an error that says it has none.
func newTextParser(dt arrow.DataType, how notation) (*textParser, error) {
	p := &textParser{dt: dt}
	switch t := dt.(type) {
	case nil:
		return nil, errors.New("the declared type is nil")
	case *arrow.StringType, *arrow.LargeStringType:
		return p, nil
	case *arrow.NullType:
		p.what = "null"
		return p, nil
	case *arrow.BooleanType:
		p.width, p.parse, p.what = 1, parseBool, "true or false"
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.DurationType:
		p.integer(true)
	case *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		p.integer(false)
	case *arrow.Float16Type:
		p.width, p.parse, p.what = 2, parseHalf, "a number of half precision"
	case *arrow.Float32Type:
		p.width, p.parse, p.what = 4, parseFloat32, "a number"
	case *arrow.Float64Type:
		p.width, p.parse, p.what = 8, parseFloat64, "a number"
	case *arrow.Date32Type:
		p.width, p.parse, p.what = 4, how.date(4, 1), how.dateWords()
	case *arrow.Date64Type:
		p.width, p.parse, p.what = 8, how.date(8, millisADay), how.dateWords()
	case *arrow.TimestampType:
		p.width, p.parse, p.what = 8, how.timestamp(t), "an ISO 8601 timestamp of its unit"
		if t.TimeZone != "" {
			p.what += " with a zone"
		}
	case *arrow.Time32Type:
		p.width, p.what = 4, "a time HH:MM:SS of its unit"
		p.parse = timeParser(t.Unit, 4)
	case *arrow.Time64Type:
		p.width, p.what = 8, "a time HH:MM:SS of its unit"
		p.parse = timeParser(t.Unit, 8)
	case arrow.DecimalType:
		if !sensible(t) || t.GetScale() < 0 {
			return nil, fmt.Errorf("type %s cannot be read from CSV", dt)
		}
		p.width, p.what = decimalBytes(t), "a decimal of its precision and scale"
		p.parse = decimalParser(t)
	default:
		return nil, fmt.Errorf("type %s cannot be read from CSV", dt)
	}
	switch dt.(type) {
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type, arrow.DecimalType:
		if how.comma {
			p.parse = commas(p.parse)
			p.what += " with a decimal comma"
		}
	}
	return p, nil
}

func (p *textParser) integer(signed bool) {
	width := p.dt.(arrow.FixedWidthDataType).Bytes()
	p.width, p.what = width, "an integer of type "+p.dt.String()
	p.parse = func(dst, b []byte) bool {
		v, ok := parseInteger(b, signed, width*8)
		if ok {
			putLittle(dst[:width], v)
		}
		return ok
	}
}

func putLittle(dst []byte, v uint64) {
	switch len(dst) {
	case 1:
		dst[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(dst, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(dst, uint32(v))
	case 8:
		binary.LittleEndian.PutUint64(dst, v)
	}
}

// parseInteger reads an integer of the given size; leading zeros are fine
// here, as the type was declared or no value has any.
func parseInteger(b []byte, signed bool, size int) (uint64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	v := uint64(0)
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		hi, lo := bits.Mul64(v, 10)
		sum, carry := bits.Add64(lo, d, 0)
		if hi != 0 || carry != 0 {
			return 0, false
		}
		v = sum
	}
	if !signed {
		return v, !negative && v <= math.MaxUint64>>(64-size)
	}
	limit := uint64(1) << (size - 1)
	if negative {
		return -v, v <= limit
	}
	return v, v < limit
}

func parseBool(dst, b []byte) bool {
	switch string(b) {
	case "true":
		dst[0] = 1
		return true
	case "false":
		dst[0] = 0
		return true
	}
	return false
}

func parseFloat64(dst, b []byte) bool {
	v, err := strconv.ParseFloat(bytesString(b), 64)
	binary.LittleEndian.PutUint64(dst, math.Float64bits(v))
	return err == nil
}

func parseFloat32(dst, b []byte) bool {
	v, err := strconv.ParseFloat(bytesString(b), 32)
	binary.LittleEndian.PutUint32(dst, math.Float32bits(float32(v)))
	return err == nil
}
