package exact

import (
	"encoding/binary"
	"math/big"

	"github.com/lethe-go/lethe/internal/entropy"
)

// Response is randomized response among k values (Warner 1965, Randomized
// response: a survey technique for eliminating evasive answer bias, JASA
// 60(309); Kairouz, Bonawitz and Ramage 2016, Discrete distribution estimation
// under local privacy, ICML): the true value has the probability
// e^ε/(e^ε + k - 1), each other one 1/(e^ε + k - 1). It is made by NewResponse;
// the zero value is of no use. It is a value that does not change and is safe
// for concurrent use, with a source for each goroutine.
type Response struct {
	truth  Event
	others uint64 // k - 1
	// Of the first 16 digits of a uniform number those below low tell the truth,
	// those from high on do not, and of the latter `step` each stand for one of
	// the others, up to limit.
	low, high, limit, step uint32
	inverse                uint64 // ceil(2^32/step)
}

// NewResponse returns randomized response among k >= 2 values with parameter
// epsilon > 0, which must not be changed afterwards.
func NewResponse(k uint64, epsilon *big.Rat) Response {
	r := Response{truth: NewEvent(Share(k-1, epsilon)), others: k - 1}
	low, high := r.truth.Cut(16)
	r.low, r.high, r.limit = uint32(low), uint32(high), uint32(high)
	if left := 1<<16 - high; left >= r.others && left > 0 {
		r.step = uint32(left / r.others)
		r.inverse = (1<<32 + uint64(r.step) - 1) / uint64(r.step)
		r.limit = r.high + r.step*uint32(r.others)
	}
	return r
}

// Truth is the probability of the true value.
func (r Response) Truth() Bounds { return r.truth.bounds }

// responseRows is how many answers one reading of randomness is for.
const responseRows = 2048

// Respond replaces every value by the response to it. Values are in 0 … k-1; k
// must fit T. It takes two bytes of randomness a value where k is small.
//
// Given that a word of 16 bits is from high up to below limit it is uniform
// there, so that which of the others it stands for is uniform, too. From limit
// on one of the others is drawn anew, and between low and high more digits
// decide. The quotient of the word and step is exact: an inverse rounded up
// exceeds the real one by less than 2^-32, which times a number below 2^16 does
// not reach the next integer, 1/step away.
func Respond[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](
	r Response, src *entropy.Source, values []T,
) {
	var words [2 * responseRows]byte
	defer clear(words[:])
	for len(values) > 0 {
		n := min(len(values), responseRows)
		src.Read(words[:2*n])
		for i, v := range values[:n] {
			word := uint32(binary.LittleEndian.Uint16(words[2*i:]))
			if word-r.low < r.high-r.low || word >= r.limit {
				values[i] = T(r.slow(src, uint64(v), word))
				continue
			}
			other := T(uint64(word-r.high) * r.inverse >> 32)
			if other >= v {
				other++
			}
			if word >= r.low {
				v = other
			}
			values[i] = v
		}
		values = values[n:]
	}
}

// slow answers where a word of 16 bits does not decide.
func (r Response) slow(src *entropy.Source, value uint64, word uint32) uint64 {
	if word < r.high && r.truth.Resolve(src, uint64(word), 16) {
		return value
	}
	other := src.Uint64n(r.others)
	if other >= value {
		other++
	}
	return other
}
