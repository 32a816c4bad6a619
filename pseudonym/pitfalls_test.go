package pseudonym

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

// TestPitfalls names what other tools have got wrong, and sees each refused.
// The errors hold no value: what is refused is called canary.
func TestPitfalls(t *testing.T) {
	mem := memory.DefaultAllocator
	kr := testKeyring(t)
	text := arrow.BinaryTypes.String
	made := func(c Column) error {
		c.Name = "c0"
		_, err := New(kr, c)
		return err
	}
	run := func(c Column, json string, further ...arrow.Array) error {
		_, err := transformed(t, mem, c, build(t, mem, text, json), further...)
		return err
	}
	// judged runs n values through a column and its guards.
	judged := func(m Method, values []string) error {
		return counted(t, Column{Method: m}, values, len(values), false).Err()
	}
	for _, p := range []struct {
		pitfall string
		err     func() error
		want    string
	}{
		{"tokens without a key", func() error {
			_, err := New(nil, Column{Name: "c0", Field: testField, Method: HMAC{}})
			return err
		}, "no keyring"},
		{"tokens under a zero key", func() error {
			_, err := New(&Keyring{}, Column{Name: "c0", Field: testField, Method: CMAC{}})
			return err
		}, "no keyring"},
		{"a key of few bits", func() error {
			_, err := openText(t, jsonKeyset(7, goodKey(7, []byte("password"))))
			return err
		}, "the keyset is damaged"},
		{"a key of another kind, such as a salt for a hash", func() error {
			_, err := openText(t, jsonKeyset(7, jsonKey(7, "ENABLED", "AesSivKey", 3, nil, testRoot())))
			return err
		}, "key"},
		{"a lookup of tokens without an audit", func() error {
			_, err := Reverse(reverse.Permit{}, kr, Column{Name: "c0", Field: testField, Method: SIV{}})
			return err
		}, "through package reid only"},
		{"a lookup by a method that cannot be reversed", func() error {
			_, err := Reverse(reverse.Grant(), kr, Column{Name: "c0", Field: testField, Method: HMAC{}})
			return err
		}, "cannot be reversed"},
		{"few distinct values", func() error { return judged(HMAC{}, series(5000, 12, 10)) },
			"12 distinct values"},
		{"few distinct values, reversible", func() error { return judged(SIV{}, series(5000, 12, 10)) },
			"12 distinct values"},
		{"one value in more than a tenth of the rows", func() error {
			return judged(HMAC{}, series(5000, 3000, 700))
		}, "one value makes up 14.0 %"},
		{"the length of a value shows", func() error {
			return made(Column{Field: testField, Method: SIV{Bucket: -1}})
		}, "bucket"},
		{"a rerun after a rotation changes every token", func() error {
			_, err := kr.Pin(99)
			return err
		}, "99"},
		{"no domain", func() error {
			return made(Column{Field: Field{Entity: "e"}, Method: HMAC{}})
		}, "no domain"},
		{"no entity", func() error {
			return made(Column{Field: Field{Domain: "d"}, Method: HMAC{}})
		}, "no entity"},
		{"a missing context of a row", func() error {
			_, err := transformed(t, mem, Column{Field: testField,
				Method: DateShift{Subject: "c1", Lo: 1, Hi: 9}},
				build(t, mem, arrow.FixedWidthTypes.Date32, `["2020-01-01"]`), build(t, mem, text, `[null]`))
			return err
		}, "subject of a date is null"},
		{"a column of the context that is not there", func() error {
			return run(Column{Field: testField, Method: DateShift{Subject: "who", Lo: 1, Hi: 9}}, `["x"]`)
		}, `"who", which it reads, not in the table`},
		{"truncated tokens of too many values", func() error {
			c := counted(t, Column{Method: HMAC{Format: Int63}}, series(300, 200, 2), 300, false)
			for i := range uint64(200_000) {
				c.columns[0].pair(1<<40+i, i)
			}
			return c.Err()
		}, "tokens of 63 bits are good for 135818"},
		{"two values with one token", func() error {
			c := counted(t, Column{Method: HMAC{Format: Int63}}, series(300, 200, 2), 300, false)
			c.columns[0].pair(1, 2)
			c.columns[0].pair(1, 3)
			return c.Err()
		}, "two values have the same token"},
		{"a canonical form that nobody specified", func() error {
			return made(Column{Field: testField, Method: HMAC{}, Canonical: []string{"clean"}})
		}, `canonicalization "clean"`},
		{"a canonical form of bytes that are no text", func() error {
			_, err := transformed(t, mem, Column{Field: testField, Method: HMAC{},
				Canonical: []string{"nfc"}}, build(t, mem, arrow.BinaryTypes.Binary, `["Y2FuYXJ5/w=="]`))
			return err
		}, "not valid UTF-8"},
		{"a phone number without its country", func() error {
			return run(Column{Field: testField, Method: HMAC{}, Canonical: []string{"e164"}}, `["0301234567"]`)
		}, "country code"},
		{"empty, null and sentinel values mixed up", func() error {
			return made(Column{Field: testField, Method: HMAC{}, Sentinels: []string{""}})
		}, "an empty sentinel"},
		{"floating point numbers as identifiers", func() error {
			_, err := transformed(t, mem, Column{Field: testField, Method: HMAC{}},
				build(t, mem, arrow.PrimitiveTypes.Float64, `[1]`))
			return err
		}, "no identifier"},
		{"FF1 of a small domain", func() error {
			return run(Column{Field: testField, Method: FF1{Shape: ShapeDigits}}, `["12345"]`)
		}, "fewer than a million"},
		{"FF1 passes foreign characters through", func() error {
			return run(Column{Field: testField, Method: FF1{Shape: ShapeDigits}}, `["12345678canary"]`)
		}, "row 0"},
		{"FF1 of a wrong check digit", func() error {
			return run(Column{Field: testField, Method: FF1{Shape: ShapeCard}}, `["4111111111111112"]`)
		}, "row 0"},
		{"FF1 of an empty value", func() error {
			return run(Column{Field: testField, Method: FF1{Shape: ShapeDigits}}, `[""]`)
		}, "row 0"},
		{"FF1 without a shape", func() error { return made(Column{Field: testField, Method: FF1{}}) },
			"no shape"},
		{"a shift that is the same for all", func() error {
			return made(Column{Field: testField, Method: DateShift{Subject: "s", Lo: 5, Hi: 5}})
		}, "all people would have the same"},
		{"a constant that is a null", func() error { return made(Column{Method: Constant{}}) }, "no value"},
		{"a mask that hides nothing said", func() error { return made(Column{Method: Mask{}}) },
			"nothing is left"},
	} {
		t.Run(p.pitfall, func(t *testing.T) {
			err := p.err()
			if err == nil {
				t.Fatal("is not refused")
			}
			if !strings.Contains(err.Error(), p.want) {
				t.Errorf("error %v, want %q in it", err, p.want)
			}
			if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "12345") {
				t.Errorf("the error holds a value: %v", err)
			}
			noKey(t, err.Error(), testRoot())
		})
	}
}

