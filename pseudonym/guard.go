package pseudonym

import (
	"errors"
	"fmt"
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
