package pseudonym

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

func TestCreateKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	kr, err := Open(context.Background(), KeyFile(path))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		PrimaryKeyID uint32 `json:"primaryKeyId"`
		Key          []struct {
			KeyData struct{ TypeURL string }
			Status  string
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if file.PrimaryKeyID != kr.ID() || kr.ID() == 0 || len(file.Key) != 1 ||
		!strings.HasSuffix(file.Key[0].KeyData.TypeURL, ".HkdfPrfKey") {
		t.Errorf("unexpected keyset with primary key %d; the keyring has %d",
			file.PrimaryKeyID, kr.ID())
	}
	err = CreateKeyFile(path)
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("an existing file: got %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(text) {
		t.Error("the existing file has changed")
	}
	if err := CreateKeyFile(filepath.Join(t.TempDir(), "no", "keys.json")); err == nil {
		t.Error("a folder that is missing: no error")
	}
}

func TestKeyFilesDiffer(t *testing.T) {
	dir := t.TempDir()
	var keys [2][]byte
	for i, name := range []string{"a", "b"} {
		if err := CreateKeyFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		kr, err := Open(context.Background(), KeyFile(filepath.Join(dir, name)))
		if err != nil {
			t.Fatal(err)
		}
		if keys[i], err = kr.derive(nil, 32); err != nil {
			t.Fatal(err)
		}
	}
	if string(keys[0]) == string(keys[1]) {
		t.Error("two files hold one key")
	}
}

func TestOpenRefusesKeysets(t *testing.T) {
	root := testRoot()
	good := goodKey(1, root)
	for name, test := range map[string]struct{ text, want string }{
		"empty file":    {"", "damaged"},
		"no JSON":       {"key: value", "damaged"},
		"cut off":       {jsonKeyset(1, good)[:200], "damaged"},
		"two documents": {jsonKeyset(1, good) + jsonKeyset(1, good), "damaged"},
		"unknown field": {`{"primaryKeyId":1,"keys":[]}`, "damaged"},
		"encrypted":     {`{"encryptedKeyset":"AAAA","keysetInfo":{"primaryKeyId":1}}`, "encrypted"},
		"no keys":       {jsonKeyset(1), "no enabled primary key"},
		"no primary":    {jsonKeyset(2, good), "no enabled primary key"},
		"primary is off": {jsonKeyset(2, good, jsonKey(2, "DISABLED", "HkdfPrfKey", 3, nil, root)),
			"no enabled primary key; choose one"},
		"primary is destroyed": {jsonKeyset(2, good, jsonKey(2, "DESTROYED", "HkdfPrfKey", 3, nil, root)),
			"no enabled primary key"},
		"one id twice": {jsonKeyset(1, good, good), "damaged"},
		"wrong type":   {tinkJSON(t, prf.HMACSHA256PRFKeyTemplate()), "is not an HKDF-SHA256 PRF key"},
		"unknown type": {jsonKeyset(1, jsonKey(1, "ENABLED", "NoSuchKey", 3, nil, root)),
			"key 1 is not an HKDF-SHA256 PRF key"},
		"wrong type beside": {jsonKeyset(1, good, jsonKey(2, "DISABLED", "NoSuchKey", 3, nil, root)),
			"key 2 is not an HKDF-SHA256 PRF key"},
		"SHA-512": {jsonKeyset(1, jsonKey(1, "ENABLED", "HkdfPrfKey", 4, nil, root)),
			"key 1 is not an HKDF-SHA256"},
		"short key": {jsonKeyset(1, jsonKey(1, "ENABLED", "HkdfPrfKey", 3, nil, root[:31])),
			"31 bytes"},
		"no key bytes": {jsonKeyset(1, jsonKey(1, "ENABLED", "HkdfPrfKey", 3, nil, nil)), "damaged"},
		"too large":    {strings.Repeat(" ", maxKeyFile) + jsonKeyset(1, good), "larger than"},
	} {
		kr, err := openText(t, test.text)
		if err == nil || kr != nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) ||
			strings.Count(err.Error(), "pseudonym:") != 1 {
			t.Errorf("%s: got %q, want %q in it", name, err, test.want)
		}
		noKey(t, name+": "+err.Error(), root)
	}
}

// tinkJSON is a keyset that Tink made.
func tinkJSON(t *testing.T, template *tinkpb.KeyTemplate) string {
	t.Helper()
	h, err := keyset.NewHandle(template)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&text)); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// The primary key decides; other keys may be present, on or off.
func TestPrimaryKeyOfSeveral(t *testing.T) {
	other := make([]byte, 32)
	kr, err := openText(t, jsonKeyset(testID, goodKey(7, other), goodKey(testID, testRoot()),
		jsonKey(8, "DISABLED", "HkdfPrfKey", 3, nil, other)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := kr.derive([]byte("x"), 32)
	want, _ := testKeyring(t).derive([]byte("x"), 32)
	if err != nil || kr.ID() != testID || string(got) != string(want) {
		t.Errorf("key %d is used, want %d", kr.ID(), testID)
	}
}

func TestOpenRefusesSources(t *testing.T) {
	if _, err := Open(context.Background(), nil); err == nil {
		t.Error("no source: no error")
	}
	path := writeKeys(t, jsonKeyset(testID, goodKey(testID, testRoot())))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, KeyFile(path)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	_, err := Open(context.Background(), KeyFile(filepath.Join(t.TempDir(), "none.json")))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "lethe keys new") ||
		strings.Count(err.Error(), "none.json") != 1 {
		t.Errorf("missing: got %v", err)
	}
	_, err = Open(context.Background(), KeyFile(t.TempDir()))
	if err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: got %v", err)
	}
}

// noKey fails if text shows six bytes of the key in a row in raw, hexadecimal,
// base64 or decimal form.
func noKey(tb testing.TB, text string, secret []byte) {
	tb.Helper()
	for _, form := range keyForms(secret) {
		if strings.Contains(text, form) {
			tb.Errorf("bytes of a key, as %q, in %q", form, text)
			return
		}
	}
}
