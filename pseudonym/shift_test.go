package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// TestShiftDays maps the ends and the middle of the random range by hand.
func TestShiftDays(t *testing.T) {
	for _, c := range []struct {
		shift DateShift
		want  string // all choices in order
	}{
		{DateShift{Lo: -2, Hi: 1}, "[-2 -1 0 1]"},
		{DateShift{Lo: -2, Hi: 2, NonZero: true}, "[-2 -1 1 2]"},
		{DateShift{Lo: 0, Hi: 2, NonZero: true}, "[1 2]"},
		{DateShift{Lo: -2, Hi: 0, NonZero: true}, "[-2 -1]"},
		{DateShift{Lo: 3, Hi: 5, NonZero: true}, "[3 4 5]"},
		{DateShift{Lo: -5, Hi: -4, NonZero: true}, "[-5 -4]"},
		{DateShift{Lo: -15, Hi: 15, Weeks: true}, "[-14 -7 0 7 14]"},
		{DateShift{Lo: -7, Hi: 14, Weeks: true, NonZero: true}, "[-7 7 14]"},
		{DateShift{Lo: 8, Hi: 21, Weeks: true}, "[14 21]"},
	} {
		var got []int64
		for i := range c.shift.choices() {
			// The middle of the part of the range that belongs to choice i.
			part := math.MaxUint64 / uint64(c.shift.choices())
			got = append(got, c.shift.days(part*uint64(i)+part/2))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%+v: %v, want %s", c.shift, got, c.want)
		}
		if first, last := c.shift.days(0), c.shift.days(math.MaxUint64); first != got[0] ||
			last != got[len(got)-1] {
			t.Errorf("%+v: from %d to %d", c.shift, first, last)
		}
	}
}

func TestDateShift(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	shift := DateShift{Subject: "c1", Lo: -200, Hi: 300}
	c := Column{Field: testField, Method: shift}
	info := testField.info(opShift, "-200..300 weeks=false non_zero=false")
	key, err := testKeyring(t).derive(info, subkeyBytes)
	if err != nil {
		t.Fatal(err)
	}
	days := func(who string) int64 {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(who))
		return shift.days(binary.BigEndian.Uint64(h.Sum(nil)))
	}
	ann, bob := days("ann"), days("bob")
	if ann == bob || ann == 0 {
		t.Fatalf("shifts %d and %d, want others for a telling test", ann, bob)
	}
	const who = `["ann", "bob", "ann", null, "bob"]`
	for _, in := range []struct {
		typ    arrow.DataType
		dates  string
		perDay int64
	}{
		{arrow.FixedWidthTypes.Date32, `["2020-01-01", "2020-01-01", "2020-03-01", null, "1969-12-31"]`, 1},
		{arrow.FixedWidthTypes.Date64, `["2020-01-01", "2020-01-01", "2020-03-01", null, "1969-12-31"]`,
			86_400_000},
		{arrow.FixedWidthTypes.Timestamp_us,
			`["2020-01-01 13:59:01", "2020-01-01", "2020-03-01", null, "1969-12-31 23:59:59"]`,
			86_400_000_000},
		{&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Europe/Berlin"},
			`["2020-01-01 13:59:01", "2020-01-01", "2020-03-01", null, "1969-12-31 23:59:59"]`, 86_400},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16,
			ValueType: arrow.FixedWidthTypes.Date32},
			`["2020-01-01", "2020-01-01", "2020-03-01", null, "1969-12-31"]`, 1},
	} {
		for _, whoType := range []arrow.DataType{arrow.BinaryTypes.String, &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}} {
			a, subjects := build(t, mem, in.typ, in.dates), build(t, mem, whoType, who)
			want := make([]int64, 5)
			plain := a
			if d, ok := a.(*array.Dictionary); ok {
				plain = d.Dictionary()
			}
			at, perDay, err := ticks(plain)
			if err != nil || perDay != in.perDay {
				t.Fatalf("%d ticks a day, %v", perDay, err)
			}
			for i, move := range []int64{ann, bob, ann, 0, bob} {
				entry := i
				if d, ok := a.(*array.Dictionary); ok && d.IsValid(i) {
					entry = d.GetValueIndex(i)
				}
				if i != 3 {
					want[i] = at(entry) + move*perDay
				}
			}
			a.Retain()
			rec := record(a, subjects)
			c.Name = "c0"
			p, err := New(testKeyring(t), c)
			if err != nil {
				t.Fatal(err)
			}
			p.mem = mem
			out, err := p.Transform(t.Context(), rec)
			if err != nil {
				t.Fatal(err)
			}
			at, _, err = ticks(out.Column(0))
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if out.Column(0).IsNull(i) != (i == 3) || at(i) != want[i] {
					t.Errorf("%s, row %d: %d, want %d", in.typ, i, at(i), want[i])
				}
			}
			out.Release()
			rec.Release()
			a.Release()
		}
	}
}

