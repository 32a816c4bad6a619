package recode

import "math/bits"

// dice are random numbers that a seed determines, for the search alone:
// SplitMix64 [1], of which a number takes a nanosecond.
//
// [1] Steele, Lea, Flood (2014). Fast splittable pseudorandom number
// generators. OOPSLA 2014, 453–472.
type dice uint64

func (d *dice) next() uint64 {
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below is a number from 0 to n-1, uneven by less than n/2^64.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.next(), uint64(n))
	return int(hi)
}
