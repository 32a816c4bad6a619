package kanon

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// ends are those of Ranges, but that of an open interval is not the furthest
// value, which would tell it: it has none.
func (h Intervals) ends(domain arrow.Array, level int) (*ends, error) {
	low, high, err := h.Ranges(domain, level)
	if err != nil {
		return nil, err
	}
	g, cells, err := h.locate(domain)
	if err != nil {
		return nil, fmt.Errorf("intervals: %w", err)
	}
	beyond := 0.0 // from Min or Max to what lies outside
	if g.closed {
		beyond = 1
	}
	for i, cell := range cells {
		switch cell {
		case below:
			low[i], high[i] = math.NaN(), h.Min-beyond
		case above:
			low[i], high[i] = h.Max+beyond, math.NaN()
		}
	}
	return &ends{low, high}, nil
}

// ends are the first and the last day of the periods of a level.
func (h Dates) ends(domain arrow.Array, level int) (*ends, error) {
	days, err := days(domain)
	if err != nil {
		return nil, fmt.Errorf("dates: %w", err)
	}
	e := &ends{}
	for _, day := range days {
		first, next := periodOf(h.Periods[level-1], arrow.Date32(day).ToTime().UTC())
		e.lower = append(e.lower, float64(arrow.Date32FromTime(first)))
		e.upper = append(e.upper, float64(arrow.Date32FromTime(next)-1))
	}
	return e, nil
}

// periodOf is the first day of the period of a day, and of the next period.
func periodOf(name string, t time.Time) (first, next time.Time) {
	months := func(n int) (time.Time, time.Time) {
		from := time.Date(t.Year(), t.Month()-time.Month((int(t.Month())-1)%n), 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, n, 0)
	}
	years := func(n int) (time.Time, time.Time) {
		from := time.Date(t.Year()/n*n, 1, 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(n, 0, 0)
	}
	switch name {
	case "week":
		monday := t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
		return monday, monday.AddDate(0, 0, 7)
	case "month":
		return months(1)
	case "quarter":
		return months(3)
	case "half-year":
		return months(6)
	case "year":
		return years(1)
	case "5-years":
		return years(5)
	case "decade":
		return years(10)
	case "century":
		return years(100)
	}
	return t, t.AddDate(0, 0, 1)
}
