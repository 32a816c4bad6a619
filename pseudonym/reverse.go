package pseudonym

import (
	"errors"
	"fmt"

	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

// reversible is a method whose tokens can be opened under the key.
type reversible interface {
	Method
	opener(kr *Keyring, c Column) (reverse.Opener, error)
}

// Reverse returns what opens the tokens of a column under the primary key of
// kr. It exists for package [github.com/lethe-go/lethe/pseudonym/reid], which
// writes an audit record first: nobody else can make a permit, and without one
// it fails. It also fails for a method that cannot be reversed.
func Reverse(p reverse.Permit, kr *Keyring, c Column) (reverse.Opener, error) {
	if !p.Granted() {
		return nil, errors.New("pseudonym: tokens are opened through package reid only")
	}
	if kr == nil || kr.derive == nil {
		return nil, fmt.Errorf("pseudonym: %w", errNoKeyring)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m, ok := c.Method.(reversible)
	if !ok {
		return nil, fmt.Errorf("pseudonym: column %q: its method cannot be reversed", c.Name)
	}
	o, err := m.opener(kr, c)
	if err != nil {
		return nil, fmt.Errorf("pseudonym: column %q: %w", c.Name, err)
	}
	return o, nil
}
