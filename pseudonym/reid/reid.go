// Package reid gives tokens back their values, for those who may know them and
// who are on record:
//
//	audit, err := reid.OpenAudit("audit.jsonl")
//	r, err := reid.New(kr, reid.Config{
//		Purpose:  "incidental finding 2026-17, approved by the ethics board",
//		Actor:    "m.curie",
//		Audit:    audit,
//		MaxBatch: 100,
//	}, column)
//	values, err := r.Reverse(ctx, "patient_id", tokens)
//
// Columns are those with which the tokens were made. Tokens of the methods
// [pseudonym.SIV], [pseudonym.FF1] and [pseudonym.Crosswalk] can be reversed;
// the others are refused by name. There is no way from a value to its token
// here: whoever may ask "is X among them?" needs no tokens.
//
// # What is on record
//
// Before any value is returned, the sink holds a [Record]: who asked, why,
// when, for which tokens (by their SHA-256) of which column, under which keys.
// If it cannot be written, nothing is returned. A record therefore says what
// was asked for; that something was returned, it does not say.
//
// # What is not promised
//
// The record binds those who use this package. Whoever has the keys and
// another program needs no record: keep the keys of reversible methods in a
// keyring of their own, where only the process that reverses can open it.
// Whether an actor is who they say is for the program to establish.
//
// # Keys
//
// Tokens of SIV and Crosswalk are opened under any enabled key of the keyring.
// A token of FF1 does not tell under which key it was made, and any key opens
// it to something: it is opened under the primary key, so pin the one that the
// manifest of the release names; see [pseudonym.Keyring.Pin].
package reid

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/lethe-go/lethe/pseudonym"
	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

// MaxBatch is the largest MaxBatch of a Config.
const MaxBatch = 10_000

// Config says on whose behalf tokens are reversed. All fields must be set.
type Config struct {
	// Purpose is why, in words that somebody who reads the audit understands.
	Purpose string `yaml:"purpose"`
	// Actor is who asks.
	Actor string `yaml:"actor"`
	// Audit is where the records go.
	Audit AuditSink `yaml:"-"`
	// MaxBatch is how many rows one call may ask for, 1 to the constant
	// MaxBatch: what is meant for single people should not open a table.
	MaxBatch int `yaml:"max_batch"`
}

func (c Config) check() []error {
	var errs []error
	for _, text := range []struct{ name, value string }{
		{"purpose", c.Purpose}, {"actor", c.Actor}} {
		switch {
		case strings.TrimSpace(text.value) == "":
			errs = append(errs, fmt.Errorf("no %s is given", text.name))
		case !utf8.ValidString(text.value) || strings.ContainsFunc(text.value, unicode.IsControl):
			errs = append(errs, fmt.Errorf("the %s has unprintable characters", text.name))
		case len(text.value) > 1000:
			errs = append(errs, fmt.Errorf("the %s is longer than 1000 bytes", text.name))
		}
	}
	if c.Audit == nil {
		errs = append(errs, errors.New("no audit sink is given"))
	}
	if c.MaxBatch < 1 || c.MaxBatch > MaxBatch {
		errs = append(errs, fmt.Errorf("max_batch is %d, want 1 to %d", c.MaxBatch, MaxBatch))
	}
	return errs
}

// Reverser gives tokens back their values. It does not change and is safe for
// concurrent use. [New] makes one; the zero Reverser refuses everything.
type Reverser struct {
	config  Config
	columns map[string]column
}

// column is a column whose tokens can be reversed.
type column struct {
	pseudonym.Column
	rings []*pseudonym.Keyring // under which its tokens are tried
	ids   []uint32             // of the keys under which they may be opened
}

// New returns a reverser of the given columns. It reports every mistake at
// once: what is missing in cfg, no keyring, no columns, a column that is given
// twice or not valid, and a method whose tokens cannot be reversed.
func New(kr *pseudonym.Keyring, cfg Config, columns ...pseudonym.Column) (*Reverser, error) {
	errs := cfg.check()
	if kr == nil || kr.ID() == 0 {
		errs = append(errs, errors.New("no keyring; open one with pseudonym.Open"))
		kr = &pseudonym.Keyring{}
	}
	if len(columns) == 0 {
		errs = append(errs, errors.New("no columns"))
	}
	r := &Reverser{cfg, map[string]column{}}
	for _, c := range columns {
		if _, twice := r.columns[c.Name]; twice {
			errs = append(errs, fmt.Errorf("column %q: given twice", c.Name))
		}
		if err := c.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		rings, ids, err := ringsOf(kr, c.Method)
		if err != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", c.Name, err))
		}
		r.columns[c.Name] = column{c, rings, ids}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("reid: %w", errors.Join(errs...))
	}
	return r, nil
}

