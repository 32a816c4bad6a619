// Package passphrase seals the keys of package pseudonym with a passphrase, in
// the format of age (age-encryption.org/v1), so that the key file alone opens
// nothing:
//
//	src := passphrase.File("keys.age", ask)
//	err := pseudonym.CreateKeys(ctx, src)
//	kr, err := pseudonym.Open(ctx, src)
//
// The age command opens such a file, too: age --decrypt keys.age writes what
// [pseudonym.KeyFile] reads. Who has the file can try passphrases, each at the
// cost of about a second and 256 MiB: one of few or common words does not
// protect it.
package passphrase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/lethe-go/lethe/pseudonym"
)

const (
	// MinLength is how many characters a passphrase must have for a file to be
	// sealed with it.
	MinLength = 12

	// workFactor is the logarithm of the cost of scrypt for a new file, and
	// maxWorkFactor that of the costliest file that is tried: 1 GiB.
	workFactor    = 18
	maxWorkFactor = 20

	// maxKeys bounds the unsealed keyset, as a pseudonym.KeyFile is bounded.
	maxKeys = 1 << 20

	magic   = "age-encryption.org/v1\n"
	armored = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// File names a file of keys that a passphrase seals. The function ask returns
// the passphrase; it is called whenever the file is read or written, so that
// it may come from a terminal or a store of secrets, and must return the same
// one each time it is called for one operation. The bytes it returns are
// overwritten after use.
func File(path string, ask func(ctx context.Context) ([]byte, error)) pseudonym.KeySource {
	return pseudonym.SealedFile(path, sealer{ask: ask, workFactor: workFactor})
}

// Is tells whether content is the beginning of a file that [File] may be able
// to open.
func Is(content []byte) bool { return bytes.HasPrefix(content, []byte(magic)) }

// sealer implements pseudonym.Sealer.
type sealer struct {
	ask        func(ctx context.Context) ([]byte, error)
	workFactor int
}

func (sealer) String() string { return "a passphrase" }

func (s sealer) Seal(ctx context.Context, text []byte) ([]byte, error) {
	phrase, err := s.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	if n := utf8.RuneCountInString(phrase); n < MinLength {
		return nil, fmt.Errorf("the passphrase has %d characters, want at least %d", n, MinLength)
	}
	recipient, err := age.NewScryptRecipient(phrase)
	if err != nil {
		return nil, errors.New("the passphrase cannot be used")
	}
	recipient.SetWorkFactor(s.workFactor)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipient)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, errors.New("age cannot encrypt")
	}
	return sealed.Bytes(), nil
}

func (s sealer) Unseal(ctx context.Context, sealed []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(sealed, []byte(armored)):
		return nil, errors.New("an age file in text form; write it without --armor")
	case !Is(sealed):
		return nil, errors.New("not a file of age: not sealed, or damaged")
	}
	phrase, err := s.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	identity, err := age.NewScryptIdentity(phrase)
	if err != nil {
		return nil, errors.New("the passphrase cannot be used")
	}
	identity.SetMaxWorkFactor(maxWorkFactor)
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, errors.New("the passphrase is wrong, or the file is not sealed with one")
	}
	if err != nil {
		return nil, errors.New("the file is damaged, or costlier to open than is tried")
	}
	text, err := io.ReadAll(io.LimitReader(r, maxKeys+1))
	if err != nil || len(text) > maxKeys {
		clear(text)
		return nil, errors.New("the file is damaged")
	}
	return text, nil
}

func (s sealer) passphrase(ctx context.Context) (string, error) {
	if s.ask == nil {
		return "", errors.New("nobody to ask for the passphrase")
	}
	phrase, err := s.ask(ctx)
	defer clear(phrase)
	if err != nil {
		return "", fmt.Errorf("no passphrase: %w", err)
	}
	if len(phrase) == 0 {
		return "", errors.New("the passphrase is empty")
	}
	return string(phrase), nil
}
