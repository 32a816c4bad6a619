package main

import "math/rand/v2"

// alias draws a number with given chances in constant time (Vose 1991, A
// linear algorithm for generating random numbers with a given distribution,
// IEEE Transactions on Software Engineering 17(9), 972–975).
type alias struct {
	keep  []float64
	other []int32
}

// newAlias makes number i come with a chance proportional to weights[i]. At
// least one weight is above 0 and none below.
func newAlias(weights []float64) alias {
	n := len(weights)
	total := 0.0
	for _, w := range weights {
		total += w
	}
	a := alias{keep: make([]float64, n), other: make([]int32, n)}
	var small, large []int32
	for i, w := range weights {
		a.keep[i] = w * float64(n) / total
		a.other[i] = int32(i)
		if a.keep[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.other[s] = l
		a.keep[l] -= 1 - a.keep[s]
		if a.keep[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) { // rounding left them near 1
		if weights[i] > 0 {
			a.keep[i] = 1
		}
	}
	return a
}

func (a alias) draw(rng *rand.Rand) int {
	x := rng.Float64() * float64(len(a.keep))
	i := int(x)
	if x-float64(i) < a.keep[i] {
		return i
	}
	return int(a.other[i])
}

// falling are n weights of which the i-th is proportional to 1/(i+offset).
func falling(n int, offset float64) []float64 {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = 1 / (float64(i) + offset)
	}
	return weights
}
