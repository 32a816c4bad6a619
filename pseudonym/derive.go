package pseudonym

import (
	"errors"
	"fmt"
)

// opDerive names the derivation of keys that leave the package.
const opDerive = "derive"

// maxDerived is as long a key as Derive makes.
const maxDerived = 64

// Derive returns n bytes, 16 to 64, of key material for a use that this package
// does not know, such as the filters of package linkage. Each use and field has
// a key of its own, and none of them is a key of a method of this package: who
// learns one can make no token. It is a secret all the same, and unlike a
// Keyring it prints like any other bytes.
func (k *Keyring) Derive(use string, f Field, n int) ([]byte, error) {
	var errs []error
	if k == nil || k.derive == nil {
		errs = append(errs, errNoKeyring)
	}
	if use == "" {
		errs = append(errs, errors.New("no use of the derived key is named"))
	}
	if n < 16 || n > maxDerived {
		errs = append(errs, fmt.Errorf("a derived key of %d bytes, want 16 to %d", n, maxDerived))
	}
	errs = append(errs, f.check()...)
	if len(errs) > 0 {
		return nil, join(errs)
	}
	key, err := k.derive(f.info(opDerive, use), uint32(n))
	if err != nil {
		return nil, errors.New("pseudonym: the key cannot be derived")
	}
	return key, nil
}
