package tableio

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Half-precision numbers: a sign, 5 bits of exponent and 10 of fraction. The
// library's own conversion cuts where it should round and takes subnormal
// numbers for others (v15.0.2).

const (
	halfSign     = 1 << 15
	halfInfinity = 0x1f << 10
	halfNaN      = halfInfinity | 1<<9
	halfFraction = 1<<10 - 1
	// halfLimit is where rounding to even leads past the greatest number.
	halfLimit = 65520
)

// halfValue is the number of the bits.
func halfValue(bits uint16) float64 {
	fraction, exponent := float64(bits&halfFraction), int(bits>>10&0x1f)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 0x1f:
		if v = math.Inf(1); fraction != 0 {
			return math.NaN()
		}
	default:
		v = math.Ldexp(fraction+1024, exponent-25)
	}
	if bits&halfSign != 0 {
		return -v
	}
	return v
}

// halfBits are the bits of the nearest number, ties to even; false where v is
// past the greatest one.
func halfBits(v float64) (uint16, bool) {
	sign := uint16(0)
	if math.Signbit(v) {
		sign = halfSign
	}
	v = math.Abs(v)
	switch {
	case math.IsNaN(v):
		return halfNaN, true
	case math.IsInf(v, 0):
		return sign | halfInfinity, true
	case v >= halfLimit:
		return 0, false
	case v < 1.0/(1<<14): // what rounds up to 1024 is the first normal number
		return sign | uint16(math.RoundToEven(v*(1<<24))), true
	}
	fraction, exponent := math.Frexp(v) // fraction in [0.5, 1)
	return sign | uint16((exponent+13)<<10) + uint16(math.RoundToEven(fraction*2048)), true
}

// appendHalf writes the shortest text that reads back as the number.
func appendHalf(dst []byte, bits uint16) []byte {
	const enough = 5 // digits tell all numbers apart
	v := halfValue(bits)
	var buf [24]byte
	for digits := 1; digits <= enough; digits++ {
		text := strconv.AppendFloat(buf[:0], v, 'e', digits-1, 64)
		short, err := strconv.ParseFloat(string(text), 64)
		if got, ok := halfBits(short); err == nil && ok && got == bits {
			v = short
			break
		}
	}
	return appendFloat(dst, v, 64)
}

func parseHalf(dst, b []byte) bool {
	v, err := strconv.ParseFloat(bytesString(b), 64)
	if err != nil {
		return false
	}
	bits, ok := halfBits(v)
	binary.LittleEndian.PutUint16(dst, bits)
	return ok
}
