package anonymize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func timestamps(unit arrow.TimeUnit, zone string) arrow.DataType {
	return &arrow.TimestampType{Unit: unit, TimeZone: zone}
}

func TestTruncateByHand(t *testing.T) {
	date := arrow.FixedWidthTypes.Date32
	for _, c := range []struct {
		to       string
		typ      arrow.DataType
		in, want []string
	}{
		{"week", date, []string{"2024-07-01", "2024-07-07", "2024-06-30", "1969-12-31"},
			[]string{"2024-07-01", "2024-07-01", "2024-06-24", "1969-12-29"}},
		{"month", date, []string{"2024-02-29", null, "0001-01-31"},
			[]string{"2024-02-01", null, "0001-01-01"}},
		{"quarter", arrow.FixedWidthTypes.Date64, []string{"2024-03-31", "2024-04-01", "1961-12-24"},
			[]string{"2024-01-01", "2024-04-01", "1961-10-01"}},
		{"year", date, []string{"1931-05-17", "9999-12-31"}, []string{"1931-01-01", "9999-01-01"}},
		{"hour", timestamps(arrow.Microsecond, ""),
			[]string{"2024-07-01 14:59:59.999999", "1969-12-31 23:30:00", null},
			[]string{"2024-07-01 14:00:00Z", "1969-12-31 23:00:00Z", null}},
		{"second", timestamps(arrow.Millisecond, "UTC"), []string{"1969-12-31 23:59:59.001"},
			[]string{"1969-12-31 23:59:59Z"}},
		{"minute", timestamps(arrow.Nanosecond, "UTC"), []string{"2024-07-01 14:59:59.999999999"},
			[]string{"2024-07-01 14:59:00Z"}},
		{"day", timestamps(arrow.Second, "UTC"), []string{"2024-07-01 23:59:59"},
			[]string{"2024-07-01 00:00:00Z"}},
		{"month", timestamps(arrow.Second, "+02:00"), []string{"2024-06-30 22:30:00"},
			[]string{"2024-07-01 00:00:00+0200"}},
		{"hour", timestamps(arrow.Second, "Asia/Kolkata"), []string{"2024-07-01 00:10:00"},
			[]string{"2024-07-01 05:00:00+0530"}},
		{"day", timestamps(arrow.Second, "Europe/Berlin"), // 25 and 23 hours long
			[]string{"2024-10-27 22:30:00", "2024-03-31 21:30:00"},
			[]string{"2024-10-27 00:00:00+0200", "2024-03-31 00:00:00+0100"}},
		{"hour", timestamps(arrow.Second, "Europe/Berlin"), // 02:30 comes twice
			[]string{"2024-10-27 00:30:00", "2024-10-27 01:30:00"},
			[]string{"2024-10-27 02:00:00+0200", "2024-10-27 02:00:00+0100"}},
		{"day", timestamps(arrow.Second, "America/Sao_Paulo"), // no midnight on that day
			[]string{"2018-11-04 12:00:00"}, []string{"2018-11-04 01:00:00-0200"}},
		{"day", timestamps(arrow.Second, "America/Havana"), // midnight comes twice
			[]string{"2023-11-05 12:00:00"}, []string{"2023-11-05 00:00:00-0400"}},
		{"hour", arrow.FixedWidthTypes.Time32s, []string{"14:59:59", "23:00:01", null},
			[]string{"14:00:00", "23:00:00", null}},
		{"minute", arrow.FixedWidthTypes.Time64ns, []string{"14:59:59.123456789"},
			[]string{"14:59:00.000000000"}},
	} {
		t.Run(fmt.Sprint(c.to, c.typ), func(t *testing.T) {
			got := coarsened(t, Truncate{To: c.to}, c.typ, c.in...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTruncateZones walks through years in which clocks were changed, a
// quarter of an hour a step, and wants the first instant that shares the period.
func TestTruncateZones(t *testing.T) {
	key := map[string]func(time.Time) string{
		"hour":    func(t time.Time) string { return t.Format("2006-01-02 15 -07:00:00") },
		"day":     func(t time.Time) string { return t.Format(time.DateOnly) },
		"week":    func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprint(y, w) },
		"month":   func(t time.Time) string { return t.Format("2006-01") },
		"quarter": func(t time.Time) string { return fmt.Sprint(t.Year(), (t.Month()-1)/3) },
		"year":    func(t time.Time) string { return fmt.Sprint(t.Year()) },
	}
	for _, c := range []struct {
		zone string
		year int
	}{
		{"Europe/Berlin", 2024}, {"America/Sao_Paulo", 2018}, {"America/Havana", 2023},
		{"Australia/Lord_Howe", 2024}, {"Pacific/Apia", 2011}, {"Asia/Beirut", 2023},
		{"Africa/Casablanca", 2024}, {"America/Caracas", 2016}, {"UTC", 2024},
	} {
		t.Run(c.zone, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			for name, of := range key {
				f := truncateInstants(period(name), 1, zone)
				first := map[string]int64{}
				at := time.Date(c.year, 1, 1, 0, 0, 0, 0, zone).AddDate(0, 0, -14).Unix()
				begin := time.Date(c.year, 1, 1, 0, 0, 0, 0, zone).Unix()
				if name == "year" {
					at = begin
				}
				for ; at < begin+366*secondsPerDay; at += 900 {
					k := of(time.Unix(at, 0).In(zone))
					if _, ok := first[k]; !ok {
						first[k] = at
					}
					got, ok := f(at)
					if at < begin {
						continue // the period may begin before the walk
					}
					if want := first[k]; !ok || got != want {
						t.Fatalf("%s of %s: got %s, want %s", name, time.Unix(at, 0).In(zone),
							time.Unix(got, 0).In(zone), time.Unix(want, 0).In(zone))
					}
				}
			}
		})
	}
}

// TestTruncateProperties: at or before the value, in the same period, the same
// when done again, and nothing between the two starts.
func TestTruncateProperties(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "+05:30", "Asia/Kathmandu",
		"Australia/Lord_Howe", "Africa/Monrovia", "Europe/Dublin"}
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]arrow.TimeUnit{arrow.Second, arrow.Millisecond,
			arrow.Microsecond, arrow.Nanosecond}).Draw(t, "unit")
		to := rapid.SampledFrom(periods[:]).Draw(t, "to")
		typ := &arrow.TimestampType{Unit: unit, TimeZone: rapid.SampledFrom(zones).Draw(t, "zone")}
		if to == "second" && unit == arrow.Second {
			return
		}
		f, err := Truncate{To: to}.truncation(typ)
		if err != nil {
			t.Fatal(err)
		}
		sec := rapid.Int64Range(-9_000_000_000, 9_000_000_000).Draw(t, "sec")
		v := sec*perSecond(unit) + rapid.Int64Range(0, perSecond(unit)-1).Draw(t, "rest")
		got, ok := f(v)
		if !ok || got > v {
			t.Fatalf("%d became %d, %v", v, got, ok)
		}
		if again, _ := f(got); again != got {
			t.Fatalf("%d became %d and then %d", v, got, again)
		}
		between := rapid.Int64Range(got, v).Draw(t, "between")
		if mid, _ := f(between); mid != got {
			t.Fatalf("%d and %d share a period, %d between them does not", got, v, between)
		}
	})
}

