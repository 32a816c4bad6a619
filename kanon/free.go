package kanon

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/lethe-go/lethe/internal/recode"
)

// line says where the values of a domain lie, for intervals that are free.
type line struct {
	// left and right are the marks around each value, in its own units, of which
	// the whole line has all.
	left, right []int64
	all         float64 // of a Sharer; as many values as occur otherwise
	// label names the interval from one value to another, both included.
	label func(first, last int) string
}

// liner is a hierarchy that may have free intervals.
type liner interface {
	free() bool
	// line lays the values, which ascend, on a line with the marks of a level.
	line(domain arrow.Array, level int) (*line, error)
}

func (h Intervals) free() bool { return h.Free }
func (h Dates) free() bool     { return h.Free }

// freeMistake says what is wrong with free intervals in a configuration.
func (q Quasi) freeMistake(r Recoding) error {
	if l, ok := q.Hierarchy.(liner); !ok || !l.free() {
		return nil
	}
	switch {
	case r == Global:
		return fmt.Errorf("free intervals are for recoding %q or %q", Local, Mondrian)
	case q.highest() != q.Hierarchy.Levels():
		return errors.New("free intervals have no maximal level; leave it out")
	case q.MinLevel == q.Hierarchy.Levels():
		return errors.New("free intervals want a minimal level below the top")
	}
	return nil
}

// addLine lays the values on a line where intervals are free.
func (d *domain) addLine(values arrow.Array) error {
	l, ok := d.quasi.Hierarchy.(liner)
	if !ok || !l.free() {
		return nil
	}
	if len(d.order) > recode.MaxSpan {
		return fmt.Errorf("free intervals over %d distinct values, want at most %d; round the values",
			len(d.order), recode.MaxSpan)
	}
	var err error
	if d.line, err = l.line(values, max(1, d.column.Min)); err != nil {
		return err
	}
	if _, whole := d.quasi.Hierarchy.(Sharer); !whole {
		d.line.all = float64(max(1, d.size()))
	}
	if !slices.IsSorted(d.line.left) || !slices.IsSorted(d.line.right) {
		return errors.New("free intervals over values that do not ascend")
	}
	return nil
}

// span is the line as the search takes it.
func (d *domain) span() *recode.Span {
	if d.line == nil || d.column.Min == d.column.Max {
		return nil
	}
	return &recode.Span{Left: d.line.left, Right: d.line.right, All: d.line.all, Null: d.null}
}

// searchLine is a line as the search takes it.
type searchLine struct {
	span *recode.Span
	last []uint32 // by value: the last one that is alike; nil where none are
}

// label is one of the search as one of the domain.
func (s searchLine) label(l recode.Label) recode.Label {
	if l.Level == recode.Spanning && s.last != nil {
		l.Last = s.last[l.Last]
	}
	return l
}

// lineAt is the line where values that have the same label at a level are
// alike: an interval then begins before the first of them and ends behind the
// last.
func (d *domain) lineAt(level int) searchLine {
	s := searchLine{span: d.span()}
	if s.span == nil || level <= d.column.Min {
		return s
	}
	if level == d.column.Max {
		return searchLine{}
	}
	first, n := d.firstValues(level), len(d.order)
	s.last = make([]uint32, n)
	left, right := make([]int64, n), make([]int64, n)
	for v := n - 1; v >= 0; v-- {
		if s.last[v] = uint32(v); v < n-1 && first[v] == first[v+1] {
			s.last[v] = s.last[v+1]
		}
		left[v], right[v] = s.span.Left[first[v]], s.span.Right[s.last[v]]
	}
	s.span.Left, s.span.Right = left, right
	return s
}

// line has the ends of the intervals of a width for marks.
func (h Intervals) line(domain arrow.Array, level int) (*line, error) {
	g, cells, err := h.locate(domain)
	if err != nil {
		return nil, fmt.Errorf("intervals: %w", err)
	}
	width, widest := g.widths[level-1], g.widths[len(g.widths)-1]
	end := g.length(0, g.max-g.min+1)
	l := &line{all: float64(end)}
	if h.Bottom {
		l.all += float64(widest)
	}
	if h.Top {
		l.all += float64(widest)
	}
	for _, cell := range cells {
		left, right := -widest, int64(0)
		switch start := g.at(cell, width); start {
		case below:
		case above:
			left, right = end, end+widest
		default:
			left, right = start, start+g.length(start, width)
		}
		l.left, l.right = append(l.left, left), append(l.right, right)
	}
	l.label = func(first, last int) string {
		left, right := l.left[first], l.right[last]
		switch {
		case left < 0 && right > end:
			return Top
		case left < 0:
			return "<" + g.decimal(g.min+right)
		case right > end && left == end:
			return ">" + g.decimal(g.max)
		case right > end && g.closed:
			return ">" + g.decimal(g.min+left-1)
		case right > end:
			return ">=" + g.decimal(g.min+left)
		}
		return g.between(left, right)
	}
	return l, nil
}

// line has the ends of periods for marks. Shares are of the values that occur,
// as Dates know no other domain, so a mark is a number of these.
func (h Dates) line(domain arrow.Array, level int) (*line, error) {
	days, err := days(domain)
	if err != nil {
		return nil, fmt.Errorf("dates: %w", err)
	}
	labels, err := h.labels()
	if err != nil {
		return nil, err
	}
	n := len(days)
	text := make([]string, n)
	for i, day := range days {
		text[i] = labels[level-1](arrow.Date32(day).ToTime().In(time.UTC))
	}
	l := &line{left: make([]int64, n), right: make([]int64, n)}
	for i := range n {
		if i > 0 && text[i] == text[i-1] {
			l.left[i] = l.left[i-1]
		} else {
			l.left[i] = int64(i)
		}
	}
	for i := n - 1; i >= 0; i-- {
		if i < n-1 && text[i] == text[i+1] {
			l.right[i] = l.right[i+1]
		} else {
			l.right[i] = int64(i + 1)
		}
	}
	l.label = func(first, last int) string {
		if text[first] == text[last] {
			return text[first]
		}
		return text[first] + "/" + text[last]
	}
	return l, nil
}
