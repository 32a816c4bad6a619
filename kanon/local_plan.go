package kanon

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lethe-go/lethe/internal/group"
	"github.com/lethe-go/lethe/internal/lattice"
	"github.com/lethe-go/lethe/internal/recode"
)

// planLocalDoc is what a plan of local recoding holds beside the others.
type planLocalDoc struct {
	Method     string `json:"method"` // by which classes were found
	Iterations int    `json:"iterations"`
	Seed       uint64 `json:"seed"`
	// Tuples are the combinations of values that are not suppressed, by column,
	// in ascending order. A value is given by its number, null by that behind
	// the others. Class is that of each, by its place in Kept.
	Tuples [][]uint32 `json:"tuples"`
	Class  []uint32   `json:"class"`
	// Parts have the tuples, and nothing else has, where they were recoded part by
	// part.
	Parts *planPartsDoc `json:"parts,omitempty"`
}

// newLocalPlan writes down a local recoding. The columns of r are in the order
// of their names, and those of prob as they are configured.
func (a *Anonymizer) newLocalPlan(before *beforehand, l *localSolver, prob *lattice.Problem,
	r *recode.Result,
) (*Plan, error) {
	domains, m := l.domains, len(l.domains)
	doc := a.planHead()
	doc.Summary = summaryHead(before)
	doc.Summary.Suppressed, doc.Summary.Loss = r.Suppressed, r.Loss
	doc.Summary.Search, doc.Summary.Measure = methodName(r.Method), measureGranularity
	doc.Columns = make([]planColumnDoc, m)
	doc.Summary.Columns = make([]ColumnSummary, m)
	doc.Summary.Levels = make([]int, m)
	labels := make([]uint32, len(r.Labels)) // by class, columns as configured
	for i, j := range l.order {
		d := domains[j]
		column := l.faces[i].localColumn(r, i, m)
		for class, label := range column.label {
			labels[class*m+j] = label
		}
		doc.Columns[j] = d.describe(0)
		doc.Columns[j].Level, doc.Columns[j].Labels = column.level, column.labels
		doc.Columns[j].Numbers = column.numbers
		doc.Summary.Levels[j] = column.level
		doc.Summary.Columns[j] = d.summary(before.rows[j], column.level, r.Columns[i], column.rows)
	}
	number := doc.keep(labels, len(r.Rows), m)
	doc.Summary.Classes = int64(len(doc.Kept))
	doc.Local = &planLocalDoc{
		Method: doc.Summary.Search, Iterations: a.cfg.Local.Iterations, Seed: a.cfg.Local.Seed,
	}
	doc.Local.fill(prob, r, number)
	codes := make([]uint32, len(r.Class))
	for i, j := range l.order {
		if d := domains[j]; d.numbers != nil && d.numbers.as == NumericMean {
			prob.Layout.Get(prob.Keys, j, codes)
			label := func(class int) recode.Label { return r.Labels[class*m+i] }
			means := d.means(len(r.Rows), label, r.Class, codes, prob.Rows)
			list := make([]*float64, len(number))
			for class, place := range number {
				list[place] = means[class]
			}
			doc.Columns[j].Numbers = [][]*float64{list}
		}
	}
	p := new(Plan)
	return p, p.build(doc)
}

// keep lists the labels of n classes in ascending order and returns the place
// of each class.
func (d *planDoc) keep(labels []uint32, n, m int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	at := func(class uint32) []uint32 { return labels[int(class)*m : int(class+1)*m : int(class+1)*m] }
	slices.SortFunc(order, func(x, y uint32) int { return slices.Compare(at(x), at(y)) })
	place := make([]uint32, n)
	for i, class := range order {
		place[class] = uint32(i)
		d.Kept = append(d.Kept, at(class))
	}
	return place
}