func TestTruncateDaysAgainstCalendar(t *testing.T) {
	for days := int64(firstDay); days <= lastDay; days += 97 {
		at := time.Unix(days*secondsPerDay, 0).UTC()
		y, m, d := at.Date()
		want := map[string]time.Time{
			"month": at.AddDate(0, 0, 1-d), "year": at.AddDate(0, 1-int(m), 1-d),
			"quarter": time.Date(y, [...]time.Month{1, 4, 7, 10}[(m-1)/3], 1, 0, 0, 0, 0, time.UTC),
			"week":    at.AddDate(0, 0, -slices.Index([]time.Weekday{1, 2, 3, 4, 5, 6, 0}, at.Weekday())),
		}
		for to, start := range want {
			got, ok := truncateDays(period(to), 1)(days)
			if !ok || got*secondsPerDay != start.Unix() {
				t.Fatalf("%s of %s: got day %d", to, at, got)
			}
		}
	}
}

func TestTruncateRefused(t *testing.T) {
	for _, to := range []string{"", "Month", "decade"} {
		if errs := (Truncate{To: to}).validate(); len(errs) != 1 {
			t.Errorf("%q: %v", to, errs)
		}
		refusal(t, Truncate{To: to}, arrow.FixedWidthTypes.Date32)
	}
	for _, c := range []struct {
		to   string
		typ  arrow.DataType
		want string
	}{
		{"day", arrow.FixedWidthTypes.Date32,
			"truncate: the column is date32, whole days; want week, month, quarter or year"},
		{"hour", arrow.FixedWidthTypes.Date64,
			"truncate: the column is date64, whole days; want week, month, quarter or year"},
		{"second", arrow.FixedWidthTypes.Timestamp_s,
			"truncate: the column is timestamp[s, tz=UTC], whole seconds; want a longer period"},
		{"day", arrow.FixedWidthTypes.Time64us, "truncate: the column is time64[us]; " +
			"want a period longer than its unit and at most an hour"},
		{"day", timestamps(arrow.Second, "Local"), "truncate: the column has the zone \"Local\", " +
			"which differs from machine to machine; want a named one or an offset"},
		{"day", arrow.BinaryTypes.String,
			"truncate: the column is utf8; want dates, timestamps or times of day"},
	} {
		if diff := cmp.Diff(c.want, refusal(t, Truncate{To: c.to}, c.typ)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestTruncateExtremes wants an error for what has no start in the type, and
// none for such memory under a null.
func TestTruncateExtremes(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, unit := range []arrow.TimeUnit{arrow.Second, arrow.Nanosecond} {
		for _, to := range periods[2:] {
			for _, zone := range []string{"", "Europe/Berlin", "-12:00"} {
				b := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: unit, TimeZone: zone})
				b.Append(math.MinInt64)
				a := b.NewArray()
				if out, err := (Truncate{To: to}).apply(mem, a); err == nil {
					out.Release()
					t.Errorf("the first %s of all is truncated to %s", a.DataType(), to)
				}
				a.Release()
				b.AppendValues([]arrow.Timestamp{math.MinInt64, math.MaxInt64}, []bool{false, false})
				a = b.NewArray()
				out, err := (Truncate{To: to}).apply(mem, a)
				if err != nil {
					t.Error(err)
				} else {
					out.Release()
				}
				a.Release()
				b.Release()
			}
		}
	}
}

func BenchmarkTruncate(b *testing.B) {
	value := func(rng *rand.Rand) string {
		return time.Unix(rng.Int64N(2e9), 0).UTC().Format("2006-01-02 15:04:05")
	}
	for _, c := range []struct{ to, zone string }{
		{"hour", "UTC"}, {"month", "UTC"}, {"month", "Europe/Berlin"}, {"hour", "Europe/Berlin"},
	} {
		b.Run(c.to+"-"+c.zone, func(b *testing.B) {
			benchmark(b, Truncate{To: c.to}, timestamps(arrow.Microsecond, c.zone), value)
		})
	}
}
