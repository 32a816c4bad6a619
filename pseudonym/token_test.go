package pseudonym

import (
	"bytes"
	"compress/gzip"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/c2sp/wycheproof"

	"github.com/lethe-go/lethe/internal/hmac256"
	"github.com/lethe-go/lethe/internal/shared"
)

// The wanted tokens were computed from the description in the package comment
// with Python's hmac, hashlib, base64 and uuid modules.
func TestTokensByAnotherProgram(t *testing.T) {
	for _, test := range []struct {
		value, dataset    string
		base32, hex, uuid string
	}{
		{"P-0001", "", "ZGFXPSM3L7XSYC4P4PD5YLYTJE", "c98b77c99b5fef2c0b8fe3c7dc2f1349",
			"c98b77c9-9b5f-8f2c-8b8f-e3c7dc2f1349"},
		{"", "", "EXDN4HJG6ALKRUDC5WCHITOO2A", "25c6de1d26f016a8d062ed84744dced0",
			"25c6de1d-26f0-86a8-9062-ed84744dced0"},
		{"P-0001", "2026-q1", "YD7ZJDPMMTLU3ZR2Z6RAK2DMZU", "c0ff948dec64d74de63acfa205686ccd",
			"c0ff948d-ec64-874d-a63a-cfa205686ccd"},
		{"42", "", "WPYXK4QJWD7DVNWBERFGKL4VUQ", "b3f1757209b0fe3ab6c1244a652f95a4",
			"b3f17572-09b0-8e3a-b6c1-244a652f95a4"},
		{"2024-02-29", "", "EAFBBNPNG5YPR7NGYRGECCT46A", "200a10b5ed3770f8fda6c44c410a7cf0",
			"200a10b5-ed37-80f8-bda6-c44c410a7cf0"},
	} {
		raw, _ := hex.DecodeString(test.hex)
		for format, want := range map[Format]string{"": test.base32, Base32: test.base32,
			Hex: test.hex, UUID: test.uuid, Binary: string(raw)} {
			f := testField
			f.Dataset = test.dataset
			p, err := New(testKeyring(t), Column{Name: "c0", Field: f, Method: HMAC{Format: format}})
			if err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal([]string{test.value})
			a := build(t, memory.DefaultAllocator, arrow.BinaryTypes.String, string(text))
			defer a.Release()
			if got := tokensOf(t, p, a)[0]; got != want {
				t.Errorf("%q, data set %q, format %q: got %q, want %q",
					test.value, test.dataset, format, got, want)
			}
		}
	}
}

func TestBase32IsThatOfRFC4648(t *testing.T) {
	std := base32.StdEncoding.WithPadding(base32.NoPadding)
	var tok token
	for i := range 10_000 {
		for j := range tok {
			tok[j] = byte(i*(2*j+1) ^ i>>j)
		}
		got := make([]byte, 26)
		enc, _ := Base32.encoding()
		enc.put(got, &tok)
		if want := std.EncodeToString(tok[:]); string(got) != want {
			t.Fatalf("%x: got %s, want %s", tok, got, want)
		}
	}
}

// Fields whose parts run together when joined have different contexts.
func TestContextIsUnambiguous(t *testing.T) {
	seen := map[string]string{}
	parts := []string{"", "a", "b", "ab", "\x01a", "a\x01b", strings.Repeat("a", 200)}
	for _, op := range parts {
		for _, domain := range parts {
			for _, entity := range parts {
				for _, dataset := range parts {
					f := Field{Domain: domain, Entity: entity, Dataset: dataset}
					name := strings.Join([]string{op, domain, entity, dataset}, "|")
					info := string(f.info(op, ""))
					if other, ok := seen[info]; ok {
						t.Fatalf("%q and %q have one context", name, other)
					}
					seen[info] = name
				}
			}
		}
	}
}

type vector struct {
	Key, Msg, Tag        string
	IKM, Salt, Info, OKM string
	Size                 int
	Result               string
}

