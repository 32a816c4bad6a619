package pseudonym

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// label opens the derivation context of every sub-key. A change of any
// encoding in this package needs another label.
const label = "lethe.pseudonym/v1"

// Field says what a column identifies and where its tokens may be linked.
// Columns with equal fields join, whatever their names and tables; columns
// whose fields differ in any part have unrelated tokens.
type Field struct {
	// Domain is where tokens may be linked at all: a project, a study, a
	// recipient. It must not be empty.
	Domain string `yaml:"domain"`
	// Entity is the kind of thing identified, such as "patient", or the
	// qualified name of the column if it shall join nothing else. It must not
	// be empty.
	Entity string `yaml:"entity"`
	// Dataset, if not empty, sets the release apart from all others: tables
	// join inside of it only. Any text that is used once will do.
	Dataset string `yaml:"dataset,omitempty"`
}

// check returns all that is wrong with the field. Blanks around a part are
// refused: they are invisible in a policy and would silently part two tables.
func (f Field) check() []error {
	var errs []error
	for _, p := range []struct {
		name, value string
		optional    bool
	}{{"domain", f.Domain, false}, {"entity", f.Entity, false}, {"dataset", f.Dataset, true}} {
		switch {
		case p.value == "" && !p.optional:
			errs = append(errs, fmt.Errorf("no %s", p.name))
		case strings.TrimSpace(p.value) != p.value:
			errs = append(errs, fmt.Errorf("%s begins or ends with a blank", p.name))
		case !utf8.ValidString(p.value):
			errs = append(errs, fmt.Errorf("%s is not valid UTF-8", p.name))
		}
	}
	return errs
}

// info is the derivation context of a sub-key. Each part is preceded by its
// length, so that no two lists of parts have the same encoding.
func (f Field) info(op, params string) []byte {
	var info []byte
	for _, part := range []string{label, op, f.Domain, f.Entity, f.Dataset, params} {
		info = binary.AppendUvarint(info, uint64(len(part)))
		info = append(info, part...)
	}
	return info
}
