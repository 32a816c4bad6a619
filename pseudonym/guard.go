package pseudonym

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

var (
	// ErrLowEntropy is wrapped by the refusal of deterministic tokens of a
	// column that its frequencies give away.
	ErrLowEntropy = errors.New("too little entropy for deterministic tokens")
	// ErrCollision is wrapped by the refusal of tokens that are too short for
	// the number of values, or of which two values have the same.
	ErrCollision = errors.New("tokens may collide")
)

// Verdict is what the guards say of one column.
type Verdict struct {
	Column string
	// Refused is why the column may not be released, or nil. It wraps
	// ErrLowEntropy or ErrCollision and holds no value.
	Refused error
	// Accepted is what Refused would be if LowEntropy of the column did not
	// give Reason for it; a report shows both.
	Accepted error
	Reason   string
}

// Verdicts judges each column, in the order in which they were given to [New].
// A column of deterministic tokens is refused
//
//   - if it has at least MinRows values that are not null and fewer distinct
//     ones than MinDistinct and than a tenth of them, or one that makes up more than MaxShare of
//     them, unless LowEntropy says why that may be;
//   - if the birthday bound of its tokens is above MaxCollision for its number
//     of distinct values, or two values have the same token. Nothing overrides
//     that: choose a longer format.
//
// Shares are exact up to 4,096 distinct values; beyond they are rounded up by
// at most a quarter of a thousandth. Tokens longer than 64 bits are judged by
// the number of rows, of which no table has enough.
func (c *Counts) Verdicts() []Verdict {
	verdicts := make([]Verdict, len(c.columns))
	for i := range c.columns {
		cc := &c.columns[i]
		v := &verdicts[i]
		v.Column = cc.column.name
		if !cc.guarded {
			continue
		}
		if v.Refused = cc.collisions(); v.Refused != nil {
			continue
		}
		if low := cc.entropy(); low != nil {
			if v.Reason = cc.column.source.LowEntropy; v.Reason != "" {
				v.Accepted = low
			} else {
				v.Refused = low
			}
		}
	}
	return verdicts
}

// Err returns every refusal of Verdicts at once, or nil.
func (c *Counts) Err() error {
	var errs []error
	for _, v := range c.Verdicts() {
		if v.Refused != nil {
			errs = append(errs, fmt.Errorf("column %q: %w", v.Column, v.Refused))
		}
	}
	return joinAny(errs)
}

func (c *columnCounts) collisions() error {
	bits := c.column.bits()
	if bits == 0 {
		return nil
	}
	if c.collided {
		return fmt.Errorf("%w: two values have the same token of %d bits; "+
			"choose a format with more", ErrCollision, bits)
	}
	if c.crowded || bits > exactBits && c.tally.total > mostValues(bits) {
		return fmt.Errorf("%w: tokens of %d bits are good for %d distinct values, and there are "+
			"more; choose a format with more bits", ErrCollision, bits, mostValues(bits))
	}
	return nil
}

func (c *columnCounts) entropy() error {
	if c.tally.total < MinRows {
		return nil
	}
	const remedy = "who knows the frequencies reads the tokens; generalize or drop the column, " +
		"use random tokens, or say in low_entropy why it may be"
	least := min(MinDistinct, c.tally.total/10)
	if n, exact := c.tally.distinct(); exact && n < least {
		return fmt.Errorf("%w: %d distinct values in %d rows, want at least %d; %s",
			ErrLowEntropy, n, c.tally.total, least, remedy)
	}
	if share := float64(c.tally.top()) / float64(c.tally.total); share > MaxShare {
		return fmt.Errorf("%w: one value makes up %.1f %% of %d rows, want at most %g %%; %s",
			ErrLowEntropy, math.Ceil(1000*share)/10, c.tally.total, 100*MaxShare, remedy)
	}
	return nil
}

// ManifestVersion is the version of the form of a Manifest.
const ManifestVersion = 1

// Manifest says how the columns of a release were pseudonymized, so that it can
// be made again with the same tokens or reversed where a method can be. It
// holds no key and no value.
type Manifest struct {
	Version int              `json:"version"` // ManifestVersion
	Columns []ManifestColumn `json:"columns"`
}

// ManifestColumn is one column of a Manifest.
type ManifestColumn struct {
	Column string `json:"column"`
	Method string `json:"method"`           // with its parameters
	Spec   string `json:"spec"`             // as Column.Spec returns it
	KeyID  uint32 `json:"key_id,omitempty"` // of the key; 0 for a method without one
	// Bits is how many random bits a token has; 0 where different values never
	// have the same token, or where outputs are no tokens.
	Bits int `json:"bits,omitempty"`
	// Canonical names the canonicalization, in the order of its steps.
	Canonical string `json:"canonical,omitempty"`
	// Values and Nulls count what was written; Distinct the different tokens,
	// or AtLeast as many where there are too many to count. The elements of
	// lists are counted one by one.
	Values   int64 `json:"values"`
	Nulls    int64 `json:"nulls"`
	Distinct int64 `json:"distinct,omitempty"`
	AtLeast  int64 `json:"distinct_at_least,omitempty"`
	// LowEntropy is the reason that the column gives for it.
	LowEntropy string `json:"low_entropy,omitempty"`
}

// Manifest returns the manifest of the columns of p, with the counts of c if it
// is not nil. It fails if c counts other columns.
func (p *Pseudonymizer) Manifest(c *Counts) (Manifest, error) {
	m := Manifest{Version: ManifestVersion}
	if c != nil {
		if err := p.NewCounts().Merge(c); err != nil {
			return m, err
		}
	}
	for i := range p.columns {
		col := &p.columns[i]
		prep, _ := newPreparation(col.source)
		mc := ManifestColumn{Column: col.name, Method: describeMethod(col.source.Method),
			Spec: col.source.Spec(), Bits: col.bits(), Canonical: prep.chain.String(),
			LowEntropy: col.source.LowEntropy}
		t := traitsOf(col.source.Method)
		if !t.keyless {
			mc.KeyID = p.id
		}
		if c != nil {
			cc := &c.columns[i]
			mc.Values, mc.Nulls = cc.tally.total, cc.nulls
			n, exact := cc.tally.distinct()
			switch {
			case !cc.guarded:
			case cc.values != nil:
				mc.Distinct = int64(len(cc.values))
			case exact:
				mc.Distinct = n
			default:
				mc.AtLeast = n
			}
		}
		m.Columns = append(m.Columns, mc)
	}
	return m, nil
}

// WriteJSON writes the manifest as indented JSON; equal manifests give equal
// bytes.
func (m Manifest) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return fmt.Errorf("pseudonym: manifest: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("pseudonym: write manifest: %w", err)
	}
	return nil
}
