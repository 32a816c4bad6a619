package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// renderer appends the text of a row.
type renderer func(dst []byte, row int) []byte

func (e *csvEncoder) renderer(a arrow.Array) (renderer, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return e.dictionary(d)
	}
	value, err := e.value(a)
	if err != nil {
		return nil, err
	}
	if a.NullN() == 0 {
		return value, nil
	}
	null, err := e.null()
	if err != nil {
		return nil, err
	}
	return func(dst []byte, row int) []byte {
		if a.IsNull(row) {
			return append(dst, null...)
		}
		return value(dst, row)
	}, nil
}

// null is the text of a null.
func (e *csvEncoder) null() (string, error) {
	if len(e.nulls) == 0 {
		return "", errors.New("a null, and no text stands for null; set Null")
	}
	return e.nulls[0], nil
}

// dictionary renders each entry once.
func (e *csvEncoder) dictionary(d *array.Dictionary) (renderer, error) {
	entry, err := e.renderer(d.Dictionary())
	if err != nil {
		return nil, err
	}
	entries := make([][]byte, d.Dictionary().Len())
	for i := range entries {
		entries[i] = entry(nil, i)
	}
	for row := range d.Len() {
		if k := d.IsValid(row); k && (d.GetValueIndex(row) < 0 || d.GetValueIndex(row) >= len(entries)) {
			return nil, errors.New("an index outside the dictionary")
		}
	}
	if d.NullN() == 0 {
		return func(dst []byte, row int) []byte {
			return append(dst, entries[d.GetValueIndex(row)]...)
		}, nil
	}
	null, err := e.null()
	if err != nil {
		return nil, err
	}
	return func(dst []byte, row int) []byte {
		if d.IsNull(row) {
			return append(dst, null...)
		}
		return append(dst, entries[d.GetValueIndex(row)]...)
	}, nil
}

// value renders rows that are not null.
func (e *csvEncoder) value(a arrow.Array) (renderer, error) {
	switch a := a.(type) {
	case *array.Null:
		null, err := e.null()
		return func(dst []byte, _ int) []byte { return append(dst, null...) }, err
	case *array.Boolean:
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, a.Value(i)) }, nil
	case *array.String:
		return func(dst []byte, i int) []byte { return e.appendText(dst, a.Value(i)) }, nil
	case *array.LargeString:
		return func(dst []byte, i int) []byte { return e.appendText(dst, a.Value(i)) }, nil
	case *array.Float32:
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(a.Value(i)), 32) }, nil
	case *array.Float64:
		return func(dst []byte, i int) []byte { return appendFloat(dst, a.Value(i), 64) }, nil
	case *array.Float16:
		return func(dst []byte, i int) []byte { return appendHalf(dst, a.Value(i).Uint16()) }, nil
	case *array.Decimal128, *array.Decimal256:
		return decimalRenderer(a, a.DataType().(arrow.DecimalType).GetScale())
	}
	integer, err := integers(a)
	if err != nil {
		return nil, err
	}
	switch t := a.DataType().(type) {
	case *arrow.Date32Type:
		return func(dst []byte, i int) []byte { return appendDate(dst, integer(i)) },
			withinYears(a, integer, 1)
	case *arrow.Date64Type:
		for i := range a.Len() {
			if a.IsValid(i) && integer(i)%millisADay != 0 {
				return nil, errors.New("a date64 is not at midnight")
			}
		}
		return func(dst []byte, i int) []byte { return appendDate(dst, integer(i)/millisADay) },
			withinYears(a, integer, millisADay)
	case *arrow.TimestampType:
		per, z := perSecond(t.Unit), t.TimeZone != ""
		return func(dst []byte, i int) []byte {
			dst = appendInstant(dst, integer(i), per)
			if z {
				dst = append(dst, 'Z')
			}
			return dst
		}, withinYears(a, integer, 86400*per)
	case *arrow.Time32Type:
		return clockRenderer(a, integer, t.Unit)
	case *arrow.Time64Type:
		return clockRenderer(a, integer, t.Unit)
	case *arrow.Uint64Type:
		return func(dst []byte, i int) []byte {
			return strconv.AppendUint(dst, uint64(integer(i)), 10)
		}, nil
	}
	return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, integer(i), 10) }, nil
}

