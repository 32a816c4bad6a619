package anonymize

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/kanon"
)

// Fitted says which table a plan was fitted on: what it is made of and, where
// rows were counted, how they are spread. It is the same for the table in one
// piece and in shards.
type Fitted struct {
	// Schema is the SHA-256 of the names and types of the columns of the input.
	Schema string `json:"schema"`
	// Rows is how many rows were counted, after the minimization.
	Rows int64 `json:"rows"`
	// Combinations tells the rows from others; nil without quasi-identifiers.
	Combinations *kanon.Fingerprint `json:"combinations,omitempty"`
}

// schemaDigest names the columns of a table and their types, whatever their
// order and whether text comes as a dictionary, which may differ by shard.
func schemaDigest(schema *arrow.Schema) string {
	var lines []string
	for _, f := range schema.Fields() {
		t := f.Type
		if d, ok := t.(*arrow.DictionaryType); ok {
			t = d.ValueType
		}
		lines = append(lines, fmt.Sprintf("%q %s\n", f.Name, t))
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ErrOtherData is wrapped by the error of applying a plan to rows that it was
// not fitted on.
var ErrOtherData = errors.New("the plan was not fitted on this data")

func otherData(why string) error {
	return fmt.Errorf("anonymize: %w: %s; fit it again", ErrOtherData, why)
}

// fits compares the plan with the input before it is read.
func (p *Plan) fits(schema string) error {
	switch {
	case p.Fitted == nil || (p.Fitted.Combinations == nil) != (p.Anonymity == nil):
		return otherData("it does not say on which")
	case p.Fitted.Schema != schema:
		return otherData("its columns have other names or types")
	}
	return nil
}

// fingerprints collects what the workers of a pass see.
type fingerprints struct {
	wanted bool
	mu     sync.Mutex
	free   []*kanon.Fingerprint // all of them, once the workers are done
}

// take gives a worker one to add to, which put takes back; nil if none is wanted.
func (f *fingerprints) take() *kanon.Fingerprint {
	if !f.wanted {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.free); n > 0 {
		mine := f.free[n-1]
		f.free = f.free[:n-1]
		return mine
	}
	return new(kanon.Fingerprint)
}

func (f *fingerprints) put(mine *kanon.Fingerprint) {
	if mine != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.free = append(f.free, mine)
	}
}

// total merges what was collected.
func (f *fingerprints) total() *kanon.Fingerprint {
	sum := new(kanon.Fingerprint)
	for _, part := range f.free {
		sum.Merge(part)
	}
	return sum
}

// fitted compares the plan with the rows that were read: all of those it was
// fitted on, or a part of them.
func (r *run) fitted(seen *fingerprints) error {
	if !seen.wanted {
		return nil
	}
	have, want := seen.total(), r.plan.Fitted.Combinations
	switch {
	case !want.Covers(have):
		return otherData("it has rows that were not counted")
	case r.counted && have.Rows() != want.Rows():
		return fmt.Errorf("anonymize: the input changed between two passes: %d rows were counted "+
			"and %d written", want.Rows(), have.Rows())
	}
	return nil
}
