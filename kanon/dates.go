package kanon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Dates is a hierarchy of calendar periods over a column of dates or
// timestamps, longer with each level. The zero value is refused. The periods
// and their labels are
//
//	day        2019-03-07
//	week       2019-W10      of ISO 8601, with the year the week belongs to
//	month      2019-03
//	quarter    2019-Q1
//	half-year  2019-H1
//	year       2019
//	5-years    2015-2019     from a year that 5 divides
//	decade     2010-2019     from a year that 10 divides
//	century    2000-2099     from a year that 100 divides
//
// Each period is made of whole periods of the level below, so a week, which
// may lie in two months and in two years, can only stand alone or after day.
//
// The day of a timestamp is that of the column's time zone; without one, the
// wall clock it shows. Dates outside of the years 1 to 9999 are an error.
type Dates struct {
	// Periods are the names above, from level 1 upward, in their order. The
	// level after the last is the top.
	Periods []string `yaml:"periods"`
	// Free lets Local and Mondrian recoding use any run of periods of the first
	// kind (of that of MinLevel, where that is higher), as "2019-03/2019-05": a
	// class then has the shortest that holds its dates. The dates themselves stay
	// where a class has but one, unless MinLevel is above 0.
	Free bool `yaml:"free,omitempty"`
}

// period is a unit of the calendar.
type period struct {
	name  string
	label func(t time.Time) string
}

// periods in ascending order. All but week nest in the ones after.
func periods() []period {
	format := func(layout string) func(time.Time) string {
		return func(t time.Time) string { return t.Format(layout) }
	}
	years := func(n int) func(time.Time) string {
		return func(t time.Time) string {
			first := t.Year() / n * n
			return fmt.Sprintf("%04d-%04d", first, first+n-1)
		}
	}
	return []period{
		{"day", format(time.DateOnly)},
		{"week", func(t time.Time) string {
			year, week := t.ISOWeek()
			return fmt.Sprintf("%04d-W%02d", year, week)
		}},
		{"month", format("2006-01")},
		{"quarter", func(t time.Time) string {
			return fmt.Sprintf("%04d-Q%d", t.Year(), (t.Month()+2)/3)
		}},
		{"half-year", func(t time.Time) string {
			return fmt.Sprintf("%04d-H%d", t.Year(), (t.Month()+5)/6)
		}},
		{"year", format("2006")},
		{"5-years", years(5)},
		{"decade", years(10)},
		{"century", years(100)},
	}
}

// Levels is one above the number of periods.
func (h Dates) Levels() int { return len(h.Periods) + 1 }

func (h Dates) validate() error {
	_, err := h.labels()
	return err
}

// labels returns the label function of each period.
func (h Dates) labels() ([]func(time.Time) string, error) {
	all := periods()
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	var errs []error
	if len(h.Periods) == 0 {
		errs = append(errs, fmt.Errorf("dates: no periods, want some of %s", strings.Join(names, ", ")))
	}
	var labels []func(time.Time) string
	before := -1
	for i, name := range h.Periods {
		p := slices.Index(names, name)
		if p < 0 {
			errs = append(errs, fmt.Errorf("dates: period %q, want one of %s",
				name, strings.Join(names, ", ")))
			continue
		}
		if p <= before {
			errs = append(errs, fmt.Errorf("dates: period %s after %s, want the shorter first",
				name, names[before]))
		}
		if name == "week" && i < len(h.Periods)-1 {
			errs = append(errs, errors.New("dates: week is not the last period, "+
				"but a week may lie in two months and in two years"))
		}
		before = max(before, p)
		labels = append(labels, all[p].label)
	}
	return labels, errors.Join(errs...)
}

// Generalize implements Hierarchy.
func (h Dates) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if err := ready("dates", h, level, 1); err != nil {
		return nil, err
	}
	days, err := days(domain)
	if err != nil {
		return nil, fmt.Errorf("dates: %w", err)
	}
	if level == h.Levels() {
		return top(len(days)), nil
	}
	labels, err := h.labels()
	if err != nil {
		return nil, err
	}
	label := memo(func(day int32) string {
		return labels[level-1](arrow.Date32(day).ToTime())
	})
	return labelArray(len(days), func(i int) string { return label(days[i]) }), nil
}

// days reads the days of a column of dates or timestamps, counted from
// 1970-01-01.
func days(domain arrow.Array) ([]int32, error) {
	if err := noNulls(domain); err != nil {
		return nil, err
	}
	at, err := seconds(domain)
	if err != nil {
		return nil, err
	}
	const day = 24 * 60 * 60
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	end := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	days := make([]int32, domain.Len())
	outside := 0
	for i := range days {
		s := at(i)
		if s < first || s >= end {
			outside++
			continue
		}
		days[i] = int32(floorDiv(s, day))
	}
	if outside > 0 {
		return nil, fmt.Errorf("%d of %d distinct values lie outside of the years 1 to 9999",
			outside, len(days))
	}
	return days, nil
}

// seconds reads dates and timestamps as the wall clock of their zone: the
// seconds from 1970-01-01 to it as if it were in UTC.
func seconds(domain arrow.Array) (func(i int) int64, error) {
	switch a := domain.(type) {
	case *array.Dictionary:
		at, err := seconds(a.Dictionary())
		if err != nil {
			return nil, err
		}
		return func(i int) int64 { return at(a.GetValueIndex(i)) }, nil
	case *array.Date32:
		return func(i int) int64 { return int64(a.Value(i)) * 24 * 60 * 60 }, nil
	case *array.Date64:
		return func(i int) int64 { return floorDiv(int64(a.Value(i)), 1000) }, nil
	case *array.Timestamp:
		typ := a.DataType().(*arrow.TimestampType)
		zone, err := typ.GetZone()
		if err != nil {
			return nil, fmt.Errorf("time zone %q is not known", typ.TimeZone)
		}
		unit := int64(time.Second / typ.Unit.Multiplier())
		return func(i int) int64 {
			s := floorDiv(int64(a.Value(i)), unit)
			_, offset := time.Unix(s, 0).In(zone).Zone()
			return s + int64(offset)
		}, nil
	}
	return nil, fmt.Errorf("the column is %s, want dates or timestamps", domain.DataType())
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