// fill lists the tuples that are kept; number is the place of each class.
func (d *planLocalDoc) fill(prob *lattice.Problem, r *recode.Result, number []uint32) {
	m := len(prob.Columns)
	// Keys whose words compare as the tuples do: the last column lowest.
	sizes := make([]int, m)
	for j, c := range prob.Columns {
		sizes[m-1-j] = len(c.Codes[0])
	}
	layout := group.NewLayout(sizes)
	w := layout.Words()
	kept := make([]uint32, 0, len(r.Class))
	for t, class := range r.Class {
		if class != recode.None {
			kept = append(kept, uint32(t))
		}
	}
	keys := make([]uint64, len(r.Class)*w)
	codes := make([]uint32, len(r.Class))
	for j := range m {
		prob.Layout.Get(prob.Keys, j, codes)
		layout.Put(keys, m-1-j, codes)
	}
	slices.SortFunc(kept, func(x, y uint32) int {
		for i := w - 1; i >= 0; i-- {
			if a, b := keys[int(x)*w+i], keys[int(y)*w+i]; a != b {
				if a < b {
					return -1
				}
				return 1
			}
		}
		return 0
	})
	d.Tuples, d.Class = make([][]uint32, m), make([]uint32, len(kept))
	for i, t := range kept {
		d.Class[i] = number[r.Class[t]]
	}
	for j := range m {
		prob.Layout.Get(prob.Keys, j, codes)
		d.Tuples[j] = make([]uint32, len(kept))
		for i, t := range kept {
			d.Tuples[j][i] = codes[t]
		}
	}
}

func (d *planLocalDoc) validate(recoding Recoding) error {
	methods := []string{methodSweep, methodSplit}
	if recoding == Mondrian {
		methods = []string{methodMondrian}
	}
	switch {
	case !slices.Contains(methods, d.Method):
		return errors.New("kanon: plan: unknown method")
	case d.Iterations < 0 || d.Iterations > maxIterations:
		return fmt.Errorf("kanon: plan: iterations are not 0 to %d", maxIterations)
	case d.Tuples == nil || d.Class == nil || slices.ContainsFunc(d.Tuples,
		func(codes []uint32) bool { return codes == nil }):
		return errors.New("kanon: plan: a list is missing")
	}
	return nil
}

// buildTuples makes the tuples ready, each with its class.
func (p *Plan) buildTuples() error {
	d := p.doc.Local
	if d.Parts != nil {
		return p.buildParts()
	}
	n, m := len(d.Class), len(p.columns)
	if len(d.Tuples) != m || n > math.MaxInt32 {
		return errors.New("kanon: plan: tuples are not of all columns, or too many")
	}
	sizes := make([]int, m)
	for j := range p.columns {
		sizes[j] = max(1, p.columns[j].values())
		if len(d.Tuples[j]) != n {
			return errors.New("kanon: plan: a tuple is not of all columns")
		}
		for _, v := range d.Tuples[j] {
			if int(v) >= p.columns[j].values() {
				return errors.New("kanon: plan: a tuple has a value out of range")
			}
		}
	}
	for i := 1; i < n; i++ {
		if !d.ascending(i) {
			return errors.New("kanon: plan: tuples are not in order")
		}
	}
	if err := p.buildClasses(); err != nil {
		return err
	}
	p.layout = group.NewLayout(sizes)
	keys := make([]uint64, n*p.layout.Words())
	for j, codes := range d.Tuples {
		p.layout.Put(keys, j, codes)
	}
	p.kept = group.New(p.layout.Words(), n)
	p.kept.Add(keys, make([]uint32, n))
	return nil
}

// ascending says whether tuple i comes after the one before.
func (d *planLocalDoc) ascending(i int) bool {
	for _, codes := range d.Tuples {
		if codes[i] != codes[i-1] {
			return codes[i] > codes[i-1]
		}
	}
	return false
}

// buildClasses turns the labels of classes by column and asks that every class
// and every label is used.
func (p *Plan) buildClasses() error {
	d := p.doc.Local
	used := make([]bool, len(p.doc.Kept))
	for _, class := range d.Class {
		if int(class) >= len(used) {
			return errors.New("kanon: plan: a class is out of range")
		}
		used[class] = true
	}
	if slices.Contains(used, false) {
		return errors.New("kanon: plan: a class has no tuples")
	}
	for j := range p.columns {
		c := &p.columns[j]
		c.classLabel = make([]uint32, len(p.doc.Kept))
		seen := make([]bool, len(c.Labels)+1)
		for i, labels := range p.doc.Kept {
			c.classLabel[i] = labels[j]
			if c.Level > 0 {
				seen[labels[j]] = true
			}
		}
		if c.Level > 0 && slices.Contains(seen[:len(c.Labels)], false) {
			return errors.New("kanon: plan: a label is not used")
		}
	}
	return nil
}
