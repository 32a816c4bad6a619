package pseudonym

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const testID = 1234567

var testField = Field{Domain: "ward-study", Entity: "patient"}

// testRoot is the key 00 01 02 … 1f.
func testRoot() []byte {
	root := make([]byte, 32)
	for i := range root {
		root[i] = byte(i)
	}
	return root
}

// jsonKey encodes one key of a Tink keyset by hand: an HkdfPrfKey message with
// the hash function (3 is SHA-256), a salt and the key.
func jsonKey(id int, status, typ string, hash byte, salt, root []byte) string {
	params := append([]byte{0x08, hash}, field(2, salt)...)
	if len(salt) == 0 {
		params = params[:2]
	}
	value := append(field(2, params), field(3, root)...)
	return fmt.Sprintf(`{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.%s",`+
		`"value":%q,"keyMaterialType":"SYMMETRIC"},"status":%q,"keyId":%d,"outputPrefixType":"RAW"}`,
		typ, base64.StdEncoding.EncodeToString(value), status, id)
}

// field encodes a length-delimited field of protocol buffers.
func field(number byte, content []byte) []byte {
	return append([]byte{number<<3 | 2, byte(len(content))}, content...)
}

func jsonKeyset(primary int, keys ...string) string {
	all := ""
	for i, k := range keys {
		if i > 0 {
			all += ","
		}
		all += k
	}
	return fmt.Sprintf(`{"primaryKeyId":%d,"key":[%s]}`, primary, all)
}

func goodKey(id int, root []byte) string {
	return jsonKey(id, "ENABLED", "HkdfPrfKey", 3, nil, root)
}

// writeKeys writes a key file with the mode that KeyFile wants.
func writeKeys(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func openText(tb testing.TB, text string) (*Keyring, error) {
	tb.Helper()
	return Open(context.Background(), KeyFile(writeKeys(tb, text)))
}

func testKeyring(tb testing.TB) *Keyring {
	tb.Helper()
	kr, err := openText(tb, jsonKeyset(testID, goodKey(testID, testRoot())))
	if err != nil {
		tb.Fatal(err)
	}
	return kr
}

// oracle computes the HMAC of a value from the root key with nothing but the
// standard library and the documented format of the context.
func oracle(tb testing.TB, root []byte, op string, f Field, value []byte) []byte {
	tb.Helper()
	info := ""
	for _, part := range []string{"lethe.pseudonym/v1", op, f.Domain, f.Entity, f.Dataset, ""} {
		if len(part) > 127 {
			tb.Fatal("the oracle writes lengths of one byte only")
		}
		info += string(rune(len(part))) + part
	}
	key, err := hkdf.Key(sha256.New, root, nil, info, 32)
	if err != nil {
		tb.Fatal(err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(value)
	return h.Sum(nil)
}

// build makes an array from JSON.
func build(tb testing.TB, mem memory.Allocator, t arrow.DataType, json string) arrow.Array {
	tb.Helper()
	a, _, err := array.FromJSON(mem, t, strings.NewReader(json), array.WithUseNumber())
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// dict makes a dictionary array with the given physical entries, which a
// builder would have made distinct.
func dict(tb testing.TB, mem memory.Allocator, index arrow.DataType, indices string,
	values arrow.DataType, entries string) *array.Dictionary {
	tb.Helper()
	i, e := build(tb, mem, index, indices), build(tb, mem, values, entries)
	defer i.Release()
	defer e.Release()
	return array.NewDictionaryArray(
		&arrow.DictionaryType{IndexType: index, ValueType: values}, i, e)
}

// record wraps arrays as columns c0, c1, … and releases them.
func record(arrays ...arrow.Array) arrow.Record {
	fields := make([]arrow.Field, len(arrays))
	for i, a := range arrays {
		fields[i] = arrow.Field{Name: fmt.Sprintf("c%d", i), Type: a.DataType(), Nullable: true}
		defer a.Release()
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(arrays[0].Len()))
}

// pseudonymizer replaces c0 in the given format; its arrays come from mem.
func pseudonymizer(tb testing.TB, mem memory.Allocator, f Format) *Pseudonymizer {
	tb.Helper()
	p, err := New(testKeyring(tb), Column{Name: "c0", Field: testField, Method: HMAC{Format: f}})
	if err != nil {
		tb.Fatal(err)
	}
	p.mem = mem
	return p
}

// tokensOf transforms one array and returns its tokens as text, "" for null.
func tokensOf(tb testing.TB, p *Pseudonymizer, a arrow.Array) []string {
	tb.Helper()
	a.Retain()
	rec := record(a)
	defer rec.Release()
	out, err := p.Transform(context.Background(), rec)
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Release()
	return texts(tb, out.Column(0))
}

func texts(tb testing.TB, a arrow.Array) []string {
	tb.Helper()
	list := make([]string, a.Len())
	for i := range list {
		if a.IsNull(i) {
			continue
		}
		switch a := a.(type) {
		case *array.String:
			list[i] = a.Value(i)
		case *array.FixedSizeBinary:
			list[i] = string(a.Value(i))
		case *array.Dictionary:
			list[i] = texts(tb, a.Dictionary())[a.GetValueIndex(i)]
		default:
			tb.Fatalf("unexpected %T", a)
		}
	}
	return list
}

// chunkOf is a chunk of the first texts, in rows of the same numbers.
func chunkOf(texts [][]byte) chunk {
	var c chunk
	for i, text := range texts[:min(len(texts), chunkRows)] {
		c.spans = append(c.spans, [2]int{len(c.data), len(c.data) + len(text)})
		c.data = append(c.data, text...)
		c.rows = append(c.rows, i)
	}
	return c
}
