package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"

	"github.com/lethe-go/lethe/internal/atomicfile"
	"github.com/lethe-go/lethe/internal/filelock"
)

// CreateKeys makes a new random key and writes it to the file that src names,
// readable by the user alone. When it returns without an error the file is on
// disk. It never overwrites: an existing path is an error, and so is any other
// failure, which leaves no file. Losing the file means that no table
// pseudonymized later will join those of today.
func CreateKeys(ctx context.Context, src KeySource) error {
	f, err := changeable(ctx, src)
	if err != nil {
		return fmt.Errorf("pseudonym: create %w", err)
	}
	h, err := keyset.NewHandle(prf.HKDFSHA256PRFKeyTemplate())
	if err != nil {
		return errors.New("pseudonym: no key can be generated")
	}
	content, err := f.seal(ctx, h)
	defer clear(content)
	if err == nil {
		err = bare(writeNew(f.path, content))
	}
	if err != nil {
		return fmt.Errorf("pseudonym: create %s: %w", f, err)
	}
	return nil
}

// RotateKeys adds a new random key to the file that src names, makes it the
// primary one and returns its id. All tokens made afterwards differ from those
// before; [Keyring.Pin] makes the old ones again. The old keys stay enabled,
// so that what was made under them can be reversed.
//
// RotateKeys, DisableKey and EnableKey replace the file in one step under a
// lock: a crash leaves the old file or the new one, and of two processes that
// change it at the same time the second waits for the first, at most ten
// seconds or as long as ctx lasts. Only the keys are replaced: keyrings that
// are open do not change.
func RotateKeys(ctx context.Context, src KeySource) (uint32, error) {
	var id uint32
	err := change(ctx, src, func(m *keyset.Manager, _ []Key) (err error) {
		if id, err = m.Add(prf.HKDFSHA256PRFKeyTemplate()); err != nil {
			return errors.New("no key can be generated")
		}
		if err = m.SetPrimary(id); err != nil {
			return errors.New("the new key cannot be made the primary one")
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("pseudonym: rotate %w", err)
	}
	return id, nil
}

// DisableKey switches a key off in the file that src names: a keyring opened
// afterwards neither makes nor reverses tokens under it. The key stays in the
// file and [EnableKey] switches it on again. The primary key cannot be
// disabled, [RotateKeys] first; a key that is disabled already is no error.
func DisableKey(ctx context.Context, src KeySource, id uint32) error {
	return setStatus(ctx, src, id, "disable", func(m *keyset.Manager, key Key) error {
		if key.Primary {
			return errors.New("it is the primary key; rotate first")
		}
		if m.Disable(id) != nil {
			return errors.New("it was destroyed")
		}
		return nil
	})
}

// EnableKey switches a key on that [DisableKey] has switched off. A key that is
// enabled already is no error.
func EnableKey(ctx context.Context, src KeySource, id uint32) error {
	return setStatus(ctx, src, id, "enable", func(m *keyset.Manager, _ Key) error {
		if m.Enable(id) != nil {
			return errors.New("it was destroyed")
		}
		return nil
	})
}

func setStatus(ctx context.Context, src KeySource, id uint32, verb string,
	set func(m *keyset.Manager, key Key) error) error {
	err := change(ctx, src, func(m *keyset.Manager, keys []Key) error {
		at := slices.IndexFunc(keys, func(key Key) bool { return key.ID == id })
		if at < 0 {
			return errors.New("the keyring has no such key")
		}
		return set(m, keys[at])
	})
	if err != nil {
		return fmt.Errorf("pseudonym: %s key %d of %w", verb, id, err)
	}
	return nil
}

// change replaces the keyset of a file by what do makes of it.
func change(ctx context.Context, src KeySource,
	do func(m *keyset.Manager, keys []Key) error) error {
	f, err := changeable(ctx, src)
	if err != nil {
		return err
	}
	if err := lookAt(f.path); err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	unlock, err := filelock.Lock(ctx, f.path)
	if err != nil {
		return fmt.Errorf("%s: %w", f, bare(err))
	}
	defer unlock()
	h, err := f.open(ctx)
	if err != nil {
		return err
	}
	kr, err := newKeyring(h)
	if err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	m := keyset.NewManagerFromHandle(h)
	if err := do(m, kr.Keys()); err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	if h, err = m.Handle(); err != nil {
		return fmt.Errorf("%s: the changed keyset is not valid", f)
	}
	content, err := f.seal(ctx, h)
	defer clear(content)
	if err == nil {
		err = bare(atomicfile.WriteFile(f.path, content, 0o600))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f, err)
	}
	return nil
}

// changeable returns the source as one whose file can be written.
func changeable(ctx context.Context, src KeySource) (fileSource, error) {
	if src == nil {
		return fileSource{}, errors.New("the keys: no key source")
	}
	f, ok := src.(fileSource)
	if !ok {
		return f, fmt.Errorf("%s: it can only be read; use a file", src)
	}
	if err := ctx.Err(); err != nil {
		return f, fmt.Errorf("%s: %w", f, err)
	}
	return f, nil
}

// seal encodes a keyset and checks, before any file is touched, that the
// result is within bounds and can be read again: a file that cannot be read
// is a lost key.
func (f fileSource) seal(ctx context.Context, h *keyset.Handle) ([]byte, error) {
	content, err := f.encode(ctx, h)
	if err != nil {
		return content, err
	}
	if len(content) > maxKeyFile {
		return content, fmt.Errorf("the keys need more than %d bytes", maxKeyFile)
	}
	back, err := f.decode(ctx, content)
	if err != nil {
		return content, fmt.Errorf("what would be written cannot be read again: %w", err)
	}
	if !slices.Equal(describe(back), describe(h)) {
		return content, errors.New("what would be written is read as other keys")
	}
	return content, nil
}

// describe lists id, status and rank of the keys of a keyset.
func describe(h *keyset.Handle) []Key {
	var keys []Key
	for i := range h.Len() {
		if e, err := h.Entry(i); err == nil {
			keys = append(keys, Key{e.KeyID(), e.IsPrimary(), e.KeyStatus() == keyset.Enabled})
		}
	}
	return keys
}
