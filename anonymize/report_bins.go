package anonymize

import (
	"math"
	"math/bits"
)

// classBin is one range of class sizes, before and after.
type classBin struct {
	From, To      int64
	Before, After binned
}

// binned is what one table has in a range of class sizes.
type binned struct {
	Classes int64
	Share   float64 // of the members
}

// Label names the range.
func (b classBin) Label() string {
	if b.From == b.To {
		return formatCount(b.From)
	}
	return formatCount(b.From) + "–" + formatCount(b.To)
}

// classBins puts the class sizes of both tables on one scale. It is nil where
// they are not as ClassReport says.
func (a *AnonymityReport) classBins() []classBin {
	if !a.Before.binned() || !a.After.binned() {
		return nil
	}
	n := max(len(a.Before.SizeFrom), len(a.After.SizeFrom))
	bins := make([]classBin, n)
	for i := range bins {
		bins[i].From = 1 << i
		bins[i].To = bins[i].From - 1 + bins[i].From
		bins[i].Before, bins[i].After = a.Before.bin(i), a.After.bin(i)
	}
	return bins
}

// binned says whether the bins are the powers of two from 1 on, with counts.
func (c *ClassReport) binned() bool {
	if len(c.Sizes) != len(c.SizeFrom) || len(c.Members) != len(c.SizeFrom) {
		return false
	}
	for i, from := range c.SizeFrom {
		if from < 1 || bits.Len64(uint64(from)) != i+1 || bits.OnesCount64(uint64(from)) != 1 ||
			c.Sizes[i] < 0 || c.Members[i] < 0 {
			return false
		}
	}
	return true
}

func (c *ClassReport) bin(i int) binned {
	if i >= len(c.Sizes) {
		return binned{}
	}
	var total float64
	for _, m := range c.Members {
		total += float64(m)
	}
	if total == 0 {
		return binned{Classes: c.Sizes[i]}
	}
	return binned{Classes: c.Sizes[i], Share: float64(c.Members[i]) / total}
}

// within keeps a figure that becomes a length in [0, 1].
func within(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, 0), 1)
}
