package criterion

import "math"

// Frequent asks that no value has more than the share Alpha of a class. What
// holds of the sums of two classes then holds of each, so unions satisfy it.
type Frequent struct{ Alpha float64 }

func (Frequent) criterion()         {}
func (Frequent) Distinct() int      { return 1 }
func (Frequent) Monotone() Monotone { return Unions }

// Judge looks at the most frequent value.
func (c Frequent) Judge(h *Histogram) (bool, float64) {
	top := h.most()
	return float64(top) <= c.Alpha*float64(h.total), atMost(c.Alpha, top, h.total)
}

// Likeness asks that no value is relatively more frequent in a class than in
// the table by more than Beta, (p_c - p)/p <= Beta; or, where Enhanced, by more
// than the lesser of Beta and -ln p. That is a bound of the share of each value,
// so it is as Frequent in each. The table has fewer than 2^31 rows.
type Likeness struct {
	Beta     float64
	Enhanced bool
}

func (Likeness) criterion()         {}
func (Likeness) Distinct() int      { return 1 }
func (Likeness) Monotone() Monotone { return Unions }

// Judge looks at each value.
func (c Likeness) Judge(h *Histogram) (holds bool, lost float64) {
	holds = true
	for _, v := range h.present {
		n, whole := h.count[v], h.whole.Count[v]
		p := float64(whole) / float64(h.whole.Total)
		beta := c.Beta
		if c.Enhanced {
			beta = min(beta, -math.Log(p))
		}
		if float64(n*h.whole.Total) > (1+beta)*float64(whole*h.total) {
			holds = false
			lost = max(lost, atMost((1+beta)*p, n, h.total))
		}
	}
	return holds, lost
}

// Disclosure asks of every value of a class that its frequency there and in
// the table are within a factor of less than 2^Delta. A value that the class
// lacks is not looked at, so that a union of classes, one of which lacks it,
// may have too little of it: only the upper side bounds what is kept, as in
// Likeness. The table has fewer than 2^31 rows.
type Disclosure struct{ Delta float64 }

func (Disclosure) criterion()         {}
func (Disclosure) Distinct() int      { return 1 }
func (Disclosure) Monotone() Monotone { return Neither }

// Judge looks at each value.
func (c Disclosure) Judge(h *Histogram) (holds bool, lost float64) {
	holds = true
	factor := math.Exp2(c.Delta)
	for _, v := range h.present {
		class := float64(h.count[v] * h.whole.Total)
		table := float64(h.whole.Count[v] * h.total)
		if class*factor <= table {
			holds = false
		}
		if class >= factor*table {
			holds = false
			p := float64(h.whole.Count[v]) / float64(h.whole.Total)
			lost = max(lost, atMost(factor*p, h.count[v], h.total))
		}
	}
	return holds, lost
}
