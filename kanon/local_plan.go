package kanon

import (
	"errors"
	"fmt"
	"math"
	"slices"

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
	labels := make([][]uint32, m) // by class, columns as configured
	for i, j := range l.order {
		d := domains[j]
		column := l.faces[i].localColumn(r, i, m)
		labels[j] = column.label
		doc.Columns[j] = d.describe(0)
		doc.Columns[j].Level, doc.Columns[j].Labels = column.level, column.labels
		doc.Columns[j].Numbers = column.numbers
		doc.Summary.Levels[j] = column.level
		doc.Summary.Columns[j] = d.summary(before.rows[j], column.level, r.Columns[i], column.rows)
	}
	order := inOrder(labels, len(r.Rows))
	doc.Kept = pickAll(labels, order)
	number := make([]uint32, len(order)) // the place of each class
	for i, class := range order {
		number[class] = uint32(i)
	}
	doc.Summary.Classes = int64(doc.Kept.n)
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

// fill lists the tuples that are kept; number is the place of each class.
func (d *planLocalDoc) fill(prob *lattice.Problem, r *recode.Result, number []uint32) {
	var kept []uint32
	for t, class := range r.Class {
		if class != recode.None {
			kept = append(kept, uint32(t))
		}
	}
	values := make([][]uint32, len(prob.Columns))
	codes := make([]uint32, len(r.Class))
	for j := range values {
		prob.Layout.Get(prob.Keys, j, codes)
		values[j] = make([]uint32, len(kept))
		for i, t := range kept {
			values[j][i] = codes[t]
		}
	}
	order := inOrder(values, len(kept))
	d.Tuples, d.Class = pickAll(values, order).columns, make([]uint32, len(kept))
	for i, place := range order {
		d.Class[i] = number[r.Class[kept[place]]]
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
		p.kept = new(keptTuples)
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
		if !ascends(d.Tuples, i) {
			return errors.New("kanon: plan: tuples are not in order")
		}
	}
	if err := p.buildClasses(); err != nil {
		return err
	}
	p.kept = newKept(&tupleColumns{n, d.Tuples}, sizes, true)
	return nil
}

// buildClasses turns the labels of classes by column and asks that every class
// and every label is used.
func (p *Plan) buildClasses() error {
	d := p.doc.Local
	used := make([]bool, p.doc.Kept.n)
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
		if p.doc.Kept.n > 0 {
			c.classLabel = p.doc.Kept.columns[j]
		}
		if c.Level == 0 {
			continue
		}
		seen := make([]bool, len(c.Labels)+1)
		for _, label := range c.classLabel {
			seen[label] = true
		}
		if slices.Contains(seen[:len(c.Labels)], false) {
			return errors.New("kanon: plan: a label is not used")
		}
	}
	return nil
}
