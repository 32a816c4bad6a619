package anonymize

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// ZIP3 leaves of a US ZIP code its first three digits, or 000 where these are
// an area of at most 20,000 people, as the Safe Harbor method of the HIPAA
// Privacy Rule asks, 45 CFR 164.514(b)(2)(i)(B). Which areas these are follows
// from the current census and is for the user to say: Lethe has no list, and
// the zero value is refused. With a clamp of ages to at most 90, dates truncated
// to the year, and identifiers dropped, a table has what Safe Harbor says of
// these columns; the rest of the rule, and what the publisher knows, is not
// checked.
//
// The column is text and keeps its type. Its values are ZIP codes of five
// digits, or of nine with or without a hyphen; anything else is an error, for a
// number that lost its leading zero would become another area.
type ZIP3 struct {
	// Sparse lists the areas by their three digits.
	Sparse []string `yaml:"sparse" json:"sparse"`
	// NoneSparse says in place of Sparse that there are none.
	NoneSparse bool `yaml:"none_sparse" json:"none_sparse,omitempty"`
}

var errZIP = errors.New("zip3: a value is no ZIP code of 5 or 9 digits")

func (z ZIP3) validate() []error {
	var errs []error
	if len(z.Sparse) == 0 && !z.NoneSparse {
		errs = append(errs, errors.New("zip3: no sparse areas; list the three-digit areas of at most "+
			"20,000 people by the current census, or say none_sparse: true"))
	}
	if len(z.Sparse) > 0 && z.NoneSparse {
		errs = append(errs, errors.New("zip3: sparse areas and none_sparse; want one of them"))
	}
	for _, s := range z.Sparse {
		if len(s) != 3 || !allDigits([]byte(s)) {
			errs = append(errs, fmt.Errorf("zip3: sparse area %q, want three digits in quotes", s))
		}
	}
	return errs
}

func (z ZIP3) describe() string {
	return fmt.Sprintf("ZIP codes cut to three digits, those of %d sparse areas to 000", len(z.Sparse))
}

func (z ZIP3) outType(in arrow.DataType) (arrow.DataType, error) {
	return throughDictionary(z, in, func(in arrow.DataType) (arrow.DataType, error) {
		if in.ID() != arrow.STRING && in.ID() != arrow.LARGE_STRING {
			return nil, wrongType("zip3", in, "text (utf8 or large_utf8)")
		}
		return in, nil
	})
}

func (z ZIP3) apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if _, err := z.outType(a.DataType()); err != nil {
		return nil, err
	}
	return onDistinct(mem, a, func(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
		if a.DataType().ID() == arrow.LARGE_STRING {
			return zip3Text[int64](mem, a, z)
		}
		return zip3Text[int32](mem, a, z)
	})
}

func zip3Text[O int32 | int64](mem memory.Allocator, a arrow.Array, z ZIP3) (arrow.Array, error) {
	text, err := textsOf[O](a)
	if err != nil {
		return nil, fmt.Errorf("zip3: %w", err)
	}
	bad := false
	out, err := mapText[O](mem, a, a.DataType(), func(dst []byte, i int) []byte {
		zip := text(i)
		if !isZIP(zip) {
			bad = true
			return dst
		}
		if slices.Contains(z.Sparse, string(zip[:3])) {
			return append(dst, "000"...)
		}
		return append(dst, zip[:3]...)
	})
	if err != nil {
		return nil, err
	}
	if bad {
		out.Release()
		return nil, errZIP
	}
	return out, nil
}

func isZIP(text []byte) bool {
	switch len(text) {
	case 5, 9:
		return allDigits(text)
	case 10:
		return text[5] == '-' && allDigits(text[:5]) && allDigits(text[6:])
	}
	return false
}

func allDigits(text []byte) bool {
	for _, b := range text {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}
