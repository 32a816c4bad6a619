package tableio

import (
	"bytes"

	"github.com/apache/arrow/go/v15/arrow"
)

// DateOrder is the order of day, month and year in dates that are not written
// as ISO 8601 says. The empty one is found, where there is only one in which all
// values of a column are dates.
type DateOrder string

// The orders. The year has four digits, day and month one or two, and between
// them are points, slashes or hyphens.
const (
	DayFirst   DateOrder = "dmy" // 31.12.2024
	MonthFirst DateOrder = "mdy" // 12/31/2024
)

// notation is how the values of a column are written, where the type leaves that
// open. The zero value is that of the formats of this package.
type notation struct {
	comma bool      // before the fraction of a number
	dates DateOrder // of dates that are not as ISO 8601 says
}

// longNumber is as long as a number may be that has a comma.
const longNumber = 400

// pointed copies a number with a decimal comma to dst, with a point. It returns
// nil where b is none by its marks.
func pointed(dst *[longNumber]byte, b []byte) []byte {
	if len(b) > longNumber || bytes.IndexByte(b, '.') >= 0 {
		return nil
	}
	n := copy(dst[:], b)
	if i := bytes.IndexByte(dst[:n], ','); i >= 0 {
		dst[i] = '.'
	}
	return dst[:n]
}

// commas makes a parser of numbers take a comma for the point.
func commas(parse func(dst, b []byte) bool) func(dst, b []byte) bool {
	return func(dst, b []byte) bool {
		var number [longNumber]byte
		b = pointed(&number, b)
		return b != nil && parse(dst, b)
	}
}

// dayIn reads a date of the notation, or one as ISO 8601 says, at the front of b
// as days since 1970.
func (n notation) dayIn(b []byte) (day int64, rest []byte, ok bool) {
	if n.dates == "" || yearFirst(b) {
		if day, ok = dayOf(b); ok {
			rest = b[10:]
		}
		return day, rest, ok
	}
	first, b, ok1 := dayOrMonth(b)
	if !ok1 || len(b) == 0 || b[0] != '.' && b[0] != '/' && b[0] != '-' {
		return 0, nil, false
	}
	mark := b[0]
	second, b, ok2 := dayOrMonth(b[1:])
	if !ok2 || len(b) < 5 || b[0] != mark {
		return 0, nil, false
	}
	year, ok := digits(b[1:], 4)
	d, m := first, second
	if n.dates == MonthFirst {
		d, m = second, first
	}
	if !ok || year < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(year, m) {
		return 0, nil, false
	}
	return daysFromCivil(year, m, d), b[5:], true
}

// dateWords are for errors.
func (n notation) dateWords() string {
	switch n.dates {
	case DayFirst:
		return "a date, day first"
	case MonthFirst:
		return "a date, month first"
	}
	return "a date YYYY-MM-DD"
}

// dayOrMonth reads one or two digits at the front of b.
func dayOrMonth(b []byte) (n int, rest []byte, ok bool) {
	for size := 2; size > 0; size-- {
		if n, ok = digits(b, size); ok {
			return n, b[size:], true
		}
	}
	return 0, nil, false
}

// yearFirst says whether b begins as ISO 8601 says, if it is a date: no mark is
// where the third digit of a year would be, and all marks are below the digits.
func yearFirst(b []byte) bool { return len(b) > 4 && b[4] == '-' && b[2] >= '0' }

// date is a parser of dates: days times scale, in so many bytes.
func (n notation) date(width int, scale int64) func(dst, b []byte) bool {
	return func(dst, b []byte) bool {
		day, rest, ok := n.dayIn(b)
		putLittle(dst[:width], uint64(day*scale))
		return ok && len(rest) == 0
	}
}

// timestamp is a parser of timestamps of a unit, with a zone or without.
func (n notation) timestamp(t *arrow.TimestampType) func(dst, b []byte) bool {
	wantZone := t.TimeZone != ""
	unit := t.Unit
	return func(dst, b []byte) bool {
		seconds, nanos, zoned, ok := n.instant(b)
		if !ok || zoned != wantZone {
			return false
		}
		v, ok := count(seconds, nanos, unit)
		putLittle(dst[:8], uint64(v))
		return ok
	}
}

// instant reads a date and a time of day, behind a T or a space, as seconds since
// 1970, in UTC where it has a zone, and the nanoseconds of the second.
func (n notation) instant(b []byte) (seconds, nanos int64, zoned, ok bool) {
	day, rest, ok := n.dayIn(b)
	if !ok || len(rest) < 6 || rest[0] != 'T' && rest[0] != ' ' {
		return 0, 0, false, false
	}
	of, rest, ok := clock(rest[1:])
	if !ok {
		return 0, 0, false, false
	}
	seconds, nanos = day*86400+of/1e9, of%1e9
	if len(rest) == 0 {
		return seconds, nanos, false, true
	}
	east, ok := zone(rest)
	return seconds - east, nanos, true, ok
}
