package linkage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/internal/canon"
	"github.com/lethe-go/lethe/pseudonym"
)

// cancelEvery is how many people are encoded between two looks at the context.
const cancelEvery = 1 << 12

// filter is a filter as it is compared.
type filter [FilterBits / 64]uint64

// Encoder makes filters. It does not change, is safe for concurrent use, and
// like a keyring cannot be printed. [New] makes one; the zero Encoder fails.
type Encoder struct {
	id        uint32
	features  []feature
	size      int
	hardening Hardening
	// states holds the keys, in a closure, and what one goroutine needs.
	states *sync.Pool
	mem    memory.Allocator
}

// feature is a compiled Feature.
type feature struct {
	column string
	chain  canon.Chain
	grams  int
	bits   int
}

// New returns an encoder under the primary key of kr. It reports every mistake
// at once.
func New(kr *pseudonym.Keyring, cfg Config) (*Encoder, error) {
	errs := cfg.check()
	if kr == nil || kr.ID() == 0 {
		errs = append(errs, errors.New("no keyring; open one with pseudonym.Open"))
	}
	if len(errs) > 0 {
		return nil, mistakes(errs)
	}
	e := &Encoder{id: kr.ID(), hardening: cfg.Hardening, mem: memory.DefaultAllocator}
	e.size, _ = cfg.Hardening.size() // checked above
	var keys [][]byte
	for _, f := range cfg.Features {
		chain, _ := canon.New(f.Canonical) // checked above
		e.features = append(e.features,
			feature{column: f.Column, chain: chain, grams: f.grams(), bits: f.Bits})
		key, err := kr.Derive("linkage/clk/v1/feature/"+f.name(), cfg.Project, keyBytes)
		if err != nil {
			return nil, fmt.Errorf("linkage: %w", err)
		}
		keys = append(keys, key)
	}
	seed, err := kr.Derive("linkage/clk/v1/order", cfg.Project, keyBytes)
	if err != nil {
		return nil, fmt.Errorf("linkage: %w", err)
	}
	order := permutation(seed)
	e.states = &sync.Pool{New: func() any { return newState(keys, order) }}
	return e, nil
}

// permutation is an order of the bits of a filter. ChaCha8 is a cryptographic
// generator, so that it is uniform to whoever lacks the key.
func permutation(seed []byte) []uint16 {
	order := make([]uint16, FilterBits)
	for i := range order {
		order[i] = uint16(i)
	}
	rand.New(rand.NewChaCha8([32]byte(seed))).Shuffle(len(order), func(i, j int) {
		order[i], order[j] = order[j], order[i]
	})
	return order
}

// Encode returns the filters of the people in rec, one a row, as
// fixed_size_binary[128]; the caller releases it. A feature that is null or
// empty sets no bits; a person without any is null. Columns that are no
// features are ignored. It fails if a feature's column is missing, occurs twice
// or has a type that cannot be encoded, if a value cannot be canonicalized, or
// if ctx is done. No error holds a value.
func (e *Encoder) Encode(ctx context.Context, rec arrow.Record) (*array.FixedSizeBinary, error) {
	if e.states == nil {
		return nil, errors.New("linkage: a zero Encoder; make one with New")
	}
	columns, err := e.columns(rec)
	if err != nil {
		return nil, err
	}
	s := e.states.Get().(*state)
	defer e.states.Put(s)
	b := array.NewFixedSizeBinaryBuilder(e.mem, &arrow.FixedSizeBinaryType{ByteWidth: FilterBytes})
	defer b.Release()
	b.Reserve(int(rec.NumRows()))
	var text [FilterBytes]byte
	for row := range int(rec.NumRows()) {
		if row%cancelEvery == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("linkage: %w", ctx.Err())
		}
		clear(s.words[:])
		any := false
		for i := range e.features {
			value, err := columns[i](row)
			if err != nil {
				return nil, fmt.Errorf("linkage: column %q: row %d: %w", e.features[i].column, row, err)
			}
			set, err := s.add(i, &e.features[i], value, e.size)
			if err != nil {
				return nil, fmt.Errorf("linkage: column %q: row %d: %w", e.features[i].column, row, err)
			}
			any = any || set
		}
		if !any {
			b.AppendNull()
			continue
		}
		f := s.harden(e.hardening)
		for i, w := range f {
			binary.LittleEndian.PutUint64(text[8*i:], w)
		}
		b.Append(text[:])
	}
	return b.NewFixedSizeBinaryArray(), nil
}

func (e *Encoder) columns(rec arrow.Record) ([]reader, error) {
	columns := make([]reader, len(e.features))
	var errs []error
	for i, f := range e.features {
		at := rec.Schema().FieldIndices(f.column)
		if len(at) != 1 {
			errs = append(errs, fmt.Errorf("column %q occurs %d times in the table, want once",
				f.column, len(at)))
			continue
		}
		var err error
		if columns[i], err = textsOf(rec.Column(at[0])); err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", f.column, err))
		}
	}
	if len(errs) > 0 {
		return nil, mistakes(errs)
	}
	return columns, nil
}

// String returns a placeholder with the id of the key.
func (e Encoder) String() string { return fmt.Sprintf("linkage.Encoder(REDACTED id=%d)", e.id) }

// Format writes what String returns, for every verb.
func (e Encoder) Format(s fmt.State, _ rune) { fmt.Fprint(s, e.String()) }

// LogValue returns what String returns.
func (e Encoder) LogValue() slog.Value { return slog.StringValue(e.String()) }

// MarshalText returns what String returns; it never fails.
func (e Encoder) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// mistakes makes one error of several, one a line.
func mistakes(errs []error) error {
	if len(errs) == 1 {
		return fmt.Errorf("linkage: %w", errs[0])
	}
	lines := []any{len(errs)}
	for _, err := range errs {
		lines = append(lines, err)
	}
	return fmt.Errorf("linkage: %d mistakes"+strings.Repeat("\n\t%w", len(errs)), lines...)
}
