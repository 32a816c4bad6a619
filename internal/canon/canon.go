// Package canon brings texts that mean the same into the same bytes before
// they are compared, encoded or turned into tokens.
package canon

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// order is the order in which steps are always applied, whatever the order in
// which they are named: a chain is a set.
var order = []string{"trim", "nfc", "nfkc", "lower", "fold", "digits", "e164"}

// exclusive are the groups of steps of which a chain has at most one.
var exclusive = [][]string{{"nfc", "nfkc"}, {"lower", "fold"}, {"digits", "e164"}}

var (
	errUTF8  = errors.New("a value is not valid UTF-8")
	errPhone = errors.New("a value is no phone number with its country code, " +
		"as in +<code> <number>")
)

// Chain is a compiled list of steps. The zero Chain changes nothing. It is safe
// for concurrent use.
type Chain struct {
	steps []string
}

// New returns the chain of the named steps, or everything that is wrong with
// them.
func New(steps []string) (Chain, error) {
	var errs []error
	given := map[string]bool{}
	for _, s := range steps {
		switch {
		case !slices.Contains(order, s):
			errs = append(errs, fmt.Errorf("canonicalization %q is not known, want some of %s",
				s, strings.Join(order, ", ")))
		case given[s]:
			errs = append(errs, fmt.Errorf("canonicalization %q is named twice", s))
		}
		given[s] = true
	}
	for _, group := range exclusive {
		if given[group[0]] && given[group[1]] {
			errs = append(errs, fmt.Errorf("canonicalizations %q and %q exclude each other",
				group[0], group[1]))
		}
	}
	if len(errs) > 0 {
		return Chain{}, errors.Join(errs...)
	}
	var c Chain
	for _, s := range order {
		if given[s] {
			c.steps = append(c.steps, s)
		}
	}
	return c, nil
}

// Empty tells whether the chain changes nothing.
func (c Chain) Empty() bool { return len(c.steps) == 0 }

// String joins the names of the steps in the order of their application by a
// plus sign; it is empty for an empty chain.
func (c Chain) String() string { return strings.Join(c.steps, "+") }

// Append appends the canonical form of text to dst. The error names no value.
// Texts of ASCII characters allocate nothing but what dst needs.
func (c Chain) Append(dst, text []byte) ([]byte, error) {
	if c.Empty() {
		return append(dst, text...), nil
	}
	ascii := isASCII(text)
	if !ascii && !utf8.Valid(text) {
		return dst, errUTF8
	}
	start := len(dst)
	dst = append(dst, text...)
	composed := norm.Form(-1)
	for _, s := range c.steps {
		now := dst[start:]
		switch s {
		case "trim":
			now = bytes.TrimSpace(now)
		case "nfc", "nfkc":
			if composed = norm.NFC; s == "nfkc" {
				composed = norm.NFKC
			}
			if !ascii {
				now = composed.Bytes(now)
			}
		case "lower", "fold":
			if ascii {
				lowerASCII(now)
			} else {
				now = changeCase(s, now, composed)
			}
		case "digits":
			now = digits(now)
		case "e164":
			var err error
			if now, err = e164(now); err != nil {
				return dst[:start], err
			}
		}
		dst = append(dst[:start], now...)
	}
	return dst, nil
}

// changeCase maps the case of text. A case mapping may undo a normalization,
// which is then repeated. A Caser may be stateful, so each call has its own.
func changeCase(step string, text []byte, composed norm.Form) []byte {
	c := cases.Fold()
	if step == "lower" {
		c = cases.Lower(language.Und, cases.HandleFinalSigma(false))
	}
	text = c.Bytes(text)
	if composed >= 0 {
		text = composed.Bytes(text)
	}
	return text
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerASCII(text []byte) {
	for i, b := range text {
		if 'A' <= b && b <= 'Z' {
			text[i] = b + 'a' - 'A'
		}
	}
}

// digits keeps the digits 0 to 9, in place.
func digits(text []byte) []byte {
	kept := text[:0]
	for _, b := range text {
		if '0' <= b && b <= '9' {
			kept = append(kept, b)
		}
	}
	return kept
}

// e164 brings a phone number, in place, into the form of ITU-T E.164: a plus
// sign and 7 to 15 digits. What is written between them for the eye is left
// out, and so is a trunk zero in parentheses. Nothing is guessed: a number that
// does not begin with + or 00 is refused. An empty text stays empty.
func e164(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return text, nil
	}
	out := text[:1] // never longer than what was read
	switch {
	case text[0] == '+':
		text = text[1:]
	case bytes.HasPrefix(text, []byte("00")):
		text = text[2:]
	default:
		return nil, errPhone
	}
	out[0] = '+'
	for len(text) > 0 {
		b := text[0]
		switch {
		case '0' <= b && b <= '9':
			out = append(out, b)
		case bytes.HasPrefix(text, []byte("(0)")):
			text = text[2:]
		case strings.IndexByte(" -./()", b) < 0:
			return nil, errPhone
		}
		text = text[1:]
	}
	if len(out) < 8 || len(out) > 16 || out[1] == '0' {
		return nil, errPhone
	}
	return out, nil
}
