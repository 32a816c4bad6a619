package number

import (
	"math"
	"math/big"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/float16"
)

// Whole reads the values of an array of integers by position, or is nil for an
// array of another type. Values of uint64 from 2^63 on come as the int64 of
// the same bits, so that different values stay different.
func Whole(a arrow.Array) func(i int) int64 {
	switch a := a.(type) {
	case *array.Int8:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int16:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int32:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int64:
		return a.Value
	case *array.Uint8:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Uint16:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Uint32:
		return func(i int) int64 { return int64(a.Value(i)) }
	case *array.Uint64:
		return func(i int) int64 { return int64(a.Value(i)) }
	}
	return nil
}

// Half is the value of a float16. Arrow v15's own conversion takes the numbers
// below 2^-14 for others.
func Half(h float16.Num) float64 {
	bits := h.Uint16()
	if bits>>10&0x1f != 0 {
		return float64(h.Float32())
	}
	small := math.Ldexp(float64(bits&0x3ff), -24)
	if bits>>15 != 0 {
		small = -small
	}
	return small
}

// Decimal is the float64 nearest to a decimal, for any scale.
func Decimal(d decimal128.Num, scale int32) float64 {
	if small := int64(d.LowBits()); scale >= 0 && scale <= 22 &&
		d.HighBits() == small>>63 && small > -1<<53 && small < 1<<53 {
		// Both are exact as float64, so the quotient is rounded once.
		return float64(small) / math.Pow10(int(scale))
	}
	const far = 1000 // from here on every decimal is zero or infinite; a schema may say 2^31
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(min(max(int64(scale), -int64(scale)), far)), nil)
	r := new(big.Rat).SetInt(d.BigInt())
	if scale >= 0 {
		r.Quo(r, new(big.Rat).SetInt(ten))
	} else {
		r.Mul(r, new(big.Rat).SetInt(ten))
	}
	f, _ := r.Float64()
	return f
}
