package pseudonym

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// fakeKMS is a service that holds one key and may refuse to use it.
type fakeKMS struct {
	uri     string
	key     tink.AEAD
	encrypt func(plain []byte) error
	decrypt error
	calls   int
	secret  string // a credential, which nothing may print
}

func newFakeKMS(t *testing.T) *fakeKMS {
	t.Helper()
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	key, err := aead.New(h)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeKMS{uri: "fake-kms://ward", key: key, secret: "credential-of-the-client"}
}

func (k *fakeKMS) Supported(uri string) bool { return strings.HasPrefix(uri, "fake-kms://") }

func (k *fakeKMS) GetAEAD(uri string) (tink.AEAD, error) {
	if uri != k.uri {
		return nil, errors.New("no such key")
	}
	return k, nil
}

func (k *fakeKMS) Encrypt(plain, data []byte) ([]byte, error) {
	k.calls++
	if k.encrypt != nil {
		return nil, k.encrypt(plain)
	}
	return k.key.Encrypt(plain, data)
}

func (k *fakeKMS) Decrypt(text, data []byte) ([]byte, error) {
	k.calls++
	if k.decrypt != nil {
		return nil, k.decrypt
	}
	return k.key.Decrypt(text, data)
}

func TestKMSFile(t *testing.T) {
	ctx, kms := context.Background(), newFakeKMS(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	src := KMSFile(path, kms.uri, kms)
	if err := CreateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	// The file alone is of no use, so others may read it.
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	first, err := Open(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	key, err := first.derive(nil, 32)
	if err != nil {
		t.Fatal(err)
	}
	id, err := RotateKeys(ctx, src)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open(ctx, src)
	if err != nil || second.ID() != id || id == first.ID() || len(second.Keys()) != 2 {
		t.Fatalf("after a rotation to %d: %v, %v", id, second, err)
	}
	pinned, err := second.Pin(first.ID())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := pinned.derive(nil, 32); !bytes.Equal(again, key) {
		t.Error("the old key has changed")
	}
	// Another service with a key of the same name cannot open it.
	if _, err := Open(ctx, KMSFile(path, kms.uri, newFakeKMS(t))); err == nil {
		t.Error("another key opens the file")
	}
}

// errDenied is an error that a caller looks for.
var errDenied = errors.New("access denied")

func TestKMSFileRefusals(t *testing.T) {
	ctx, kms := context.Background(), newFakeKMS(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	if err := CreateKeys(ctx, KMSFile(path, kms.uri, kms)); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged.json")
	at := bytes.Index(sealed, []byte("encryptedKeyset")) + 60
	flipped := bytes.Clone(sealed)
	if flipped[at] = 'A'; sealed[at] == 'A' {
		flipped[at] = 'B'
	}
	if err := os.WriteFile(damaged, flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	plain := writeKeys(t, jsonKeyset(testID, goodKey(testID, testRoot())))
	off := newFakeKMS(t)
	off.decrypt = errDenied
	for name, test := range map[string]struct {
		src  KeySource
		want string
	}{
		"no uri":       {KMSFile(path, "", kms), "no key of a key management service"},
		"no client":    {KMSFile(path, kms.uri, nil), "no client"},
		"other scheme": {KMSFile(path, "aws-kms://x", kms), "does not know"},
		"unknown key":  {KMSFile(path, "fake-kms://other", kms), "no such key"},
		"denied":       {KMSFile(path, kms.uri, off), "access denied"},
		"damaged":      {KMSFile(damaged, kms.uri, kms), "cannot decrypt"},
		"plain file":   {KMSFile(plain, kms.uri, kms), "damaged, or plain"},
		"as key file":  {KeyFile(path), "encrypted"},
		"missing":      {KMSFile(filepath.Join(dir, "none"), kms.uri, kms), "CreateKeys"},
		"folder":       {KMSFile(dir, kms.uri, kms), "not a regular file"},
	} {
		kr, err := Open(ctx, test.src)
		if err == nil || kr != nil || !strings.Contains(err.Error(), test.want) ||
			strings.Count(err.Error(), "pseudonym:") != 1 {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
			continue
		}
		noKey(t, err.Error(), testRoot())
	}
	if _, err := Open(ctx, KMSFile(path, kms.uri, off)); !errors.Is(err, errDenied) {
		t.Errorf("denied: got %v", err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if err := CreateKeys(done, KMSFile(path, kms.uri, kms)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// A service that fails to encrypt has seen the keys; what it says is not shown
// and no file is left or changed.
func TestKMSFileTellsNothing(t *testing.T) {
	ctx, kms := context.Background(), newFakeKMS(t)
	dir := t.TempDir()
	var seen []byte
	kms.encrypt = func(plain []byte) error {
		seen = bytes.Clone(plain)
		return fmt.Errorf("%w: %q %x", errDenied, plain, plain)
	}
	path := filepath.Join(dir, "keys.json")
	src := KMSFile(path, kms.uri, kms)
	err := CreateKeys(ctx, src)
	if !errors.Is(err, errDenied) || strings.Contains(err.Error(), "denied") || len(seen) == 0 {
		t.Fatalf("got %v, want an error that hides its cause", err)
	}
	noKey(t, err.Error(), seen)
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%d files are left", len(files))
	}
	kms.encrypt = nil
	if err := CreateKeys(ctx, src); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	kms.encrypt = func([]byte) error { return errDenied }
	if _, err := RotateKeys(ctx, src); !errors.Is(err, errDenied) {
		t.Errorf("got %v", err)
	}
	// A service whose answer cannot be read back must not cost the keys.
	kms.encrypt = nil
	good := kms.key
	kms.key = forgetful{good}
	if _, err := RotateKeys(ctx, src); err == nil ||
		!strings.Contains(err.Error(), "cannot be read again") {
		t.Errorf("got %v", err)
	}
	after, _ := os.ReadFile(path)
	if files, _ := os.ReadDir(dir); !bytes.Equal(before, after) || len(files) != 1 {
		t.Error("a failed change has changed the folder")
	}
}

// forgetful encrypts to what it cannot decrypt.
type forgetful struct{ tink.AEAD }

func (forgetful) Encrypt(_, _ []byte) ([]byte, error) { return []byte("lost"), nil }

// A source holds a client, and prints its own name only.
func TestSourcesPrintNames(t *testing.T) {
	kms := newFakeKMS(t)
	sources := map[string]KeySource{
		`key file "k" encrypted by "fake-kms://ward"`: KMSFile("k", kms.uri, kms),
		`key file "k" sealed by a test`:               SealedFile("k", testSealer{}),
		`key file "k" sealed by nothing`:              SealedFile("k", nil),
		`key file "k"`:                                KeyFile("k"),
		`environment variable "K"`:                    KeyEnv("K"),
	}
	for want, src := range sources {
		for _, verb := range []string{"%v", "%s", "%+v"} {
			if got := fmt.Sprintf(verb, src); got != want {
				t.Errorf("%s: got %s, want %s", verb, got, want)
			}
		}
		text := fmt.Sprintf("%#v %+v %x", src, struct{ s KeySource }{src}, struct{ s any }{src})
		for _, secret := range []string{kms.secret, fmt.Sprintf("%x", kms.secret)} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows the client: %s", want, text)
			}
		}
	}
}
