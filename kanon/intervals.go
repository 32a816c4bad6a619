package kanon

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Intervals is a hierarchy of equal intervals over a numeric column, wider
// with each level and laid from Min. The zero value is refused.
//
// On a column of integers (or decimals of scale 0) a label names the first and
// the last integer, both inside: "30-34", "30" for a width of one, "[-9,-5]"
// where Min is negative. On floats and decimals it is "[30,34.5)", without its
// upper end; the last interval holds Max and is written "[115,120]". The last
// interval ends at Max at every level, whatever its width.
//
// A value below Min or above Max is an error, unless Bottom or Top codes it as
// "<20" or ">89" on every level below the top. NaN is always an error.
//
// Shares are of the range: on a column of integers the share of the integers
// in [Min, Max]; on others the share of Max − Min, where the values themselves
// count as equal parts as many as the domain has values. An open interval,
// which has no length, counts as wide as the last of Widths.
type Intervals struct {
	// Widths of the intervals from level 1 upward; each a multiple of the one
	// before. The level after the last is the top.
	Widths []float64 `yaml:"widths"`
	// Min and Max bound the values, both inside. Whole numbers for a column of
	// integers. They, and the widths, have at most 15 digits in all.
	Min float64 `yaml:"min"`
	Max float64 `yaml:"max"`
	// Bottom codes values below Min, and Top values above Max, by an open
	// interval.
	Bottom bool `yaml:"bottom,omitempty"`
	Top    bool `yaml:"top,omitempty"`
	// Free lets Local and Mondrian recoding use any interval whose ends are ends
	// of intervals of the first width (of that of MinLevel, where that is higher),
	// as "30-37": a class then has the shortest that holds its values. The values
	// themselves stay where a class has but one, unless MinLevel is above 0.
	Free bool `yaml:"free,omitempty"`
}

// Levels is one above the number of widths.
func (h Intervals) Levels() int { return len(h.Widths) + 1 }

func (h Intervals) validate() error {
	_, err := h.grid()
	return err
}

// Generalize implements Hierarchy.
func (h Intervals) Generalize(domain arrow.Array, level int) (arrow.Array, error) {
	if err := ready("intervals", h, level, 1); err != nil {
		return nil, err
	}
	g, cells, err := h.locate(domain)
	if err != nil {
		return nil, fmt.Errorf("intervals: %w", err)
	}
	if level == h.Levels() {
		return top(len(cells)), nil
	}
	width := g.widths[level-1]
	label := memo(func(k int64) string { return g.label(k, width) })
	return labelArray(len(cells), func(i int) string { return label(g.at(cells[i], width)) }), nil
}

// Shares implements Sharer.
func (h Intervals) Shares(domain arrow.Array, level int) ([]float64, error) {
	if err := ready("intervals", h, level, 0); err != nil {
		return nil, err
	}
	g, cells, err := h.locate(domain)
	if err != nil {
		return nil, fmt.Errorf("intervals: %w", err)
	}
	widest := g.widths[len(g.widths)-1]
	all := float64(g.length(0, g.max-g.min+1))
	for _, open := range []bool{h.Bottom, h.Top} {
		if open {
			all += float64(widest)
		}
	}
	shares := make([]float64, len(cells))
	for i, k := range cells {
		switch {
		case level == h.Levels():
			shares[i] = 1
		case level == 0:
			shares[i] = g.point(len(cells)) / all
		case k == below || k == above:
			shares[i] = float64(widest) / all
		default:
			width := g.widths[level-1]
			shares[i] = float64(g.length(g.at(k, width), width)) / all
		}
	}
	return shares, nil
}

// locate returns for each value the offset from min at which its interval of
// the first width starts, in units of that width, or below or above.
func (h Intervals) locate(domain arrow.Array) (*grid, []int64, error) {
	g, err := h.grid()
	if err != nil {
		return nil, nil, err
	}
	if err := noNulls(domain); err != nil {
		return nil, nil, err
	}
	cells := make([]int64, domain.Len())
	outside, nan := 0, 0
	if at := integers(domain); at != nil {
		if g.digits > 0 {
			return nil, nil, fmt.Errorf(
				"min, max and widths over a column of %s want to be whole numbers", domain.DataType())
		}
		g.closed = true
		for i := range cells {
			switch v := at(i); {
			case v < g.min:
				cells[i] = below
			case v > g.max:
				cells[i] = above
			default:
				cells[i] = (v - g.min) / g.widths[0]
			}
		}
	} else if at, round := floats(domain); at != nil {
		g.round = round
		for i := range cells {
			v := at(i)
			if v != v {
				nan++
			}
			cells[i] = g.find(v)
		}
	} else {
		return nil, nil, fmt.Errorf("the column is %s, want numbers", domain.DataType())
	}
	for _, k := range cells {
		if k == below && !h.Bottom || k == above && !h.Top {
			outside++
		}
	}
	var errs []error
	if nan > 0 {
		errs = append(errs, fmt.Errorf("%d of %d distinct values are not a number", nan, len(cells)))
	} else if outside > 0 {
		errs = append(errs, fmt.Errorf("%d of %d distinct values lie outside of %v to %v; "+
			"widen min and max, or code the values with bottom or top",
			outside, len(cells), h.Min, h.Max))
	}
	return g, cells, errors.Join(errs...)
}
