package pseudonym

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// KeySource is where a keyring comes from:
//
//	KeyFile      a file that its permissions protect
//	KMSFile      a file that a key management service encrypted
//	SealedFile   a file that a Sealer encrypted; package passphrase has one
//	KeyEnv       an environment variable
//
// The set is closed. A source holds no key itself and can be printed: in every
// form it shows its kind and the name of its file, service or variable.
type KeySource interface {
	fmt.Stringer
	open(ctx context.Context) (*keyset.Handle, error)
}

// fileSource is a source in a file. What it needs to read and write the file
// is in closures, so that printing by reflection, too, shows no client and no
// passphrase.
type fileSource struct {
	name    string
	path    string
	private bool // the permissions of the file are what protects it
	decode  func(ctx context.Context, content []byte) (*keyset.Handle, error)
	encode  func(ctx context.Context, h *keyset.Handle) ([]byte, error)
}

// String returns the kind of source and its path.
func (f fileSource) String() string { return f.name }

// Format writes what String returns, for every verb.
func (f fileSource) Format(s fmt.State, _ rune) { fmt.Fprint(s, f.name) }

// MarshalText returns what String returns; it never fails.
func (f fileSource) MarshalText() ([]byte, error) { return []byte(f.name), nil }

func (f fileSource) open(ctx context.Context) (*keyset.Handle, error) {
	content, err := readKeyFile(f.path, f.private)
	defer clear(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	h, err := f.decode(ctx, content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, err)
	}
	return h, nil
}
