package kanon

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// grid is Intervals in whole numbers: every parameter times 10^digits, so that
// the ends of intervals are exact decimals and not sums of rounded floats.
type grid struct {
	min, max int64
	widths   []int64
	digits   int
	closed   bool                  // intervals of integers, which hold both ends
	round    func(float64) float64 // to the precision of the column
}

// Cells of values outside of [Min, Max].
const (
	below = math.MinInt64
	above = math.MaxInt64
)

// maxScaled keeps sums of two parameters exact as float64.
const maxScaled = 1e15

func (h Intervals) grid() (*grid, error) {
	var errs []error
	if len(h.Widths) == 0 {
		errs = append(errs, errors.New("intervals: no widths"))
	}
	g := &grid{}
	params := append([]float64{h.Min, h.Max}, h.Widths...)
	for _, v := range params {
		if math.IsNaN(v) || math.Abs(v) >= maxScaled {
			errs = append(errs, fmt.Errorf("intervals: %v is not a number of at most 15 digits", v))
			return nil, errors.Join(errs...)
		}
		_, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
		g.digits = max(g.digits, len(fraction))
	}
	scaled := make([]int64, len(params))
	for i, v := range params {
		// Exact: the decimal is the shortest that means v, shifted.
		n, err := strconv.ParseInt(strings.Replace(
			strconv.FormatFloat(v, 'f', g.digits, 64), ".", "", 1), 10, 64)
		if err != nil || n <= -maxScaled || n >= maxScaled {
			errs = append(errs, fmt.Errorf(
				"intervals: min, max and widths have more than 15 digits in all, as %v", v))
			return nil, errors.Join(errs...)
		}
		scaled[i] = n
	}
	g.min, g.max, g.widths = scaled[0], scaled[1], scaled[2:]
	if g.min >= g.max {
		errs = append(errs, fmt.Errorf("intervals: min is %v and max is %v, want min below max",
			h.Min, h.Max))
	}
	for i, w := range g.widths {
		switch {
		case w <= 0:
			errs = append(errs, fmt.Errorf("intervals: width %v, want above 0", h.Widths[i]))
		case i > 0 && g.widths[i-1] > 0 && (w <= g.widths[i-1] || w%g.widths[i-1] != 0):
			errs = append(errs, fmt.Errorf(
				"intervals: width %v after %v, want a multiple of it, so that levels nest",
				h.Widths[i], h.Widths[i-1]))
		}
	}
	return g, errors.Join(errs...)
}

// find is the cell of a float. The division may be off by one next to an end,
// so the ends themselves decide.
func (g *grid) find(v float64) int64 {
	w := g.widths[0]
	last := (g.max - g.min - 1) / w
	lo, hi := g.float(g.min), g.float(g.max)
	switch {
	case v < lo:
		return below
	case v > hi:
		return above
	case v != v:
		return below
	}
	holds := func(k int64) bool {
		return v >= g.float(g.min+k*w) && (k == last || v < g.float(g.min+(k+1)*w))
	}
	k := min(max(int64((v-lo)/(float64(w)/math.Pow10(g.digits))), 0), last)
	if holds(k) {
		return k
	}
	return int64(sort.Search(int(last), func(k int) bool {
		return v < g.float(g.min+int64(k+1)*w)
	}))
}

// float is n/10^digits, correctly rounded: both are exact as float64.
func (g *grid) float(n int64) float64 {
	return g.round(float64(n) / math.Pow10(g.digits))
}

// at is the start of the interval of a width around a cell, from min.
func (g *grid) at(cell, width int64) int64 {
	if cell == below || cell == above {
		return cell
	}
	return cell * g.widths[0] / width * width
}

// length of an interval, cut at max; integers are counted.
func (g *grid) length(start, width int64) int64 {
	rest := g.max - g.min - start
	if g.closed {
		rest++
	}
	return min(width, rest)
}

// point is the length that stands for one value: an integer, or the n-th part
// of a continuous range, though no more than its shortest interval.
func (g *grid) point(n int) float64 {
	if g.closed {
		return 1
	}
	all, w := g.max-g.min, g.widths[0]
	shortest := min(g.length(0, w), all-(all-1)/w*w)
	return min(float64(all)/float64(max(n, 1)), float64(shortest))
}

// label names an interval by its ends.
func (g *grid) label(start, width int64) string {
	switch start {
	case below:
		return "<" + g.decimal(g.min)
	case above:
		return ">" + g.decimal(g.max)
	}
	return g.between(start, start+g.length(start, width))
}

// between names an interval by its ends, from min.
func (g *grid) between(left, right int64) string {
	lo, hi := g.min+left, g.min+right
	switch {
	case g.closed && hi-1 == lo:
		return g.decimal(lo)
	case g.closed && g.min < 0:
		return "[" + g.decimal(lo) + "," + g.decimal(hi-1) + "]"
	case g.closed:
		return g.decimal(lo) + "-" + g.decimal(hi-1)
	case hi == g.max:
		return "[" + g.decimal(lo) + "," + g.decimal(hi) + "]"
	}
	return "[" + g.decimal(lo) + "," + g.decimal(hi) + ")"
}

// decimal writes n/10^digits without trailing zeros.
func (g *grid) decimal(n int64) string {
	// At most 15 digits, which a float64 keeps.
	return strconv.FormatFloat(float64(n)/math.Pow10(g.digits), 'f', -1, 64)
}
