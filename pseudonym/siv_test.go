package pseudonym

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/daead/subtle"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	aessivpb "github.com/tink-crypto/tink-go/v2/proto/aes_siv_go_proto"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"google.golang.org/protobuf/proto"
)

func sealedBy(s *siv, plain []byte) []byte {
	out := make([]byte, 16+len(plain))
	s.seal(out, plain)
	return out
}

type sivVector struct {
	Key, AAD, IV, Msg, PT, CT, Tag, Result string
	AD                                     []string
}

func checkSIV(t *testing.T, name string, i int, key []byte, ads [][]byte,
	msg, ct []byte, valid bool) {
	t.Helper()
	s, err := newSIV(key, ads...)
	if err != nil {
		t.Errorf("%s: vector %d: %v", name, i, err)
		return
	}
	for range 2 { // one state, twice
		plain, err := s.open(nil, ct)
		if ok := err == nil && bytes.Equal(plain, msg); ok != valid {
			t.Errorf("%s: vector %d: opens is %t, want %t", name, i, ok, valid)
		}
		if ok := bytes.Equal(sealedBy(s, msg), ct); ok != valid {
			t.Errorf("%s: vector %d: agrees is %t, want %t", name, i, ok, valid)
		}
	}
}

func TestSIVWycheproof(t *testing.T) {
	type group struct{ Tests []sivVector }
	count := 0
	for _, g := range wycheproofGroups[group](t, "aes_siv_cmac_test.json") {
		for i, v := range g.Tests {
			checkSIV(t, "daead", i, unhex(t, v.Key), [][]byte{unhex(t, v.AAD)},
				unhex(t, v.Msg), unhex(t, v.CT), v.Result == "valid")
			count++
		}
	}
	for _, g := range wycheproofGroups[group](t, "aead_aes_siv_cmac_test.json") {
		for i, v := range g.Tests {
			checkSIV(t, "aead", i, unhex(t, v.Key), [][]byte{unhex(t, v.AAD), unhex(t, v.IV)},
				unhex(t, v.Msg), unhex(t, v.Tag+v.CT), v.Result == "valid")
			count++
		}
	}
	if count < 1300 {
		t.Errorf("only %d vectors", count)
	}
}

func TestSIVVectors(t *testing.T) {
	for _, name := range []string{"aes_siv_rfc5297.json", "aes_siv_wycheproof_512bit.json"} {
		raw := readShared(t, name)
		var file struct{ Tests []sivVector }
		if err := json.Unmarshal(raw, &file); err != nil || len(file.Tests) == 0 {
			t.Fatal(err, "no vectors")
		}
		for i, v := range file.Tests {
			var ads [][]byte
			for _, ad := range v.AD {
				ads = append(ads, unhex(t, ad))
			}
			checkSIV(t, name, i, unhex(t, v.Key), ads, unhex(t, v.PT), unhex(t, v.CT),
				v.Result != "invalid")
		}
	}
}

func TestSIVAgreesWithTink(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{2})
	for n := range 150 {
		key, ad, msg := make([]byte, 64), make([]byte, n%40), make([]byte, n)
		for _, b := range [][]byte{key, ad, msg} {
			rnd.Read(b)
		}
		theirs, err := subtle.NewAESSIV(key)
		if err != nil {
			t.Fatal(err)
		}
		want, err := theirs.EncryptDeterministically(msg, ad)
		if err != nil {
			t.Fatal(err)
		}
		s, err := newSIV(key, ad)
		if err != nil {
			t.Fatal(err)
		}
		if got := sealedBy(s, msg); !bytes.Equal(got, want) {
			t.Fatalf("%d bytes: got %x, want %x", n, got, want)
		}
	}
}

// Texts of all short lengths side by side are encrypted as each alone.
func TestSIVSideBySide(t *testing.T) {
	s, err := newSIV(append(testRoot(), testRoot()...), []byte("context"))
	if err != nil {
		t.Fatal(err)
	}
	c := newShortTexts(make([]byte, prefixBytes))
	for round := range 3 {
		var texts, wants [][]byte
		for n := range maxShort + 1 {
			if round == 2 {
				n %= 17 // many short ones
			}
			plain := bytes.Repeat([]byte{byte(n*n + round)}, n)
			texts, wants = append(texts, plain), append(wants, sealedBy(s, plain))
		}
		for len(texts) > 0 {
			n := c.fill(chunkOf(texts), 1)
			s.sealShort(c)
			for i, want := range wants[:n] {
				if got := c.raw[i*shortToken+prefixBytes:][:len(want)]; !bytes.Equal(got, want) {
					t.Errorf("round %d, %d bytes: got %x, want %x", round, len(texts[i]), got, want)
				}
			}
			texts, wants = texts[n:], wants[n:]
		}
	}
}

