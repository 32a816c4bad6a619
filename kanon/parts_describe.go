package kanon

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lethe-go/lethe/internal/recode"
)

// plan writes down the parts that are done.
func (s *partsSearch) plan(root *part) (*Plan, error) {
	m, total := len(s.domains), float64(s.counts.total)
	doc := s.planHead()
	doc.Summary = summaryHead(s.before)
	sum := &doc.Summary
	sum.Measure, sum.Parts, sum.Search = measureGranularity, int64(len(s.done)), methodSweep
	losses := make([]float64, m)
	for _, d := range s.done {
		sum.Suppressed, sum.Classes = sum.Suppressed+d.suppressed, sum.Classes+d.classes
		sum.Loss += d.loss / total
		for i, x := range d.columns {
			losses[i] += x / total
		}
		if slices.Max(d.floor) > 0 {
			sum.Coarsened++
		}
		if d.method == recode.Split {
			sum.Search = methodSplit
		}
	}
	sum.Loss = min(1, sum.Loss)
	parts := s.describe(root)
	doc.Local = &planLocalDoc{
		Method: sum.Search, Iterations: s.cfg.Local.Iterations, Seed: s.cfg.Local.Seed,
		Tuples: [][]uint32{}, Class: []uint32{}, Parts: parts,
	}
	doc.Columns, sum.Columns = make([]planColumnDoc, m), make([]ColumnSummary, m)
	sum.Levels = make([]int, m)
	for i, j := range s.local.order {
		d := s.domains[j]
		level, rows := s.columnRows(i)
		c := d.describe(0)
		c.Level, c.Numbers = level, d.levelNumbers(0)
		s.describeColumn(i, j, &c, parts)
		doc.Columns[j], sum.Levels[j] = c, level
		sum.Columns[j] = d.summary(s.before.rows[j], level, min(1, losses[i]), rows)
	}
	p := new(Plan)
	return p, p.build(doc)
}

// columnRows is the highest level of the i-th column by name, and the rows of
// its faces in the order of the domain.
func (s *partsSearch) columnRows(i int) (level int, rows []int64) {
	faces, all := s.local.faces[i], map[uint32]faceRows{}
	for _, d := range s.done {
		level = max(level, d.highest[i])
		for _, f := range d.seen[i] {
			if before, ok := all[f.face]; ok {
				f.rows += before.rows
				f.first = min(f.first, before.first)
			}
			all[f.face] = f
		}
	}
	order := slices.SortedFunc(maps.Values(all), func(a, b faceRows) int {
		return cmp.Or(cmp.Compare(a.first, b.first),
			cmp.Compare(faces.all[a.face].text, faces.all[b.face].text))
	})
	for _, f := range order {
		rows = append(rows, f.rows)
	}
	return level, rows
}

// describe writes down the parts, with levels as hierarchies number them.
func (s *partsSearch) describe(root *part) *planPartsDoc {
	doc := &planPartsDoc{
		Columns: make([]planPartColumnDoc, len(s.domains)), Splits: []planSplitDoc{},
	}
	done := map[*part]*piece{}
	for _, d := range s.done {
		done[d.part] = d
	}
	s.walk(root, done, doc)
	return doc
}

// walk writes a part and those below it and returns where that is.
func (s *partsSearch) walk(p *part, done map[*part]*piece, doc *planPartsDoc) int {
	if d := done[p]; d != nil {
		part := planPartDoc{Floor: d.floor, Vectors: d.vectors, Tuples: d.tuples}
		if len(d.vectors) == 0 { // all is suppressed
			part.Vectors, part.Tuples = [][]uint32{}, []byte{}
		}
		doc.Parts = append(doc.Parts, part)
		return -len(doc.Parts)
	}
	type side struct {
		first uint32
		part  *part
	}
	first := s.firsts[p.column][p.level]
	codes := s.domains[p.column].column.Codes[p.level]
	var sides []side
	for i, label := range p.labels {
		sides = append(sides, side{first[slices.Index(codes, label)], p.below[i]})
	}
	slices.SortFunc(sides, func(a, b side) int { return cmp.Compare(a.first, b.first) })
	if p.others {
		sides = append(sides, side{part: p.below[len(p.labels)]})
	}
	at := len(doc.Splits)
	split := planSplitDoc{Column: p.column, Level: p.level}
	doc.Splits = append(doc.Splits, split)
	for i, side := range sides {
		if i < len(p.labels) {
			split.First = append(split.First, side.first)
		}
		split.Next = append(split.Next, s.walk(side.part, done, doc))
	}
	doc.Splits[at] = split
	return at
}

