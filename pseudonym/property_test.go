package pseudonym

import (
	"context"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"
)

// wantTokens is the naive oracle: a fresh derivation, a fresh HMAC and the
// standard encoder for each row.
func wantTokens(tb testing.TB, rows []*string) []string {
	tb.Helper()
	want := make([]string, len(rows))
	for i, s := range rows {
		if s != nil {
			want[i] = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(
				oracle(tb, testRoot(), opHMAC, testField, []byte(*s))[:16])
		}
	}
	return want
}

// stringArray is a plain column of the rows.
func stringArray(mem memory.Allocator, rows []*string) arrow.Array {
	b := array.NewStringBuilder(mem)
	defer b.Release()
	for _, s := range rows {
		if s == nil {
			b.AppendNull()
		} else {
			b.Append(*s)
		}
	}
	return b.NewArray()
}

// dictArray is a dictionary column of the rows with unused, equal and null
// entries: every row has an entry of its own, in reverse, every third null is
// one of the dictionary.
func dictArray(mem memory.Allocator, rows []*string) arrow.Array {
	entries := make([]*string, 0, len(rows)+2)
	unused := "unused"
	entries = append(entries, &unused)
	index := array.NewInt32Builder(mem)
	defer index.Release()
	for i := range rows {
		entries = append(entries, rows[len(rows)-1-i])
	}
	for i, s := range rows {
		if s == nil && i%3 != 0 {
			index.AppendNull()
		} else {
			index.Append(int32(len(rows) - i))
		}
	}
	e, i := stringArray(mem, append(entries, &unused)), index.NewArray()
	defer e.Release()
	defer i.Release()
	return array.NewDictionaryArray(&arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}, i, e)
}

// inBatches transforms slices of a of at most size rows.
func inBatches(tb testing.TB, p *Pseudonymizer, a arrow.Array, size int) []string {
	tb.Helper()
	var got []string
	for from := 0; from < a.Len(); from += size {
		part := array.NewSlice(a, int64(from), int64(min(from+size, a.Len())))
		got = append(got, tokensOf(tb, p, part)...)
		part.Release()
	}
	return got
}

func checkRows(tb testing.TB, rows []*string) {
	tb.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	p := pseudonymizer(tb, mem, Base32)
	want := wantTokens(tb, rows)
	for name, a := range map[string]arrow.Array{
		"plain": stringArray(mem, rows), "dictionary": dictArray(mem, rows)} {
		for _, size := range []int{1, 7, max(1, len(rows))} {
			if got := inBatches(tb, p, a, size); !slices.Equal(got, want) {
				tb.Errorf("%s in batches of %d: got %q, want %q", name, size, got, want)
			}
		}
		a.Release()
	}
	mem.AssertSize(quiet{tb}, 0)
	if n := mem.CurrentAlloc(); n != 0 {
		tb.Errorf("%d bytes are not released", n)
	}
}

// quiet lets AssertSize print nothing: what leaked holds values.
type quiet struct{ testing.TB }

func (quiet) Errorf(string, ...any) {}

func TestBatchesSlicesAndDictionaries(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.Ptr(rapid.OneOf(
			rapid.String(), rapid.SampledFrom([]string{"", "a", "b", "P-0001"})), true), 0, 40).
			Draw(r, "rows")
		checkRows(t, rows)
		if t.Failed() {
			r.FailNow()
		}
	})
}

// FuzzTransform cuts the input at line ends into rows; a line of one zero byte
// is a null.
func FuzzTransform(f *testing.F) {
	f.Add("P-0001\nP-0002\n\n\x00\nP-0001")
	f.Add("")
	f.Add("\x00\n\x00")
	f.Add("\xff\xfe\n" + strings.Repeat("long", 40) + "\n" + strings.Repeat("0123456789a", 5))
	f.Fuzz(func(t *testing.T, text string) {
		var rows []*string
		for line := range strings.SplitSeq(text, "\n") {
			if line == "\x00" {
				rows = append(rows, nil)
				continue
			}
			rows = append(rows, &line)
		}
		if len(rows) > 200 {
			rows = rows[:200]
		}
		checkRows(t, rows)
	})
}

// FuzzKeyFile must neither accept nor quote what is not a keyset.
func FuzzKeyFile(f *testing.F) {
	good := jsonKeyset(testID, goodKey(testID, testRoot()))
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(strings.Replace(good, "HkdfPrfKey", "AesGcmKey", 1))
	f.Add(`{"primaryKeyId":1,"key":[{}]}`)
	f.Add(`{"primaryKeyId":1,"key":[{"keyId":1,"status":"ENABLED"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseKeyset([]byte(text))
		var kr *Keyring
		if err == nil {
			kr, err = newKeyring(h)
		}
		if err != nil {
			noKey(t, err.Error(), testRoot())
			return
		}
		if _, err := New(kr, Column{Name: "c0", Field: testField, Method: HMAC{}}); err != nil {
			t.Errorf("an open keyring cannot be used: %v", err)
		}
	})
}

// No value of a cell occurs in any error.
func TestErrorsHoldNoValues(t *testing.T) {
	const canary = "canary-4711"
	p := pseudonymizer(t, memory.NewGoAllocator(), "")
	s := sampler(t, testField, 0.5)
	mem := memory.NewGoAllocator()
	strs, bin := arrow.BinaryTypes.String, memory.NewBufferBytes
	bad := array.NewData(strs, 2, []*memory.Buffer{nil,
		bin(arrow.Int32Traits.CastToBytes([]int32{0, 11, 3})), bin([]byte(canary))}, nil, 0, 0)
	for _, a := range []arrow.Array{
		array.MakeFromData(bad),
		build(t, mem, strs, `["`+canary+`", null]`),
		dict(t, mem, arrow.PrimitiveTypes.Int8, `[0, 9]`, strs, `["`+canary+`"]`),
		build(t, mem, arrow.ListOf(strs), `[["`+canary+`"]]`),
		build(t, mem, arrow.PrimitiveTypes.Float64, `[4711]`),
		build(t, mem, arrow.FixedWidthTypes.Timestamp_s, `["4711-01-01"]`),
	} {
		err := s.Keep(a, trues(a.Len()))
		if err == nil {
			t.Errorf("%s: the sampler accepts it", a.DataType())
		}
		rec := record(a)
		_, err2 := p.Transform(context.Background(), rec)
		text := fmt.Sprint(err, err2)
		if strings.Contains(text, "canary") || strings.Contains(text, "4711") {
			t.Errorf("a value occurs in %q", text)
		}
		rec.Release()
	}
}
