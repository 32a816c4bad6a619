package anonymize

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// retained shows the rows that are kept, plain, as a dictionary and sliced.
func retained(t *testing.T, r Retain, typ arrow.DataType, values ...string) string {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	if errs := r.validate(); errs != nil {
		t.Fatal(errs)
	}
	show := func(a arrow.Array) string {
		defer a.Release()
		keep := make([]bool, a.Len())
		for i := range keep {
			keep[i] = true
		}
		if err := r.keep(a, keep); err != nil {
			t.Fatal(err)
		}
		var s strings.Builder
		for _, k := range keep {
			s.WriteString(map[bool]string{true: "+", false: "."}[k])
		}
		return s.String()
	}
	a := column(t, mem, typ, values...)
	coded := show(encoded(t, mem, a, values[0]))
	front := column(t, mem, typ, append([]string{null, null, values[0]}, values...)...)
	sliced := show(array.NewSlice(front, 3, int64(front.Len())))
	front.Release()
	plain := show(a)
	if coded != plain || sliced != plain {
		t.Errorf("plain %s, dictionary %s, slice %s", plain, coded, sliced)
	}
	return plain
}

func TestRetainByHand(t *testing.T) {
	window := Retain{Column: "d", From: "2022-07-01", Until: "2024-07-01"}
	dates := []string{"2022-06-30", "2022-07-01", null, "2024-06-30", "2024-07-01"}
	last := Retain{Column: "d", Last: "24 months", AsOf: "2024-07-01"}
	for _, typ := range []arrow.DataType{arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
		timestamps(arrow.Second, ""), timestamps(arrow.Nanosecond, "UTC")} {
		for _, r := range []Retain{window, last} {
			if got := retained(t, r, typ, dates...); got != ".+.+." {
				t.Errorf("%s of %s: %s", r.describe(), typ, got)
			}
		}
		if got := retained(t, Retain{Column: "d", From: "2024-06-30"}, typ, dates...); got != "...++" {
			t.Error(got)
		}
		if got := retained(t, Retain{Column: "d", Until: "2022-07-01"}, typ, dates...); got != "+...." {
			t.Error(got)
		}
	}
	berlin := []string{"2022-06-30 21:59:59", "2022-06-30 22:00:00", "2024-06-30 21:59:59",
		"2024-06-30 22:00:00"}
	zoned := timestamps(arrow.Second, "Europe/Berlin")
	if got := retained(t, window, zoned, berlin...); got != ".++." {
		t.Errorf("in another zone: %s", got)
	}
}

// TestRetainSetsNoMark wants a row that another step dropped to stay dropped.
func TestRetainSetsNoMark(t *testing.T) {
	a := column(t, memory.DefaultAllocator, arrow.FixedWidthTypes.Date32, "2024-01-01", "2024-01-01")
	keep := []bool{false, true}
	if err := (Retain{Column: "d", From: "2023-01-01"}).keep(a, keep); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bool{false, true}, keep); diff != "" {
		t.Error(diff)
	}
}

// TestRetainExtremes: windows that 64 bits of nanoseconds cannot reach.
func TestRetainExtremes(t *testing.T) {
	ns := timestamps(arrow.Nanosecond, "")
	for _, c := range []struct {
		r    Retain
		want string
	}{
		{Retain{Column: "d", Until: "9999-12-31"}, "+"},
		{Retain{Column: "d", From: "9999-12-31"}, "."},
		{Retain{Column: "d", Until: "0002-01-01"}, "."},
		{Retain{Column: "d", From: "0002-01-01"}, "+"},
	} {
		if got := retained(t, c.r, ns, "2024-01-01"); got != c.want {
			t.Errorf("%s: got %s", c.r.describe(), got)
		}
		b := array.NewTimestampBuilder(memory.DefaultAllocator, ns.(*arrow.TimestampType))
		b.AppendValues([]arrow.Timestamp{-1 << 63, 1<<63 - 1}, nil)
		keep := []bool{true, true}
		if err := c.r.keep(b.NewArray(), keep); err != nil {
			t.Fatal(err)
		}
		if want := c.want == "+"; keep[0] != want || keep[1] != want {
			t.Errorf("%s: got %v for the ends of the type", c.r.describe(), keep)
		}
	}
}