// readShared reads a file of vectors, which may be compressed.
func readShared(t *testing.T, name string) []byte {
	t.Helper()
	path := filepath.Join(shared.Dir(t), "reference", "pseudonym", "vectors", name)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if raw, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return raw
}

// readVectors reads a file of vectors, or of the module of Wycheproof.
func readVectors(t *testing.T, name string) []vector {
	t.Helper()
	var raw []byte
	if of, ok := strings.CutPrefix(name, "module:"); ok {
		var err error
		if raw, err = fs.ReadFile(wycheproof.TestVectors, of); err != nil {
			t.Fatal(err)
		}
	} else {
		raw = readShared(t, name)
	}
	var file struct {
		Tests      []vector
		TestGroups []struct{ Tests []vector }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.TestGroups {
		file.Tests = append(file.Tests, g.Tests...)
	}
	if len(file.Tests) == 0 {
		t.Fatalf("%s: no vectors", name)
	}
	return file.Tests
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each vector goes twice through one state: a token must not depend on the
// value before it.
func TestHMACVectors(t *testing.T) {
	for _, name := range []string{"module:hmac_sha256_test.json", "hmac_sha256_rfc4231.json",
		"hmac_sha256_wycheproof.json", "wycheproof_full/hmac_sha256_test.json.gz"} {
		valid := 0
		for i, v := range readVectors(t, name) {
			m, err := hmac256.New(unhex(t, v.Key))
			if err != nil {
				t.Fatal(err)
			}
			tag := unhex(t, v.Tag)
			for range 2 {
				msg := unhex(t, v.Msg)
				ok := bytes.Equal(m.Digest(msg)[:len(tag)], tag)
				many := make([]token, 20)
				if m.Prefixes(many, msg, slices.Repeat([][2]int{{0, len(msg)}}, len(many))); ok &&
					!bytes.HasPrefix(tag, many[19][:min(len(tag), tokenBytes)]) {
					t.Errorf("%s: vector %d among others differs", name, i)
				}
				if want := v.Result != "invalid"; ok != want {
					t.Errorf("%s: vector %d: agrees is %t, want %t", name, i, ok, want)
				}
				m.Digest([]byte("another value"))
			}
			if v.Result != "invalid" {
				valid++
			}
		}
		if valid == 0 {
			t.Errorf("%s: no valid vector", name)
		}
	}
}

// The vectors with keys of 32 bytes and more go through a keyset; shorter keys
// must be refused.
func TestHKDFVectors(t *testing.T) {
	through, refused := 0, 0
	for _, name := range []string{"module:hkdf_sha256_test.json", "hkdf_sha256_rfc5869.json",
		"wycheproof_full/hkdf_sha256_test.json.gz"} {
		for i, v := range readVectors(t, name) {
			ikm, salt := unhex(t, v.IKM), unhex(t, v.Salt)
			if len(ikm) > 100 || len(salt) > 100 {
				continue // the encoder of this test writes lengths of one byte
			}
			kr, err := openText(t, jsonKeyset(1,
				jsonKey(1, "ENABLED", "HkdfPrfKey", 3, salt, ikm)))
			if len(ikm) < 32 {
				refused++
				if err == nil {
					t.Errorf("%s: vector %d: a key of %d bytes is accepted", name, i, len(ikm))
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: vector %d: %v", name, i, err)
				continue
			}
			got, err := kr.derive(unhex(t, v.Info), uint32(v.Size))
			if v.Result == "invalid" {
				if err == nil {
					t.Errorf("%s: vector %d: accepted", name, i)
				}
				continue
			}
			through++
			if err != nil || !bytes.Equal(got, unhex(t, v.OKM)) {
				t.Errorf("%s: vector %d: got %x, %v", name, i, got, err)
			}
		}
	}
	if through < 20 || refused < 20 {
		t.Errorf("%d vectors went through a keyset and %d were too short", through, refused)
	}
}