// TestDateShiftScope sees that the shift depends on the person, the field and
// the range, and on nothing else, and that all shifts occur.
func TestDateShiftScope(t *testing.T) {
	who, dates := array.NewStringBuilder(memory.DefaultAllocator), array.NewDate32Builder(memory.DefaultAllocator)
	const n = 5000
	for i := range n {
		who.Append(fmt.Sprint(i))
		dates.Append(0)
	}
	subjects, zero := who.NewArray(), dates.NewArray()
	defer subjects.Release()
	defer zero.Release()
	run := func(c Column) []arrow.Date32 {
		c.Name = "c0"
		p, err := New(testKeyring(t), c)
		if err != nil {
			t.Fatal(err)
		}
		subjects.Retain()
		zero.Retain()
		rec := record(zero, subjects)
		defer rec.Release()
		out, err := p.Transform(t.Context(), rec)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Release()
		return append([]arrow.Date32{}, out.Column(0).(*array.Date32).Date32Values()...)
	}
	base := Column{Field: testField, Method: DateShift{Subject: "c1", Lo: -10, Hi: 10, NonZero: true}}
	first := run(base)
	counts := map[arrow.Date32]int{}
	for _, d := range first {
		counts[d]++
	}
	// 20 shifts of probability 1/20 each: the expectation is 250 and the
	// standard deviation 15.4; beyond six of them with a chance below 1e-7. The
	// key is fixed, so the test is deterministic.
	for d := arrow.Date32(-10); d <= 10; d++ {
		if d == 0 && counts[d] != 0 || d != 0 && (counts[d] < 158 || counts[d] > 342) {
			t.Errorf("shift %d occurs %d times", d, counts[d])
		}
	}
	for name, other := range map[string]Column{
		"entity":  {Field: Field{testField.Domain, "x", ""}, Method: base.Method},
		"dataset": {Field: Field{testField.Domain, testField.Entity, "x"}, Method: base.Method},
		"range":   {Field: testField, Method: DateShift{Subject: "c1", Lo: -10, Hi: 11, NonZero: true}},
	} {
		same := 0
		for i, d := range run(other) {
			if d == first[i] {
				same++
			}
		}
		if same > 342 {
			t.Errorf("another %s: %d of %d shifts are the same", name, same, n)
		}
	}
	// The canonical form of the subject.
	a := run(Column{Field: testField, Method: base.Method, Canonical: []string{"trim", "digits"}})
	if fmt.Sprint(a) != fmt.Sprint(first) {
		t.Error("a canonical subject has another shift")
	}
}

func TestDateShiftRefuses(t *testing.T) {
	for want, m := range map[string]DateShift{
		"no subject":             {Lo: 1, Hi: 5},
		"lo is -365251 days":     {Subject: "s", Lo: -365251},
		"1 shifts from lo 1":     {Subject: "s", Lo: 1, Hi: 1},
		"0 shifts from lo 5":     {Subject: "s", Lo: 5, Hi: 1},
		"0 shifts from lo 1":     {Subject: "s", Lo: 1, Hi: 6, Weeks: true},
		"1 shifts from lo 0":     {Subject: "s", Lo: 0, Hi: 1, NonZero: true},
		"1 shifts from lo -7 to": {Subject: "s", Lo: -7, Hi: 6, Weeks: true, NonZero: true},
	} {
		err := Column{Name: "a", Field: testField, Method: m}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q in it", m, err, want)
		}
	}
	mem := memory.DefaultAllocator
	shift := DateShift{Subject: "c1", Lo: 1, Hi: 9}
	text, date := arrow.BinaryTypes.String, arrow.FixedWidthTypes.Date32
	for _, c := range []struct {
		name, want string
		column     Column
		dates      arrow.Array
		subjects   arrow.Array
	}{
		{"null subject", "row 1: the subject of a date is null", Column{},
			build(t, mem, date, `["2020-01-01", "2020-01-01"]`), build(t, mem, text, `["a", null]`)},
		{"empty subject", "row 0: the subject of a date is null or empty", Column{},
			build(t, mem, date, `["2020-01-01"]`), build(t, mem, text, `[""]`)},
		{"blank subject", "or empty", Column{Canonical: []string{"trim"}},
			build(t, mem, date, `["2020-01-01"]`), build(t, mem, text, `["  "]`)},
		{"text", "utf8 is no date", Column{}, build(t, mem, text, `["x"]`), build(t, mem, text, `["a"]`)},
		{"float subject", "subject: float64", Column{}, build(t, mem, date, `["2020-01-01"]`),
			build(t, mem, arrow.PrimitiveTypes.Float64, `[1]`)},
		{"no column of subjects", `"c1", which it reads, not in the table`, Column{},
			build(t, mem, date, `["2020-01-01"]`), nil},
		{"empty handling", "no empty values", Column{Empty: Null},
			build(t, mem, date, `["2020-01-01"]`), build(t, mem, text, `["a"]`)},
		{"overflow of date32", "out of the range", Column{},
			array.NewDate32Data(array.NewData(date, 1, buffersOf(arrow.Date32Traits.CastToBytes(
				[]arrow.Date32{math.MaxInt32})), nil, 0, 0)), build(t, mem, text, `["a"]`)},
		{"overflow of a timestamp", "out of the range", Column{},
			array.NewTimestampData(array.NewData(arrow.FixedWidthTypes.Timestamp_ns, 1,
				buffersOf(arrow.TimestampTraits.CastToBytes([]arrow.Timestamp{math.MaxInt64 - 5})),
				nil, 0, 0)), build(t, mem, text, `["a"]`)},
	} {
		c.column.Field, c.column.Method = testField, shift
		further := []arrow.Array{c.subjects}
		if c.subjects == nil {
			further = nil
		}
		_, err := transformed(t, mem, c.column, c.dates, further...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
	if _, ok := addTicks(0, math.MaxInt64, 86_400_000_000_000); ok {
		t.Error("an overflow of the product is not seen")
	}
}

func buffersOf(values []byte) []*memory.Buffer {
	return []*memory.Buffer{nil, memory.NewBufferBytes(values)}
}
