package pseudonym

import (
	"context"
	"errors"
	"fmt"
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/masking"
)

// Redact makes every value null. The column keeps its type, but a dictionary
// becomes a plain column. It has no key and takes columns of every type.
type Redact struct{}

func (Redact) traits() traits {
	return traits{keyless: true, prepares: true, varies: true, nulls: true}
}

func (Redact) check() []error { return nil }

func (Redact) compile(_ *Keyring, c Column) (kernel, error) {
	return redactKernel{}, unprepared(c)
}

type redactKernel struct{}

func (redactKernel) reads() []string { return nil }

func (redactKernel) bits() int { return 0 }

func (redactKernel) outType(in arrow.DataType, _ []arrow.DataType) (arrow.DataType, error) {
	if d, ok := in.(*arrow.DictionaryType); ok {
		return d.ValueType, nil
	}
	return in, nil
}

func (k redactKernel) transform(_ context.Context, mem memory.Allocator, a arrow.Array,
	_ []arrow.Array) (arrow.Array, error) {
	typ, err := k.outType(a.DataType(), nil)
	if err != nil {
		return nil, err
	}
	return array.MakeArrayOfNull(mem, typ, a.Len()), nil
}

// Constant replaces every value by the same text. The column becomes utf8; null
// stays null. It has no key and takes columns of every type.
type Constant struct {
	// Value is the text. It must not be empty.
	Value string `yaml:"value"`
}

func (Constant) traits() traits { return traits{keyless: true, prepares: true, varies: true} }

func (c Constant) check() []error {
	switch {
	case c.Value == "":
		return []error{errors.New("constant: no value; redact makes values null")}
	case !utf8.ValidString(c.Value):
		return []error{errors.New("constant: the value is not valid UTF-8")}
	}
	return nil
}

func (c Constant) compile(_ *Keyring, col Column) (kernel, error) {
	return constantKernel{c.Value}, unprepared(col)
}

type constantKernel struct{ value string }

func (constantKernel) reads() []string { return nil }

func (constantKernel) bits() int { return 0 }

func (constantKernel) outType(arrow.DataType, []arrow.DataType) (arrow.DataType, error) {
	return arrow.BinaryTypes.String, nil
}

func (k constantKernel) transform(_ context.Context, mem memory.Allocator, a arrow.Array,
	_ []arrow.Array) (arrow.Array, error) {
	rows, err := rowsOf(a, func(arrow.Array) error { return nil })
	if err != nil {
		return nil, err
	}
	defer rows.release()
	if a.Len()*len(k.value) > math.MaxInt32 {
		return nil, fmt.Errorf("a batch of %d rows holds more text than 32-bit offsets reach; "+
			"split it", a.Len())
	}
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.Reserve(a.Len())
	b.ReserveData(a.Len() * len(k.value))
	for row := range a.Len() {
		if at := rows.entry(row); at < 0 || rows.valid.null(at) {
			b.AppendNull()
		} else {
			b.Append(k.value)
		}
	}
	return b.NewArray(), nil
}

// unprepared refuses what a column says of the values for a method that does
// not look at them.
func unprepared(c Column) error {
	if p, _ := newPreparation(c); !p.trivial() {
		return errors.New("the method takes no canonical form, no handling of empty values " +
			"and no sentinels")
	}
	return nil
}

// Mask keeps the first and the last characters of a value and replaces the
// others by With. A character is a Unicode code point; a byte that is not UTF-8
// counts as one and is always masked. A value with no character to spare
// between those kept is masked as a whole. It has no key and is no token:
// different values may look alike, and what is kept is readable.
type Mask struct {
	// KeepFirst and KeepLast are numbers of characters, not both 0.
	KeepFirst int `yaml:"keep_first,omitempty"`
	KeepLast  int `yaml:"keep_last,omitempty"`
	// With stands for a character; empty means "*".
	With string `yaml:"with,omitempty"`
	// Length, if above 0, is how often With stands in every value, so that the
	// length of the value does not show.
	Length int `yaml:"length,omitempty"`
}

// maxMask is the largest number of characters that a mask deals in.
const maxMask = 1 << 16

func (Mask) traits() traits { return traits{keyless: true, varies: true} }

func (m Mask) check() []error {
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
		errs = append(errs, errors.New("mask: keep_first and keep_last are 0, so nothing is left; "+
			"want one above 0, or redact"))
	}
	if r, n := utf8.DecodeRuneInString(m.With); m.With != "" &&
		(n != len(m.With) || r == utf8.RuneError || !unicode.IsGraphic(r)) {
		errs = append(errs, fmt.Errorf("mask: with is %q, want one visible character", m.With))
	}
	return errs
}

func (m Mask) compile(*Keyring, Column) (kernel, error) {
	rule := masking.Rule{KeepFirst: m.KeepFirst, KeepLast: m.KeepLast, With: m.With,
		Length: m.Length}
	if rule.With == "" {
		rule.With = "*"
	}
	return newTextKernel(arrow.BinaryTypes.String, 0, func() maker {
		return &maskMaker{rule: rule}
	}), nil
}

type maskMaker struct {
	rule masking.Rule
	text []byte
}

func (m *maskMaker) make(out *outputs, c chunk) (int, error) {
	for i, row := range c.rows {
		m.text = m.rule.Append(m.text[:0], c.text(i))
		copy(out.room(row, len(m.text)), m.text)
	}
	return 0, nil
}
