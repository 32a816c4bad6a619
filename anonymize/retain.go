package anonymize

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Retain keeps the rows whose date in a column lies in a window, and drops the
// others. The window is either From up to but without Until, ISO dates of
// which one may be left out, or the Last so many days, weeks, months or years
// ("24 months") up to but without AsOf, an ISO date that has to be given: a
// plan that asked for today would keep other rows tomorrow. A month before
// 31 March is the last day of February.
//
// A timestamp is compared with the start of the day in its own zone. A row
// without a date is dropped, as nothing shows that it may be kept. The zero
// value is refused.
type Retain struct {
	Column string `yaml:"column" json:"column"`
	From   string `yaml:"from" json:"from,omitempty"`
	Until  string `yaml:"until" json:"until,omitempty"`
	Last   string `yaml:"last" json:"last,omitempty"`
	AsOf   string `yaml:"as_of" json:"as_of,omitempty"`
}

func (r Retain) validate() []error {
	var errs []error
	if r.Column == "" {
		errs = append(errs, errors.New("retain: no column; want one of dates or timestamps"))
	}
	switch {
	case r.Last == "" && r.AsOf == "" && r.From == "" && r.Until == "":
		errs = append(errs, errors.New("retain: no window; "+
			"want from, until or both, or last and as_of"))
	case (r.Last != "" || r.AsOf != "") && (r.From != "" || r.Until != ""):
		errs = append(errs, errors.New("retain: two windows; want from and until, or last and as_of"))
	case r.Last != "" && r.AsOf == "":
		errs = append(errs, errors.New("retain: last without as_of; "+
			"want the date it counts back from, such as 2024-07-01"))
	case r.AsOf != "" && r.Last == "":
		errs = append(errs, errors.New("retain: as_of without last; want a length such as 24 months"))
	default:
		_, _, mistakes := r.window()
		errs = append(errs, mistakes...)
	}
	return errs
}

func (r Retain) describe() string {
	from, until, _ := r.window()
	var said []string
	if !from.IsZero() {
		said = append(said, "from "+from.Format(time.DateOnly))
	}
	if !until.IsZero() {
		said = append(said, "before "+until.Format(time.DateOnly))
	}
	text := fmt.Sprintf("rows kept with %q %s", r.Column, strings.Join(said, " and "))
	if r.Last != "" {
		text += fmt.Sprintf(", the last %s as of %s", r.Last, r.AsOf)
	}
	return text + "; rows without a date dropped"
}

// window is the first day that is kept and the first after it that is not, in
// UTC; the zero time where there is no such bound.
func (r Retain) window() (from, until time.Time, errs []error) {
	date := func(name, text string) (t time.Time) {
		t, err := parseDate(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("retain: %s is %q, %w", name, text, err))
		}
		return t
	}
	if r.Last != "" {
		until = date("as_of", r.AsOf)
		n, unit, err := parseSpan(r.Last)
		if err != nil {
			return from, until, append(errs, fmt.Errorf("retain: last is %q, %w", r.Last, err))
		}
		if len(errs) == 0 {
			if from = before(until, n, unit); from.Year() < 2 {
				errs = append(errs,
					fmt.Errorf("retain: last is %q, which reaches before the year 2", r.Last))
			}
		}
		return from, until, errs
	}
	if r.From != "" {
		from = date("from", r.From)
	}
	if r.Until != "" {
		until = date("until", r.Until)
	}
	if len(errs) == 0 && !from.IsZero() && !until.IsZero() && !from.Before(until) {
		errs = append(errs, fmt.Errorf("retain: from is %s, want a day before until, which is %s",
			r.From, r.Until))
	}
	return from, until, errs
}

// parseDate reads a day of the years 2 to 9999 as 2006-01-02. The first year is
// left out because its first day is the zero time, which means no bound.
func parseDate(text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 2 {
		return time.Time{}, errors.New("want a date such as 2024-07-01")
	}
	return t, nil
}

// maxSpan bounds the number of a span; no table is ten thousand years long.
const maxSpan = 10_000 * 366

// parseSpan reads "24 months": a number above 0, one space, and day, week,
// month or year, with or without an s.
func parseSpan(text string) (n int, unit string, err error) {
	count, unit, _ := strings.Cut(text, " ")
	n, err = strconv.Atoi(count)
	unit = strings.TrimSuffix(unit, "s")
	known := unit == "day" || unit == "week" || unit == "month" || unit == "year"
	if err != nil || count[0] < '0' || count[0] > '9' || n < 1 || n > maxSpan || !known {
		return 0, "", errors.New("want a length such as 90 days, 4 weeks, 24 months or 2 years")
	}
	return n, unit, nil
}