// describeColumn writes down what is spoken of in column j, the i-th by name, of
// which c has the highest level: levels, which get numbers for it, and labels.
func (s *partsSearch) describeColumn(i, j int, c *planColumnDoc, parts *planPartsDoc) {
	d, column := s.domains[j], &parts.Columns[j]
	column.First, column.Labels = [][]uint32{}, [][]uint32{}
	column.Free = d.span() != nil && c.Level > 0
	var vectors [][]uint32
	for k := range parts.Parts {
		vectors = append(vectors, parts.Parts[k].Vectors...)
	}
	if c.Level == 0 {
		for _, vector := range vectors {
			vector[j] = 0
		}
	}
	spoken, written := map[int]bool{0: true}, map[int]bool{} // levels
	for _, split := range parts.Splits {
		if split.Column == j {
			spoken[split.Level] = true
		}
	}
	for k := range parts.Parts {
		spoken[parts.Parts[k].Floor[j]] = true
	}
	if !column.Free {
		for _, vector := range vectors {
			spoken[int(vector[j])], written[int(vector[j])] = true, true
		}
	}
	levels := slices.Sorted(maps.Keys(spoken))
	number := map[int]int{}
	for n, level := range levels {
		if number[level] = n; n > 0 {
			column.First = append(column.First, s.firsts[j][level])
		}
	}
	for k := range parts.Splits {
		if split := &parts.Splits[k]; split.Column == j {
			split.Level = number[split.Level]
		}
	}
	for k := range parts.Parts {
		part := &parts.Parts[k]
		part.Floor[j] = number[part.Floor[j]]
	}
	switch {
	case column.Free:
		s.nameSpans(i, j, c, vectors)
	case c.Level > 0:
		s.nameLevels(i, j, c, column, levels, written)
		fallthrough
	default:
		for _, vector := range vectors {
			vector[j] = uint32(number[int(vector[j])])
		}
	}
}

// nameSpans lists the labels of a column of free intervals, and puts their
// numbers in the place of faces.
func (s *partsSearch) nameSpans(i, j int, c *planColumnDoc, vectors [][]uint32) {
	f := s.local.faces[i]
	used := map[uint32]bool{}
	var written []face
	for _, vector := range vectors {
		if n := vector[j]; !used[n] {
			used[n] = true
			written = append(written, f.all[n])
		}
	}
	number := s.name(f, c, written)
	for _, vector := range vectors {
		vector[j] = number(f.all[vector[j]])
	}
}

// nameLevels lists the labels of some levels, and which of them each value has.
func (s *partsSearch) nameLevels(
	i, j int, c *planColumnDoc, column *planPartColumnDoc, levels []int, written map[int]bool,
) {
	d, f := s.domains[j], s.local.faces[i]
	of := func(level, value int) face {
		return f.all[f.of(recode.Label{Level: level, Code: d.column.Codes[level][value]})]
	}
	var all []face
	for _, level := range levels {
		for v, first := range s.firsts[j][level] {
			if written[level] && int(first) == v {
				all = append(all, of(level, v))
			}
		}
	}
	number := s.name(f, c, all)
	for _, level := range levels {
		labels := []uint32{}
		for v, first := range s.firsts[j][level] {
			switch {
			case !written[level]:
			case int(first) == v:
				labels = append(labels, number(of(level, v)))
			default:
				labels = append(labels, labels[first])
			}
		}
		column.Labels = append(column.Labels, labels)
	}
}

// name lists the texts of faces as the labels of a column, and returns a function
// that finds their numbers.
func (s *partsSearch) name(f *faces, c *planColumnDoc, written []face) func(face) uint32 {
	numbers := map[string][]*float64{}
	for _, w := range written {
		if _, ok := numbers[w.text]; !w.null && !ok {
			c.Labels = append(c.Labels, w.text)
			numbers[w.text] = w.numbers
		}
	}
	slices.Sort(c.Labels)
	if f.domain.numbers != nil {
		c.Numbers = f.listNumbers(c.Labels, numbers)
	}
	return func(w face) uint32 {
		if w.null {
			return uint32(len(c.Labels))
		}
		n, _ := slices.BinarySearch(c.Labels, w.text)
		return uint32(n)
	}
}
