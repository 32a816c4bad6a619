package passphrase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/lethe-go/lethe/pseudonym"
)

const phrase = "correct horse battery"

func answer(text string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

// quick is a File of little cost.
func quick(path, text string) pseudonym.KeySource {
	return pseudonym.SealedFile(path, sealer{ask: answer(text), workFactor: 4})
}

// The file as users make it, at its full cost, which the age package reads.
func TestFile(t *testing.T) {
	if testing.Short() {
		t.Skip("scrypt at full cost takes seconds")
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "keys.age")
	if err := pseudonym.CreateKeys(ctx, File(path, answer(phrase))); err != nil {
		t.Fatal(err)
	}
	kr, err := pseudonym.Open(ctx, File(path, answer(phrase)))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !Is(sealed) || !bytes.Contains(sealed, []byte(" 18\n")) {
		t.Error("not an age file with work factor 18")
	}
	identity, err := age.NewScryptIdentity(phrase)
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(plain, text, 0o600); err != nil {
		t.Fatal(err)
	}
	same, err := pseudonym.Open(ctx, pseudonym.KeyFile(plain))
	if err != nil || same.ID() != kr.ID() {
		t.Errorf("unsealed by age: %v, %v", same, err)
	}
}

func TestRotate(t *testing.T) {
	ctx := context.Background()
	src := quick(filepath.Join(t.TempDir(), "keys.age"), phrase)
	if err := pseudonym.CreateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	id, err := pseudonym.RotateKeys(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	kr, err := pseudonym.Open(ctx, src)
	if err != nil || kr.ID() != id || len(kr.Keys()) != 2 {
		t.Errorf("got %v, %v", kr, err)
	}
}

func TestRefusals(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := filepath.Join(dir, "keys.age")
	if err := pseudonym.CreateKeys(ctx, quick(path, phrase)); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	costly := bytes.Replace(sealed, []byte(" 4\n"), []byte(" 21\n"), 1)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var other bytes.Buffer
	w, err := age.Encrypt(&other, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	broken := func(context.Context) ([]byte, error) { return nil, errors.New("no terminal") }
	for name, test := range map[string]struct {
		src  pseudonym.KeySource
		want string
	}{
		"wrong passphrase": {quick(path, "another passphrase"), "the passphrase is wrong"},
		"empty":            {quick(path, ""), "empty"},
		"nobody asked":     {File(path, nil), "nobody to ask"},
		"cannot ask":       {File(path, broken), "no terminal"},
		"damaged":          {quick(write("a", flipped), phrase), "damaged"},
		"cut off":          {quick(write("b", sealed[:len(sealed)-20]), phrase), "damaged"},
		"header only":      {quick(write("c", []byte(magic)), phrase), "damaged"},
		"too costly":       {quick(write("d", costly), phrase), "costlier"},
		"for a key":        {quick(write("e", other.Bytes()), phrase), "not sealed with one"},
		"text form":        {quick(write("f", []byte(armored)), phrase), "--armor"},
		"plain":            {quick(write("g", []byte("{}")), phrase), "not sealed"},
		"as a key file":    {pseudonym.KeyFile(path), "encrypted"},
	} {
		kr, err := pseudonym.Open(ctx, test.src)
		if err == nil || kr != nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
			continue
		}
		if strings.Contains(err.Error(), "horse") || strings.Contains(err.Error(), "another") {
			t.Errorf("%s: the passphrase is in %v", name, err)
		}
	}
	short := filepath.Join(dir, "short.age")
	err = pseudonym.CreateKeys(ctx, quick(short, "elf letters"))
	if err == nil || !strings.Contains(err.Error(), "11 characters, want at least 12") {
		t.Errorf("a short passphrase: got %v", err)
	}
	if _, err := os.Stat(short); err == nil {
		t.Error("a file is left")
	}
}

func TestPrintsNothing(t *testing.T) {
	src := quick("keys.age", phrase)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(verb, src); !strings.HasSuffix(text, "sealed by a passphrase") {
			t.Errorf("%s: got %s", verb, text)
		}
	}
}

// The passphrase that was returned is overwritten.
func TestPassphraseIsCleared(t *testing.T) {
	given := []byte(phrase)
	s := sealer{ask: func(context.Context) ([]byte, error) { return given, nil }, workFactor: 4}
	if _, err := s.Seal(context.Background(), []byte("text")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(given, make([]byte, len(given))) {
		t.Error("it is still there")
	}
}
