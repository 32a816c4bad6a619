package pseudonym

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// transformed runs one column of the given rule over an array, which it
// releases, and returns the output as JSON.
func transformed(tb testing.TB, mem memory.Allocator, c Column, a arrow.Array,
	further ...arrow.Array) (string, error) {
	tb.Helper()
	c.Name = "c0"
	rec := record(append([]arrow.Array{a}, further...)...)
	defer rec.Release()
	p, err := New(testKeyring(tb), c)
	if err != nil {
		return "", err
	}
	p.mem = mem
	schema, err := p.Schema(rec.Schema())
	if err != nil {
		return "", err
	}
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		return "", err
	}
	defer out.Release()
	if !out.Schema().Equal(schema) || !arrow.TypeEqual(out.Column(0).DataType(), schema.Field(0).Type) {
		tb.Fatalf("schema %v, column %v, want %v", out.Schema(), out.Column(0).DataType(), schema)
	}
	text, err := json.Marshal(out.Column(0))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text), nil
}

// hmacOf is the base32 token of a value by the oracle.
func hmacOf(tb testing.TB, value string) string {
	sum := oracle(tb, testRoot(), opHMAC, testField, []byte(value))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:tokenBytes])
}

// tokenList writes values as the JSON of an array of their tokens; "=x" stays
// x and "-" is null.
func tokenList(tb testing.TB, values ...string) string {
	var list []any
	for _, v := range values {
		switch {
		case v == "-":
			list = append(list, nil)
		case strings.HasPrefix(v, "="):
			list = append(list, v[1:])
		default:
			list = append(list, hmacOf(tb, v))
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestPreparation(t *testing.T) {
	const values = `["Ann", " ann", null, "", "N/A", "n/a ", "  ", "Bob"]`
	for name, c := range map[string]struct {
		column Column
		want   []string
	}{
		"as they are": {Column{},
			[]string{"Ann", " ann", "-", "", "N/A", "n/a ", "  ", "Bob"}},
		"canonical": {Column{Canonical: []string{"fold", "trim"}},
			[]string{"ann", "ann", "-", "", "n/a", "n/a", "", "bob"}},
		"empty null": {Column{Empty: Null},
			[]string{"Ann", " ann", "-", "-", "N/A", "n/a ", "  ", "Bob"}},
		"empty null, trimmed": {Column{Empty: Null, Canonical: []string{"trim"}},
			[]string{"Ann", "ann", "-", "-", "N/A", "n/a", "-", "Bob"}},
		"empty kept": {Column{Empty: Keep, Canonical: []string{"trim"}},
			[]string{"Ann", "ann", "-", "=", "N/A", "n/a", "=", "Bob"}},
		"sentinel": {Column{Sentinels: []string{"N/A"}},
			[]string{"Ann", " ann", "-", "", "-", "n/a ", "  ", "Bob"}},
		"sentinel, canonical": {Column{Sentinels: []string{"N/A"}, Canonical: []string{"lower", "trim"}},
			[]string{"ann", "ann", "-", "", "-", "-", "", "bob"}},
		"sentinel kept": {Column{Sentinels: []string{"N/A", "Ann"}, SentinelAs: Keep, Empty: Null},
			[]string{"=Ann", " ann", "-", "-", "=N/A", "n/a ", "  ", "Bob"}},
		"sentinel as token": {Column{Sentinels: []string{"N/A"}, SentinelAs: Token, Empty: Keep},
			[]string{"Ann", " ann", "-", "=", "N/A", "n/a ", "  ", "Bob"}},
	} {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			c.column.Field, c.column.Method = testField, HMAC{}
			want := tokenList(t, c.want...)
			for _, typ := range []arrow.DataType{arrow.BinaryTypes.String, arrow.BinaryTypes.LargeString,
				arrow.BinaryTypes.Binary,
				&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
			} {
				in := values
				if typ.ID() == arrow.BINARY {
					in = `["QW5u", "IGFubg==", null, "", "Ti9B", "bi9hIA==", "ICA=", "Qm9i"]`
				}
				got, err := transformed(t, mem, c.column, build(t, mem, typ, in))
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("%s:\ngot  %s\nwant %s", typ, got, want)
				}
				// Sliced, in any batch size.
				whole := build(t, mem, typ, in)
				parts := []string{}
				for from := 0; from < whole.Len(); from += 3 {
					part := array.NewSlice(whole, int64(from), int64(min(from+3, whole.Len())))
					got, err := transformed(t, mem, c.column, part)
					if err != nil {
						t.Fatal(err)
					}
					parts = append(parts, got[1:len(got)-1])
				}
				whole.Release()
				if got := "[" + strings.Join(parts, ",") + "]"; got != want {
					t.Errorf("%s, in parts:\ngot  %s\nwant %s", typ, got, want)
				}
			}
		})
	}
}