// integers reads the values of an array of integers of any width.
func integers(a arrow.Array) (func(i int) int64, error) {
	var b []byte
	if buf := a.Data().Buffers()[1]; buf != nil { // there is none without rows
		b = buf.Bytes()
	}
	off := a.Data().Offset()
	switch a.DataType().ID() {
	case arrow.INT8:
		return func(i int) int64 { return int64(int8(b[off+i])) }, nil
	case arrow.UINT8:
		return func(i int) int64 { return int64(b[off+i]) }, nil
	case arrow.INT16:
		return func(i int) int64 { return int64(int16(binary.LittleEndian.Uint16(b[(off+i)*2:]))) }, nil
	case arrow.UINT16:
		return func(i int) int64 { return int64(binary.LittleEndian.Uint16(b[(off+i)*2:])) }, nil
	case arrow.UINT32:
		return func(i int) int64 { return int64(binary.LittleEndian.Uint32(b[(off+i)*4:])) }, nil
	case arrow.INT32, arrow.DATE32, arrow.TIME32:
		return func(i int) int64 { return int64(int32(binary.LittleEndian.Uint32(b[(off+i)*4:]))) }, nil
	case arrow.INT64, arrow.UINT64, arrow.DATE64, arrow.TIME64, arrow.TIMESTAMP, arrow.DURATION:
		return func(i int) int64 { return int64(binary.LittleEndian.Uint64(b[(off+i)*8:])) }, nil
	}
	return nil, fmt.Errorf("type %s cannot be written as CSV", a.DataType())
}

// appendFloat writes the shortest text that reads back as v.
func appendFloat(dst []byte, v float64, size int) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(dst, "Inf"...)
	case math.IsInf(v, -1):
		return append(dst, "-Inf"...)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, size)
}

func appendDigits(dst []byte, v int64, n int) []byte {
	for p := n - 1; p >= 0; p-- {
		d := v
		for range p {
			d /= 10
		}
		dst = append(dst, byte('0'+d%10))
	}
	return dst
}

// withinYears refuses what lies outside the years 1 to 9999, which text of four
// digits cannot say; per values make a day.
func withinYears(a arrow.Array, integer func(int) int64, per int64) error {
	first, last := daysFromCivil(1, 1, 1), daysFromCivil(9999, 12, 31)
	for i := range a.Len() {
		if !a.IsValid(i) {
			continue
		}
		if day := floorDiv(integer(i), per); day < first || day > last {
			return errors.New("a date outside the years 1 to 9999")
		}
	}
	return nil
}

// appendDate writes the day of days since 1970 as YYYY-MM-DD.
func appendDate(dst []byte, days int64) []byte {
	y, m, d := civil(days)
	dst = append(appendDigits(dst, y, 4), '-')
	dst = append(appendDigits(dst, m, 2), '-')
	return appendDigits(dst, d, 2)
}

// civil is the inverse of daysFromCivil.
func civil(days int64) (y, m, d int64) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	y, m, d = yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if m > 12 {
		y, m = y+1, m-12
	}
	return y, m, d
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// appendInstant writes v, of which per make a second, as RFC 3339.
func appendInstant(dst []byte, v, per int64) []byte {
	seconds := floorDiv(v, per)
	day := floorDiv(seconds, 86400)
	dst = append(appendDate(dst, day), 'T')
	return appendClock(dst, seconds-day*86400, v-seconds*per, per)
}

func appendClock(dst []byte, seconds, part, per int64) []byte {
	dst = append(appendDigits(dst, seconds/3600, 2), ':')
	dst = append(appendDigits(dst, seconds/60%60, 2), ':')
	dst = appendDigits(dst, seconds%60, 2)
	if part == 0 {
		return dst
	}
	dst = append(dst, '.')
	for part > 0 {
		part *= 10
		dst = append(dst, byte('0'+part/per))
		part %= per
	}
	return dst
}

func clockRenderer(
	a arrow.Array, integer func(int) int64, unit arrow.TimeUnit,
) (renderer, error) {
	per := perSecond(unit)
	for i := range a.Len() {
		if v := integer(i); a.IsValid(i) && (v < 0 || v >= 86400*per) {
			return nil, errors.New("a time of day outside the day")
		}
	}
	return func(dst []byte, i int) []byte {
		v := integer(i)
		return appendClock(dst, v/per, v%per, per)
	}, nil
}
