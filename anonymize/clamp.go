package anonymize

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Clamp is bottom and top coding: it moves numbers below Min to Min and
// numbers above Max to Max, both of which may be left out, but not together.
// The column keeps its type: integers take whole bounds, decimals bounds that
// their scale can hold. NaN is neither below nor above anything and stays.
//
// With a label in Below or Above the column becomes text instead: the label
// stands for the numbers below Min or above Max ("90+" with a Max of 89), and
// the other numbers are written in decimal. A label that could be read as one
// of those numbers is refused. Its zero value is refused.
type Clamp struct {
	Min   *float64 `yaml:"min" json:"min,omitempty"`
	Max   *float64 `yaml:"max" json:"max,omitempty"`
	Below string   `yaml:"below" json:"below,omitempty"`
	Above string   `yaml:"above" json:"above,omitempty"`
}

// clone keeps the bounds from being changed behind the plan's back.
func (c Clamp) clone() Clamp {
	for _, bound := range []**float64{&c.Min, &c.Max} {
		if *bound != nil {
			v := **bound
			*bound = &v
		}
	}
	return c
}

func (c Clamp) labelled() bool { return c.Below != "" || c.Above != "" }

func (c Clamp) validate() []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("clamp: "+format, args...))
	}
	if c.Min == nil && c.Max == nil {
		bad("no bound; want min, max or both")
	}
	if c.Min != nil && !finite(*c.Min) {
		bad("min is %s, want a number", number(*c.Min))
	}
	if c.Max != nil && !finite(*c.Max) {
		bad("max is %s, want a number", number(*c.Max))
	}
	if c.Min != nil && c.Max != nil && *c.Min > *c.Max {
		bad("min is %s, want at most max, which is %s", number(*c.Min), number(*c.Max))
	}
	if c.Below != "" && c.Min == nil {
		bad("below is a label for numbers below min; want min")
	}
	if c.Above != "" && c.Max == nil {
		bad("above is a label for numbers above max; want max")
	}
	if c.inRange(c.Below) {
		bad("below is %q, which is a number that is not below min; want another label", c.Below)
	}
	if c.inRange(c.Above) {
		bad("above is %q, which is a number that is not above max; want another label", c.Above)
	}
	return errs
}

// inRange says whether the label reads as a number that stays as it is.
func (c Clamp) inRange(label string) bool {
	v, err := strconv.ParseFloat(label, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return false
	}
	return !(c.Min != nil && v < *c.Min) && !(c.Max != nil && v > *c.Max)
}

// onGrid wants bounds that rounding to multiples of width leaves where they
// are. Otherwise a value within the bounds could be rounded over one of them.
func (c Clamp) onGrid(width float64) []error {
	var errs []error
	for name, bound := range c.bounds() {
		value, step := ratio(*bound), ratio(width)
		if !value.Quo(value, step).IsInt() {
			errs = append(errs, fmt.Errorf(
				"clamp: %s is %s and the column is rounded to multiples of %s before;"+
					" want a multiple of it", name, number(*bound), number(width)))
		}
	}
	return errs
}

// bounds yields the bounds that are set, with their names.
func (c Clamp) bounds() func(func(string, *float64) bool) {
	return func(yield func(string, *float64) bool) {
		if c.Min != nil && !yield("min", c.Min) {
			return
		}
		if c.Max != nil {
			yield("max", c.Max)
		}
	}
}

func ratio(f float64) *big.Rat {
	m, exp := decimal(f)
	if exp >= 0 {
		return new(big.Rat).SetInt(m.Mul(m, pow10(exp)))
	}
	return new(big.Rat).SetFrac(m, pow10(-exp))
}

func (c Clamp) describe() string {
	side := func(where string, bound *float64, label string) string {
		if bound == nil {
			return ""
		}
		if label != "" {
			return fmt.Sprintf("values %s %s written as %q", where, number(*bound), label)
		}
		return fmt.Sprintf("values %s %s set to it", where, number(*bound))
	}
	low, high := side("below", c.Min, c.Below), side("above", c.Max, c.Above)
	switch {
	case low == "":
		return high
	case high == "":
		return low
	}
	return low + ", " + high
}

func (c Clamp) outType(in arrow.DataType) (arrow.DataType, error) {
	return throughDictionary(c, in, func(in arrow.DataType) (arrow.DataType, error) {
		if err := c.fits(in); err != nil {
			return nil, err
		}
		if c.labelled() {
			return arrow.BinaryTypes.String, nil
		}
		return in, nil
	})
}

// fits says whether the column can be compared with the bounds and hold them.
func (c Clamp) fits(in arrow.DataType) error {
	var low, high float64 // the type holds numbers in [low, high)
	exact := func(float64) bool { return true }
	switch {
	case isInteger(in.ID()):
		low, high = leastOf(in.ID()), pastMax(in.ID())
		exact = func(bound float64) bool { return bound == math.Trunc(bound) }
	case in.ID() == arrow.FLOAT32:
		low, high = -math.MaxFloat32, math.Nextafter(math.MaxFloat32, math.Inf(1))
	case in.ID() == arrow.FLOAT64:
		low, high = math.Inf(-1), math.Inf(1)
	case in.ID() == arrow.DECIMAL128:
		dec := in.(*arrow.Decimal128Type)
		if err := checkDecimal(dec); err != nil {
			return fmt.Errorf("clamp: %w", err)
		}
		high = math.Pow10(int(dec.Precision - dec.Scale))
		low = math.Nextafter(-high, 0)
		exact = func(bound float64) bool { return unscaled(bound, dec.Scale) != nil }
	default:
		return wrongType("clamp", in, "integers, floats or decimal128")
	}
	for name, bound := range c.bounds() {
		if !exact(*bound) {
			return fmt.Errorf("clamp: %s is %s, which %s cannot hold exactly",
				name, number(*bound), in)
		}
		if *bound < low || *bound >= high {
			return fmt.Errorf("clamp: %s is %s, beyond what %s holds", name, number(*bound), in)
		}
	}
	return nil
}

func (c Clamp) apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if _, err := c.outType(a.DataType()); err != nil {
		return nil, err
	}
	return onDistinct(mem, a, c.kernel)
}

func (c Clamp) kernel(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	switch a.DataType().ID() {
	case arrow.INT8:
		return clampInts[int8](c, mem, a)
	case arrow.INT16:
		return clampInts[int16](c, mem, a)
	case arrow.INT32:
		return clampInts[int32](c, mem, a)
	case arrow.INT64:
		return clampInts[int64](c, mem, a)
	case arrow.UINT8:
		return clampUints[uint8](c, mem, a)
	case arrow.UINT16:
		return clampUints[uint16](c, mem, a)
	case arrow.UINT32:
		return clampUints[uint32](c, mem, a)
	case arrow.UINT64:
		return clampUints[uint64](c, mem, a)
	case arrow.FLOAT32:
		return clampFloats[float32](c, mem, a, 32)
	case arrow.FLOAT64:
		return clampFloats[float64](c, mem, a, 64)
	}
	scale := a.DataType().(*arrow.Decimal128Type).Scale
	return clampWith(c, mem, a,
		func(f float64) decimal128.Num { return decimal128.FromBigInt(unscaled(f, scale)) },
		func(v, bound decimal128.Num) bool { return v.Less(bound) },
		func(dst []byte, v decimal128.Num) []byte { return appendDecimal(dst, v, scale) })
}
