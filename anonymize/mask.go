package anonymize

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/masking"
)

// Mask keeps the first and the last characters of a text and replaces the
// others by With, "*" where it is empty. A character is a Unicode code point;
// a byte that is not UTF-8 counts as one and is always masked. A text with no
// character to spare between those kept is masked as a whole.
//
// One With stands for each character, which tells how long the text was; with
// a Length above 0 there are always that many instead, in an empty text too.
// The column keeps its type, utf8 or large_utf8. Its zero value, which keeps
// nothing, is refused: a column nobody needs is dropped.
type Mask struct {
	KeepFirst int    `yaml:"keep_first" json:"keep_first,omitempty"`
	KeepLast  int    `yaml:"keep_last" json:"keep_last,omitempty"`
	With      string `yaml:"with" json:"with,omitempty"`
	Length    int    `yaml:"length" json:"length,omitempty"`
}

// maxMask is the largest number of characters that a mask deals in.
const maxMask = 1 << 16

func (m Mask) with() string {
	if m.With == "" {
		return "*"
	}
	return m.With
}

func (m Mask) validate() []error {
	var errs []error
	for _, p := range []struct {
		name  string
		value int
	}{{"keep_first", m.KeepFirst}, {"keep_last", m.KeepLast}, {"length", m.Length}} {
		if p.value < 0 || p.value > maxMask {
			errs = append(errs, fmt.Errorf("mask: %s is %d, want 0 to %d", p.name, p.value, maxMask))
		}
	}
	if m.KeepFirst == 0 && m.KeepLast == 0 {
		errs = append(errs, fmt.Errorf("mask: keep_first and keep_last are 0, so nothing is left; "+
			"want one above 0, or drop the column"))
	}
	r, n := utf8.DecodeRuneInString(m.with())
	if n != len(m.with()) || r == utf8.RuneError || !unicode.IsGraphic(r) {
		errs = append(errs, fmt.Errorf("mask: with is %q, want one visible character", m.With))
	}
	return errs
}

func (m Mask) describe() string {
	kept := ""
	switch {
	case m.KeepLast == 0:
		kept = "the first " + characters(m.KeepFirst)
	case m.KeepFirst == 0:
		kept = "the last " + characters(m.KeepLast)
	default:
		kept = fmt.Sprintf("the first %d and the last %s", m.KeepFirst, characters(m.KeepLast))
	}
	length := ""
	if m.Length > 0 {
		length = fmt.Sprintf(", %d of them whatever the length", m.Length)
	}
	return fmt.Sprintf("all but %s masked by %q%s", kept, m.with(), length)
}

func characters(n int) string {
	if n == 1 {
		return "character"
	}
	return fmt.Sprintf("%d characters", n)
}

func (m Mask) outType(in arrow.DataType) (arrow.DataType, error) {
	return throughDictionary(m, in, func(in arrow.DataType) (arrow.DataType, error) {
		if in.ID() != arrow.STRING && in.ID() != arrow.LARGE_STRING {
			return nil, wrongType("mask", in, "text (utf8 or large_utf8)")
		}
		return in, nil
	})
}

func (m Mask) apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if _, err := m.outType(a.DataType()); err != nil {
		return nil, err
	}
	return onDistinct(mem, a, m.kernel)
}

func (m Mask) kernel(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if a.DataType().ID() == arrow.LARGE_STRING {
		return maskText[int64](mem, a, m)
	}
	return maskText[int32](mem, a, m)
}

func maskText[O int32 | int64](
	mem memory.Allocator, a arrow.Array, m Mask,
) (arrow.Array, error) {
	text, err := textsOf[O](a)
	if err != nil {
		return nil, fmt.Errorf("mask: %w", err)
	}
	rule := m.rule()
	return mapText[O](mem, a, a.DataType(), func(dst []byte, i int) []byte {
		return rule.Append(dst, text(i))
	})
}

func (m Mask) rule() masking.Rule {
	return masking.Rule{KeepFirst: m.KeepFirst, KeepLast: m.KeepLast, With: m.with(),
		Length: m.Length}
}
