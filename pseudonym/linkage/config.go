package linkage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lethe-go/lethe/internal/canon"
	"github.com/lethe-go/lethe/pseudonym"
)

// FilterBits is the length of a filter, and FilterBytes the same in bytes.
const (
	FilterBits  = 1024
	FilterBytes = FilterBits / 8
)

// minFeatures is the least number of features: filters of one or two are read
// by pattern mining.
const minFeatures = 3

// Config says how people are encoded. Organizations that link give the same.
type Config struct {
	// Project keeps filters of different projects apart. Its domain and entity
	// must not be empty.
	Project pseudonym.Field `yaml:"project"`
	// Features are what people are recognized by, at least three.
	Features []Feature `yaml:"features"`
	// Hardening is Fold or Balance; the zero value is refused.
	Hardening Hardening `yaml:"hardening"`
}

// Feature is a column by which people are recognized.
type Feature struct {
	// Column is the name of the column: text, whole numbers, date32, or a
	// dictionary of text.
	Column string `yaml:"column"`
	// Name names the feature where organizations call the column differently;
	// empty means Column.
	Name string `yaml:"name,omitempty"`
	// Canonical lists the steps that bring the values of all organizations into
	// one form: trim, nfc or nfkc, lower or fold, digits or e164. They are
	// applied in this order whatever their order here.
	Canonical []string `yaml:"canonical,omitempty"`
	// Grams is the number of characters of an n-gram, 1 to 8; 0 means 2. A
	// value with fewer is one n-gram as a whole.
	Grams int `yaml:"grams,omitempty"`
	// Bits is how many times a value sets a bit in all, at least 10: the weight
	// of the feature. The n-grams of a value share it equally, each at least
	// once and at most 64 times.
	Bits int `yaml:"bits"`
}

// Hardening is what is done to a filter after its bits are set.
type Hardening string

const (
	// Fold writes the exclusive or of the halves of a filter twice as long.
	Fold Hardening = "fold"
	// Balance writes a filter half as long and its complement, permuted under
	// the key.
	Balance Hardening = "balance"
)

// size is the number of bits that features set before the hardening.
func (h Hardening) size() (int, error) {
	switch h {
	case Fold:
		return 2 * FilterBits, nil
	case Balance:
		return FilterBits / 2, nil
	case "":
		return 0, errors.New("no hardening; want fold or balance")
	}
	return 0, fmt.Errorf("hardening %q is not known, want fold or balance", string(h))
}

const (
	minBits  = 10
	maxGrams = 8
)

// check returns all that is wrong with the configuration.
func (c *Config) check() []error {
	var errs []error
	if err := c.Project.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("project: %s",
			strings.TrimPrefix(err.Error(), "pseudonym: ")))
	}
	size, err := c.Hardening.size()
	if err != nil {
		errs = append(errs, err)
	}
	if n := len(c.Features); n < minFeatures {
		errs = append(errs, fmt.Errorf("%d features, want at least %d: filters of fewer are read "+
			"by counting how often each occurs", n, minFeatures))
	}
	seen := map[string]bool{}
	total := 0
	for i, f := range c.Features {
		where := fmt.Sprintf("feature %q", f.name())
		switch {
		case f.Column == "":
			where = fmt.Sprintf("feature %d of %d", i+1, len(c.Features))
			errs = append(errs, fmt.Errorf("%s: no column", where))
		case seen[f.name()]:
			errs = append(errs, fmt.Errorf("%s: given twice", where))
		}
		seen[f.name()] = true
		if f.Grams < 0 || f.Grams > maxGrams {
			errs = append(errs, fmt.Errorf("%s: grams is %d, want 1 to %d", where, f.Grams, maxGrams))
		}
		if f.Bits < minBits {
			errs = append(errs, fmt.Errorf("%s: bits is %d, want at least %d", where, f.Bits, minBits))
		}
		total += max(0, min(f.Bits, 1<<20)) // so that the sum cannot overflow
		if _, err := canon.New(f.Canonical); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
	}
	if size > 0 && total > size {
		errs = append(errs, fmt.Errorf("the features set %d bits of %d in all: the filter would be "+
			"full and all people alike; want at most %d", total, size, size))
	}
	return errs
}

func (f Feature) name() string {
	if f.Name != "" {
		return f.Name
	}
	return f.Column
}

func (f Feature) grams() int {
	if f.Grams == 0 {
		return 2
	}
	return f.Grams
}
