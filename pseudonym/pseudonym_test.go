package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

func checked(t testing.TB) *memory.CheckedAllocator {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

func TestNewReportsEveryMistake(t *testing.T) {
	var none *HMAC
	_, err := New(nil,
		Column{},
		Column{Name: "a", Field: Field{Domain: "d"}, Method: HMAC{}},
		Column{Name: "a", Field: Field{Entity: " e", Dataset: "s\n"}, Method: HMAC{Format: "base64"}},
		Column{Name: "b", Field: Field{Domain: "d", Entity: "\xff"}, Method: none},
		Column{Name: "c", Field: testField, Method: &HMAC{Format: UUID}},
	)
	want := `pseudonym: 13 mistakes
	no keyring; open one with Open
	column 1 of 5: no name
	column 1 of 5: no domain
	column 1 of 5: no entity
	column 1 of 5: no method
	column "a": no entity
	column "a": given twice
	column "a": no domain
	column "a": entity begins or ends with a blank
	column "a": dataset begins or ends with a blank
	column "a": format "base64" is not known, want base32, hex, binary, uuid or int63
	column "b": entity is not valid UTF-8
	column "b": no method`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := New(&Keyring{}, Column{Name: "a", Field: testField, Method: HMAC{}}); !errors.Is(err, errNoKeyring) {
		t.Errorf("zero keyring: got %v", err)
	}
	if _, err := New(testKeyring(t)); err == nil || err.Error() != "pseudonym: no columns" {
		t.Errorf("no columns: got %v", err)
	}
	if _, err := (&Pseudonymizer{}).Schema(arrow.NewSchema(nil, nil)); err == nil {
		t.Error("zero pseudonymizer: no error")
	}
}

func TestSchema(t *testing.T) {
	meta := arrow.NewMetadata([]string{"top"}, []string{"P-0001"})
	in := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Metadata: meta},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32, Metadata: meta},
		{Name: "who", Type: &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String, Ordered: true}},
	}, &meta)
	p, err := New(testKeyring(t), Column{Name: "who", Field: testField, Method: HMAC{Binary}},
		Column{Name: "id", Field: testField, Method: HMAC{}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Schema(in)
	if err != nil {
		t.Fatal(err)
	}
	want := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.BinaryTypes.String},
		{Name: "age", Type: arrow.PrimitiveTypes.Int32, Metadata: meta},
		{Name: "who", Nullable: true, Type: &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int32, ValueType: &arrow.FixedSizeBinaryType{ByteWidth: 16}}},
	}, nil)
	if !out.Equal(want) || out.Metadata().Len() != 0 || out.Field(0).HasMetadata() {
		t.Errorf("got %v\nwant %v", out, want)
	}
	if in.Field(0).Type.ID() != arrow.INT64 {
		t.Error("the input schema has changed")
	}
}

