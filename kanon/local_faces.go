package kanon

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/internal/recode"
)

// faces numbers what is written for the labels of a column: labels of equal
// text are written alike, whatever their levels. Parts are numbered side by side.
type faces struct {
	domain *domain

	mu     sync.Mutex
	number map[recode.Label]uint32
	text   map[string]uint32
	all    []face
}

// face is what is written for a label.
type face struct {
	text    string
	null    bool
	numbers []*float64 // where the column comes out as numbers
}

func newFaces(d *domain) *faces {
	return &faces{domain: d, number: map[recode.Label]uint32{}, text: map[string]uint32{}}
}

// of is the number of what is written for a label.
func (f *faces) of(l recode.Label) uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, ok := f.number[l]; ok {
		return n
	}
	face := f.domain.publishedFace(l)
	key := face.text
	if face.null {
		key = "\xff" // no label, since these are UTF-8
	}
	n, ok := f.text[key]
	if !ok {
		n = uint32(len(f.all))
		f.text[key] = n
		f.all = append(f.all, face)
	}
	f.number[l] = n
	return n
}

// publishedFace is what is written for a label in the end.
func (d *domain) publishedFace(l recode.Label) face {
	if d.numbers != nil && d.numbers.as != NumericMean {
		return d.numberFace(l)
	}
	return d.face(l)
}

// face is what is written for a label: its text, or null for null below the
// top.
func (d *domain) face(l recode.Label) face {
	switch {
	case l.Level == recode.Spanning && (d.height(l) > 0):
		return face{text: d.line.label(int(l.Code), int(l.Last))}
	case l.Level == recode.Spanning:
		return face{text: d.valueText(d.order[l.Code])}
	case l.Level == 0 && int(l.Code) == len(d.order):
		return face{null: true}
	case l.Level == 0:
		return face{text: d.valueText(d.order[l.Code])}
	case int(l.Code) == len(d.labels[l.Level-1]):
		return face{null: true}
	}
	return face{text: d.labels[l.Level-1][l.Code]}
}

// valueText is what is written for a value that is not generalized: its
// canonical text, and times of a zone as its clocks show them. The start of a
// month there is none in UTC.
func (d *domain) valueText(code uint32) string {
	text := d.coder.Text(code)
	t, ok := d.coder.Type().Arrow().(*arrow.TimestampType)
	if !ok || t.TimeZone == "" {
		return text
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil { // a year of more than four digits
		return text
	}
	zone, err := t.GetZone()
	if err != nil {
		return text
	}
	return at.In(zone).Format(time.RFC3339Nano)
}

// localColumn is a column of a local recoding as a plan holds it.
type localColumn struct {
	level  int      // the highest of all classes
	labels []string // ascending; empty at level 0
	label  []uint32 // of each class
	// numbers are those of the labels, nil where there are none.
	numbers [][]*float64
	rows    []int64 // of the labels that occur, in the order of the domain
}

// localColumn reads the labels of column i of m.
func (f *faces) localColumn(r *recode.Result, i, m int) localColumn {
	c := localColumn{label: make([]uint32, len(r.Rows)), labels: []string{}}
	at := func(class int) recode.Label { return r.Labels[class*m+i] }
	c.level = f.domain.column.Min
	for class := range r.Rows {
		c.level = max(c.level, f.domain.height(at(class)))
	}
	f.sumRows(&c, r, at)
	if c.level == 0 {
		for class := range r.Rows {
			c.label[class] = at(class).Code
		}
		c.numbers = f.domain.levelNumbers(0)
		return c
	}
	number, numbers := map[string]uint32{}, map[string][]*float64{}
	for _, face := range f.used(r, at) {
		if !face.null {
			c.labels = append(c.labels, face.text)
			numbers[face.text] = face.numbers
		}
	}
	slices.Sort(c.labels)
	if f.domain.numbers != nil {
		c.numbers = f.listNumbers(c.labels, numbers)
	}
	for n, text := range c.labels {
		number[text] = uint32(n)
	}
	for class := range r.Rows {
		face := f.all[f.of(at(class))]
		c.label[class] = number[face.text]
		if face.null {
			c.label[class] = uint32(len(c.labels))
		}
	}
	return c
}

// listNumbers lists the numbers of labels, and of null.
func (f *faces) listNumbers(labels []string, of map[string][]*float64) [][]*float64 {
	lists := f.domain.lists(nil)
	for _, text := range labels {
		lists = appendNumbers(lists, of[text])
	}
	return appendNumbers(lists, make([]*float64, len(lists)))
}

// used are the faces of all classes, each once.
func (f *faces) used(r *recode.Result, at func(class int) recode.Label) []face {
	seen := make([]bool, len(f.all))
	var used []face
	for class := range r.Rows {
		if n := f.of(at(class)); !seen[n] {
			seen[n] = true
			used = append(used, f.all[n])
		}
	}
	return used
}

// sumRows adds up the rows of each face, in the order of the first value below
// it.
func (f *faces) sumRows(c *localColumn, r *recode.Result, at func(class int) recode.Label) {
	type seen struct {
		first uint32
		face  uint32
		rows  int64
	}
	place := make([]int, len(f.all))
	var all []seen
	first := f.domain.firsts()
	for class, rows := range r.Rows {
		l := at(class)
		n := f.of(l)
		if place[n] == 0 {
			all = append(all, seen{first: first(l), face: n})
			place[n] = len(all)
		}
		all[place[n]-1].rows += rows
	}
	slices.SortFunc(all, func(a, b seen) int {
		return cmp.Or(cmp.Compare(a.first, b.first),
			cmp.Compare(f.all[a.face].text, f.all[b.face].text))
	})
	for _, s := range all {
		c.rows = append(c.rows, s.rows)
	}
}

// height is the level of a label; that of an interval that is free is 1.
func (d *domain) height(l recode.Label) int {
	switch {
	case l.Level != recode.Spanning:
		return l.Level
	case l.Code == l.Last && d.column.Min == 0:
		return 0
	}
	return max(1, d.column.Min)
}

// firsts returns a function that finds the first value below a label.
func (d *domain) firsts() func(l recode.Label) uint32 {
	levels := make([][]uint32, len(d.column.Codes))
	return func(l recode.Label) uint32 {
		if l.Level == recode.Spanning {
			return l.Code
		}
		if levels[l.Level] == nil {
			codes := d.column.Codes[l.Level]
			first := make([]uint32, len(d.column.Shares[l.Level]))
			for v := len(codes) - 1; v >= 0; v-- {
				first[codes[v]] = uint32(v)
			}
			levels[l.Level] = first
		}
		return levels[l.Level][l.Code]
	}
}