// before is the day so many units before t.
func before(t time.Time, n int, unit string) time.Time {
	switch unit {
	case "day":
		return t.AddDate(0, 0, -n)
	case "week":
		return t.AddDate(0, 0, -7*n)
	case "year":
		n *= 12
	}
	y, m, d := t.Date()
	first := time.Date(y, m-time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}

// accepts says whether a column of that type can be compared with the window.
func (r Retain) accepts(in arrow.DataType) error {
	if err := errors.Join(r.validate()...); err != nil {
		return err
	}
	_, _, err := r.limits(in)
	return err
}

// limits are the first and the last value, in the unit of the column, that are
// kept.
func (r Retain) limits(in arrow.DataType) (first, last int64, err error) {
	from, until, _ := r.window()
	unit, zone := int64(0), time.UTC
	switch in := in.(type) {
	case *arrow.DictionaryType:
		return r.limits(in.ValueType)
	case *arrow.Date32Type:
		first, last = math.MinInt64, math.MaxInt64
		if !from.IsZero() {
			first = from.Unix() / secondsPerDay
		}
		if !until.IsZero() {
			last = until.Unix()/secondsPerDay - 1
		}
		return first, last, nil
	case *arrow.Date64Type:
		unit = 1000
	case *arrow.TimestampType:
		unit = perSecond(in.Unit)
		if zone, err = zoneOf(in); err != nil {
			return 0, 0, fmt.Errorf("retain: %w", err)
		}
	default:
		return 0, 0, wrongType("retain", in, "dates or timestamps")
	}
	first, last = math.MinInt64, math.MaxInt64
	if !from.IsZero() {
		first = units(startOfDay(from.Year(), from.Month(), from.Day(), zone), unit)
		if first == math.MaxInt64 {
			return 1, 0, nil // the window begins after the column must end
		}
	}
	if !until.IsZero() {
		last = units(startOfDay(until.Year(), until.Month(), until.Day(), zone), unit)
		if last == math.MinInt64 {
			return 1, 0, nil // the window ends before the column can begin
		}
		if last != math.MaxInt64 {
			last--
		}
	}
	return first, last, nil
}

// units counts t in the unit since 1970, or as near as 64 bits come.
func units(t time.Time, perSecond int64) int64 {
	switch sec := t.Unix(); {
	case sec > math.MaxInt64/perSecond:
		return math.MaxInt64
	case sec < math.MinInt64/perSecond:
		return math.MinInt64
	default:
		return sec * perSecond
	}
}

// keep clears the marks of the rows of a that are not retained; it sets none.
// It is safe for concurrent use with different marks.
func (r Retain) keep(a arrow.Array, keep []bool) error {
	if err := r.accepts(a.DataType()); err != nil {
		return err
	}
	if len(keep) != a.Len() {
		return fmt.Errorf("retain: %d marks for %d rows", len(keep), a.Len())
	}
	first, last, err := r.limits(a.DataType())
	if err != nil {
		return err
	}
	if d, ok := a.(*array.Dictionary); ok {
		return r.keepCoded(d, keep)
	}
	narrow := func(i int, v int64) {
		keep[i] = keep[i] && first <= v && v <= last && a.IsValid(i)
	}
	switch a := a.(type) {
	case *array.Date32:
		for i, v := range a.Date32Values() {
			narrow(i, int64(v))
		}
	case *array.Date64:
		for i, v := range a.Date64Values() {
			narrow(i, int64(v))
		}
	case *array.Timestamp:
		for i, v := range a.TimestampValues() {
			narrow(i, int64(v))
		}
	}
	return nil
}

// keepCoded judges each value of the dictionary once.
func (r Retain) keepCoded(d *array.Dictionary, keep []bool) error {
	kept := make([]bool, d.Dictionary().Len())
	for i := range kept {
		kept[i] = true
	}
	if err := r.keep(d.Dictionary(), kept); err != nil {
		return err
	}
	for i := range keep {
		if !keep[i] {
			continue
		}
		if d.IsNull(i) {
			keep[i] = false
			continue
		}
		code := d.GetValueIndex(i)
		if code < 0 || code >= len(kept) {
			return fmt.Errorf("retain: an index is outside the dictionary of %d entries", len(kept))
		}
		keep[i] = kept[code]
	}
	return nil
}