func TestSchemaReportsEveryMistake(t *testing.T) {
	var columns []Column
	for _, name := range []string{"lost", "twice", "float", "bool", "time", "list", "nested"} {
		columns = append(columns, Column{Name: name, Field: testField, Method: HMAC{}})
	}
	p, err := New(testKeyring(t), columns...)
	if err != nil {
		t.Fatal(err)
	}
	text := arrow.BinaryTypes.String
	_, err = p.Schema(arrow.NewSchema([]arrow.Field{
		{Name: "twice", Type: text}, {Name: "twice", Type: text},
		{Name: "float", Type: arrow.PrimitiveTypes.Float64},
		{Name: "bool", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "time", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "list", Type: arrow.ListOf(arrow.FixedWidthTypes.Boolean)},
		{Name: "nested", Type: &arrow.DictionaryType{
			IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Float32}},
	}, nil))
	want := `pseudonym: 7 mistakes
	column "lost": not in the table
	column "twice": occurs 2 times in the table; rename or drop the others
	column "float": float64 is no identifier: equal numbers differ in their bits; ` +
		`cast it to an integer or a string
	column "bool": bool has two values: whoever sees the tokens knows them; ` +
		`drop the column or give it another role
	column "time": timestamp[ms, tz=UTC] is not supported; ` +
		`cast it to a string, an integer or a date
	column "list": bool has two values: whoever sees the tokens knows them; ` +
		`drop the column or give it another role
	column "nested": float32 is no identifier: equal numbers differ in their bits; ` +
		`cast it to an integer or a string`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// One table by hand: nulls stay null, the empty string has a token, equal
// values have equal tokens, the other column passes.
func TestTransformByHand(t *testing.T) {
	for _, f := range []Format{"", Hex, UUID, Binary} {
		mem := checked(t)
		rec := record(
			build(t, mem, arrow.BinaryTypes.String, `["P-0001", null, "", "P-0001", null]`),
			build(t, mem, arrow.PrimitiveTypes.Int32, `[1, 2, null, 4, 5]`))
		out, err := pseudonymizer(t, mem, f).Transform(context.Background(), rec)
		if err != nil {
			t.Fatal(err)
		}
		got := texts(t, out.Column(0))
		want := []string{got[0], "", got[2], got[0], ""}
		if !slices.Equal(got, want) || got[0] == "" || got[2] == "" || got[0] == got[2] {
			t.Errorf("format %q: got %q", f, got)
		}
		if n := out.Column(0).NullN(); n != 2 {
			t.Errorf("format %q: %d nulls, want 2", f, n)
		}
		if out.Column(1) != rec.Column(1) || out.NumRows() != 5 {
			t.Errorf("format %q: the other column has changed", f)
		}
		out.Release()
		rec.Release()
	}
}

// The canonical encodings join over types, as the package comment says.
func TestTypesThatJoin(t *testing.T) {
	mem := checked(t)
	p := pseudonymizer(t, mem, Base32)
	dictOf := func(v arrow.DataType) arrow.DataType {
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: v}
	}
	for _, group := range []struct {
		json  string // of the typed columns
		text  string // of strings
		types []arrow.DataType
	}{
		{`[42, 0, null, 7, 42]`, `["42", "0", null, "7", "42"]`, []arrow.DataType{
			arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
			arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
			arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64,
			dictOf(arrow.PrimitiveTypes.Int64), dictOf(arrow.PrimitiveTypes.Uint8)}},
		{`[-42, -9223372036854775808]`, `["-42", "-9223372036854775808"]`,
			[]arrow.DataType{arrow.PrimitiveTypes.Int64}},
		{`[18446744073709551615]`, `["18446744073709551615"]`,
			[]arrow.DataType{arrow.PrimitiveTypes.Uint64}},
		{`["2024-02-29", null, "1969-12-31", "0001-01-01"]`,
			`["2024-02-29", null, "1969-12-31", "0001-01-01"]`,
			[]arrow.DataType{arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Date64,
				dictOf(arrow.FixedWidthTypes.Date32)}},
		{`["é", "", null]`, `["é", "", null]`, []arrow.DataType{
			arrow.BinaryTypes.LargeString, dictOf(arrow.BinaryTypes.String)}},
		{`["YWI=", "", null]`, `["ab", "", null]`, []arrow.DataType{
			arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary, dictOf(arrow.BinaryTypes.Binary)}},
		{`["YWI=", null]`, `["ab", null]`, []arrow.DataType{&arrow.FixedSizeBinaryType{ByteWidth: 2}}},
		{`[null, null]`, `[null, null]`, []arrow.DataType{arrow.Null}},
	} {
		a := build(t, mem, arrow.BinaryTypes.String, group.text)
		want := tokensOf(t, p, a)
		a.Release()
		for _, typ := range group.types {
			a := build(t, mem, typ, group.json)
			if got := tokensOf(t, p, a); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", typ, got, want)
			}
			a.Release()
		}
	}
}

func TestDates(t *testing.T) {
	for days, want := range map[int64]string{
		0: "1970-01-01", 19782: "2024-02-29", -719162: "0001-01-01", -719163: "0000-12-31",
		-719529: "-0001-12-31", 2932896: "9999-12-31", 2932897: "+10000-01-01",
		-4371953: "-10000-01-01", -1 << 31: "-5877641-06-23", 1<<31 - 1: "+5881580-07-11",
	} {
		if got := string(appendDate(nil, days)); got != want {
			t.Errorf("day %d: got %s, want %s", days, got, want)
		}
	}
}

