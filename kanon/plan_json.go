package kanon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/column"
)

var errNoPlan = errors.New("kanon: the plan is empty; Solve makes one, or UnmarshalJSON")

// MarshalJSON gives the canonical form. It fails for the zero value.
func (p *Plan) MarshalJSON() ([]byte, error) {
	if p.kept == nil {
		return nil, errNoPlan
	}
	return json.Marshal(p.doc)
}

// UnmarshalJSON reads what MarshalJSON wrote, up to white space. Anything else
// is refused: an unknown or repeated field, another version, a value that is
// not canonical, numbers out of range or order, a summary that does not fit.
// No error repeats a value. The plan is as it was after an error.
func (p *Plan) UnmarshalJSON(data []byte) error {
	var doc planDoc
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return fmt.Errorf("kanon: plan: %w", withoutValues(err))
	}
	if doc.Version != PlanVersion {
		return fmt.Errorf("kanon: plan: version is %d, want %d", doc.Version, PlanVersion)
	}
	var q Plan
	if err := q.build(doc); err != nil {
		return err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return fmt.Errorf("kanon: plan: %w", withoutValues(err))
	}
	canonical, err := q.MarshalJSON()
	if err != nil {
		return fmt.Errorf("kanon: plan: %w", err)
	}
	if !bytes.Equal(compact.Bytes(), canonical) {
		return errors.New("kanon: plan: not in canonical form; was it edited?")
	}
	p.doc, p.columns, p.kept, p.parts = q.doc, q.columns, q.kept, q.parts
	return nil
}

// withoutValues keeps the place of a JSON error and leaves out what is there.
func withoutValues(err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON near byte %d", syntax.Offset)
	case errors.As(err, &typ):
		return fmt.Errorf("field %q has the wrong type near byte %d", typ.Field, typ.Offset)
	}
	return errors.New("not JSON of a plan")
}

// build checks a plan and makes it ready.
func (p *Plan) build(doc planDoc) error {
	p.doc = doc
	if err := doc.validate(); err != nil {
		return err
	}
	sizes := make([]int, len(doc.Columns))
	names := map[string]bool{}
	for i := range doc.Columns {
		d := &doc.Columns[i]
		d.local = doc.Local != nil
		if d.Name == "" || names[d.Name] || d.Name == doc.Unit {
			return fmt.Errorf("kanon: plan: column %d has no name of its own", i+1)
		}
		names[d.Name] = true
		col, err := newPlanColumn(d)
		if err == nil {
			n := d.labels()
			if doc.Numeric == NumericMean {
				n = doc.Kept.n
			}
			err = d.checkNumbers(doc.Numeric, col.typ, n)
		}
		if err != nil {
			return fmt.Errorf("kanon: plan: column %q: %w", d.Name, err)
		}
		col.hash = col.coder.Hashes(uint64(i))
		p.columns = append(p.columns, col)
		sizes[i] = max(1, d.labels())
	}
	if err := p.checkKept(); err != nil {
		return err
	}
	if doc.Local != nil {
		return p.buildTuples()
	}
	p.kept = newKept(doc.Kept, sizes, doc.Numeric == NumericMean)
	return nil
}

func (d *planDoc) validate() error {
	switch {
	case !slices.Contains(recodings(), d.Recoding):
		return fmt.Errorf("kanon: plan: recoding is %q, want one of %s", d.Recoding, oneOf(recodings()))
	case (d.Local != nil) != (d.Recoding != Global):
		return fmt.Errorf("kanon: plan: classes of tuples do not go with recoding %q", d.Recoding)
	case d.Suppressed != Drop && d.Suppressed != Star:
		return fmt.Errorf("kanon: plan: suppressed is %q, want %q or %q", d.Suppressed, Drop, Star)
	case !(d.MaxSuppression >= 0 && d.MaxSuppression <= 1):
		return errors.New("kanon: plan: maximal suppression is not a share from 0 to 1")
	case d.Numeric == NumericLabels || d.Numeric.mistake() != nil:
		return errors.New("kanon: plan: numeric is not what a plan has")
	case d.hasNull():
		return errors.New("kanon: plan: a list is missing")
	case len(d.Models) == 0 || slices.Contains(d.Models, ""):
		return errors.New("kanon: plan: no privacy model, or one without a name")
	case len(d.Columns) == 0 || len(d.Columns) > maxQuasi:
		return fmt.Errorf("kanon: plan: %d columns, want 1 to %d", len(d.Columns), maxQuasi)
	}
	if d.Local != nil {
		if err := d.Local.validate(d.Recoding); err != nil {
			return err
		}
	}
	return d.Summary.validate(d)
}

