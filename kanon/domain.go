package kanon

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/column"
	"github.com/lethe-go/lethe/internal/lattice"
)

// domain is what occurs in a column, in canonical order with null last, and
// the labels its hierarchy gives it.
type domain struct {
	quasi   Quasi
	coder   *column.Coder
	order   []uint32      // codes of the values, without null
	leaf    []uint32      // place in the order by code
	null    bool          // null occurs
	labels  [][]string    // by level from 1 on; without null
	line    *line         // nil where intervals are not free
	numbers *numberDomain // nil where values do not come out as numbers
	column  lattice.Column
}

// size is the number of values with null.
func (d *domain) size() int {
	if d.null {
		return len(d.order) + 1
	}
	return len(d.order)
}

func newDomain(q Quasi, coder *column.Coder) (*domain, error) {
	d := &domain{quasi: q, coder: coder, order: coder.Order()}
	d.leaf = make([]uint32, coder.Len())
	for i, code := range d.order {
		d.leaf[code] = uint32(i)
	}
	if code, seen := coder.Null(); seen {
		d.null = true
		d.leaf[code] = uint32(len(d.order))
	}
	if err := d.generalize(); err != nil {
		return nil, fmt.Errorf("kanon: column %q: %w", q.Column, err)
	}
	return d, nil
}

// generalize asks the hierarchy for its labels and shares and checks that they
// are what Hierarchy and Sharer promise.
func (d *domain) generalize() error {
	if err := d.validText(); err != nil {
		return err
	}
	d.column = lattice.Column{
		Min: d.quasi.MinLevel, Max: d.quasi.highest(), Height: d.quasi.Hierarchy.Levels(),
	}
	identity := make([]uint32, d.size())
	for i := range identity {
		identity[i] = uint32(i)
	}
	d.column.Codes = [][]uint32{identity}
	values := d.coder.Array(memory.DefaultAllocator, d.order)
	defer values.Release()
	for level := 1; level <= d.column.Max; level++ {
		if err := d.addLevel(values, level); err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		if v := d.improper(level); v > 0 {
			return fmt.Errorf("level %d: %d labels of the level below have more than one label here; "+
				"a level must be a coarsening of the one below", level, v)
		}
	}
	if err := d.addShares(values); err != nil {
		return err
	}
	return d.addLine(values)
}