func TestRetainValidate(t *testing.T) {
	for _, c := range []struct {
		r    Retain
		want []string
	}{
		{Retain{}, []string{"retain: no column; want one of dates or timestamps",
			"retain: no window; want from, until or both, or last and as_of"}},
		{Retain{Column: "d", Last: "24 months"}, []string{
			"retain: last without as_of; want the date it counts back from, such as 2024-07-01"}},
		{Retain{Column: "d", AsOf: "2024-07-01"}, []string{
			"retain: as_of without last; want a length such as 24 months"}},
		{Retain{Column: "d", From: "2024-07-01", Last: "1 day"}, []string{
			"retain: two windows; want from and until, or last and as_of"}},
		{Retain{Column: "d", From: "1.7.2024", Until: "0001-01-01"}, []string{
			`retain: from is "1.7.2024", want a date such as 2024-07-01`,
			`retain: until is "0001-01-01", want a date such as 2024-07-01`}},
		{Retain{Column: "d", From: "2024-07-01", Until: "2024-07-01"}, []string{
			"retain: from is 2024-07-01, want a day before until, which is 2024-07-01"}},
		{Retain{Column: "d", Last: "two years", AsOf: "today"}, []string{
			`retain: as_of is "today", want a date such as 2024-07-01`,
			`retain: last is "two years", want a length such as 90 days, 4 weeks, 24 months or 2 years`}},
		{Retain{Column: "d", Last: "3000 years", AsOf: "2024-07-01"}, []string{
			`retain: last is "3000 years", which reaches before the year 2`}},
		{Retain{Column: "d", Last: "1 day", AsOf: "2024-07-01"}, nil},
	} {
		if diff := cmp.Diff(c.want, mistakes(c.r.validate())); diff != "" {
			t.Error(diff)
		}
		if c.want != nil && c.r.keep(array.NewNull(0), nil) == nil {
			t.Errorf("%v is applied", c.r)
		}
	}
	err := Retain{Column: "d", From: "2024-07-01"}.accepts(arrow.BinaryTypes.String)
	if err == nil || err.Error() != "retain: the column is utf8; want dates or timestamps" {
		t.Error(err)
	}
}

func TestRetainDescribes(t *testing.T) {
	for _, c := range []struct {
		r    Retain
		want string
	}{
		{Retain{Column: "admitted", Last: "24 months", AsOf: "2024-07-01"},
			`rows kept with "admitted" from 2022-07-01 and before 2024-07-01, the last 24 months ` +
				`as of 2024-07-01; rows without a date dropped`},
		{Retain{Column: "d", From: "2024-07-01"},
			`rows kept with "d" from 2024-07-01; rows without a date dropped`},
	} {
		if diff := cmp.Diff(c.want, c.r.describe()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRetainFromYAML: a date without quotes is text here as well.
func TestRetainFromYAML(t *testing.T) {
	var r Retain
	text := "{column: d, from: 2024-07-01, until: \"2024-08-01\"}"
	if err := yaml.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	if errs := r.validate(); errs != nil {
		t.Error(errs)
	}
}

func TestBefore(t *testing.T) {
	for _, c := range []struct{ from, span, want string }{
		{"2024-03-31", "1 month", "2024-02-29"}, {"2023-03-31", "1 month", "2023-02-28"},
		{"2024-02-29", "1 year", "2023-02-28"}, {"2024-01-15", "13 months", "2022-12-15"},
		{"2024-03-01", "1 day", "2024-02-29"}, {"2024-03-01", "2 weeks", "2024-02-16"},
		{"2024-07-01", "24 months", "2022-07-01"}, {"2024-05-31", "3 months", "2024-02-29"},
	} {
		from, _ := parseDate(c.from)
		n, unit, err := parseSpan(c.span)
		if err != nil {
			t.Fatal(err)
		}
		if got := before(from, n, unit).Format(time.DateOnly); got != c.want {
			t.Errorf("%s before %s: got %s, want %s", c.span, c.from, got, c.want)
		}
	}
}

func FuzzSpan(f *testing.F) {
	for _, s := range []string{
		"24 months", "1 day", "-3 weeks", "+2 years", "2  years", "9e9 days", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, unit, err := parseSpan(text)
		if err != nil {
			return
		}
		plain := strings.TrimSuffix(text, "s")
		if n < 1 || !strings.HasSuffix(plain, unit) ||
			strings.TrimLeft(strings.TrimSuffix(plain, " "+unit), "0") != fmt.Sprint(n) {
			t.Errorf("%q is read as %d %s", text, n, unit)
		}
		from, _ := parseDate("2024-03-31")
		if !before(from, n, unit).Before(from) {
			t.Errorf("%q before a day is not before it", text)
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "2023-02-29", "0001-01-01", "10000-01-01", "24-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDate(text)
		if err == nil && (d.Format(time.DateOnly) != text || d.IsZero()) {
			t.Errorf("%q is read as %s", text, d)
		}
	})
}