// Two entries that become one token are one entry afterwards, and the entries
// that become null or are not used are gone.
func TestPreparationRemapsDictionaries(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	d := dict(t, mem, arrow.PrimitiveTypes.Int8, `[0, 1, 2, 3, 4, 1, null]`,
		arrow.BinaryTypes.String, `["Ann", "ANN", "", "ann ", null, "unused"]`)
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: HMAC{},
		Canonical: []string{"trim", "fold"}, Empty: Null})
	if err != nil {
		t.Fatal(err)
	}
	p.mem = mem
	rec := record(d)
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	got := out.Column(0).(*array.Dictionary)
	if n := got.Dictionary().Len(); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	if text := fmt.Sprint(texts(t, got)); text != fmt.Sprint([]string{hmacOf(t, "ann"),
		hmacOf(t, "ann"), "", hmacOf(t, "ann"), "", hmacOf(t, "ann"), ""}) {
		t.Errorf("got %s", text)
	}
}

// More than a chunk of rows, with kept ones between.
func TestPreparationKeepsInOrder(t *testing.T) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	var want []string
	for i := range 300 {
		switch {
		case i%7 == 0:
			b.Append("")
			want = append(want, "=")
		case i%11 == 0:
			b.AppendNull()
			want = append(want, "-")
		default:
			b.Append(fmt.Sprint(i))
			want = append(want, fmt.Sprint(i))
		}
	}
	got, err := transformed(t, memory.DefaultAllocator,
		Column{Field: testField, Method: HMAC{}, Empty: Keep}, b.NewArray())
	if err != nil || got != tokenList(t, want...) {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestPreparationRefuses(t *testing.T) {
	for want, c := range map[string]Column{
		`canonicalization "nfd"`:         {Canonical: []string{"nfd"}},
		`empty is "drop"`:                {Empty: "drop"},
		`sentinel_as is "x"`:             {Sentinels: []string{"a"}, SentinelAs: "x"},
		"sentinel_as without sentinels":  {SentinelAs: Keep},
		"an empty sentinel":              {Sentinels: []string{" "}, Canonical: []string{"trim"}},
		"cannot be kept among outputs":   {Empty: Keep, Method: HMAC{Format: Binary}},
		"cannot be kept among outputs o": {Sentinels: []string{"0"}, SentinelAs: Keep, Method: HMAC{Format: Int63}},
		"takes no canonical form":        {Method: Redact{}, Empty: Null},
		"has no key":                     {Method: Redact{}, Field: testField},
	} {
		c.Name = "c0"
		if c.Method == nil {
			c.Method = HMAC{}
		}
		if _, keyless := c.Method.(Redact); !keyless {
			c.Field = testField
		}
		if _, err := New(testKeyring(t), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	// A value that has no canonical form, in a plain column and a dictionary.
	for _, typ := range []arrow.DataType{arrow.BinaryTypes.String, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}} {
		for _, c := range []Column{{}, {Empty: Null}} {
			c.Field, c.Method, c.Canonical = testField, HMAC{}, []string{"e164"}
			_, err := transformed(t, memory.DefaultAllocator, c,
				build(t, memory.DefaultAllocator, typ, `["+4930123456", "canary"]`))
			if err == nil || strings.Contains(err.Error(), "canary") ||
				!strings.Contains(err.Error(), "row 1") {
				t.Errorf("%s: error %v", typ, err)
			}
		}
	}
}

func TestNested(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	text := arrow.BinaryTypes.String
	const values = `[["a", null, "b"], null, [], ["a"], ["", "c"]]`
	tok := func(v string) string { return `"` + hmacOf(t, v) + `"` }
	rows := []string{"[" + tok("a") + ",null," + tok("b") + "]", "null", "[]", "[" + tok("a") + "]",
		"[" + tok("") + "," + tok("c") + "]"}
	for _, typ := range []arrow.DataType{arrow.ListOf(text), arrow.LargeListOf(text),
		arrow.ListOf(arrow.BinaryTypes.LargeString)} {
		for from := range 5 {
			for to := from; to <= 5; to++ {
				whole := build(t, mem, typ, values)
				part := array.NewSlice(whole, int64(from), int64(to))
				whole.Release()
				got, err := transformed(t, mem, Column{Field: testField, Method: HMAC{}}, part)
				if want := "[" + strings.Join(rows[from:to], ",") + "]"; err != nil || got != want {
					t.Errorf("%s, rows %d to %d: %v\ngot  %s\nwant %s", typ, from, to, err, got, want)
				}
			}
		}
	}
	fixed := build(t, mem, arrow.FixedSizeListOf(2, text), `[["a", "b"], ["c", null], ["", "a"]]`)
	part := array.NewSlice(fixed, 1, 3)
	fixed.Release()
	got, err := transformed(t, mem, Column{Field: testField, Method: HMAC{}}, part)
	want := "[[" + tok("c") + ",null],[" + tok("") + "," + tok("a") + "]]"
	if err != nil || got != want {
		t.Errorf("fixed size: %v\ngot  %s\nwant %s", err, got, want)
	}
	lists := build(t, mem, arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int32)), `[[[1, 2], []], null]`)
	got, err = transformed(t, mem, Column{Field: testField, Method: HMAC{}}, lists)
	if want := "[[[" + tok("1") + "," + tok("2") + "],[]],null]"; err != nil || got != want {
		t.Errorf("lists of lists: %v\ngot  %s\nwant %s", err, got, want)
	}
	dates := build(t, mem, arrow.ListOf(arrow.FixedWidthTypes.Date32), `[["2020-01-01"]]`)
	who := build(t, mem, text, `["a"]`)
	_, err = transformed(t, mem, Column{Field: testField,
		Method: DateShift{Subject: "c1", Lo: 1, Hi: 9}}, dates, who)
	if err == nil || !strings.Contains(err.Error(), "lists") {
		t.Errorf("error %v", err)
	}
}

