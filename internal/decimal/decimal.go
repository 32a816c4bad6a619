// Package decimal reads floating-point numbers as the decimal numbers they were
// written as, exactly, and writes exact numbers as floating-point ones that err
// on a chosen side.
package decimal

import (
	"math"
	"math/big"
	"strconv"
)

// Of is the number that the shortest decimal text of x stands for, which for a
// number read from a policy is the one that was written. x is finite.
func Of(x float64) *big.Rat {
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, 64))
	return r
}

// AtMost is the largest finite number whose decimal is not above r, so that
// what is shown as left can be spent. Where r is a decimal of up to 15 digits
// it is that decimal, as is AtLeast.
func AtMost(r *big.Rat) float64 {
	x, _ := r.Float64()
	if math.IsInf(x, 1) {
		x = math.MaxFloat64
	}
	for !math.IsInf(x, -1) && Of(x).Cmp(r) > 0 {
		x = math.Nextafter(x, math.Inf(-1))
	}
	return x
}

// AtLeast is the smallest number whose decimal is not below r, +Inf if no finite
// one is, so that what is shown as spent was not more.
func AtLeast(r *big.Rat) float64 {
	x, _ := r.Float64()
	if math.IsInf(x, -1) {
		x = -math.MaxFloat64
	}
	for !math.IsInf(x, 1) && Of(x).Cmp(r) < 0 {
		x = math.Nextafter(x, math.Inf(1))
	}
	return x
}
