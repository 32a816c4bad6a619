package exact

import (
	"math/bits"

	"github.com/lethe-go/lethe/internal/entropy"
)

// eighths returns V with P(V = v) ∝ exp(-v/8), exactly, given the first 32
// binary digits of a uniform real u in [0, 1).
//
// It counts the k >= 1 with u < exp(-k/8), of which there are V by P(V >= k) =
// exp(-k/8). Of u the digits given tell that but where they are those of one
// exp(-k/8), and only then more are drawn. Below exp(-13) it starts again with
// a fresh u: what is left of a geometric variable is one.
func eighths(src *entropy.Source, word uint32) uint64 {
	passed := uint64(0)
	for word <= lastEighth {
		if word == lastEighth && !resolve(src, uint64(word), 32, Exponential(rational(eighthsCount, 8))) {
			return passed + eighthsCount - 1
		}
		passed += eighthsCount
		word = src.Uint32()
	}
	// With z leading zeros u lies in [2^-(z+1), 2^-z). So u < exp(-k/8) for all
	// k <= 8·ln 2·z and for none from 8·ln 2·(z+1) on, and 8·ln 2 is between
	// 5678/1024 and 5679/1024: six k after the first ones are left to look at.
	// z is at most 18 here, and z·(8·ln 2) no integer but for z = 0, so that the
	// quotient is floor(z·8·ln 2); the test goes through them.
	start := uint(bits.LeadingZeros32(word)) * 5678 >> 10
	v, same := uint64(start), false
	for _, t := range expEighths[start : start+6] {
		same = same || word == t
		if word < t {
			v++
		}
	}
	if same && resolve(src, uint64(word), 32, Exponential(rational(v+1, 8))) {
		v++
	}
	return passed + v
}

const (
	// eighthsCount is how many k are tabulated: 13 times 8.
	eighthsCount = 104
	lastEighth   = 0x000025EC // floor(2^32·exp(-13))
)

// expEighths holds floor(2^32·exp(-k/8)) for k = 1 … 104, and zeros so that six
// can be read from any place.
var expEighths = [eighthsCount + 6]uint32{
	0xE1EB5127, 0xC75F7CF5, 0xAFF230AF, 0x9B4597E3, 0x8906E49A, 0x78ED03AF, 0x6AB77825, 0x5E2D58D8,
	0x531C6C91, 0x495860DC, 0x40BA1883, 0x391F0EE4, 0x3268CDB5, 0x2C7C72FC, 0x27424567, 0x22A55547,
	0x1E9328B4, 0x1AFB718E, 0x17CFCC2D, 0x150385C0, 0x128B6973, 0x105D9389, 0x0E7149C2, 0x0CBED866,
	0x0B3F736C, 0x09ED1B42, 0x08C284C3, 0x07BB0406, 0x06D279A9, 0x0605424D, 0x05502802, 0x04B0556E,
	0x04234A70, 0x03A6D222, 0x0338F9FB, 0x02D80A08, 0x02827E09, 0x0236FF5B, 0x01F45F9F, 0x01B993FE,
	0x0185B0F9, 0x0157E6BF, 0x012F7DEC, 0x010BD4A5, 0x00EC5C16, 0x00D09633, 0x00B813BF, 0x00A2728F,
	0x008F5C02, 0x007E83A5, 0x006FA5FF, 0x00628786, 0x0056F3AE, 0x004CBC19, 0x0043B7DB, 0x003BC2D7,
	0x0034BD2D, 0x002E8ABF, 0x002912BA, 0x00243F37, 0x001FFCE1, 0x001C3AA9, 0x0018E981, 0x0015FC21,
	0x001366CE, 0x00111F30, 0x000F1C27, 0x000D55A1, 0x000BC485, 0x000A628A, 0x00092A27, 0x00081679,
	0x0007232F, 0x00064C7C, 0x00058F03, 0x0004E7CE, 0x0004543E, 0x0003D205, 0x00035F19, 0x0002F9AF,
	0x0002A02F, 0x00025133, 0x00020B7F, 0x0001CDFC, 0x000197B3, 0x000167CB, 0x00013D84, 0x00011835,
	0x0000F748, 0x0000DA39, 0x0000C095, 0x0000A9F4, 0x000095FC, 0x0000845C, 0x000074CE, 0x00006715,
	0x00005AF8, 0x00005047, 0x000046D9, 0x00003E85, 0x0000372D, 0x000030B1, 0x00002AF8, 0x000025EC,
}
