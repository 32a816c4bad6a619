package column

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"
)

func fromJSON(t testing.TB, mem memory.Allocator, dt arrow.DataType, s string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(mem, dt, strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func dict(t testing.TB, mem memory.Allocator, idx arrow.DataType, indices string,
	val arrow.DataType, values string) arrow.Array {
	t.Helper()
	i, v := fromJSON(t, mem, idx, indices), fromJSON(t, mem, val, values)
	defer i.Release()
	defer v.Release()
	return array.NewDictionaryArray(&arrow.DictionaryType{IndexType: idx, ValueType: val}, i, v)
}

// texts codes an array with c and gives the text of each row, "NULL" for null.
func texts(t testing.TB, c *Coder, a arrow.Array) []string {
	t.Helper()
	codes := make([]uint32, a.Len())
	if err := c.Encode(a, codes); err != nil {
		t.Fatal(err)
	}
	null, seen := c.Null()
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = c.Text(code)
		if seen && code == null {
			out[i] = "NULL"
		}
	}
	return out
}

// Every flat type: the values in JSON, their canonical texts, the type.
var types = []struct {
	dt   arrow.DataType
	in   string
	want []string
	typ  string
}{
	{arrow.PrimitiveTypes.Int8, `[3,-1,null,3]`, []string{"3", "-1", "NULL", "3"}, "integer"},
	{arrow.PrimitiveTypes.Int16, `[3,-1]`, []string{"3", "-1"}, "integer"},
	{arrow.PrimitiveTypes.Int32, `[3,-1]`, []string{"3", "-1"}, "integer"},
	{arrow.PrimitiveTypes.Int64, `[null,3,-1]`, []string{"NULL", "3", "-1"}, "integer"},
	{arrow.PrimitiveTypes.Uint8, `[255,0]`, []string{"255", "0"}, "unsigned"},
	{arrow.PrimitiveTypes.Uint16, `[255,0]`, []string{"255", "0"}, "unsigned"},
	{arrow.PrimitiveTypes.Uint32, `[255,0]`, []string{"255", "0"}, "unsigned"},
	{arrow.PrimitiveTypes.Uint64, `[9007199254740992]`, []string{"9007199254740992"}, "unsigned"},
	{arrow.PrimitiveTypes.Float32, `[0.5,-2]`, []string{"0.5", "-2"}, "float"},
	{arrow.PrimitiveTypes.Float64, `[0.1,-0.0,null]`, []string{"0.1", "0", "NULL"}, "float"},
	{arrow.FixedWidthTypes.Float16, `[1.5]`, []string{"1.5"}, "float"},
	{arrow.FixedWidthTypes.Boolean, `[true,false,null]`, []string{"true", "false", "NULL"}, "boolean"},
	{arrow.BinaryTypes.String, `["b","","b",null]`, []string{"b", "", "b", "NULL"}, "string"},
	{arrow.BinaryTypes.LargeString, `["b","é"]`, []string{"b", "é"}, "string"},
	{arrow.BinaryTypes.Binary, `["AP8=",""]`, []string{"00ff", ""}, "binary"},
	{arrow.BinaryTypes.LargeBinary, `["AP8="]`, []string{"00ff"}, "binary"},
	{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `["AP8=",null]`, []string{"00ff", "NULL"}, "binary"},
	{arrow.FixedWidthTypes.Date32, `["2024-02-29","1969-12-31"]`,
		[]string{"2024-02-29", "1969-12-31"}, "date"},
	{arrow.FixedWidthTypes.Date64, `["2024-02-29"]`, []string{"2024-02-29"}, "date"},
	{arrow.FixedWidthTypes.Time32s, `["13:01:02"]`, []string{"13:01:02"}, "time"},
	{arrow.FixedWidthTypes.Time64ns, `["13:01:02.5"]`, []string{"13:01:02.5"}, "time"},
	{arrow.FixedWidthTypes.Time64us, `["13:01:02.5"]`, []string{"13:01:02.5"}, "time"},
	{arrow.FixedWidthTypes.Timestamp_us, `["2024-01-01T10:00:00Z"]`,
		[]string{"2024-01-01T10:00:00Z"}, "timestamp[us,UTC]"},
	{&arrow.TimestampType{Unit: arrow.Second}, `["1969-12-31T23:59:59Z"]`,
		[]string{"1969-12-31T23:59:59Z"}, "timestamp[s]"},
	{arrow.FixedWidthTypes.Duration_ms, `[5]`, []string{"5"}, "duration[ms]"},
	{&arrow.Decimal128Type{Precision: 9, Scale: 2}, `["1.50","-0.05",null]`,
		[]string{"1.50", "-0.05", "NULL"}, "decimal[2]"},
	{arrow.Null, `[null,null]`, []string{"NULL", "NULL"}, "null"},
}

func TestEveryFlatType(t *testing.T) {
	for _, c := range types {
		t.Run(c.dt.String(), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			typ, err := TypeOf(c.dt)
			if err != nil || typ.String() != c.typ {
				t.Fatalf("type %s (%v), want %s", typ, err, c.typ)
			}
			if back, err := ParseType(c.typ); err != nil || back != typ {
				t.Fatalf("ParseType gives %v (%v)", back, err)
			}
			a := fromJSON(t, mem, c.dt, c.in)
			defer a.Release()
			coder := NewCoder(typ)
			if got := texts(t, coder, a); !slices.Equal(got, c.want) {
				t.Fatalf("texts %q, want %q", got, c.want)
			}
			roundTrips(t, mem, coder, a)
		})
	}
}