// TestMethodsAreKeyedOrNoTokens lists the methods there are: a hash without a
// key, FF3 or a format of fewer than 63 bits would be a new name here.
func TestMethodsAreKeyedOrNoTokens(t *testing.T) {
	for _, m := range []Method{HMAC{}, CMAC{}, SIV{}, FF1{}, Email{}, DateShift{}} {
		if traitsOf(m).keyless {
			t.Errorf("%T has no key", m)
		}
		if err := (Column{Name: "a", Method: m}).Validate(); err == nil ||
			!strings.Contains(err.Error(), "no domain") {
			t.Errorf("%T without a field: %v", m, err)
		}
	}
	for _, m := range []Method{Redact{}, Mask{KeepFirst: 1}, Constant{"x"}} {
		if tr := traitsOf(m); !tr.keyless || !tr.varies {
			t.Errorf("%T: %+v", m, tr)
		}
	}
	for _, f := range []Format{Base32, Hex, Binary, UUID, Int63} {
		if e, err := f.encoding(); err != nil || e.bits < 63 {
			t.Errorf("%s keeps %d bits, %v", f, e.bits, err)
		}
	}
}

// TestLengthsAreHidden: values of 0 to 15 bytes have reversible tokens of one
// length.
func TestLengthsAreHidden(t *testing.T) {
	var values []string
	for n := range 16 {
		values = append(values, `"`+strings.Repeat("a", n)+`"`)
	}
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: SIV{}})
	if err != nil {
		t.Fatal(err)
	}
	rec := record(build(t, memory.DefaultAllocator, arrow.BinaryTypes.String,
		"["+strings.Join(values, ",")+"]"))
	defer rec.Release()
	out, err := p.Transform(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	lengths := map[int]bool{}
	tokens := out.Column(0).(*array.String)
	for i := range tokens.Len() {
		lengths[len(tokens.Value(i))] = true
	}
	if len(lengths) != 1 {
		t.Errorf("tokens of lengths %v", lengths)
	}
}

// TestUnlinkable tokenizes ten thousand ids for two data sets. The tokens of an
// id must be as far apart as those of strangers: of 128 bits, 64 differ on
// average.
func TestUnlinkable(t *testing.T) {
	const n = 10_000
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range n {
		b.Append(fmt.Sprintf("%08d", i))
	}
	ids := b.NewArray()
	defer ids.Release()
	for _, m := range []Method{HMAC{Format: Binary}, CMAC{Format: Binary}} {
		tokens := func(dataset string) [][]byte {
			p, err := New(testKeyring(t), Column{Name: "c0", Method: m,
				Field: Field{testField.Domain, testField.Entity, dataset}})
			if err != nil {
				t.Fatal(err)
			}
			ids.Retain()
			rec := record(ids)
			defer rec.Release()
			out, err := p.Transform(t.Context(), rec)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Release()
			var list [][]byte
			for i := range n {
				list = append(list, slices.Clone(out.Column(0).(*array.FixedSizeBinary).Value(i)))
			}
			return list
		}
		first, second := tokens("one"), tokens("two")
		var differ [128]int
		for i := range first {
			for k := range 128 {
				if first[i][k/8]>>(k%8)&1 != second[i][k/8]>>(k%8)&1 {
					differ[k]++
				}
			}
		}
		// Each is binomial with p = 1/2: its standard deviation is 50, and six
		// of them are passed by one of 128 with a chance of 3e-7.
		for k, d := range differ {
			if d < n/2-300 || d > n/2+300 {
				t.Errorf("%T: bit %d differs in %d of %d", m, k, d, n)
			}
		}
		// The same data set joins.
		if !reflect.DeepEqual(first, tokens("one")) {
			t.Errorf("%T: the same data set has other tokens", m)
		}
	}
}
