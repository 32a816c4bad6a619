package pseudonym

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/lethe-go/lethe/internal/hmac256"
)

// opSample names the derivation of sampling keys, so that a token tells
// nothing about who is in a sample.
const opSample = "sample"

// Sampler chooses people, not rows: all rows of a person are in the sample or
// none is, in every table that is sampled with the same key and field. For one
// key and field the sample of a smaller fraction is a part of that of a larger
// one. A Sampler does not change, is safe for concurrent use, and like a
// [Keyring] cannot be printed. [NewSampler] makes one; the zero Sampler fails.
type Sampler struct {
	id   uint32
	macs macs
	// A person is kept if the first 64 bits of its HMAC are at most last.
	last uint64
}

// NewSampler returns a sampler that keeps each person with probability
// fraction, 0 < fraction <= 1, independently of the others: those for whom the
// first 64 bits of an HMAC-SHA256 of the identifier, read as a number, are
// below fraction times 2^64, computed without rounding. The number of people
// kept is thus binomially distributed, not fixed.
func NewSampler(kr *Keyring, f Field, fraction float64) (*Sampler, error) {
	var errs []error
	if kr == nil || kr.derive == nil {
		errs = append(errs, errNoKeyring)
	}
	errs = append(errs, f.check()...)
	if !(fraction > 0 && fraction <= 1) { // so written for NaN
		errs = append(errs, fmt.Errorf("fraction is %g, want above 0 and at most 1", fraction))
	}
	if len(errs) > 0 {
		return nil, join(errs)
	}
	m, err := kr.macs(opSample, f, "")
	if err != nil {
		return nil, fmt.Errorf("pseudonym: %w", err)
	}
	return &Sampler{id: kr.ID(), macs: m, last: lastBelow(fraction)}, nil
}

// lastBelow returns the greatest integer below fraction * 2^64. Scaling by a
// power of two is exact, and u < x holds for an integer u if and only if
// u < ceil(x).
func lastBelow(fraction float64) uint64 {
	if fraction == 1 {
		return math.MaxUint64
	}
	return uint64(math.Ceil(math.Ldexp(fraction, 64))) - 1
}

// Keep sets keep[i] to false for every row i of a whose person is not in the
// sample, and leaves it as it is otherwise: start with all true, or with the
// rows that other rules have left. Rows that are false already are not looked
// at. The identifiers in a may have any type that a column to pseudonymize may
// have. It is an error if keep is not as long as a, if the person of a row is
// null (nobody could say whether they are in), or if the array is damaged or
// of another type; keep is then all false.
func (s *Sampler) Keep(a arrow.Array, keep []bool) error {
	err := s.keep(a, keep)
	if err != nil {
		clear(keep)
		return fmt.Errorf("pseudonym: sample: %w", err)
	}
	return nil
}

func (s *Sampler) keep(a arrow.Array, keep []bool) error {
	if s.macs.pool == nil {
		return errors.New("a zero Sampler; make one with NewSampler")
	}
	if a.Len() != len(keep) {
		return fmt.Errorf("%d rows, but room for %d", a.Len(), len(keep))
	}
	if err := checkType(a.DataType()); err != nil {
		return err
	}
	if d, ok := a.(*array.Dictionary); ok {
		return s.keepDictionary(d, keep)
	}
	v, err := valuesOf(a)
	if err != nil {
		return err
	}
	m := s.macs.get()
	defer s.macs.put(m)
	var text [textBytes]byte
	for row := range keep {
		if !keep[row] {
			continue
		}
		if keep[row], err = s.in(m, v, row, text[:]); err != nil {
			return fmt.Errorf("row %d: %w", row, err)
		}
	}
	return nil
}

// keepDictionary decides once for each entry that occurs.
func (s *Sampler) keepDictionary(d *array.Dictionary, keep []bool) error {
	entries, v, err := dictionaryValues(d)
	if err != nil {
		return err
	}
	defer entries.release()
	codes := make([]int32, d.Len())
	rows, err := validityOf(d)
	if err != nil {
		return err
	}
	if err := indices(codes, d, rows, v.n); err != nil {
		return err
	}
	m := s.macs.get()
	defer s.macs.put(m)
	var text [textBytes]byte
	known, kept := make([]bool, v.n), make([]bool, v.n)
	for row, entry := range codes {
		switch {
		case !keep[row]:
			continue
		case entry < 0:
			return fmt.Errorf("row %d: %w", row, errNoPerson)
		case !known[entry]:
			known[entry] = true
			if kept[entry], err = s.in(m, v, int(entry), text[:]); err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
		}
		keep[row] = kept[entry]
	}
	return nil
}

var errNoPerson = errors.New("the person is null; drop such rows first")

// in tells whether the person of a row is in the sample. text is scratch of
// textBytes.
func (s *Sampler) in(m *hmac256.MAC, v values, row int, text []byte) (bool, error) {
	if v.null(row) {
		return false, errNoPerson
	}
	text, err := v.at(row, text)
	if err != nil {
		return false, err
	}
	return binary.BigEndian.Uint64(m.Digest(text)[:8]) <= s.last, nil
}

// String returns a placeholder with the id of the key.
func (s Sampler) String() string { return redacted("Sampler", s.id) }

// Format writes what String returns, for every verb.
func (s Sampler) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue returns what String returns.
func (s Sampler) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String returns; it never fails.
func (s Sampler) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
