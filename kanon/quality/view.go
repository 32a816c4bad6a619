package quality

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/tuple"
	"github.com/lethe-go/lethe/kanon"
)

// view is a column of both tables: the cells of the original as values, those
// of the release as labels.
type view struct {
	name      string
	hierarchy kanon.Hierarchy // nil for a column of numbers
	levels    int
	in        []uint32 // value of each original row
	counts    []int64  // rows of each value
	out       []uint32 // label of each released row
	labels    []label
	general   [][]uint32 // label by level, value
	least     []float64  // share of each value at level 0
	at        []float64  // number of each value
	min, max  float64    // of all numbers, also of what suppressed rows may be
	gone      uint32     // label of a row that was left out
}

// label is what is known of a label, over all levels that have it.
type label struct {
	low, high  int     // levels
	share      float64 // of the domain, at the highest level
	from, to   float64 // the numbers it covers
	missing    bool    // it says nothing
	everywhere bool    // it belongs to every value
}

func newView(c Column, in, out tuple.Column) (*view, error) {
	v := &view{name: c.Name, hierarchy: c.Hierarchy, in: in.Codes}
	v.counts = make([]int64, in.Coder.Len())
	for _, value := range in.Codes {
		v.counts[value]++
	}
	if c.Hierarchy == nil {
		return v, v.readNumbers(in.Coder, out)
	}
	if v.levels = c.Hierarchy.Levels(); v.levels < 1 {
		return v, fmt.Errorf("the hierarchy has %d levels, want at least 1", v.levels)
	}
	names, err := v.generalize(in.Coder)
	if err != nil {
		return v, err
	}
	return v, v.readLabels(in.Coder, out, names)
}

// generalize asks the hierarchy for the labels of all values, and returns the
// number of each text among them.
func (v *view) generalize(coder *column.Coder) (map[string]uint32, error) {
	order := coder.Order()
	domain := coder.Array(memory.DefaultAllocator, order)
	defer domain.Release()
	null, hasNull := coder.Null()
	names := map[string]uint32{}
	v.least, v.at = make([]float64, coder.Len()), make([]float64, coder.Len())
	v.gone = v.add(label{
		low: v.levels, high: v.levels, share: 1, missing: true, everywhere: true,
		from: math.Inf(1), to: math.Inf(-1),
	})
	names[kanon.Top] = v.gone
	nullLabel := v.gone
	if hasNull {
		nullLabel = v.add(label{})
	}
	for level := 0; level <= v.levels; level++ {
		l, err := v.askLevel(domain, coder, order, level)
		if err != nil {
			return nil, fmt.Errorf("level %d: %w", level, err)
		}
		of := make([]uint32, coder.Len())
		for i, code := range order {
			id, ok := names[l.text[i]]
			if !ok {
				id = v.add(label{low: level, high: level, from: l.low[i], to: l.high[i]})
				names[l.text[i]] = id
			}
			of[code] = id
			at := &v.labels[id]
			if at.missing && level < v.levels {
				return nil, fmt.Errorf("level %d: a label is %q, want it at the top only", level, kanon.Top)
			}
			at.high, at.share = level, l.share[i]
			at.from, at.to = min(at.from, l.low[i]), max(at.to, l.high[i])
			if level == 0 {
				v.least[code], v.at[code] = l.share[i], l.low[i]
			}
		}
		if hasNull {
			of[null] = nullLabel
			if level == v.levels {
				of[null] = v.gone
			}
		}
		v.general = append(v.general, of)
	}
	v.span(order)
	if hasNull {
		v.setNull(null, nullLabel, order)
	}
	return names, nil
}

func (v *view) add(l label) uint32 {
	v.labels = append(v.labels, l)
	return uint32(len(v.labels) - 1)
}

// span sets what the numbers of all values, and so of the top, lie between.
func (v *view) span(order []uint32) {
	top := &v.labels[v.gone]
	for _, of := range v.general {
		for _, code := range order {
			top.from = min(top.from, v.labels[of[code]].from)
			top.to = max(top.to, v.labels[of[code]].to)
		}
	}
	if len(order) == 0 {
		top.from, top.to = 0, 0
	}
	v.min, v.max = top.from, top.to
}

// setNull makes null one more value, of the share of the smallest other and
// in the middle of the numbers.
func (v *view) setNull(null, id uint32, order []uint32) {
	least := 1.0
	for _, code := range order {
		least = min(least, v.least[code])
	}
	v.least[null], v.at[null] = least, (v.min+v.max)/2
	v.labels[id] = label{high: v.levels - 1, share: least, from: v.at[null], to: v.at[null]}
}

// level is what a hierarchy says of each value of the domain.
type level struct {
	text             []string
	share, low, high []float64
}

func (v *view) askLevel(
	domain arrow.Array, coder *column.Coder, order []uint32, at int,
) (l level, err error) {
	if at == 0 {
		for _, code := range order {
			l.text = append(l.text, coder.Text(code))
		}
	} else if l.text, err = texts(v.hierarchy, domain, at); err != nil {
		return l, err
	}
	if s, ok := v.hierarchy.(kanon.Sharer); ok {
		l.share, err = s.Shares(domain, at)
	} else {
		l.share = countedShares(l.text)
	}
	if err != nil {
		return l, err
	}
	if r, ok := v.hierarchy.(kanon.Ranger); ok {
		l.low, l.high, err = r.Ranges(domain, at)
	} else {
		l.low, l.high, err = spanned(domain, l.text)
	}
	n := len(order)
	if err == nil && (len(l.share) != n || len(l.low) != n || len(l.high) != n) {
		err = errors.New("the hierarchy gives another number of shares or ranges than values")
	}
	return l, err
}

func texts(h kanon.Hierarchy, domain arrow.Array, at int) ([]string, error) {
	labels, err := h.Generalize(domain, at)
	if err != nil {
		return nil, err
	}
	defer labels.Release()
	a, ok := labels.(*array.String)
	if !ok || a.Len() != domain.Len() || a.NullN() > 0 {
		return nil, fmt.Errorf("the hierarchy gives %d labels of type %s, want %d of utf8 and no null",
			labels.Len(), labels.DataType(), domain.Len())
	}
	all := make([]string, a.Len())
	for i := range all {
		all[i] = string([]byte(a.Value(i))) // the labels are released
	}
	return all, nil
}

// countedShares are the shares of the distinct values that have each label.
func countedShares(text []string) []float64 {
	values := map[string]int{}
	for _, s := range text {
		values[s]++
	}
	shares := make([]float64, len(text))
	for i, s := range text {
		shares[i] = float64(values[s]) / float64(len(text))
	}
	return shares
}

// spanned are the least and the greatest numbers of the values of each label.
func spanned(domain arrow.Array, text []string) (low, high []float64, err error) {
	at, err := lineOf(domain)
	if err != nil {
		return nil, nil, err
	}
	first, last := map[string]float64{}, map[string]float64{}
	for i, s := range text {
		if _, ok := first[s]; !ok {
			first[s], last[s] = at[i], at[i]
		}
		first[s], last[s] = min(first[s], at[i]), max(last[s], at[i])
	}
	low, high = make([]float64, len(text)), make([]float64, len(text))
	for i, s := range text {
		low[i], high[i] = first[s], last[s]
	}
	return low, high, nil
}
