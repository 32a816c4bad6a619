package anonymize

import (
	"fmt"
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Round replaces numbers by the nearest multiple of To; a value halfway
// between two becomes the even multiple, so that sums are not pushed up. The
// column keeps its type: integers take a whole To, decimals one that their
// scale can hold.
//
// Where the nearest multiple is outside the type (or the precision of a
// decimal), the nearest one inside it is taken. Floats so large that their
// neighbours are further apart than To, NaN and the infinities stay as they
// are. Its zero value is refused.
type Round struct {
	To float64 `yaml:"to" json:"to"`
}

func (r Round) validate() []error {
	if !(r.To > 0) || math.IsInf(r.To, 0) {
		return []error{fmt.Errorf(
			"round: to is %s, want a width above 0, such as 10", number(r.To))}
	}
	return nil
}

func (r Round) describe() string { return "rounded to multiples of " + number(r.To) }

func (r Round) outType(in arrow.DataType) (arrow.DataType, error) {
	return throughDictionary(r, in, func(in arrow.DataType) (arrow.DataType, error) {
		switch {
		case isInteger(in.ID()):
			if r.To != math.Trunc(r.To) {
				return nil, fmt.Errorf(
					"round: to is %s and the column is %s; want a whole number", number(r.To), in)
			}
			if r.To >= pastMax(in.ID()) {
				return nil, fmt.Errorf("round: to is %s, more than %s holds", number(r.To), in)
			}
		case in.ID() == arrow.FLOAT32, in.ID() == arrow.FLOAT64:
		case in.ID() == arrow.DECIMAL128:
			dec := in.(*arrow.Decimal128Type)
			if err := checkDecimal(dec); err != nil {
				return nil, fmt.Errorf("round: %w", err)
			}
			to := unscaled(r.To, dec.Scale)
			if to == nil {
				return nil, fmt.Errorf("round: to is %s, which %s cannot hold exactly",
					number(r.To), in)
			}
			if to.Cmp(largest(dec.Precision)) > 0 {
				return nil, fmt.Errorf("round: to is %s, more than %s holds", number(r.To), in)
			}
		default:
			return nil, wrongType("round", in, "integers, floats or decimal128")
		}
		return in, nil
	})
}

func (r Round) apply(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	if _, err := r.outType(a.DataType()); err != nil {
		return nil, err
	}
	return onDistinct(mem, a, r.kernel)
}

func (r Round) kernel(mem memory.Allocator, a arrow.Array) (arrow.Array, error) {
	typ := a.DataType()
	switch typ.ID() {
	case arrow.INT8:
		return roundInts[int8](mem, a, r.To, math.MinInt8, math.MaxInt8), nil
	case arrow.INT16:
		return roundInts[int16](mem, a, r.To, math.MinInt16, math.MaxInt16), nil
	case arrow.INT32:
		return roundInts[int32](mem, a, r.To, math.MinInt32, math.MaxInt32), nil
	case arrow.INT64:
		return roundInts[int64](mem, a, r.To, math.MinInt64, math.MaxInt64), nil
	case arrow.UINT8:
		return roundUints[uint8](mem, a, r.To, math.MaxUint8), nil
	case arrow.UINT16:
		return roundUints[uint16](mem, a, r.To, math.MaxUint16), nil
	case arrow.UINT32:
		return roundUints[uint32](mem, a, r.To, math.MaxUint32), nil
	case arrow.UINT64:
		return roundUints[uint64](mem, a, r.To, math.MaxUint64), nil
	case arrow.FLOAT32:
		round := floatGrid(r.To, math.MaxFloat32)
		return mapFixed(mem, a, typ, func(v float32) float32 {
			return float32(round(float64(v)))
		}), nil
	case arrow.FLOAT64:
		return mapFixed(mem, a, typ, floatGrid(r.To, math.MaxFloat64)), nil
	}
	dec := typ.(*arrow.Decimal128Type)
	return mapFixed(mem, a, typ, decimalGrid(unscaled(r.To, dec.Scale), dec.Precision)), nil
}

func roundInts[T int8 | int16 | int32 | int64](
	mem memory.Allocator, a arrow.Array, to float64, low, high int64,
) arrow.Array {
	width := int64(to)
	return mapFixed(mem, a, a.DataType(), func(v T) T {
		return T(nearest(int64(v), width, low, high))
	})
}

func roundUints[T uint8 | uint16 | uint32 | uint64](
	mem memory.Allocator, a arrow.Array, to float64, high uint64,
) arrow.Array {
	width := uint64(to)
	return mapFixed(mem, a, a.DataType(), func(v T) T {
		rest := uint64(v) % width
		down := uint64(v) - rest
		up := width - rest
		if rest < up || rest == up && down/width%2 == 0 || down > high-width {
			return T(down)
		}
		return T(down + width)
	})
}

// nearest is the multiple of width in [low, high] nearest to v, which is in it
// too. low is negative, width and high are positive, width at most high.
func nearest(v, width, low, high int64) int64 {
	rest := v % width // has the sign of v
	inner := v - rest // the multiple towards zero
	if rest < 0 {
		rest = -rest
	}
	outer := width - rest
	switch {
	case rest < outer || rest == outer && inner/width%2 == 0:
		return inner
	case v < 0 && inner >= low+width:
		return inner - width
	case v > 0 && inner <= high-width:
		return inner + width
	}
	return inner
}

// floatGrid rounds to multiples of to that are at most limit. A multiple is
// formed as an exact integer over a power of ten where to is a short decimal:
// three times 0.1 gives 0.3 and not the float above it.
func floatGrid(to, limit float64) func(float64) float64 {
	num, den := to, 1.0
	if m, exp := decimal(to); exp < 0 && exp >= -22 && m.BitLen() <= 53 {
		num, _ = new(big.Float).SetInt(m).Float64()
		den = math.Pow10(-exp)
	}
	return func(v float64) float64 {
		if math.IsNaN(v) {
			return math.NaN() // the bits of another NaN could tell something
		}
		k := math.RoundToEven(v / to)
		if math.Abs(k) >= 1<<53 {
			return v // also for infinities, and for a quotient that overflowed
		}
		out := k * num / den
		if math.Abs(out) > limit {
			out = (k - math.Copysign(1, k)) * num / den
		}
		return out + 0 // -0 would tell the sign of what was rounded away
	}
}

// decimalGrid rounds unscaled decimals to multiples of to.
func decimalGrid(to *big.Int, precision int32) func(decimal128.Num) decimal128.Num {
	limit := largest(precision)
	last := new(big.Int).Sub(limit, new(big.Int).Rem(limit, to)) // the largest multiple
	small := to.IsInt64() && last.IsInt64()
	return func(v decimal128.Num) decimal128.Num {
		if n := int64(v.LowBits()); small && n>>63 == v.HighBits() && n != math.MinInt64 {
			high := last.Int64()
			return decimal128.FromI64(nearest(min(max(n, -high), high), to.Int64(), -high, high))
		}
		n := v.BigInt()
		quo, rest := new(big.Int).QuoRem(new(big.Int).Abs(n), to, new(big.Int))
		half := rest.Lsh(rest, 1).Cmp(to)
		if half > 0 || half == 0 && quo.Bit(0) == 1 {
			quo.Add(quo, big.NewInt(1))
		}
		out := quo.Mul(quo, to)
		if out.Cmp(last) > 0 {
			out.Set(last)
		}
		if n.Sign() < 0 {
			out.Neg(out)
		}
		return decimal128.FromBigInt(out)
	}
}
