package kanon

import (
	"errors"
	"slices"
)

// planPartsDoc is a recoding that was found part by part. A walk from the first
// of Splits, side by side, leads to the part of a tuple, which lists the tuples
// that are kept with the level of each column.
type planPartsDoc struct {
	Columns []planPartColumnDoc `json:"columns"`
	Splits  []planSplitDoc      `json:"splits"` // in the order of a walk
	Parts   []planPartDoc       `json:"parts"`  // in the order of a walk
}

// planPartColumnDoc is what parts speak of in a column.
type planPartColumnDoc struct {
	// First are the levels that are spoken of: of each value the number of the
	// first one with the same label. They are counted from 1; 0 are the values
	// themselves.
	First [][]uint32 `json:"first"`
	// Labels are, by these levels and by value, the numbers of labels; empty for
	// a level that no tuple has, and for a column of one level or of free
	// intervals.
	Labels [][]uint32 `json:"labels"`
	// Free says that tuples have labels in this column, and no levels.
	Free bool `json:"free"`
}

// planSplitDoc is a division by the labels of one column.
type planSplitDoc struct {
	Column int `json:"column"`
	Level  int `json:"level"`
	// First are the first values of the labels that have a side of their own, in
	// ascending order.
	First []uint32 `json:"first"`
	// Next is where each of these sides leads, and behind them all other labels,
	// where there are any: to a split by its number, which is not 0, or to a part
	// by its number plus one, negated.
	Next []int `json:"next"`
}

// planPartDoc is a part.
type planPartDoc struct {
	// Floor are levels, by column, at which values are alike: the first value of a
	// label stands for all of them.
	Floor []int `json:"floor"`
	// Vectors are what tuples become: a level of each column, or a label.
	Vectors [][]uint32 `json:"vectors"`
	// Tuples list values with the number of a vector, see writeList. Vectors are in
	// the order in which they occur.
	Tuples []byte `json:"tuples"`
}

var errParts = errors.New("kanon: plan: parts are not what they are to be")

// buildParts checks the parts and makes them ready.
func (p *Plan) buildParts() error {
	d := p.doc.Local
	if len(d.Tuples) > 0 || len(d.Class) > 0 || p.doc.Kept.n > 0 || p.doc.Numeric == NumericMean {
		return errParts
	}
	if err := d.Parts.validate(p.columns); err != nil {
		return err
	}
	sizes := make([]int, len(p.columns))
	for j := range p.columns {
		sizes[j] = p.columns[j].values()
	}
	for i := range d.Parts.Parts {
		part, used := &d.Parts.Parts[i], uint32(0)
		if err := d.Parts.validatePart(part, p.columns); err != nil {
			return err
		}
		list, err := openList(part.Tuples, sizes, func(tuple []uint32, number uint32) bool {
			if number == used {
				used++
			}
			return number < used && d.Parts.part(tuple) == i && d.Parts.represents(part, tuple)
		})
		if err != nil {
			return err
		}
		if int(used) != len(part.Vectors) {
			return errParts
		}
		p.parts = append(p.parts, list)
	}
	return nil
}

// validate checks all but the parts themselves.
func (d *planPartsDoc) validate(columns []planColumn) error {
	if len(d.Columns) != len(columns) || d.Splits == nil || len(d.Parts) == 0 {
		return errParts
	}
	for j := range columns {
		if !d.Columns[j].valid(&columns[j]) {
			return errParts
		}
	}
	for _, s := range d.Splits {
		if s.Column < 0 || s.Column >= len(columns) || s.Level < 0 ||
			s.Level > len(d.Columns[s.Column].First) || len(s.First) == 0 ||
			len(s.Next) < len(s.First) || len(s.Next) > len(s.First)+1 {
			return errParts
		}
		for i, v := range s.First {
			if int(v) >= columns[s.Column].values() || i > 0 && v <= s.First[i-1] ||
				s.Level > 0 && d.Columns[s.Column].First[s.Level-1][v] != v {
				return errParts
			}
		}
	}
	splits, parts := 0, 0
	if !d.visit(len(d.Splits) == 0, &splits, &parts) || splits != len(d.Splits) ||
		parts != len(d.Parts) {
		return errParts
	}
	return nil
}

