package tableio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/lethe-go/lethe/anonymize/tableio/internal/pqfile"
)

// Digits that 128 and 256 bits hold.
const (
	maxDigits128 = 38
	maxDigits256 = 76
)

// decimalBytes is the width of an Arrow decimal.
func decimalBytes(t arrow.DecimalType) int {
	if t.ID() == arrow.DECIMAL256 {
		return 32
	}
	return 16
}

// sensible refuses what no decimal has; text of such a number would be as long
// as its scale says.
func sensible(t arrow.DecimalType) bool {
	most := int32(maxDigits128)
	if t.ID() == arrow.DECIMAL256 {
		most = maxDigits256
	}
	p, s := t.GetPrecision(), t.GetScale()
	return p >= 1 && p <= most && s >= -most && s <= most
}

// decimalLeaf is a decimal of Parquet: of 128 bits where that is enough.
func decimalLeaf(g pqfile.Logical, stored int, conv convert) (leafType, error) {
	if g.Precision < 1 || g.Precision > maxDigits256 || g.Scale < 0 || g.Scale > g.Precision {
		return leafType{}, fmt.Errorf("decimals of precision %d and scale %d are not supported",
			g.Precision, g.Scale)
	}
	l := leafType{stored: stored, conv: conv,
		dt: &arrow.Decimal128Type{Precision: g.Precision, Scale: g.Scale}}
	if g.Precision > maxDigits128 {
		l.dt = &arrow.Decimal256Type{Precision: g.Precision, Scale: g.Scale}
	}
	return l, nil
}

// littleEndianDecimal reads integers of 4 or 8 bytes.
func littleEndianDecimal(stored int) convert {
	return func(dst, src []byte) error {
		n := len(src) / stored
		for i := range n {
			width := len(dst) / n
			out := dst[i*width : (i+1)*width]
			copy(out, src[i*stored:(i+1)*stored])
			sign := byte(int8(out[stored-1]) >> 7)
			for k := stored; k < width; k++ {
				out[k] = sign
			}
		}
		return nil
	}
}

// bigEndianDecimal reads fixed-length big-endian values.
func bigEndianDecimal(stored int) convert {
	return func(dst, src []byte) error {
		n := len(src) / stored
		for i := range n {
			width := len(dst) / n
			err := fromBigEndian(dst[i*width:(i+1)*width], src[i*stored:(i+1)*stored])
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// fromBigEndian reads a two's complement number of any length.
func fromBigEndian(dst, src []byte) error {
	sign := byte(0)
	if len(src) > 0 && src[0]&0x80 != 0 {
		sign = 0xff
	}
	for len(src) > len(dst) {
		if src[0] != sign || (src[1]^sign)&0x80 != 0 {
			return errDecimal
		}
		src = src[1:]
	}
	for i := range dst {
		if i < len(src) {
			dst[i] = src[len(src)-1-i]
		} else {
			dst[i] = sign
		}
	}
	return nil
}

var errDecimal = errors.New("a decimal has more digits than its type")

// bigEndianBytes is the shortest length that holds every number of precision
// decimal digits.
func bigEndianBytes(precision int32) int {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
	return limit.BitLen()/8 + 1
}

// toBigEndian fills dst with the little-endian number v, which may be longer.
func toBigEndian(dst, v []byte) error {
	sign := byte(int8(v[len(v)-1]) >> 7)
	for k, b := range v {
		if k < len(dst) {
			dst[len(dst)-1-k] = b
		} else if b != sign {
			return errDecimal
		}
	}
	if (dst[0]^sign)&0x80 != 0 {
		return errDecimal
	}
	return nil
}

// toInt64 is the little-endian number v where it has so few bits.
func toInt64(v []byte, bits int) (int64, error) {
	sign := byte(int8(v[len(v)-1]) >> 7)
	for _, b := range v[8:] {
		if b != sign {
			return 0, errDecimal
		}
	}
	n := int64(binary.LittleEndian.Uint64(v))
	if shift := 64 - bits; n<<shift>>shift != n || (n < 0) != (sign != 0) {
		return 0, errDecimal
	}
	return n, nil
}

// decimalParser reads digits with at most one point into the bytes of t.
func decimalParser(t arrow.DecimalType) func(dst, b []byte) bool {
	words := decimalBytes(t) / 8
	precision, scale := t.GetPrecision(), t.GetScale()
	return func(dst, b []byte) bool {
		negative := len(b) > 0 && b[0] == '-'
		if negative {
			b = b[1:]
		}
		var v [4]uint64
		used, fraction, point, any := int32(0), int32(0), false, false
		push := func(d uint64) {
			if used > 0 || d != 0 {
				used++
			}
			for k := range v[:words] {
				hi, lo := bits.Mul64(v[k], 10)
				var carry uint64
				v[k], carry = bits.Add64(lo, d, 0)
				d = hi + carry
			}
		}
		for _, c := range b {
			switch {
			case c == '.' && !point:
				point = true
			case c < '0' || c > '9':
				return false
			case point && fraction == scale:
				if c != '0' {
					return false
				}
			default:
				any = true
				if push(uint64(c - '0')); used > precision {
					return false
				}
				if point {
					fraction++
				}
			}
		}
		for ; fraction < scale; fraction++ {
			if push(0); used > precision {
				return false
			}
		}
		borrow := uint64(0)
		for k := range v[:words] {
			if negative {
				v[k], borrow = bits.Sub64(0, v[k], borrow)
			}
			binary.LittleEndian.PutUint64(dst[k*8:], v[k])
		}
		return any
	}
}

// decimalRenderer writes every digit that the scale asks for.
func decimalRenderer(a arrow.Array, scale int32) (func(dst []byte, i int) []byte, error) {
	whole := func(i int) *big.Int { return nil }
	switch a := a.(type) {
	case *array.Decimal128:
		whole = func(i int) *big.Int { return a.Value(i).BigInt() }
	case *array.Decimal256:
		whole = func(i int) *big.Int { return a.Value(i).BigInt() }
	}
	return func(dst []byte, i int) []byte {
		from := len(dst)
		dst = whole(i).Append(dst, 10)
		if scale == 0 {
			return dst
		}
		if dst[from] == '-' {
			from++
		}
		for len(dst)-from <= int(scale) { // 0.05 has a digit before the point
			dst = slices.Insert(dst, from, '0')
		}
		return slices.Insert(dst, len(dst)-int(scale), '.')
	}, nil
}
