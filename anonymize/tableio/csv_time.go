package tableio

import (
	"math"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// digits reads exactly n digits.
func digits(b []byte, n int) (int, bool) {
	if len(b) < n {
		return 0, false
	}
	v := 0
	for _, c := range b[:n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// dayOf reads YYYY-MM-DD at the front of b as days since 1970.
func dayOf(b []byte) (int64, bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(b, 4)
	m, ok2 := digits(b[5:], 2)
	d, ok3 := digits(b[8:], 2)
	if !ok1 || !ok2 || !ok3 || y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return daysFromCivil(y, m, d), true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts days of the proleptic Gregorian calendar, in years that
// begin in March so that the leap day comes last.
func daysFromCivil(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}

// clock reads HH:MM[:SS[.fraction]] at the front of b, the fraction to
// nanoseconds and refused where it is finer.
func clock(b []byte) (nanos int64, rest []byte, ok bool) {
	h, ok1 := digits(b, 2)
	if !ok1 || h > 23 || len(b) < 5 || b[2] != ':' {
		return 0, nil, false
	}
	m, ok2 := digits(b[3:], 2)
	if !ok2 || m > 59 {
		return 0, nil, false
	}
	nanos = (int64(h)*60 + int64(m)) * 60 * 1e9
	b = b[5:]
	if len(b) == 0 || b[0] != ':' {
		return nanos, b, true
	}
	s, ok3 := digits(b[1:], 2)
	if !ok3 || s > 59 {
		return 0, nil, false
	}
	nanos += int64(s) * 1e9
	b = b[3:]
	if len(b) == 0 || b[0] != '.' {
		return nanos, b, true
	}
	i, scale := 1, int64(1e9)
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if scale /= 10; scale == 0 && b[i] != '0' {
			return 0, nil, false
		}
		nanos += int64(b[i]-'0') * scale
	}
	return nanos, b[i:], i > 1
}

// zone reads Z, ±hh:mm or ±hhmm as seconds east of Greenwich.
func zone(b []byte) (seconds int64, ok bool) {
	if len(b) == 1 && b[0] == 'Z' {
		return 0, true
	}
	if len(b) != 6 && len(b) != 5 || b[0] != '+' && b[0] != '-' || len(b) == 6 && b[3] != ':' {
		return 0, false
	}
	h, ok1 := digits(b[1:], 2)
	m, ok2 := digits(b[len(b)-2:], 2)
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	seconds = int64(h*60+m) * 60
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// perSecond is how many of a unit make a second.
func perSecond(u arrow.TimeUnit) int64 {
	return int64(time.Second) / int64(u.Multiplier())
}

// count turns seconds and nanoseconds into a number of units, where it is one.
func count(seconds, nanos int64, unit arrow.TimeUnit) (int64, bool) {
	per := perSecond(unit)
	part := int64(1e9) / per
	if nanos%part != 0 || seconds > math.MaxInt64/per-1 || seconds < math.MinInt64/per+1 {
		return 0, false
	}
	return seconds*per + nanos/part, true
}

func timeParser(unit arrow.TimeUnit, width int) func(dst, b []byte) bool {
	return func(dst, b []byte) bool {
		n, rest, ok := clock(b)
		if !ok || len(rest) != 0 {
			return false
		}
		v, ok := count(n/1e9, n%1e9, unit)
		putLittle(dst[:width], uint64(v))
		return ok
	}
}
