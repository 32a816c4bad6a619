package pseudonym

import (
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Sealer encrypts a keyset at rest. Package passphrase implements it; a
// program may bring its own, such as one on a hardware token. String names the
// kind of seal and holds nothing secret.
type Sealer interface {
	fmt.Stringer
	// Seal returns text encrypted and authenticated. It must not keep text,
	// and its errors hold nothing of it.
	Seal(ctx context.Context, text []byte) ([]byte, error)
	// Unseal is the inverse of Seal. It fails if sealed was changed. Errors
	// hold nothing of the text.
	Unseal(ctx context.Context, sealed []byte) ([]byte, error)
}

// SealedFile names a file that holds what a [KeyFile] holds, sealed by s.
// Whoever can unseal it has the keys; its own permissions protect nothing.
func SealedFile(path string, s Sealer) KeySource {
	if s == nil {
		s = noSealer{}
	}
	return fileSource{
		name: fmt.Sprintf("key file %q sealed by %s", path, s),
		path: path,
		decode: func(ctx context.Context, sealed []byte) (*keyset.Handle, error) {
			text, err := s.Unseal(ctx, sealed)
			defer clear(text)
			if err != nil {
				return nil, err
			}
			return parseKeyset(text)
		},
		encode: func(ctx context.Context, h *keyset.Handle) ([]byte, error) {
			text, err := formatKeyset(h)
			defer clear(text)
			if err != nil {
				return nil, err
			}
			return s.Seal(ctx, text)
		},
	}
}

// noSealer stands for a nil Sealer.
type noSealer struct{}

var errNoSealer = errors.New("no Sealer is given")

func (noSealer) String() string                                 { return "nothing" }
func (noSealer) Seal(context.Context, []byte) ([]byte, error)   { return nil, errNoSealer }
func (noSealer) Unseal(context.Context, []byte) ([]byte, error) { return nil, errNoSealer }
