package column

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// Order lists the codes of the values in their canonical order: numbers and
// times by value with NaN first, false before true, text by its bytes. Null is
// not among them.
func (c *Coder) Order() []uint32 {
	codes := make([]uint32, 0, c.Len())
	for i := range uint32(c.Len()) {
		if int64(i) != c.null {
			codes = append(codes, i)
		}
	}
	slices.SortFunc(codes, c.compare())
	return codes
}

func (c *Coder) compare() func(a, b uint32) int {
	if c.text != nil {
		return func(a, b uint32) int { return bytes.Compare(c.text.at(a), c.text.at(b)) }
	}
	keys := c.words.Keys()
	switch c.typ.Kind {
	case Unsigned:
		return func(a, b uint32) int { return cmp.Compare(keys[a], keys[b]) }
	case Float:
		return func(a, b uint32) int {
			return cmp.Compare(math.Float64frombits(keys[a]), math.Float64frombits(keys[b]))
		}
	}
	return func(a, b uint32) int { return cmp.Compare(int64(keys[a]), int64(keys[b])) }
}

// Merge takes in the values of another Coder of the same Type, which it leaves
// as it is, and returns the code of each of the other's codes.
func (c *Coder) Merge(o *Coder) ([]uint32, error) {
	if err := c.mergeable(o); err != nil {
		return nil, err
	}
	codes := make([]uint32, o.Len())
	if c.text != nil {
		for i := range codes {
			if int64(i) != o.null {
				codes[i] = c.text.add(o.text.at(uint32(i)))
			}
		}
	} else {
		keys, from := o.words.Keys(), 0
		if o.null >= 0 { // its key is none
			c.number(keys[:o.null], codes[:o.null], true)
			from = int(o.null) + 1
		}
		c.number(keys[from:], codes[from:], true)
	}
	if o.null >= 0 {
		codes[o.null] = c.AddNull()
	}
	return codes, nil
}
