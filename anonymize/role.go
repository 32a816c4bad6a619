package anonymize

import "fmt"

// Role says what a column means for the people in the table. Its zero value is
// no role, and refused.
type Role string

const (
	// Identifier names a person directly. It is dropped or pseudonymized.
	Identifier Role = "identifier"
	// QuasiIdentifier is known to outsiders and singles people out together
	// with others of its kind. It is generalized until the models hold.
	QuasiIdentifier Role = "quasi"
	// Sensitive is what an attacker wants to learn.
	Sensitive Role = "sensitive"
	// Insensitive is neither; it passes through after minimization.
	Insensitive Role = "insensitive"
)

func (r Role) validate() error {
	switch r {
	case Identifier, QuasiIdentifier, Sensitive, Insensitive:
		return nil
	case "":
		return fmt.Errorf("no role; want identifier, quasi, sensitive or insensitive")
	}
	return fmt.Errorf("role %q is unknown; want identifier, quasi, sensitive or insensitive", string(r))
}
