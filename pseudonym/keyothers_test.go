package pseudonym

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyEnv(t *testing.T) {
	const name = "LETHE_TEST_KEYS"
	ctx := context.Background()
	t.Setenv(name, jsonKeyset(testID, goodKey(testID, testRoot())))
	kr, err := Open(ctx, KeyEnv(name))
	if err != nil || kr.ID() != testID {
		t.Fatalf("got %v, %v", kr, err)
	}
	if _, set := os.LookupEnv(name); set {
		t.Error("programs that are started inherit the keys")
	}
	if _, err = Open(ctx, KeyEnv(name)); err == nil || !strings.Contains(err.Error(), "opened before") {
		t.Errorf("a second time: got %v", err)
	}
	for text, want := range map[string]string{
		"":                                "empty",
		"secret-text-that-is-no-keyset":   "damaged",
		strings.Repeat("x", maxKeyFile+1): "larger than",
	} {
		t.Setenv(name, text)
		_, err := Open(ctx, KeyEnv(name))
		if err == nil || !strings.Contains(err.Error(), want) ||
			text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	for what, err := range map[string]error{
		"create":  CreateKeys(ctx, KeyEnv(name)),
		"disable": DisableKey(ctx, KeyEnv(name), 1),
		"enable":  EnableKey(ctx, KeyEnv(name), 1),
	} {
		if err == nil || !strings.Contains(err.Error(), "can only be read") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := RotateKeys(ctx, KeyEnv(name)); err == nil {
		t.Error("keys in a variable are rotated")
	}
	if err := CreateKeys(ctx, nil); err == nil {
		t.Error("no source: no error")
	}
}

// testSealer flips all bits and fails where it is told to.
type testSealer struct{ seal, unseal error }

func (testSealer) String() string { return "a test" }

func (s testSealer) Seal(_ context.Context, text []byte) ([]byte, error) {
	return flip(text), s.seal
}

func (s testSealer) Unseal(_ context.Context, sealed []byte) ([]byte, error) {
	return flip(sealed), s.unseal
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

func TestSealedFile(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "keys.sealed")
	src := SealedFile(path, testSealer{})
	if err := CreateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	kr, err := Open(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	// What is sealed is a key file.
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := openText(t, string(flip(sealed)))
	if err != nil || plain.ID() != kr.ID() {
		t.Errorf("unsealed: %v, %v", plain, err)
	}
	if _, err := Open(ctx, KeyFile(path)); err == nil {
		t.Error("it is read without unsealing")
	}
	for _, s := range []Sealer{nil, testSealer{unseal: errDenied}} {
		if _, err := Open(ctx, SealedFile(path, s)); err == nil {
			t.Errorf("%v opens the file", s)
		}
		if err := CreateKeys(ctx, SealedFile(path+".new", s)); err == nil {
			t.Errorf("%v creates a file that it cannot read", s)
		}
	}
	if _, err := RotateKeys(ctx, SealedFile(path, testSealer{seal: errDenied})); !errors.Is(err, errDenied) {
		t.Errorf("got %v", err)
	}
	if again, err := Open(ctx, src); err != nil || again.ID() != kr.ID() {
		t.Errorf("after failures: %v, %v", again, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files, want one", len(files))
	}
}
