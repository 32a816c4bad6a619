package pseudonym

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/tink-crypto/tink-go/v2/prf/subtle"
)

// cmacOf is the CMAC of a message, or nil if the key is refused.
func cmacOf(key, msg []byte) []byte {
	c, err := newCMAC(key)
	if err != nil {
		return nil
	}
	var sum token
	c.sum(&sum, msg)
	// Among others it is the same.
	many := make([]token, 21)
	for i := range many {
		c.start(&many[i], msg)
	}
	c.block.Encrypt(many)
	for i := range many {
		if many[i] != sum {
			return nil
		}
	}
	return sum[:]
}

func TestCMACVectors(t *testing.T) {
	valid := 0
	check := func(name string, i int, v vector) {
		got, tag := cmacOf(unhex(t, v.Key), unhex(t, v.Msg)), unhex(t, v.Tag)
		ok := got != nil && bytes.Equal(got, tag)
		if want := v.Result != "invalid"; ok != want {
			t.Errorf("%s: vector %d: agrees is %t, want %t", name, i, ok, want)
		} else if want {
			valid++
		}
	}
	for _, g := range wycheproofGroups[struct{ Tests []vector }](t, "aes_cmac_test.json") {
		for i, v := range g.Tests {
			check("wycheproof", i, v)
		}
	}
	if valid < 50 {
		t.Errorf("only %d valid vectors", valid)
	}
	for _, name := range []string{"aes_cmac_prf.json", "aes_cmac_wycheproof_256.json",
		"wycheproof_full/aes_cmac_test.json.gz"} {
		for i, v := range readVectors(t, name) {
			check(name, i, v)
		}
	}
}

func TestCMACAgreesWithTink(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	for n := range 200 {
		key, msg := make([]byte, 32), make([]byte, n)
		rnd.Read(key)
		rnd.Read(msg)
		prf, err := subtle.NewAESCMACPRF(key)
		if err != nil {
			t.Fatal(err)
		}
		want, err := prf.ComputePRF(msg, 16)
		if err != nil {
			t.Fatal(err)
		}
		if got := cmacOf(key, msg); !bytes.Equal(got, want) {
			t.Fatalf("%d bytes: got %x, want %x", n, got, want)
		}
	}
}

// A column of CMAC tokens holds what Tink computes under the derived key, in
// every format, whatever stands beside a value in its chunk.
func TestCMACColumn(t *testing.T) {
	mem := checked(t)
	kr := testKeyring(t)
	key, err := kr.subkey(opCMAC, testField, "", 32)
	if err != nil {
		t.Fatal(err)
	}
	prf, err := subtle.NewAESCMACPRF(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []Format{"", Hex, Binary, UUID} {
		p, err := New(kr, Column{Name: "c0", Field: testField, Method: CMAC{format}})
		if err != nil {
			t.Fatal(err)
		}
		p.mem = mem
		enc, _ := format.encoding()
		a := build(t, mem, arrow.BinaryTypes.String,
			`["", "a", null, "0123456789abcdef", "0123456789abcdefg", "a"]`)
		got := tokensOf(t, p, a)
		for i, value := range []string{"", "a", "", "0123456789abcdef", "0123456789abcdefg", "a"} {
			if i == 2 {
				continue
			}
			tag, _ := prf.ComputePRF([]byte(value), 16)
			want := make([]byte, enc.width)
			enc.put(want, (*token)(tag))
			if got[i] != string(want) {
				t.Errorf("format %q: %q: got %q, want %q", format, value, got[i], want)
			}
		}
		a.Release()
	}
}

func TestInt63(t *testing.T) {
	mem := checked(t)
	for _, m := range []Method{HMAC{Int63}, &CMAC{Int63}} {
		p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		p.mem = mem
		if got := p.columns[0].bits(); got != 63 {
			t.Errorf("%d bits", got)
		}
		rec := record(build(t, mem, arrow.BinaryTypes.String, `["a", null, "b", "a"]`))
		out, err := p.Transform(context.Background(), rec)
		rec.Release()
		if err != nil {
			t.Fatal(err)
		}
		a, ok := out.Column(0).(interface{ Int64Values() []int64 })
		if !ok || out.Column(0).NullN() != 1 {
			t.Fatalf("got %v", out.Column(0))
		}
		v := a.Int64Values()
		if v[0] <= 0 || v[2] <= 0 || v[0] == v[2] || v[0] != v[3] {
			t.Errorf("got %v", v)
		}
		out.Release()
	}
}