// hasNull says whether a list is null, which is written otherwise than an
// empty one.
func (d *planDoc) hasNull() bool {
	s := &d.Summary
	null := d.Kept == nil || s.Levels == nil || s.Columns == nil || s.Before == nil ||
		s.BeforeRows == nil
	for _, c := range d.Columns {
		null = null || c.Values == nil || c.Labels == nil || c.Label == nil
	}
	for _, c := range s.Columns {
		null = null || c.Before == nil || c.After == nil
	}
	return null
}

func newPlanColumn(d *planColumnDoc) (planColumn, error) {
	c := planColumn{planColumnDoc: d, null: column.None}
	var err error
	if c.typ, err = column.ParseType(d.Kind); err != nil {
		return c, errors.New("unknown kind")
	}
	if d.Levels < 1 || d.Levels > maxLevels || d.Level < 0 || d.Level > d.Levels {
		return c, fmt.Errorf("level is %d of %d", d.Level, d.Levels)
	}
	c.coder = column.NewCoder(c.typ)
	for _, s := range d.Values {
		if _, err := c.coder.AddText(s); err != nil {
			return c, err
		}
	}
	if !slices.IsSorted(c.coder.Order()) {
		return c, errors.New("values are not in order")
	}
	if err := d.checkLabels(); err != nil {
		return c, err
	}
	if d.nullLabel() {
		c.null = uint32(d.labels() - 1)
	}
	if d.Level > 0 && !d.local {
		c.label = slices.Clone(d.Label)
	}
	if d.Null {
		c.coder.AddNull()
		switch {
		case c.label == nil: // the code of null is behind those of values
		case d.top():
			c.label = append(c.label, 0)
		default:
			c.label = append(c.label, c.null)
		}
	}
	return c, nil
}

// checkLabels asks that every label is used, and first used in its turn: there
// is one way to write them down.
func (d *planColumnDoc) checkLabels() error {
	if d.Level == 0 {
		if len(d.Labels) > 0 || len(d.Label) > 0 {
			return errors.New("labels at level 0")
		}
		return nil
	}
	if d.local {
		for i, s := range d.Labels {
			if i > 0 && s <= d.Labels[i-1] {
				return errors.New("labels are not in order")
			}
		}
		if len(d.Label) > 0 {
			return errors.New("labels of values, want those of classes")
		}
		return nil
	}
	if len(d.Label) != len(d.Values) {
		return fmt.Errorf("%d values have labels, want %d", len(d.Label), len(d.Values))
	}
	next := uint32(0)
	for _, l := range d.Label {
		if l > next {
			return errors.New("a label is out of order")
		}
		if l == next {
			next++
		}
	}
	if d.top() {
		next = 1
		if len(d.Labels) != 1 || d.Labels[0] != Top {
			return fmt.Errorf("the top is not the label %q", Top)
		}
		if slices.ContainsFunc(d.Label, func(l uint32) bool { return l != 0 }) {
			return errors.New("a label is out of range")
		}
	}
	if int(next) != len(d.Labels) {
		return fmt.Errorf("%d labels, want %d", len(d.Labels), next)
	}
	seen := map[string]bool{}
	for _, s := range d.Labels {
		if seen[s] {
			return errors.New("a label occurs twice")
		}
		seen[s] = true
	}
	return nil
}

// checkKept checks the combinations that are kept.
func (p *Plan) checkKept() error {
	kept := p.doc.Kept
	if kept.n > math.MaxInt32 {
		return errors.New("kanon: plan: too many combinations")
	}
	if len(kept.columns) != len(p.columns) && kept.n > 0 {
		return errors.New("kanon: plan: a combination is not of all columns")
	}
	for j, labels := range kept.columns {
		for _, label := range labels {
			if int(label) >= p.columns[j].labels() {
				return errors.New("kanon: plan: a combination has a label out of range")
			}
		}
	}
	for i := 1; i < kept.n; i++ {
		if !ascends(kept.columns, i) {
			return errors.New("kanon: plan: combinations are not in order")
		}
	}
	return nil
}