// roundTrips takes a coder of a through Find, Array, Merge, texts and bytes.
func roundTrips(t *testing.T, mem memory.Allocator, coder *Coder, a arrow.Array) {
	codes := make([]uint32, a.Len())
	if missing, err := coder.Find(a, codes, new(Memo)); missing != 0 || err != nil {
		t.Fatalf("%d values missing, %v", missing, err)
	}
	again := coder.Array(mem, codes)
	defer again.Release()
	second := NewCoder(coder.Type())
	if !slices.Equal(texts(t, second, again), texts(t, coder, a)) {
		t.Fatal("Array gives other values")
	}
	decoded, rest, err := DecodeCoder(append(coder.AppendBinary(nil), 7))
	if err != nil || len(rest) != 1 ||
		!bytes.Equal(decoded.AppendBinary(nil), coder.AppendBinary(nil)) {
		t.Fatalf("binary form: %v", err)
	}
	merged := NewCoder(coder.Type())
	merged.AddNull()
	to, err := merged.Merge(coder)
	if err != nil {
		t.Fatal(err)
	}
	for i, code := range to {
		if merged.Text(code) != coder.Text(uint32(i)) {
			t.Fatal("Merge gives other values")
		}
	}
	byText := NewCoder(coder.Type())
	for _, code := range coder.Order() {
		if _, err := byText.AddText(coder.Text(code)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.IsSorted(byText.Order()) {
		t.Fatal("the order of codes added in order is another")
	}
}

func TestDictionaryOfEveryIndexType(t *testing.T) {
	for _, idx := range []arrow.DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
		arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
	} {
		t.Run(idx.String(), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			// Entry 0 is unused, 1 and 3 are one value, 4 is null; the slice
			// starts at an offset.
			whole := dict(t, mem, idx, `[0,3,1,null,2,4]`,
				arrow.BinaryTypes.String, `["unused","a","b","a",null]`)
			defer whole.Release()
			a := array.NewSlice(whole, 1, 6)
			defer a.Release()
			c := NewCoder(Type{Kind: String})
			want := []string{"a", "a", "NULL", "b", "NULL"}
			if got := texts(t, c, a); !slices.Equal(got, want) || c.Len() != 3 {
				t.Fatalf("texts %q, %d codes", got, c.Len())
			}
			codes := make([]uint32, 6)
			missing, err := c.Find(whole, codes, new(Memo))
			if err != nil || missing != 1 || codes[0] != None {
				t.Fatalf("Find: %d missing, %v", missing, err)
			}
		})
	}
}