func TestSpecAndMetadata(t *testing.T) {
	c := Column{Name: "c0", Field: Field{"ward", "patient", "release 7"}, Method: &HMAC{Format: Hex},
		Canonical: []string{"fold", "nfc"}, Empty: Null, Sentinels: []string{"N/A"}, Describe: true}
	const want = `lethe.pseudonym/v1 hmac{format="hex"} canonical=nfc+fold empty=null ` +
		`sentinels=["N/A"]:null domain="ward" entity="patient" dataset=sha256:`
	got := c.Spec()
	if !strings.HasPrefix(got, want) || len(got) != len(want)+16 || strings.Contains(got, "release") {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
	p, err := New(testKeyring(t), c, Column{Name: "c1", Method: Redact{}, Describe: true},
		Column{Name: "c2", Field: testField, Method: HMAC{}})
	if err != nil {
		t.Fatal(err)
	}
	s := arrow.BinaryTypes.String
	schema, err := p.Schema(arrow.NewSchema([]arrow.Field{{Name: "c0", Type: s}, {Name: "c1", Type: s},
		{Name: "c2", Type: s}}, nil))
	if err != nil {
		t.Fatal(err)
	}
	m := schema.Field(0).Metadata.ToMap()
	if m[MetadataSpec] != got || m[MetadataKeyID] != fmt.Sprint(testID) {
		t.Errorf("metadata %v", m)
	}
	if m := schema.Field(1).Metadata.ToMap(); m[MetadataSpec] != "lethe.pseudonym/v1 redact" || len(m) != 1 {
		t.Errorf("metadata %v", m)
	}
	if schema.Field(2).HasMetadata() || !schema.Field(0).Nullable {
		t.Error("metadata that nobody asked for, or a column that cannot hold its nulls")
	}
	for _, other := range []Column{{Field: c.Field, Method: HMAC{}}, {Field: testField, Method: c.Method},
		{Field: Field{"ward", "patient", "release 8"}, Method: c.Method}, {Method: nil}} {
		if other.Spec() == got {
			t.Errorf("%+v has the same specification", other)
		}
	}
}

func TestRemovals(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	text := arrow.BinaryTypes.String
	for _, c := range []struct {
		method   Method
		typ      arrow.DataType
		in, want string
	}{
		{Redact{}, text, `["a", null]`, `[null,null]`},
		{Redact{}, arrow.PrimitiveTypes.Float64, `[1.5, null]`, `[null,null]`},
		{&Redact{}, arrow.ListOf(text), `[["a"], null]`, `[[null],null]`},
		{Constant{"x"}, text, `["a", null, ""]`, `["x",null,"x"]`},
		{Constant{"x"}, arrow.PrimitiveTypes.Float64, `[1.5, null]`, `["x",null]`},
		{Constant{"x"}, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: text},
			`["a", null, "b"]`, `["x",null,"x"]`},
		{Mask{KeepLast: 2}, text, `["abcd", null, "ab", ""]`, `["**cd",null,"**",""]`},
		{Mask{KeepFirst: 1, With: "#", Length: 3}, text, `["abcdef", "äb"]`, `["a###","ä###"]`},
		{Mask{KeepLast: 1}, arrow.PrimitiveTypes.Int32, `[1234]`, `["***4"]`},
	} {
		got, err := transformed(t, mem, Column{Method: c.method}, build(t, mem, c.typ, c.in))
		if err != nil || got != c.want {
			t.Errorf("%T of %s: got %s, %v; want %s", c.method, c.in, got, err, c.want)
		}
	}
	// A dictionary of masks has each once.
	got, err := transformed(t, mem, Column{Method: Mask{KeepFirst: 1}},
		dict(t, mem, arrow.PrimitiveTypes.Int8, `[0, 1, 2]`, text, `["ab", "ac", "bc"]`))
	if err != nil || got != `["a*","a*","b*"]` {
		t.Errorf("got %s, %v", got, err)
	}
	for want, m := range map[string]Method{
		"constant: no value":   Constant{},
		"not valid UTF-8":      Constant{"\xff"},
		"nothing is left":      Mask{},
		"keep_first is -1":     Mask{KeepFirst: -1, KeepLast: 1},
		"want one visible cha": Mask{KeepFirst: 1, With: "ab"},
	} {
		if err := (Column{Name: "a", Method: m}).Validate(); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q in it", m, err, want)
		}
	}
}