// validText refuses text that a plan could not hold.
func (d *domain) validText() error {
	if d.coder.Type().Kind != column.String {
		return nil
	}
	bad := 0
	for _, code := range d.order {
		if !utf8.ValidString(d.coder.Text(code)) {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d values are not UTF-8", bad)
	}
	return nil
}

func (d *domain) top(level int) bool { return level == d.quasi.Hierarchy.Levels() }

func (d *domain) addLevel(values arrow.Array, level int) error {
	labels, err := d.quasi.Hierarchy.Generalize(values, level)
	if err != nil {
		return err
	}
	if labels == nil {
		return errors.New("the hierarchy gives no labels")
	}
	defer labels.Release()
	at, err := labelReader(labels, len(d.order))
	if err != nil {
		return err
	}
	codes := make([]uint32, d.size())
	names := []string{}
	number := map[string]uint32{}
	bad := 0
	for i := range d.order {
		s := at(i)
		code, ok := number[s]
		if !ok {
			if !utf8.ValidString(s) {
				bad++
			}
			code = uint32(len(names))
			names = append(names, s)
			number[s] = code
		}
		codes[i] = code
	}
	if bad > 0 {
		return fmt.Errorf("%d labels are not UTF-8", bad)
	}
	if d.top(level) {
		if len(names) > 1 || len(names) == 1 && names[0] != Top {
			return fmt.Errorf("the top has %d labels, want the one label %q", len(names), Top)
		}
		names = []string{Top}
	} else if d.null {
		codes[len(d.order)] = uint32(len(names))
	}
	d.labels = append(d.labels, names)
	d.column.Codes = append(d.column.Codes, codes)
	return nil
}

// labelReader checks that labels are text, one for each of n values.
func labelReader(labels arrow.Array, n int) (func(i int) string, error) {
	if labels.Len() != n {
		return nil, fmt.Errorf("the hierarchy gives %d labels for %d values", labels.Len(), n)
	}
	missing := 0
	for i := range n {
		if labels.IsNull(i) {
			missing++
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("the hierarchy has no label for %d values", missing)
	}
	switch a := labels.(type) {
	case *array.String:
		return a.Value, nil
	case *array.LargeString:
		return a.Value, nil
	}
	return nil, fmt.Errorf("the hierarchy gives labels of type %s, want utf8", labels.DataType())
}

// improper counts the labels of the level below that do not determine their
// label at this one.
func (d *domain) improper(level int) int {
	low, high := d.column.Codes[level-1], d.column.Codes[level]
	to := map[uint32]uint32{}
	bad := map[uint32]bool{}
	for i, code := range low {
		if up, ok := to[code]; ok && up != high[i] {
			bad[code] = true
		}
		to[code] = high[i]
	}
	return len(bad)
}

// addShares fills the share of the domain that each label covers: as the
// hierarchy knows it, or of the values that occur. Null is one more value, of
// the share of the smallest other.
func (d *domain) addShares(values arrow.Array) error {
	sharer, whole := d.quasi.Hierarchy.(Sharer)
	n := float64(max(1, d.size()))
	for level, codes := range d.column.Codes {
		shares := make([]float64, d.labelsAt(level))
		var err error
		switch {
		case level > 0 && d.top(level):
			shares[0] = 1
		case whole:
			err = d.wholeShares(sharer, values, level, shares)
		default:
			rows := make([]int, len(shares))
			for _, c := range codes {
				rows[c]++
			}
			for c, k := range rows {
				shares[c] = float64(k) / n
			}
		}
		if err == nil && level > 0 {
			err = d.raise(level, shares)
		}
		if err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		d.column.Shares = append(d.column.Shares, shares)
		if level == 0 {
			d.setLeast(shares)
		}
	}
	return nil
}

// labelsAt is the number of codes at a level, with that of null.
func (d *domain) labelsAt(level int) int {
	switch {
	case level == 0:
		return max(1, d.size())
	case d.null && !d.top(level):
		return len(d.labels[level-1]) + 1
	}
	return max(1, len(d.labels[level-1]))
}

// shareSlack is how much shares may disagree by rounding.
const shareSlack = 1e-9

func (d *domain) wholeShares(s Sharer, values arrow.Array, level int, shares []float64) error {
	all, err := s.Shares(values, level)
	if err != nil {
		return err
	}
	if len(all) != len(d.order) {
		return fmt.Errorf("the hierarchy gives %d shares for %d values", len(all), len(d.order))
	}
	for i, share := range all {
		if !(share > 0 && share <= 1+shareSlack) {
			return fmt.Errorf("a share is %v, want above 0 and at most 1", share)
		}
		c := d.column.Codes[level][i]
		if shares[c] == 0 {
			shares[c] = min(1, share)
		} else if math.Abs(shares[c]-share) > shareSlack*share {
			return fmt.Errorf("values of one label have shares of %v and %v", shares[c], share)
		}
	}
	if d.null {
		if level > 0 {
			shares[len(shares)-1] = d.column.Least
		} else {
			shares[len(shares)-1] = 1
			shares[len(shares)-1] = leastOf(shares)
		}
	}
	if len(shares) == 1 && shares[0] == 0 { // no values
		shares[0] = 1
	}
	return nil
}

func leastOf(shares []float64) float64 {
	least := 1.0
	for _, s := range shares {
		least = min(least, s)
	}
	return least
}

func (d *domain) setLeast(shares []float64) { d.column.Least = leastOf(shares) }

// raise refuses shares that fall from the level below, and evens out rounding:
// the bounds of the search rest on shares that never fall.
func (d *domain) raise(level int, shares []float64) error {
	below := d.column.Shares[level-1]
	for i, low := range d.column.Codes[level-1] {
		c := d.column.Codes[level][i]
		if shares[c] < below[low]*(1-shareSlack) {
			return fmt.Errorf("a share falls from %v to %v, want shares that grow with the level",
				below[low], shares[c])
		}
		shares[c] = max(shares[c], below[low])
	}
	return nil
}