// A day with a time is two values to one reader and one to another.
func TestDate64WithTimeOfDay(t *testing.T) {
	mem := checked(t)
	b := array.NewDate64Builder(mem)
	defer b.Release()
	b.AppendValues([]arrow.Date64{86_400_000, 86_400_001}, nil)
	rec := record(b.NewArray())
	defer rec.Release()
	_, err := pseudonymizer(t, mem, "").Transform(context.Background(), rec)
	want := `pseudonym: column "c0": row 1: a date64 value has a time of day; ` +
		`cast the column to date32`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Every part of the field separates; nothing else does.
func TestWhatJoins(t *testing.T) {
	kr := testKeyring(t)
	a := build(t, memory.DefaultAllocator, arrow.BinaryTypes.String, `["P-0001"]`)
	defer a.Release()
	token := func(kr *Keyring, f Field) string {
		p, err := New(kr, Column{Name: "c0", Field: f, Method: HMAC{}})
		if err != nil {
			t.Fatal(err)
		}
		return tokensOf(t, p, a)[0]
	}
	base := token(kr, Field{"d", "e", ""})
	if token(testKeyring(t), Field{"d", "e", ""}) != base {
		t.Error("a second pseudonymizer of the same field does not join")
	}
	seen := map[string]Field{base: {"d", "e", ""}}
	for _, f := range []Field{{"d2", "e", ""}, {"d", "e2", ""}, {"d", "e", "x"}, {"e", "d", ""},
		{"de", "e", ""}, {"d", "ee", ""}, {"d", "e", "y"}} {
		tok := token(kr, f)
		if other, ok := seen[tok]; ok {
			t.Errorf("%v joins %v", f, other)
		}
		seen[tok] = f
	}
	other, err := openText(t, jsonKeyset(1, goodKey(1, make([]byte, 32))))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := seen[token(other, Field{"d", "e", ""})]; ok {
		t.Error("another key joins")
	}
}

// Tokens of one value in two data sets agree in about half of their bits. With
// 128,000 independent bits the share deviates by 0.007 with a probability of
// 5e-7 (normal approximation); the key is fixed, so the test cannot flake.
func TestDatasetsAreUnrelated(t *testing.T) {
	equal := 0
	for i := range 1000 {
		value := fmt.Appendf(nil, "P-%04d", i)
		a := oracle(t, testRoot(), opHMAC, Field{"d", "e", "one"}, value)
		b := oracle(t, testRoot(), opHMAC, Field{"d", "e", "two"}, value)
		for j := range tokenBytes {
			for x := ^(a[j] ^ b[j]); x != 0; x &= x - 1 {
				equal++
			}
		}
	}
	if share := float64(equal) / 128_000; share < 0.493 || share > 0.507 {
		t.Errorf("%.4f of the bits agree, want 0.5", share)
	}
}

func TestTransformStopsWhenCancelled(t *testing.T) {
	mem := checked(t)
	rec := record(build(t, mem, arrow.BinaryTypes.String, `["a"]`))
	defer rec.Release()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := pseudonymizer(t, mem, "")
	if _, err := p.Transform(ctx, rec); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c := p.columns[0]
	if _, err := c.transform(ctx, mem, rec.Column(0), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("inside a column: got %v", err)
	}
}

// Several goroutines share a pseudonymizer, a sampler and the very same
// record, whose null counts and dictionary arrow computes lazily.
func TestConcurrentUse(t *testing.T) {
	mem := memory.NewGoAllocator()
	long := strings.Repeat(`"a","b",null,"c",`, 500) + `"d"`
	plain := build(t, mem, arrow.BinaryTypes.String, "["+long+"]")
	coded := build(t, mem, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "["+long+"]")
	whole := record(plain, coded)
	rec := whole.NewSlice(1, whole.NumRows()-1)
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: HMAC{}}, Column{Name: "c1", Field: testField, Method: HMAC{}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSampler(testKeyring(t), testField, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	results := make([][]string, 8)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			out, err := p.Transform(context.Background(), rec)
			if err != nil {
				t.Error(err)
				return
			}
			defer out.Release()
			results[i] = append(texts(t, out.Column(0)), texts(t, out.Column(1))...)
			keep := make([]bool, rec.NumRows())
			for row := range keep {
				keep[row] = rec.Column(0).IsValid(row)
			}
			if err := s.Keep(rec.Column(i%2), keep); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := int(rec.NumRows())
	if !slices.Equal(results[0][:n], results[0][n:]) {
		t.Error("the plain and the dictionary column differ")
	}
	for i := range results {
		if !slices.Equal(results[i], results[0]) {
			t.Errorf("goroutine %d has another result", i)
		}
	}
}

func TestTransformAllocatesPerBatchOnly(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	mem := memory.NewGoAllocator()
	p := pseudonymizer(t, mem, "")
	for _, rows := range []int{10, 20_000} {
		for name, a := range map[string]arrow.Array{
			"string": build(t, mem, arrow.BinaryTypes.String, "["+strings.Repeat(`"a",`, rows)+`"b"]`),
			"int":    build(t, mem, arrow.PrimitiveTypes.Int64, "["+strings.Repeat(`17,`, rows)+`5]`),
		} {
			rec := record(a)
			n := testing.AllocsPerRun(5, func() {
				out, err := p.Transform(context.Background(), rec)
				if err != nil {
					t.Fatal(err)
				}
				out.Release()
			})
			rec.Release()
			if n > 60 {
				t.Errorf("%s: %v allocations for %d rows", name, n, rows)
			}
		}
	}
}
