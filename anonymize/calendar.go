package anonymize

import (
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

const secondsPerDay = 24 * 60 * 60

// The days since 1970 of the years 1 to 9999.
const (
	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
)

// floorDiv is the quotient rounded down; b is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// perSecond is how many of the unit make a second.
func perSecond(u arrow.TimeUnit) int64 { return int64(time.Second / u.Multiplier()) }

// secondsOf is the length of a period up to a day.
func secondsOf(to int) int64 {
	return [...]int64{second: 1, minute: 60, hour: 60 * 60, day: secondsPerDay}[to]
}

// startOfWeek is the Monday at or before a day; 1970 began on a Thursday.
func startOfWeek(days int64) int64 { return floorDiv(days+3, 7)*7 - 3 }

// startOfMonths is the first day of the month, quarter or year of a day, as
// time.Date finds it but in less time. Years begin with March here and come in
// eras of 400, so that a leap day is the last of whatever it is in, as in
// Hinnant, chrono-Compatible Low-Level Date Algorithms.
func startOfMonths(days int64, to int) int64 {
	const (
		march0    = -719468 // 0000-03-01
		era       = 400*365 + 97
		leapCycle = 4*365 + 1
		century   = 25*leapCycle - 1
	)
	first := floorDiv(days-march0, era) * era // of the era, since march0
	day := days - march0 - first
	year := (day - day/(leapCycle-1) + day/century - day/(era-1)) / 365
	start := func(year int64) int64 { return 365*year + year/4 - year/100 }
	fromMarch := (5*(day-start(year)) + 2) / 153
	month := time.Month((fromMarch+2)%12 + 1)
	back := int64(month - startMonth(to, month))
	if fromMarch -= back; fromMarch < 0 { // January and February are of the year before
		fromMarch, year = fromMarch+12, year-1
	}
	if year < 0 {
		first, year = first-era, year+400
	}
	return march0 + first + start(year) + (153*fromMarch+2)/5
}

// startMonth is the month in which the month, quarter or year of m starts.
func startMonth(to int, m time.Month) time.Month {
	switch to {
	case quarter:
		return (m-1)/3*3 + 1
	case year:
		return time.January
	}
	return m
}

// zoneOf is the clock on which the timestamps of a column are read.
func zoneOf(t *arrow.TimestampType) (*time.Location, error) {
	if t.TimeZone == "Local" {
		return nil, fmt.Errorf("the column has the zone %q, which differs from machine to machine; "+
			"want a named one or an offset", t.TimeZone)
	}
	zone, err := t.GetZone()
	if err != nil {
		return nil, fmt.Errorf("the zone %q of the column is not known here", t.TimeZone)
	}
	return zone, nil
}

// startOfHour is the start of the period of so many seconds, at most an hour,
// on the clock of the zone, but not before the clock was last changed.
func startOfHour(sec, width int64, zone *time.Location) int64 {
	t := time.Unix(sec, 0).In(zone)
	_, offset := t.Zone()
	out := floorDiv(sec+int64(offset), width)*width - int64(offset)
	if changed, _ := t.ZoneBounds(); !changed.IsZero() {
		out = max(out, changed.Unix())
	}
	return out
}

// startOfPeriod is the first instant of the day, week, month, quarter or year
// of t in its zone.
func startOfPeriod(t time.Time, to int) time.Time {
	y, m, d := t.Date()
	switch to {
	case day:
	case week:
		d -= (int(t.Weekday()) + 6) % 7
	default:
		m, d = startMonth(to, m), 1
	}
	return startOfDay(y, m, d, t.Location())
}

// startOfDay is the first instant of a day in a zone. Midnight may be skipped
// there when clocks go forward, or come twice when they go back.
func startOfDay(y int, m time.Month, d int, zone *time.Location) time.Time {
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() // on the clock
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	changed, ends := t.ZoneBounds()
	if _, offset := t.Zone(); t.Unix()+int64(offset) < midnight && !ends.IsZero() {
		return ends
	}
	if !changed.IsZero() {
		_, before := changed.Add(-time.Second).Zone()
		early := time.Unix(midnight-int64(before), 0).In(zone)
		if early.Before(changed) && early.Before(t) {
			return early
		}
	}
	return t
}
