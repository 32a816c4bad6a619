package propose

import (
	"math"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/lethe-go/lethe/internal/number"
	"github.com/lethe-go/lethe/kanon"
)

// Intervals of the first level that the middle of the rows is cut into at most,
// and of the last level below the top at least.
const (
	mostIntervals  = 20
	leastIntervals = 2
)

// numbers proposes intervals whose width is 1, 2 or 5 times a power of ten and
// doubles with each level. They are laid so that all widths start at a multiple
// of themselves, and from the first to the last percent of the rows; what lies
// beyond is coded as less or more.
func (v *values) numbers(p *Proposal) {
	domain := v.coder.Array(memory.DefaultAllocator, v.codes)
	defer domain.Release()
	at, err := number.Values(domain)
	if err != nil {
		p.because("the values cannot be read as numbers")
		return
	}
	if math.IsNaN(at[0]) || math.IsInf(at[0], 0) || math.IsInf(at[len(at)-1], 0) {
		p.because("some values are not finite numbers; give them a meaning first")
		return
	}
	whole := v.whole()
	low, high := at[v.quantile(.05)], at[v.quantile(.95)]
	if low == high {
		low, high = at[0], at[len(at)-1]
	}
	width := niceWidth((high - low) / mostIntervals)
	if whole {
		width = max(width, 1)
	}
	h := kanon.Intervals{Widths: []float64{width}}
	for next := 2 * width; (high-low)/next >= leastIntervals; next *= 2 {
		h.Widths = append(h.Widths, next)
	}
	widest := h.Widths[len(h.Widths)-1]
	h.Min = times(math.Floor(at[v.quantile(.01)]/widest), widest)
	h.Max = times(math.Floor(at[v.quantile(.99)]/widest)+1, widest)
	if whole {
		h.Max-- // the last integer inside
	}
	h.Bottom, h.Top = at[0] < h.Min, at[len(at)-1] > h.Max
	// Intervals know whether they can be laid: numbers may have too many digits.
	if _, err := h.Generalize(domain, 1); err != nil {
		p.because("the range cannot be laid out in intervals of round widths; choose them by hand")
		return
	}
	p.Hierarchy = h
	p.because("%d distinct numbers: intervals of %v, which cut the middle nine tenths of the rows "+
		"into at most %d and at least %d parts", p.Distinct, h.Widths, mostIntervals, leastIntervals)
	if h.Bottom || h.Top {
		p.because("numbers beyond %v to %v are rare and coded as below or above", h.Min, h.Max)
	}
}

// niceWidth is the least of 1, 2 or 5 times a power of ten that is not below w.
func niceWidth(w float64) float64 {
	exponent := math.Floor(math.Log10(w))
	for _, digit := range []float64{1, 2, 5, 10} {
		if nice := times(digit, math.Pow10(int(exponent))); nice >= w*(1-1e-12) {
			return nice
		}
	}
	return times(10, math.Pow10(int(exponent)))
}

// times is a·b rounded to 12 digits, which undoes the error of decimals that
// are not exact in binary.
func times(a, b float64) float64 {
	x := a * b
	if x == 0 {
		return 0
	}
	scale := math.Pow10(12 - int(math.Ceil(math.Log10(math.Abs(x)))))
	if math.IsInf(scale, 0) || scale == 0 {
		return x
	}
	return math.Round(x*scale) / scale
}