func TestDictionaryIndexOutOfRange(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	for _, index := range []string{"2", "-1"} {
		i32, text := arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String
		a := dict(t, mem, i32, "["+index+"]", text, `["a","b"]`)
		c := NewCoder(Type{Kind: String})
		// A larger dictionary before must not widen the range.
		big := dict(t, mem, i32, `[0]`, text, `["a","b","c","d"]`)
		texts(t, c, big)
		big.Release()
		if err := c.Encode(a, make([]uint32, 1)); err == nil {
			t.Fatalf("index %s is accepted", index)
		}
		a.Release()
	}
}

func TestFloatsThatAreTheSame(t *testing.T) {
	b := array.NewFloat64Builder(memory.NewGoAllocator())
	other := math.Float64frombits(math.Float64bits(math.NaN()) ^ 1)
	b.AppendValues([]float64{0, math.Copysign(0, -1), math.NaN(), other, math.Inf(1)}, nil)
	a := b.NewArray()
	defer a.Release()
	c := NewCoder(Type{Kind: Float})
	if got := texts(t, c, a); !slices.Equal(got, []string{"0", "0", "NaN", "NaN", "+Inf"}) {
		t.Fatalf("texts %q", got)
	}
}

func TestTimesWithoutAnISOForm(t *testing.T) {
	mem := memory.NewGoAllocator()
	b := array.NewDate64Builder(mem)
	b.AppendValues([]arrow.Date64{1, math.MaxInt64, math.MinInt64}, nil)
	a := b.NewArray()
	defer a.Release()
	c := NewCoder(Type{Kind: Date})
	want := []string{"@1", "@9223372036854775807", "@-9223372036854775808"}
	if got := texts(t, c, a); !slices.Equal(got, want) {
		t.Fatalf("texts %q", got)
	}
	roundTrips(t, mem, c, a)
	s := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Second})
	s.AppendValues([]arrow.Timestamp{math.MaxInt64, math.MinInt64, -62135596801}, nil)
	ts := s.NewArray()
	defer ts.Release()
	c = NewCoder(Type{Kind: Timestamp, Unit: arrow.Second})
	texts(t, c, ts)
	roundTrips(t, mem, c, ts)
}

func TestOrderIsByValue(t *testing.T) {
	for _, c := range []struct {
		dt   arrow.DataType
		in   string
		want string
	}{
		{arrow.PrimitiveTypes.Int64, `[10,null,-1,9]`, "[-1 9 10]"},
		{arrow.PrimitiveTypes.Uint64, `[9007199254740992,1]`, "[1 9007199254740992]"},
		{arrow.PrimitiveTypes.Float64, `[10,-1.5,9]`, "[-1.5 9 10]"},
		{arrow.BinaryTypes.String, `["b","B","a"]`, "[B a b]"},
		{&arrow.Decimal128Type{Precision: 9, Scale: 1}, `["2.0","-1.0","10.0"]`, "[-1.0 2.0 10.0]"},
	} {
		a := fromJSON(t, memory.NewGoAllocator(), c.dt, c.in)
		typ, _ := TypeOf(c.dt)
		coder := NewCoder(typ)
		texts(t, coder, a)
		var got []string
		for _, code := range coder.Order() {
			got = append(got, coder.Text(code))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: order %v, want %s", c.dt, got, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, dt := range []arrow.DataType{
		arrow.ListOf(arrow.PrimitiveTypes.Int8), arrow.StructOf(), arrow.FixedWidthTypes.MonthInterval,
		&arrow.Decimal256Type{Precision: 50},
	} {
		if _, err := TypeOf(dt); err == nil || !strings.Contains(err.Error(), dt.String()) {
			t.Errorf("%s: %v", dt, err)
		}
	}
	a := fromJSON(t, memory.NewGoAllocator(), arrow.PrimitiveTypes.Int64, `[1]`)
	if err := NewCoder(Type{Kind: String}).Encode(a, make([]uint32, 1)); err == nil {
		t.Error("another type is accepted")
	}
	c := NewCoder(Type{Kind: Integer})
	for _, s := range []string{"canary", "01", "+1", "1 ", "", "9223372036854775808"} {
		if _, err := c.AddText(s); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("text %q: %v", s, err)
		}
	}
	for _, s := range []string{"", "int", "timestamp", "timestamp[h]", "integer[]", "decimal[+1]"} {
		if _, err := ParseType(s); err == nil {
			t.Errorf("type %q is accepted", s)
		}
	}
}

