package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// KeyEnv names an environment variable that holds what a [KeyFile] holds. It
// is for containers whose secrets arrive in no other way: the system shows
// the environment a process was started with to others of its user for as long
// as it runs. [Open] removes the variable from the environment of the process,
// so that programs it starts do not inherit the keys; it can therefore be
// opened once. Keys in a variable cannot be created or changed.
func KeyEnv(name string) KeySource { return keyEnv(name) }

type keyEnv string

// String returns the kind of source and its name.
func (e keyEnv) String() string { return fmt.Sprintf("environment variable %q", string(e)) }

func (e keyEnv) open(context.Context) (*keyset.Handle, error) {
	text, ok := os.LookupEnv(string(e))
	switch {
	case !ok:
		return nil, fmt.Errorf("%s: not set, or opened before", e)
	case text == "":
		return nil, fmt.Errorf("%s: empty", e)
	case len(text) > maxKeyFile:
		return nil, fmt.Errorf("%s: larger than %d bytes; this is not a keyset", e, maxKeyFile)
	}
	if err := os.Unsetenv(string(e)); err != nil {
		return nil, fmt.Errorf("%s: %w", e, errors.New("it cannot be removed"))
	}
	content := []byte(text)
	defer clear(content)
	h, err := parseKeyset(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	return h, nil
}
