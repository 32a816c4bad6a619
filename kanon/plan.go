package kanon

import (
	"slices"
	"sync"

	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
)

// PlanVersion is the version of the JSON form of a Plan.
const PlanVersion = 1

// Plan says how every row of a table is generalized, or that it is suppressed.
// It is immutable and safe for concurrent use, and applies to any batch of the
// rows that it was made from.
//
// Its JSON form is canonical: the same rows give the same bytes in any
// batching, order and encoding, on any number of processors. A plan holds the
// values of the quasi-identifiers and the combinations of labels that are
// kept: it is as confidential as the table.
//
// The zero value is no plan; UnmarshalJSON makes it one.
type Plan struct {
	doc     planDoc
	columns []planColumn
	kept    *keptTuples
	parts   []*tupleList // of a recoding by parts, nil of any other
	scratch sync.Pool    // of *transformScratch
}

// planDoc is the JSON form. A value is given by its canonical text, a label by
// its number; null, where it occurs, has the number behind the others, but at
// the top, where all is one label.
type planDoc struct {
	Version        int             `json:"version"`
	Recoding       Recoding        `json:"recoding"`
	Suppressed     Suppressed      `json:"suppressed"`
	Models         []string        `json:"models"`
	Unit           string          `json:"unit"`
	MaxSuppression float64         `json:"max_suppression"`
	Numeric        Numeric         `json:"numeric,omitempty"` // empty for labels
	Columns        []planColumnDoc `json:"columns"`
	// Kept are the combinations of labels that are not suppressed, in
	// ascending order.
	Kept    *tupleColumns `json:"kept"`
	Local   *planLocalDoc `json:"local,omitempty"` // nil for global recoding
	Summary Summary       `json:"summary"`
}

type planColumnDoc struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`
	Level  int      `json:"level"`
	Levels int      `json:"levels"`
	Values []string `json:"values"` // in canonical order
	Null   bool     `json:"null"`   // whether null occurs
	Labels []string `json:"labels"` // empty at level 0
	Label  []uint32 `json:"label"`  // of each value; empty at level 0
	// Numbers are written in the place of labels where the column comes out as
	// numbers: one list or, of bounds, two, of a number for each label or, of
	// means, for each of Kept; null for null. Where recoding is local, Labels are
	// the same numbers then.
	Numbers [][]*float64 `json:"numbers,omitempty"`

	// Where recoding is local, Level is the highest of all classes, Label is
	// empty, and Labels, in ascending order, are those of any level.
	local bool
}

// top says whether all is one label.
func (d *planColumnDoc) top() bool { return d.Level == d.Levels && !d.local }

// values is how many values there are with null.
func (d *planColumnDoc) values() int {
	if d.Null {
		return len(d.Values) + 1
	}
	return len(d.Values)
}

// labels is how many numbers labels have, with that of null.
func (d *planColumnDoc) labels() int {
	n := len(d.Labels)
	if d.Level == 0 {
		n = len(d.Values)
	}
	if d.nullLabel() {
		n++
	}
	return n
}

// nullLabel says whether null has a number of its own among labels: where
// recoding is local, even if it does not occur, since numbers may be null.
func (d *planColumnDoc) nullLabel() bool {
	return d.Null && !d.top() || d.local && d.Level > 0
}

// planColumn is what Transform needs of a column.
type planColumn struct {
	*planColumnDoc
	typ   column.Type
	coder *column.Coder // code i is value i, null the last
	label []uint32      // of each code; nil at level 0 and in local recoding: it is the code
	null  uint32        // label of null; column.None where null has none of its own
	hash  []uint64      // of each code, for fingerprints

	classLabel []uint32 // of each class, where recoding is local
}

// planHead is what every plan says.
func (a *Anonymizer) planHead() planDoc {
	return planDoc{
		Version:        PlanVersion,
		Recoding:       a.cfg.Recoding,
		Suppressed:     a.cfg.Suppressed,
		Models:         a.models(),
		Unit:           a.cfg.Unit,
		MaxSuppression: a.cfg.MaxSuppression,
		Numeric:        a.cfg.Numeric.written(),
		Kept:           &tupleColumns{},
	}
}

// newPlan writes down a result of the search. Where classes have means, counts
// gives the combinations of the values of a column with at least the labels of the
// others.
func (a *Anonymizer) newPlan(
	counts func(column int) (*Counts, error), before *beforehand, domains []*domain, r *lattice.Result,
) (*Plan, error) {
	doc := a.planHead()
	sizes := make([]int, len(domains))
	for i, d := range domains {
		doc.Columns = append(doc.Columns, d.describe(r.Levels[i]))
		doc.Columns[i].Numbers = d.levelNumbers(r.Levels[i])
		sizes[i] = d.size()
	}
	layout := group.NewLayout(sizes)
	labels := make([][]uint32, len(domains))
	for i := range labels {
		labels[i] = make([]uint32, len(r.KeptRows))
		layout.Get(r.Kept, i, labels[i])
	}
	doc.Kept = pickAll(labels, inOrder(labels, len(r.KeptRows)))
	if a.cfg.Numeric == NumericMean {
		if err := doc.addMeans(counts, domains, layout); err != nil {
			return nil, err
		}
	}
	doc.Summary = summarize(before, domains, r, layout)
	doc.Summary.Measure = a.cfg.Loss.String()
	p := new(Plan)
	return p, p.build(doc)
}

func (d *domain) describe(level int) planColumnDoc {
	doc := planColumnDoc{
		Name: d.quasi.Column, Kind: d.coder.Type().String(),
		Level: level, Levels: d.quasi.Hierarchy.Levels(),
		Values: make([]string, len(d.order)), Null: d.null,
		Labels: []string{}, Label: []uint32{},
	}
	for i, code := range d.order {
		doc.Values[i] = d.coder.Text(code)
	}
	if level > 0 {
		doc.Labels = slices.Clone(d.labels[level-1])
		doc.Label = slices.Clone(d.column.Codes[level][:len(d.order)])
	}
	return doc
}
