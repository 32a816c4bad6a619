package anonymize

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Truncate moves dates and timestamps to the start of the second, minute,
// hour, day, week, month, quarter or year they are in. Weeks start on Monday.
// The column keeps its type. A timestamp with a zone is truncated on that
// zone's clock, one without as it stands; where a zone skips the start of a
// period, its first instant that exists is taken, and where an hour comes
// twice, the two stay apart. A time of day is truncated to second, minute or
// hour.
//
// Dates and timestamps outside the years 1 to 9999 are an error of the data. A
// truncation that cannot change the column, as of a date to its day, is
// refused, and so are the zero value and the zone "Local", which differs from
// machine to machine.
type Truncate struct {
	To string `yaml:"to" json:"to"`
}

// periods are what Truncate.To may name, the short ones first.
var periods = [...]string{"second", "minute", "hour", "day", "week", "month", "quarter", "year"}

// period is the number of a name in periods, or negative.
func period(name string) int { return slices.Index(periods[:], name) }

const (
	second = iota
	minute
	hour
	day
	week
	month
	quarter
	year
)

func (t Truncate) validate() []error {
	if period(t.To) >= 0 {
		return nil
	}
	return []error{fmt.Errorf("truncate: to is %q, want one of %s",
		t.To, strings.Join(periods[:], ", "))}
}

func (t Truncate) describe() string { return "truncated to the start of the " + t.To }

func (t Truncate) outType(in arrow.DataType) (arrow.DataType, error) {
	return throughDictionary(t, in, func(in arrow.DataType) (arrow.DataType, error) {
		if _, err := t.truncation(in); err != nil {
			return nil, err
		}
		return in, nil
	})
}

func (t Truncate) apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if _, err := t.outType(a.DataType()); err != nil {
		return nil, err
	}
	return onDistinct(mem, a, t.kernel)
}

func (t Truncate) kernel(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	f, err := t.truncation(a.DataType())
	if err != nil {
		return nil, err
	}
	bad := false
	note := func(v int64) int64 {
		out, ok := f(v)
		bad = bad || !ok
		return out
	}
	var out arrow.Array
	switch a.DataType().ID() {
	case arrow.DATE32, arrow.TIME32:
		out = mapFixed(mem, a, a.DataType(), func(v int32) int32 { return int32(note(int64(v))) })
	default:
		out = mapFixed(mem, a, a.DataType(), note)
	}
	if bad {
		out.Release()
		return nil, errors.New("truncate: a value is outside the years 1 to 9999, or outside a day")
	}
	return out, nil
}

// truncation returns the function for one type. It says false for a value
// that it cannot truncate.
func (t Truncate) truncation(in arrow.DataType) (func(int64) (int64, bool), error) {
	to := period(t.To)
	switch in := in.(type) {
	case *arrow.Date32Type:
		if to <= day {
			return nil, fmt.Errorf("truncate: the column is %s, whole days; want week, month, "+
				"quarter or year", in)
		}
		return truncateDays(to, 1), nil
	case *arrow.Date64Type:
		if to < day {
			return nil, fmt.Errorf("truncate: the column is %s, whole days; want week, month, "+
				"quarter or year", in)
		}
		return truncateDays(to, 24*60*60*1000), nil
	case *arrow.Time32Type:
		return t.timeOfDay(in, in.Unit)
	case *arrow.Time64Type:
		return t.timeOfDay(in, in.Unit)
	case *arrow.TimestampType:
		if to == second && in.Unit == arrow.Second {
			return nil, fmt.Errorf("truncate: the column is %s, whole seconds; "+
				"want a longer period", in)
		}
		zone, err := zoneOf(in)
		if err != nil {
			return nil, fmt.Errorf("truncate: %w", err)
		}
		return truncateInstants(to, perSecond(in.Unit), zone), nil
	}
	return nil, wrongType("truncate", in, "dates, timestamps or times of day")
}

func (t Truncate) timeOfDay(
	in arrow.DataType, unit arrow.TimeUnit,
) (func(int64) (int64, bool), error) {
	to := period(t.To)
	if to > hour || to == second && unit == arrow.Second {
		return nil, fmt.Errorf("truncate: the column is %s; want a period longer than its unit and "+
			"at most an hour", in)
	}
	width := secondsOf(to) * perSecond(unit)
	limit := 24 * 60 * 60 * perSecond(unit)
	return func(v int64) (int64, bool) {
		return v - v%width, v >= 0 && v < limit
	}, nil
}

// truncateDays truncates whole days since 1970, counted in the given unit of a
// day, to day or longer.
func truncateDays(to int, unit int64) func(int64) (int64, bool) {
	return func(v int64) (int64, bool) {
		days := floorDiv(v, unit)
		if days < firstDay || days > lastDay {
			return 0, false
		}
		switch to {
		case day:
		case week:
			days = startOfWeek(days)
		default:
			days = startOfMonths(days, to)
		}
		return days * unit, days >= firstDay
	}
}

// truncateInstants truncates timestamps of so many units a second.
func truncateInstants(to int, unit int64, zone *time.Location) func(int64) (int64, bool) {
	fixed := zone == time.UTC
	least, most := floorDiv(math.MinInt64, unit)+1, floorDiv(math.MaxInt64, unit)
	least, most = max(least, firstDay*secondsPerDay), min(most, (lastDay+1)*secondsPerDay-1)
	return func(v int64) (int64, bool) {
		sec := floorDiv(v, unit)
		if sec < least || sec > most {
			return 0, false
		}
		switch {
		case to == second:
		case fixed && to <= day:
			sec = floorDiv(sec, secondsOf(to)) * secondsOf(to)
		case fixed && to == week:
			sec = startOfWeek(floorDiv(sec, secondsPerDay)) * secondsPerDay
		case fixed:
			sec = startOfMonths(floorDiv(sec, secondsPerDay), to) * secondsPerDay
		case to <= hour:
			sec = startOfHour(sec, secondsOf(to), zone)
		default:
			sec = startOfPeriod(time.Unix(sec, 0).In(zone), to).Unix()
		}
		return sec * unit, sec >= least
	}
}
