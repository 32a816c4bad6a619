package kanon

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Prefix is a hierarchy of codes whose first characters say most, such as
// postal codes: level l has a star in place of each of the last l characters,
// as "53711", "5371*", "537**", and the top is Top. The zero value is refused.
//
// The column is text. A column of numbers is refused, since numbers have lost
// their leading zeros: read it as text. A value of another length is an error,
// unless Shorter admits those of fewer characters: they are taken as if filled
// up at the end, so that "I10" of Length 5 becomes "I10*" and then "I10**".
type Prefix struct {
	// Length is the number of characters (code points) of a value, 1 to 64.
	Length int `yaml:"length"`
	// Shorter admits values of fewer characters. Longer ones are an error.
	Shorter bool `yaml:"shorter,omitempty"`
}

// maxPrefix bounds the levels of a Prefix, each a step of the search.
const maxPrefix = 64

// Levels is the length.
func (h Prefix) Levels() int { return h.Length }

func (h Prefix) validate() error {
	if h.Length < 1 || h.Length > maxPrefix {
		return fmt.Errorf("prefix: length is %d, want 1 to %d", h.Length, maxPrefix)
	}
	return nil
}

// Generalize implements Hierarchy.
func (h Prefix) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if err := ready("prefix", h, level, 1); err != nil {
		return nil, err
	}
	text, err := codes(domain)
	if err != nil {
		return nil, fmt.Errorf("prefix: %w", err)
	}
	long, short := 0, 0
	for i := range domain.Len() {
		n := utf8.RuneCountInString(text(i))
		if n > h.Length {
			long++
		}
		if n < h.Length && !h.Shorter {
			short++
		}
	}
	var errs []error
	if long > 0 {
		errs = append(errs, fmt.Errorf("prefix: %d of %d distinct values have more than %d characters",
			long, domain.Len(), h.Length))
	}
	if short > 0 {
		errs = append(errs, fmt.Errorf(
			"prefix: %d of %d distinct values have fewer than %d characters; set shorter to admit them",
			short, domain.Len(), h.Length))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if level == h.Length {
		return top(domain.Len()), nil
	}
	stars := strings.Repeat("*", level)
	return labelArray(domain.Len(), func(i int) string {
		return firstRunes(text(i), h.Length-level) + stars
	}), nil
}

// codes reads a text column.
func codes(domain arrow.Array) (func(i int) string, error) {
	if err := noNulls(domain); err != nil {
		return nil, err
	}
	typ := domain.DataType()
	if d, ok := domain.(*array.Dictionary); ok {
		typ = d.Dictionary().DataType()
	}
	switch {
	case typ.ID() == arrow.STRING || typ.ID() == arrow.LARGE_STRING:
		return texts(domain)
	case arrow.IsInteger(typ.ID()):
		return nil, fmt.Errorf("the column is %s, want text: a number has lost the leading zeros "+
			"of its code; read the column as text", typ)
	}
	return nil, fmt.Errorf("the column is %s, want text", typ)
}

// firstRunes is s up to n characters.
func firstRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
