package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

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
	// The keys are reachable through these closures only: printing by
	// reflection, which calls no methods on unexported fields, ends at their
	// address. derive is that of the primary key.
	derive   func(info []byte, n uint32) ([]byte, error)
	deriveBy map[uint32]func(info []byte, n uint32) ([]byte, error)
	keys     []Key
}

// Key describes one key of a keyring; it holds nothing secret.
type Key struct {
	// ID is the Tink id, by which manifests and audits name the key.
	ID uint32
	// Primary tells whether tokens are made under this key.
	Primary bool
	// Enabled tells whether tokens made under this key can be reversed. The
	// primary key is always enabled.
	Enabled bool
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
	var keys []Key
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
		keys = append(keys, Key{ID: e.KeyID(), Enabled: e.KeyStatus() == keyset.Enabled})
	}
	// Tink's errors are not passed on: nothing promises that they are free of
	// what was parsed.
	set, err := prf.NewPRFSet(h)
	if err != nil {
		return nil, errors.New("the keyset is damaged")
	}
	kr := &Keyring{deriveBy: map[uint32]func([]byte, uint32) ([]byte, error){}, keys: keys}
	for id, p := range set.PRFs {
		kr.deriveBy[id] = p.ComputePRF
	}
	return kr.pin(set.PrimaryID)
}

// Pin returns a keyring of the same keys in which id is the primary one, so
// that a release whose manifest names the key id can be made again after a
// rotation. The keyring itself does not change, and neither does its source.
// A key that is not in the keyring or is disabled is an error.
func (k *Keyring) Pin(id uint32) (*Keyring, error) {
	if k == nil || k.derive == nil {
		return nil, fmt.Errorf("pseudonym: %w", errNoKeyring)
	}
	pinned, err := k.pin(id)
	if err != nil {
		return nil, fmt.Errorf("pseudonym: pin key %d: %w", id, err)
	}
	return pinned, nil
}

func (k *Keyring) pin(id uint32) (*Keyring, error) {
	if k.deriveBy[id] == nil {
		if slices.ContainsFunc(k.keys, func(key Key) bool { return key.ID == id }) {
			return nil, errors.New("the key is disabled; switch it on with lethe keys enable")
		}
		return nil, errors.New("the keyring has no such key")
	}
	pinned := &Keyring{id: id, derive: k.deriveBy[id], deriveBy: k.deriveBy}
	for _, key := range k.keys {
		key.Primary = key.ID == id
		pinned.keys = append(pinned.keys, key)
	}
	return pinned, nil
}

// Keys describes all keys in the order in which they were made. The caller
// may change the result.
func (k Keyring) Keys() []Key { return slices.Clone(k.keys) }

// enabled returns the ids of the keys that can be used, the primary first and
// the others from the newest to the oldest.
func (k *Keyring) enabled() []uint32 {
	ids := []uint32{k.id}
	for _, key := range slices.Backward(k.keys) {
		if key.Enabled && key.ID != k.id {
			ids = append(ids, key.ID)
		}
	}
	return ids
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

// subkey derives the sub-key of n bytes of a field for an operation.
func (k *Keyring) subkey(op string, f Field, params string, n uint32) ([]byte, error) {
	if k == nil || k.derive == nil {
		return nil, errNoKeyring
	}
	key, err := k.derive(f.info(op, params), n)
	if err != nil {
		return nil, errors.New("the sub-key cannot be derived")
	}
	return key, nil
}

// macs returns the HMAC states under the sub-key of a field for an operation.
func (k *Keyring) macs(op string, f Field, params string) (macs, error) {
	key, err := k.subkey(op, f, params, subkeyBytes)
	if err != nil {
		return macs{}, err
	}
	return newMACs(key)
}