func (d *planPartColumnDoc) valid(c *planColumn) bool {
	if d.First == nil || d.Labels == nil || len(d.First) > maxLevels || d.Free && c.Level == 0 {
		return false
	}
	for i, first := range d.First {
		if len(first) != c.values() {
			return false
		}
		for v, to := range first {
			if int(to) > v || first[to] != to || i > 0 && first[d.First[i-1][v]] != to {
				return false
			}
		}
	}
	if c.Level == 0 || d.Free {
		return len(d.Labels) == 0
	}
	if len(d.Labels) != len(d.First)+1 {
		return false
	}
	for i, labels := range d.Labels {
		if labels == nil || len(labels) > 0 && len(labels) != c.values() {
			return false
		}
		for v, label := range labels {
			if int(label) >= c.labels() || i > 0 && labels[d.First[i-1][v]] != label {
				return false
			}
		}
	}
	return true
}

// validatePart checks a part, but for its tuples.
func (d *planPartsDoc) validatePart(part *planPartDoc, columns []planColumn) error {
	if len(part.Floor) != len(columns) || part.Vectors == nil || part.Tuples == nil {
		return errParts
	}
	for j, level := range part.Floor {
		if level < 0 || level > len(d.Columns[j].First) {
			return errParts
		}
	}
	for _, vector := range part.Vectors {
		if len(vector) != len(columns) {
			return errParts
		}
		for j, x := range vector {
			c := &d.Columns[j]
			switch {
			case c.Free:
				if int(x) >= columns[j].labels() {
					return errParts
				}
			case columns[j].Level == 0:
				if x != 0 {
					return errParts
				}
			case int(x) >= len(c.Labels) || len(c.Labels[x]) == 0 || int(x) < part.Floor[j]:
				return errParts
			}
		}
	}
	return nil
}

// visit goes through the next split, or the next part, and those behind it, and
// says whether their numbers are what they are to be.
func (d *planPartsDoc) visit(part bool, splits, parts *int) bool {
	if part {
		*parts++
		return *parts <= len(d.Parts)
	}
	if *splits >= len(d.Splits) {
		return false
	}
	next := d.Splits[*splits].Next
	*splits++
	for _, next := range next {
		if next >= 0 && next != *splits || next < 0 && next != -*parts-1 ||
			!d.visit(next < 0, splits, parts) {
			return false
		}
	}
	return true
}

// part is the part of a tuple; -1 where it is in none.
func (d *planPartsDoc) part(tuple []uint32) int {
	if len(d.Splits) == 0 {
		return 0
	}
	for at := 0; ; {
		s := &d.Splits[at]
		v := tuple[s.Column]
		if s.Level > 0 {
			v = d.Columns[s.Column].First[s.Level-1][v]
		}
		i, found := slices.BinarySearch(s.First, v)
		if !found {
			i = len(s.First)
		}
		if i >= len(s.Next) {
			return -1
		}
		if at = s.Next[i]; at < 0 {
			return -at - 1
		}
	}
}

// first is the value that stands for another one in a part.
func (d *planPartsDoc) first(part *planPartDoc, j int, value uint32) uint32 {
	if level := part.Floor[j]; level > 0 {
		return d.Columns[j].First[level-1][value]
	}
	return value
}

// represents says whether a tuple stands for itself.
func (d *planPartsDoc) represents(part *planPartDoc, tuple []uint32) bool {
	for j, v := range tuple {
		if d.first(part, j, v) != v {
			return false
		}
	}
	return true
}

// classifyByParts turns the values of rows, by column, into labels, and says
// which rows are kept and how many are not.
func (p *Plan) classifyByParts(values [][]uint32, keep []bool) (missing int) {
	d, m := p.doc.Local.Parts, len(values)
	tuple, scratch := make([]uint32, m), make([]uint32, m)
	for k := range keep {
		for j, v := range values {
			tuple[j] = v[k]
		}
		i := d.part(tuple)
		if keep[k] = i >= 0; !keep[k] {
			missing++
			continue
		}
		part := &d.Parts[i]
		for j, v := range tuple {
			tuple[j] = d.first(part, j, v)
		}
		number, found := p.parts[i].find(tuple, scratch)
		if keep[k] = found; !found {
			missing++
			continue
		}
		for j, x := range part.Vectors[number] {
			switch c := &d.Columns[j]; {
			case c.Free:
				values[j][k] = x
			case len(c.Labels) > 0:
				values[j][k] = c.Labels[x][tuple[j]]
			default:
				values[j][k] = tuple[j]
			}
		}
	}
	return missing
}
