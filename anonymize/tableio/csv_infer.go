package tableio

import (
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
)

// guess is the set of types that fit every value seen of a column.
type guess uint16

const (
	asInt   guess = 1 << iota
	asFloat       // with a decimal point, if with any mark
	asComma       // a float with a decimal comma, if with any mark
	asBool
	asDate      // as ISO 8601 says
	asTimestamp // as ISO 8601 says, without a zone
	asInstant   // with a zone
	asDayFirst  // a date of that order
	asMonthFirst
	asDayTime // a timestamp of that order, without a zone
	asMonthTime
	seen // a value that is not null

	anything = seen - 1
	asTime   = asDate | asTimestamp | asInstant | asDayFirst | asMonthFirst | asDayTime | asMonthTime
)

// merge combines what two parts of a file say.
func (g guess) merge(h guess) guess { return g&h&anything | (g|h)&seen }

// seeAll narrows g by the fields of a column of the stretch at hand. A null text
// in quotes counts as null here: only a column of text can hold it. Dates that
// are not as ISO 8601 says are of the given order, of either where it is empty.
func (g guess) seeAll(b *block, column int, null *nullTexts, dates DateOrder) guess {
	for i := column; i < len(b.fields) && g != seen; i += b.columns {
		switch v := b.text(b.fields[i]); {
		case null.has(v):
		case g&asInt != 0 && plainInteger(v):
			g = (g | seen) & (seen | asInt | asFloat | asComma)
		default:
			g = g.see(v, dates)
		}
	}
	return g
}

// plainInteger says of integers of few digits that they are: those that see
// would look at for long.
func plainInteger(v []byte) bool {
	if len(v) > 1 && v[0] == '-' && v[1] != '0' {
		v = v[1:]
	}
	if len(v) == 0 || len(v) > 18 || v[0] == '0' && len(v) > 1 {
		return false
	}
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// see narrows g by a value.
func (g guess) see(b []byte, dates DateOrder) guess {
	if g&anything == 0 {
		return g | seen
	}
	fits := seen
	if g&(asInt|asFloat) != 0 {
		fits |= numberFits(b)
	}
	if g&asComma != 0 {
		var number [longNumber]byte
		if b := pointed(&number, b); b != nil && numberFits(b) != 0 {
			fits |= asComma
		}
	}
	if g&asBool != 0 && (string(b) == "true" || string(b) == "false") {
		fits |= asBool
	}
	if g&asTime != 0 {
		fits |= timeFits(b, dates)
	}
	return (g | seen) & fits
}

// numberFits says whether b is a number that loses nothing by being taken for
// one. Leading zeros, a plus sign and integers beyond 64 bits make text.
func numberFits(b []byte) guess {
	whole, i := b, 0
	if len(whole) > 0 && whole[0] == '-' {
		whole = whole[1:]
	}
	for i < len(whole) && whole[i] >= '0' && whole[i] <= '9' {
		i++
	}
	if i > 1 && whole[0] == '0' {
		return 0
	}
	if i == len(whole) && i > 0 {
		if _, ok := parseInteger(b, true, 64); !ok {
			return 0
		}
		if b[0] == '-' && whole[0] == '0' {
			return asFloat // an int64 has no negative zero
		}
		return asInt | asFloat
	}
	switch string(b) {
	case "NaN", "Inf", "-Inf":
		return asFloat
	}
	rest := whole[i:]
	if len(rest) > 0 && rest[0] == '.' {
		k := 1
		for k < len(rest) && rest[k] >= '0' && rest[k] <= '9' {
			k++
		}
		if k == 1 {
			return 0
		}
		rest = rest[k:]
	} else if i == 0 {
		return 0
	}
	if len(rest) > 0 && !exponent(rest) {
		return 0
	}
	if len(rest) > 0 || len(b) > 300 {
		if _, err := strconv.ParseFloat(bytesString(b), 64); err != nil {
			return 0
		}
	}
	return asFloat
}

// exponent says whether b is e or E, an optional sign and digits.
func exponent(b []byte) bool {
	if b[0] != 'e' && b[0] != 'E' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// timeFits says which dates and timestamps b is.
func timeFits(b []byte, dates DateOrder) (fits guess) {
	if len(b) < 8 || b[0]-'0' > 9 {
		return 0
	}
	if yearFirst(b) {
		return notation{}.fits(b, asDate, asTimestamp, asInstant)
	}
	if dates != MonthFirst {
		fits = notation{dates: DayFirst}.fits(b, asDayFirst, asDayTime, 0)
	}
	if dates != DayFirst {
		fits |= notation{dates: MonthFirst}.fits(b, asMonthFirst, asMonthTime, 0)
	}
	return fits
}

// fits returns which of the three b is in a notation, 0 for none.
func (n notation) fits(b []byte, date, timestamp, zoned guess) guess {
	_, rest, ok := n.dayIn(b)
	if !ok {
		return 0
	}
	if len(rest) == 0 {
		return date
	}
	seconds, nanos, hasZone, ok := n.instant(b)
	if !ok {
		return 0
	}
	if _, ok = count(seconds, nanos, arrow.Microsecond); !ok {
		return 0
	}
	if hasZone {
		return zoned
	}
	return timestamp
}

// textType is the type of a column of which everything was seen. Dates whose
// order is not known are text.
func (g guess) textType(how notation) textType {
	float, order := asFloat, DateOrder("")
	if how.comma {
		float = asComma
	}
	switch {
	case g&(asDayFirst|asDayTime) != 0 && g&(asMonthFirst|asMonthTime) == 0:
		order = DayFirst
	case g&(asMonthFirst|asMonthTime) != 0 && g&(asDayFirst|asDayTime) == 0:
		order = MonthFirst
	}
	of := func(dt arrow.DataType) textType { return textType{dt, notation{how.comma, order}} }
	switch {
	case g&seen == 0:
		return of(arrow.BinaryTypes.String)
	case g&asInt != 0:
		return of(arrow.PrimitiveTypes.Int64)
	case g&float != 0:
		return of(arrow.PrimitiveTypes.Float64)
	case g&asBool != 0:
		return of(arrow.FixedWidthTypes.Boolean)
	case g&asDate != 0, order != "" && g&(asDayFirst|asMonthFirst) != 0:
		return of(arrow.FixedWidthTypes.Date32)
	case g&asTimestamp != 0, order != "":
		return of(&arrow.TimestampType{Unit: arrow.Microsecond})
	case g&asInstant != 0:
		return of(&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"})
	}
	return of(arrow.BinaryTypes.String)
}

// remark says why a column is text that looks like something else, or nothing.
func (g guess) remark(how notation) string {
	if g&seen == 0 || g.textType(how).ID() != arrow.STRING {
		return ""
	}
	switch {
	case g&(asDayFirst|asDayTime) != 0:
		return "it looks like dates, but not whether day or month is first; name the order (dmy or mdy)"
	case g&asComma != 0:
		return "it looks like numbers with a decimal comma; name that as the decimal mark"
	case g&asFloat != 0:
		return "it looks like numbers with a decimal point, but a comma was named as the decimal mark"
	}
	return ""
}
