package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/prf/hkdfprf"
)

// subkeyBytes is the length of the HMAC keys: one SHA-256 output, as RFC 2104
// advises.
const subkeyBytes = 32

// minRootBytes is the least length of a key of a keyring; shorter ones are
// refused.
const minRootBytes = 32

// Keyring is the secret from which every sub-key is derived. It cannot be
// printed: all verbs of fmt, slog, and JSON, YAML and XML encoders show a
// placeholder with the id of the key. The zero Keyring is refused wherever it
// is used; [Open] makes a good one. A Keyring does not change and is safe for
// concurrent use.
type Keyring struct {
	id uint32
	// The keys are reachable through this closure only: printing by
	// reflection, which calls no methods on unexported fields, ends at its
	// address.
	derive func(info []byte, n uint32) ([]byte, error)
}

// Open reads the keyring that src names. It fails if the source is unsafe or
// damaged, if one of its keys is not an HKDF-SHA256 PRF key of at least 32
// bytes, or if the primary key is not enabled. No error holds a byte of a key.
func Open(ctx context.Context, src KeySource) (*Keyring, error) {
	if src == nil {
		return nil, errors.New("pseudonym: no key source")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("pseudonym: %w", err)
	}
	h, err := src.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("pseudonym: %w", err)
	}
	kr, err := newKeyring(h)
	if err != nil {
		return nil, fmt.Errorf("pseudonym: %s: %w", src, err)
	}
	return kr, nil
}

// newKeyring checks the kind of every key, also of disabled ones: a keyset in
// which another kind can be switched on is not a keyring.
func newKeyring(h *keyset.Handle) (*Keyring, error) {
	for i := range h.Len() {
		e, err := h.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("key %d of %d cannot be read", i+1, h.Len())
		}
		p, ok := e.Key().Parameters().(*hkdfprf.Parameters)
		if !ok || p.HashType() != hkdfprf.SHA256 {
			return nil, fmt.Errorf("key %d is not an HKDF-SHA256 PRF key; "+
				"make one with CreateKeyFile or with tinkey's template HKDF_SHA256", e.KeyID())
		}
		if p.KeySizeInBytes() < minRootBytes {
			return nil, fmt.Errorf("key %d has %d bytes, want at least %d",
				e.KeyID(), p.KeySizeInBytes(), minRootBytes)
		}
	}
	// Tink's errors are not passed on: nothing promises that they are free of
	// what was parsed.
	set, err := prf.NewPRFSet(h)
	if err != nil {
		return nil, errors.New("the keyset is damaged")
	}
	primary, ok := set.PRFs[set.PrimaryID]
	if !ok {
		return nil, errors.New("no enabled primary key")
	}
	return &Keyring{id: set.PrimaryID, derive: primary.ComputePRF}, nil
}

// ID returns the Tink id of the primary key, under which all tokens are made.
// It is not secret; a manifest records it. A zero Keyring has the id 0.
func (k Keyring) ID() uint32 { return k.id }

// String returns a placeholder with the id.
func (k Keyring) String() string { return redacted("Keyring", k.id) }

// Format writes what String returns, for every verb.
func (k Keyring) Format(s fmt.State, _ rune) { fmt.Fprint(s, k.String()) }

// LogValue returns what String returns.
func (k Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns what String returns; it never fails.
func (k Keyring) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

func redacted(what string, id uint32) string {
	return fmt.Sprintf("pseudonym.%s(REDACTED id=%d)", what, id)
}

// errNoKeyring is returned for a nil and for a zero Keyring.
var errNoKeyring = errors.New("no keyring; open one with Open")

// macs derives the sub-key of a field for an operation and returns the HMAC
// states under it.
func (k *Keyring) macs(op string, f Field, params string) (macs, error) {
	if k == nil || k.derive == nil {
		return macs{}, errNoKeyring
	}
	key, err := k.derive(f.info(op, params), subkeyBytes)
	if err != nil {
		return macs{}, errors.New("the sub-key cannot be derived")
	}
	return newMACs(key), nil
}
