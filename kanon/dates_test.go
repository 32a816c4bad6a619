package kanon_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/kanon"
	"github.com/lethe-go/lethe/kanon/kanontest"
	"pgregory.net/rapid"
)

func dates(days ...string) arrow.Array {
	b := array.NewDate32Builder(memory.DefaultAllocator)
	for _, day := range days {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			panic(err)
		}
		b.Append(arrow.Date32FromTime(t))
	}
	return b.NewArray()
}

func TestDates(t *testing.T) {
	domain := dates("2019-03-07", "1969-12-31", "2000-01-01", "0001-01-01", "9999-12-31", "2021-01-03")
	for _, c := range []struct {
		period string
		want   []string
	}{
		{"day",
			[]string{"2019-03-07", "1969-12-31", "2000-01-01", "0001-01-01", "9999-12-31", "2021-01-03"}},
		// 2000-01-01 was a Saturday and 2021-01-03 a Sunday, both of the week of December.
		{"week", []string{"2019-W10", "1970-W01", "1999-W52", "0001-W01", "9999-W52", "2020-W53"}},
		{"month", []string{"2019-03", "1969-12", "2000-01", "0001-01", "9999-12", "2021-01"}},
		{"quarter", []string{"2019-Q1", "1969-Q4", "2000-Q1", "0001-Q1", "9999-Q4", "2021-Q1"}},
		{"half-year", []string{"2019-H1", "1969-H2", "2000-H1", "0001-H1", "9999-H2", "2021-H1"}},
		{"year", []string{"2019", "1969", "2000", "0001", "9999", "2021"}},
		{"5-years",
			[]string{"2015-2019", "1965-1969", "2000-2004", "0000-0004", "9995-9999", "2020-2024"}},
		{"decade",
			[]string{"2010-2019", "1960-1969", "2000-2009", "0000-0009", "9990-9999", "2020-2029"}},
		{"century",
			[]string{"2000-2099", "1900-1999", "2000-2099", "0000-0099", "9900-9999", "2000-2099"}},
	} {
		h := kanon.Dates{Periods: []string{c.period}}
		kanontest.TestHierarchy(t, h, domain)
		wantLabels(t, h, domain, 1, c.want...)
		wantLabels(t, h, domain, 2, "*", "*", "*", "*", "*", "*")
	}
	quarters := kanon.Dates{Periods: []string{"quarter", "half-year"}}
	year := dates("2019-03-31", "2019-04-01", "2019-06-30", "2019-07-01", "2019-09-30", "2019-10-01")
	wantLabels(t, quarters, year, 1, "2019-Q1", "2019-Q2", "2019-Q2", "2019-Q3", "2019-Q3", "2019-Q4")
	wantLabels(t, quarters, year, 2, "2019-H1", "2019-H1", "2019-H1", "2019-H2", "2019-H2", "2019-H2")
}

// A day is the day on the wall of the column's zone, whatever the unit.
func TestDatesOfTimestamps(t *testing.T) {
	h := kanon.Dates{Periods: []string{"day", "month", "year"}}
	// 2019-12-31 23:30 in UTC, in seconds; and the last second of 1969.
	instants := []int64{1577835000, -1}
	for zone, want := range map[string][]string{
		"":                 {"2019-12-31", "1969-12-31"},
		"UTC":              {"2019-12-31", "1969-12-31"},
		"Europe/Berlin":    {"2020-01-01", "1970-01-01"},
		"America/New_York": {"2019-12-31", "1969-12-31"},
		"+05:30":           {"2020-01-01", "1970-01-01"},
	} {
		for _, unit := range arrow.TimeUnitValues {
			typ := &arrow.TimestampType{Unit: unit, TimeZone: zone}
			b := array.NewTimestampBuilder(memory.DefaultAllocator, typ)
			for _, s := range instants {
				b.Append(arrow.Timestamp(s * int64(time.Second/unit.Multiplier())))
			}
			domain := b.NewArray()
			kanontest.TestHierarchy(t, h, domain)
			wantLabels(t, h, domain, 1, want...)
			wantLabels(t, h, domain, 3, want[0][:4], want[1][:4])
		}
	}
	// A summer's day has another offset.
	typ := &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"}
	b := array.NewTimestampBuilder(memory.DefaultAllocator, typ)
	b.Append(arrow.Timestamp(time.Date(2019, 6, 30, 22, 30, 0, 0, time.UTC).Unix()))
	wantLabels(t, h, b.NewArray(), 1, "2019-07-01")

	typ = &arrow.TimestampType{Unit: arrow.Second, TimeZone: "Mars/Olympus"}
	b = array.NewTimestampBuilder(memory.DefaultAllocator, typ)
	b.Append(1)
	_, err := h.Generalize(b.NewArray(), 1)
	wantError(t, err, `dates: time zone "Mars/Olympus" is not known`)

	ms := array.NewDate64Builder(memory.DefaultAllocator)
	ms.AppendValues([]arrow.Date64{0, -1, 86400000}, nil)
	wantLabels(t, h, ms.NewArray(), 1, "1970-01-01", "1969-12-31", "1970-01-02")
	dictionary := &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.FixedWidthTypes.Date32,
	}
	wantLabels(t, h, fromJSON(t, dictionary, `["2019-03-07", "2020-02-29"]`), 2, "2019-03", "2020-02")
}

func TestDatesRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		periods []string
		want    string
	}{
		"none":    {nil, "no periods, want some of day, week"},
		"unknown": {[]string{"Month"}, `period "Month", want one of day`},
		"falling": {[]string{"year", "month"},
			"period month after year, want the shorter first"},
		"twice":        {[]string{"year", "year"}, "period year after year"},
		"week, month":  {[]string{"week", "month"}, "week is not the last"},
		"week, year":   {[]string{"day", "week", "year"}, "week is not the last"},
		"week, decade": {[]string{"week", "decade"}, "week is not the last"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := kanon.Dates{Periods: c.periods}.Generalize(dates("2019-03-07"), 1)
			wantError(t, err, "dates: ", c.want)
		})
	}
	h := kanon.Dates{Periods: []string{"year"}}
	b := array.NewDate32Builder(memory.DefaultAllocator)
	b.AppendValues([]arrow.Date32{math.MinInt32, math.MaxInt32, 0, -719163, 2932897}, nil)
	_, err := h.Generalize(b.NewArray(), 1)
	wantError(t, err, "dates: 4 of 5 distinct values lie outside of the years 1 to 9999")
	s := array.NewTimestampBuilder(memory.DefaultAllocator,
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "+14:00"})
	s.AppendValues([]arrow.Timestamp{math.MinInt64, math.MaxInt64}, nil)
	_, err = h.Generalize(s.NewArray(), 1)
	wantError(t, err, "2 of 2 distinct values")
	_, err = h.Generalize(texts("2019-03-07"), 1)
	wantError(t, err, "dates: the column is utf8, want dates or timestamps")
	_, err = h.Generalize(dates("2019-03-07"), 3)
	wantError(t, err, "dates: level 3, want 1 to 2")
	_, err = h.Generalize(fromJSON(t, arrow.FixedWidthTypes.Date32, `[null]`), 1)
	wantError(t, err, "1 nulls")
}

// Every combination of periods that is not refused is a hierarchy.
func TestDatesNest(t *testing.T) {
	names := strings.Fields("day week month quarter half-year year 5-years decade century")
	rapid.Check(t, func(rt *rapid.T) {
		var periods []string
		for _, name := range names {
			if !slices.Contains(periods, "week") && rapid.Bool().Draw(rt, name) {
				periods = append(periods, name)
			}
		}
		if len(periods) == 0 {
			return
		}
		b := array.NewDate32Builder(memory.DefaultAllocator)
		first := rapid.Int32Range(-719162, 2932800).Draw(rt, "first")
		step := rapid.Int32Range(1, 1000).Draw(rt, "step")
		for day := first; day < 2932896 && b.Len() < 90; day += step {
			b.Append(arrow.Date32(day))
		}
		kanontest.TestHierarchy(rt, kanon.Dates{Periods: periods}, b.NewArray())
	})
}

func ExampleDates() {
	admission := kanon.Dates{Periods: []string{"month", "quarter", "year", "decade"}}
	for level := 1; level <= admission.Levels(); level++ {
		labels, err := admission.Generalize(dates("2019-03-07", "2020-11-30"), level)
		fmt.Println(labels, err)
	}
	// Output:
	// ["2019-03" "2020-11"] <nil>
	// ["2019-Q1" "2020-Q4"] <nil>
	// ["2019" "2020"] <nil>
	// ["2010-2019" "2020-2029"] <nil>
	// ["*" "*"] <nil>
}

func BenchmarkDates(b *testing.B) {
	typ := &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "Europe/Berlin"}
	build := array.NewTimestampBuilder(memory.DefaultAllocator, typ)
	for i := range int64(1_000_000) {
		build.Append(arrow.Timestamp(1.5e15 + i*60e6))
	}
	domain := build.NewArray()
	for b.Loop() {
		labels, err := kanon.Dates{Periods: []string{"month"}}.Generalize(domain, 1)
		if err != nil {
			b.Fatal(err)
		}
		labels.Release()
	}
}