// ringsOf returns a keyring for each key under which a token of the method is
// to be tried, and the ids of all keys that may open it. Only what notices a
// wrong key may try several.
func ringsOf(kr *pseudonym.Keyring, m pseudonym.Method) (
	rings []*pseudonym.Keyring, ids []uint32, err error) {
	rings, ids = []*pseudonym.Keyring{kr}, []uint32{kr.ID()}
	switch m.(type) {
	case pseudonym.FF1, *pseudonym.FF1:
		return rings, ids, nil
	case pseudonym.SIV, *pseudonym.SIV, pseudonym.Crosswalk, *pseudonym.Crosswalk:
	default:
		name := strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", m), "*"), "pseudonym.")
		return nil, nil, fmt.Errorf("tokens of the method %s cannot be reversed; "+
			"SIV, FF1 and Crosswalk make those that can", name)
	}
	for _, key := range kr.Keys() {
		if !key.Enabled || key.Primary {
			continue
		}
		other, err := kr.Pin(key.ID)
		if err != nil {
			return nil, nil, err
		}
		rings, ids = append(rings, other), append(ids, key.ID)
	}
	switch m.(type) {
	case pseudonym.Crosswalk, *pseudonym.Crosswalk: // it tries all keys itself
		rings = rings[:1]
	}
	return rings, ids, nil
}

// Reverse returns the values of the tokens of a column, as utf8 and row by row:
// the canonical texts that package pseudonym describes. A null stays null. The
// tokens are a utf8 or binary array of any kind, or a dictionary of one. The
// caller releases the result.
//
// It fails, before anything is written to the audit, if there are more rows
// than MaxBatch, and, after the record, if one of the tokens does not open: it
// then returns no value at all. No error holds a token or a value.
func (r *Reverser) Reverse(ctx context.Context, name string, tokens arrow.Array) (
	arrow.Array, error) {
	c, ok := r.columns[name]
	if !ok {
		return nil, fmt.Errorf("reid: column %q is not among those of this Reverser", name)
	}
	a, err := r.reverse(ctx, c, tokens)
	if err != nil {
		return nil, fmt.Errorf("reid: column %q: %w", name, err)
	}
	return a, nil
}

func (r *Reverser) reverse(ctx context.Context, c column, a arrow.Array) (arrow.Array, error) {
	if a.Len() > r.config.MaxBatch {
		return nil, fmt.Errorf("%d rows, but a batch may have %d", a.Len(), r.config.MaxBatch)
	}
	asked, err := tokensOf(a)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.config.Audit.Append(ctx, r.record(c, asked)); err != nil {
		return nil, fmt.Errorf("nothing is returned, because the audit failed: %w", err)
	}
	values, err := open(c, asked)
	if err != nil {
		return nil, err
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for _, i := range asked.rows {
		if i < 0 {
			b.AppendNull()
		} else {
			b.Append(string(values[i]))
		}
	}
	return b.NewArray(), nil
}

func (r *Reverser) record(c column, asked *asked) Record {
	record := Record{
		Time:    time.Now().UTC(),
		Actor:   r.config.Actor,
		Purpose: r.config.Purpose,
		Column:  c.Name,
		Domain:  c.Field.Domain,
		Entity:  c.Field.Entity,
		Method:  c.Spec(),
		KeyIDs:  c.ids,
		Rows:    len(asked.rows) - asked.nulls,
		Tokens:  len(asked.tokens),
		Digests: make([]string, len(asked.tokens)),
	}
	for i, token := range asked.tokens {
		record.Digests[i] = digest([]byte(token))
	}
	return record
}

// open opens every token, or none. The audit record is on disk.
func open(c column, asked *asked) ([][]byte, error) {
	var openers []reverse.Opener
	for _, ring := range c.rings {
		o, err := pseudonym.Reverse(reverse.Grant(), ring, c.Column)
		if err != nil {
			return nil, err
		}
		openers = append(openers, o)
	}
	values := make([][]byte, len(asked.tokens))
	for i, token := range asked.tokens {
		var errs []error
		for _, o := range openers {
			value, err := o.Open(nil, []byte(token))
			if err == nil && !utf8.Valid(value) {
				err = errors.New("its value is not text")
			}
			if errs = append(errs, err); err == nil {
				values[i] = value
				break
			}
		}
		if errs[len(errs)-1] != nil {
			row := slices.Index(asked.rows, i)
			if len(errs) > 1 {
				return nil, fmt.Errorf("row %d: none of the %d enabled keys opens the token: it "+
					"was altered, or made in another field or format, or its key is disabled",
					row, len(errs))
			}
			return nil, fmt.Errorf("row %d: %w", row, errs[0])
		}
	}
	return values, nil
}