// tinkSIV is Tink's AEAD on a keyset that holds the sub-key of a field.
func tinkSIV(t *testing.T, kr *Keyring, f Field) interface {
	DecryptDeterministically(ciphertext, associatedData []byte) ([]byte, error)
	EncryptDeterministically(plaintext, associatedData []byte) ([]byte, error)
} {
	t.Helper()
	key, err := kr.subkey(opSIV, f, "", sivKeyBytes)
	if err != nil {
		t.Fatal(err)
	}
	value, err := proto.Marshal(&aessivpb.AesSivKey{KeyValue: key})
	if err != nil {
		t.Fatal(err)
	}
	text, err := proto.Marshal(&tinkpb.Keyset{
		PrimaryKeyId: kr.ID(),
		Key: []*tinkpb.Keyset_Key{{
			KeyData: &tinkpb.KeyData{TypeUrl: "type.googleapis.com/google.crypto.tink.AesSivKey",
				Value: value, KeyMaterialType: tinkpb.KeyData_SYMMETRIC},
			Status: tinkpb.KeyStatusType_ENABLED, KeyId: kr.ID(),
			OutputPrefixType: tinkpb.OutputPrefixType_TINK,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := daead.New(h)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A column's tokens are Tink's ciphertexts, prefix and all, and Tink opens
// them.
func TestSIVColumnIsTinks(t *testing.T) {
	mem := checked(t)
	kr := testKeyring(t)
	tink := tinkSIV(t, kr, testField)
	values := []string{"", "a", "123456789012345", "1234567890123456", strings.Repeat("x", 300),
		strings.Repeat("y", 63), strings.Repeat("z", 64), strings.Repeat("z", 47)}
	for _, bucket := range []int{0, 1, 16, 40} {
		for _, format := range []Format{"", Hex, Binary} {
			m := SIV{Format: format, Bucket: bucket}
			p, err := New(kr, Column{Name: "c0", Field: testField, Method: m})
			if err != nil {
				t.Fatal(err)
			}
			p.mem = mem
			enc, _ := format.sealed()
			text, _ := json.Marshal(values)
			a := build(t, mem, arrow.BinaryTypes.String, string(text))
			got := sivTexts(t, p, a)
			a.Release()
			for i, value := range values {
				plain := []byte(value)
				if b := m.bucket(); b > 1 && (len(plain) == 0 || len(plain)%b != 0) {
					plain = append(plain, 0x80)
					plain = append(plain, make([]byte, (b-len(plain)%b)%b)...)
				}
				want, err := tink.EncryptDeterministically(plain, testField.info(opSIV, ""))
				if err != nil {
					t.Fatal(err)
				}
				raw, err := enc.read(nil, []byte(got[i]))
				if err != nil || !bytes.Equal(raw, want) {
					t.Errorf("bucket %d, %q, value %d: got %x, %v, want %x",
						bucket, format, i, raw, err, want)
				}
				back, err := tink.DecryptDeterministically(raw, testField.info(opSIV, ""))
				if err != nil || !bytes.Equal(back, plain) {
					t.Errorf("Tink reads %q, %v", back, err)
				}
			}
		}
	}
}

func sivTexts(t *testing.T, p *Pseudonymizer, a arrow.Array) []string {
	t.Helper()
	a.Retain()
	rec := record(a)
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	list := make([]string, a.Len())
	for i := range list {
		switch c := out.Column(0).(type) {
		case *array.String:
			list[i] = c.Value(i)
		case *array.Binary:
			list[i] = c.ValueString(i)
		default:
			t.Fatalf("unexpected %T", c)
		}
		list[i] = strings.Clone(list[i])
	}
	return list
}

// opener reverses the tokens of a method in testField.
func opener(t testing.TB, m Method) reverse.Opener {
	t.Helper()
	o, err := Reverse(reverse.Grant(), testKeyring(t),
		Column{Name: "c0", Field: testField, Method: m})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestSIVHidesLengths(t *testing.T) {
	mem := checked(t)
	p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: SIV{}})
	if err != nil {
		t.Fatal(err)
	}
	p.mem = mem
	var values []string
	for n := range 17 {
		values = append(values, strings.Repeat("a", n))
	}
	text, _ := json.Marshal(values)
	a := build(t, mem, arrow.BinaryTypes.String, string(text))
	defer a.Release()
	for i, tok := range sivTexts(t, p, a) {
		if len(tok) != 60 { // 5 + 16 + 16 bytes in base32
			t.Errorf("%d characters: a token of %d", i, len(tok))
		}
	}
}

// Whatever is changed in a token, it does not open, and the error says nothing
// of it.
func TestSIVRefusesAlteredTokens(t *testing.T) {
	mem := checked(t)
	for _, format := range []Format{Base32, Hex, Binary} {
		m := SIV{Format: format}
		p, err := New(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		p.mem = mem
		a := build(t, mem, arrow.BinaryTypes.String, `["canary"]`)
		tok := sivTexts(t, p, a)[0]
		a.Release()
		o := opener(t, &m)
		if got, err := o.Open([]byte(">"), []byte(tok)); err != nil || string(got) != ">canary" {
			t.Fatalf("got %q, %v", got, err)
		}
		for i := range len(tok) {
			for _, c := range []byte{tok[i] ^ 1, tok[i] ^ 0x20, 'A', '7', 0} {
				bad := []byte(tok)
				if bad[i] = c; c == tok[i] {
					continue
				}
				if _, err := o.Open(nil, bad); err == nil {
					t.Errorf("%s: opens with another byte %d", format, i)
				} else if strings.Contains(err.Error(), "canary") {
					t.Error(err)
				}
			}
			if _, err := o.Open(nil, []byte(tok[:i])); err == nil {
				t.Errorf("%s: opens when cut to %d", format, i)
			}
		}
		if _, err := o.Open(nil, []byte(tok+"A")); err == nil {
			t.Errorf("%s: opens with more behind", format)
		}
		other := opener(t, &SIV{Format: format, Bucket: 24})
		if _, err := other.Open(nil, []byte(tok)); err == nil {
			t.Errorf("%s: opens with another bucket", format)
		}
		elsewhere, err := Reverse(reverse.Grant(), testKeyring(t), Column{Name: "c0",
			Field: Field{Domain: "ward-study", Entity: "doctor"}, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.Open(nil, []byte(tok)); err == nil {
			t.Errorf("%s: opens in another field", format)
		}
	}
}

func TestReverseRefuses(t *testing.T) {
	kr := testKeyring(t)
	good := Column{Name: "c0", Field: testField, Method: SIV{}}
	for name, f := range map[string]func() error{
		"no permit": func() error { _, err := Reverse(reverse.Permit{}, kr, good); return err },
		"no keyring": func() error {
			_, err := Reverse(reverse.Grant(), nil, good)
			return err
		},
		"not reversible": func() error {
			_, err := Reverse(reverse.Grant(), kr, Column{Name: "c0", Field: testField, Method: HMAC{}})
			return err
		},
		"no method": func() error {
			_, err := Reverse(reverse.Grant(), kr, Column{Name: "c0", Field: testField})
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSIVOptions(t *testing.T) {
	for want, m := range map[string]SIV{
		`format "uuid" has no room`:  {Format: UUID},
		`format "int63" has no room`: {Format: Int63},
		`format "md5" is not known`:  {Format: "md5"},
		"bucket is -1":               {Bucket: -1},
		"bucket is 65537":            {Bucket: 65537},
	} {
		err := Column{Name: "a", Field: testField, Method: m}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzSIV(f *testing.F) {
	f.Add([]byte("P-0001"), 16)
	f.Add([]byte{0x80, 0, 0}, 2)
	f.Add([]byte{}, 1)
	f.Fuzz(func(t *testing.T, value []byte, bucket int) {
		m := SIV{Bucket: 1 + int(uint(bucket)%100)}
		fresh, _, err := m.sealer(testKeyring(t), Column{Name: "c0", Field: testField, Method: m})
		if err != nil {
			t.Fatal(err)
		}
		text := pad(nil, value, m.Bucket)
		if len(text)%m.Bucket != 0 || m.Bucket > 1 && len(text) == 0 {
			t.Errorf("%d bytes of padded text", len(text))
		}
		s := fresh()
		tok := slices.Concat(s.token, sealedBy(s.siv, text))
		b32 := make([]byte, s.enc.size(len(tok)))
		s.enc.put(b32, tok)
		got, err := s.Open(nil, b32)
		if err != nil || !bytes.Equal(got, value) {
			t.Errorf("got %x, %v, want %x", got, err, value)
		}
	})
}

// Different values never have equal padded texts: all short strings of the bytes
// that padding uses and one other.
func TestPadIsInjective(t *testing.T) {
	for _, bucket := range []int{1, 2, 3, 16} {
		seen := map[string]string{}
		var walk func(value string)
		walk = func(value string) {
			padded := string(pad(nil, []byte(value), bucket))
			if other, ok := seen[padded]; ok {
				t.Fatalf("bucket %d: %x and %x have one padded text", bucket, value, other)
			}
			seen[padded] = value
			back, ok := unpad([]byte(padded), bucket)
			if !ok || string(back) != value {
				t.Fatalf("bucket %d: %x comes back as %x, %t", bucket, value, back, ok)
			}
			if len(value) < 6 {
				for _, c := range []string{"\x00", "\x80", "a"} {
					walk(value + c)
				}
			}
		}
		walk("")
		for padded := range seen { // what pad does not make is refused
			for _, bad := range []string{padded + "\x00", padded + "\x80"} {
				_, made := seen[bad]
				if _, ok := unpad([]byte(bad), bucket); ok != made && bucket > 1 && len(bad) < 6 {
					t.Errorf("bucket %d: %x is accepted: %t, made: %t", bucket, bad, ok, made)
				}
			}
		}
	}
}

func TestBase32Bytes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for n := range 100 {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(rnd.Uint32())
		}
		f, _ := Base32.sealed()
		text := make([]byte, f.size(n))
		f.put(text, src)
		if back, err := f.read(nil, text); err != nil || !bytes.Equal(back, src) {
			t.Errorf("%d bytes: got %x, %v", n, back, err)
		}
		if want := fmt.Sprintf("%d", (8*n+4)/5); fmt.Sprint(len(text)) != want {
			t.Errorf("%d bytes: %d characters, want %s", n, len(text), want)
		}
	}
}