// Codes do not depend on the encoding, on slices or on the size of batches.
func TestCodesDoNotDependOnEncoding(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
		defer mem.AssertSize(t, 0)
		n := rapid.SampledFrom([]int{0, 1, 50, 3000}).Draw(rt, "rows")
		span := rapid.IntRange(1, 2000).Draw(rt, "span")
		nulls := rapid.IntRange(0, 3).Draw(rt, "nulls")
		seed := uint64(rapid.Uint32().Draw(rt, "seed"))
		plain := array.NewStringBuilder(mem)
		packed := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.BinaryTypes.String,
		}).(*array.BinaryDictionaryBuilder)
		narrow, wide := array.NewInt16Builder(mem), array.NewInt64Builder(mem)
		for range n {
			seed = seed*6364136223846793005 + 1442695040888963407
			v := int(seed >> 33 % uint64(span))
			if seed>>60 < uint64(nulls) {
				plain.AppendNull()
				packed.AppendNull()
				narrow.AppendNull()
				wide.AppendNull()
				continue
			}
			plain.Append(fmt.Sprint(v))
			if err := packed.AppendString(fmt.Sprint(v)); err != nil {
				rt.Fatal(err)
			}
			narrow.Append(int16(v))
			wide.Append(int64(v))
		}
		var want []uint32
		for _, b := range []array.Builder{plain, packed, narrow, wide} {
			a := b.NewArray()
			b.Release()
			typ, err := TypeOf(a.DataType())
			if err != nil {
				rt.Fatal(err)
			}
			c := NewCoder(typ)
			batch := rapid.SampledFrom([]int{1, 7, 5000}).Draw(rt, "batch")
			got := make([]uint32, n)
			for lo := 0; lo < n; lo += batch {
				hi := min(n, lo+batch)
				s := array.NewSlice(a, int64(lo), int64(hi))
				if err := c.Encode(s, got[lo:hi]); err != nil {
					rt.Fatal(err)
				}
				s.Release()
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%s: codes differ", a.DataType())
			}
			found := make([]uint32, n)
			missing, err := c.Find(a, found, new(Memo))
			if missing != 0 || err != nil || !slices.Equal(found, want) {
				rt.Fatalf("%s: Find gives others (%d missing, %v)", a.DataType(), missing, err)
			}
			a.Release()
		}
	})
}

func FuzzDecodeCoder(f *testing.F) {
	for _, c := range types {
		a := fromJSON(f, memory.NewGoAllocator(), c.dt, c.in)
		typ, _ := TypeOf(c.dt)
		coder := NewCoder(typ)
		texts(f, coder, a)
		f.Add(coder.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, _, err := DecodeCoder(b)
		if err != nil {
			return
		}
		once := c.AppendBinary(nil)
		again, rest, err := DecodeCoder(once)
		if err != nil || len(rest) != 0 || !bytes.Equal(again.AppendBinary(nil), once) {
			t.Fatalf("not stable: %v", err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	const n = 64 << 10
	mem := memory.NewGoAllocator()
	ints, strs := array.NewInt64Builder(mem), array.NewStringBuilder(mem)
	dicts := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String,
	}).(*array.BinaryDictionaryBuilder)
	for i := range n {
		v := i * 7919 % 100
		ints.Append(int64(v))
		strs.Append(fmt.Sprint("value ", v))
		_ = dicts.AppendString(fmt.Sprint("value ", v))
	}
	for _, bd := range []array.Builder{ints, strs, dicts} {
		a := bd.NewArray()
		b.Run(a.DataType().Name(), func(b *testing.B) {
			typ, _ := TypeOf(a.DataType())
			c, codes := NewCoder(typ), make([]uint32, n)
			for b.Loop() {
				if err := c.Encode(a, codes); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}
