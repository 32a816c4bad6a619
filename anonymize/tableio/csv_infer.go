package tableio

import (
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
)

// guess is the set of types that fit every value seen of a column.
type guess uint8

const (
	asInt guess = 1 << iota
	asFloat
	asBool
	asDate
	asTimestamp // without a zone
	asInstant   // with a zone
	seen        // a value that is not null

	anything = asInt | asFloat | asBool | asDate | asTimestamp | asInstant
)

// merge combines what two parts of a file say.
func (g guess) merge(h guess) guess { return g&h&anything | (g|h)&seen }

// seeAll narrows g by the fields of a column of the stretch at hand. A null text
// in quotes counts as null here: only a column of text can hold it.
func (g guess) seeAll(b *block, column int, null *nullTexts) guess {
	for i := column; i < len(b.fields) && g != seen; i += b.columns {
		switch v := b.text(b.fields[i]); {
		case null.has(v):
		case g&asInt != 0 && plainInteger(v):
			g = (g | seen) & (seen | asInt | asFloat)
		default:
			g = g.see(v)
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
func (g guess) see(b []byte) guess {
	if g&anything == 0 {
		return g | seen
	}
	fits := seen
	if g&(asInt|asFloat) != 0 {
		fits |= numberFits(b)
	}
	if g&asBool != 0 && (string(b) == "true" || string(b) == "false") {
		fits |= asBool
	}
	if g&(asDate|asTimestamp|asInstant) != 0 {
		fits |= timeFits(b)
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

func timeFits(b []byte) guess {
	if len(b) < 10 || b[4] != '-' {
		return 0
	}
	if len(b) == 10 {
		if _, ok := dayOf(b); ok {
			return asDate
		}
		return 0
	}
	seconds, nanos, zoned, ok := instant(b)
	if !ok {
		return 0
	}
	if _, ok = count(seconds, nanos, arrow.Microsecond); !ok {
		return 0
	}
	if zoned {
		return asInstant
	}
	return asTimestamp
}

// dataType is the type of a column of which everything was seen.
func (g guess) dataType() arrow.DataType {
	switch {
	case g&seen == 0:
		return arrow.BinaryTypes.String
	case g&asInt != 0:
		return arrow.PrimitiveTypes.Int64
	case g&asFloat != 0:
		return arrow.PrimitiveTypes.Float64
	case g&asBool != 0:
		return arrow.FixedWidthTypes.Boolean
	case g&asDate != 0:
		return arrow.FixedWidthTypes.Date32
	case g&asTimestamp != 0:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case g&asInstant != 0:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	}
	return arrow.BinaryTypes.String
}
