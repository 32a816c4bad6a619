package anonymize

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
)

// decimal is the shortest decimal m·10^exp that reads back as f, which is how
// the author of a policy wrote it. f is finite.
func decimal(f float64) (m *big.Int, exp int) {
	digits, tail, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	whole, fraction, _ := strings.Cut(digits, ".")
	m, _ = new(big.Int).SetString(whole+fraction, 10)
	exp, _ = strconv.Atoi(tail)
	return m, exp - len(fraction)
}

// unscaled is the integer that stands for f in a decimal column of that scale,
// nil where there is none.
func unscaled(f float64, scale int32) *big.Int {
	m, exp := decimal(f)
	exp += int(scale)
	if exp >= 0 {
		return m.Mul(m, pow10(exp))
	}
	quo, rest := new(big.Int).QuoRem(m, pow10(-exp), new(big.Int))
	if rest.Sign() != 0 {
		return nil
	}
	return quo
}

// checkDecimal refuses the sizes that no decimal has and a file can claim.
func checkDecimal(t *arrow.Decimal128Type) error {
	if t.Precision < 1 || t.Precision > 38 || t.Scale < -38 || t.Scale > 38 {
		return fmt.Errorf("the column is %s; want a precision of 1 to 38 and a scale of -38 to 38", t)
	}
	return nil
}

// largest is the largest unscaled decimal of that precision.
func largest(precision int32) *big.Int {
	p := pow10(int(precision))
	return p.Sub(p, big.NewInt(1))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func isInteger(id arrow.Type) bool { return isSigned(id) || isUnsigned(id) }

func isSigned(id arrow.Type) bool {
	return id == arrow.INT8 || id == arrow.INT16 || id == arrow.INT32 || id == arrow.INT64
}

func isUnsigned(id arrow.Type) bool {
	return id == arrow.UINT8 || id == arrow.UINT16 || id == arrow.UINT32 || id == arrow.UINT64
}

// pastMax is the smallest number above what the integer type holds.
func pastMax(id arrow.Type) float64 {
	switch id {
	case arrow.INT8:
		return 1 << 7
	case arrow.UINT8:
		return 1 << 8
	case arrow.INT16:
		return 1 << 15
	case arrow.UINT16:
		return 1 << 16
	case arrow.INT32:
		return 1 << 31
	case arrow.UINT32:
		return 1 << 32
	case arrow.INT64:
		return 1 << 63
	}
	return 1 << 64
}

// leastOf is the smallest number that the integer type holds.
func leastOf(id arrow.Type) float64 {
	if isUnsigned(id) {
		return 0
	}
	return -pastMax(id)
}

// finite says whether f is a number.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// number writes a parameter the way people do.
func number(f float64) string { return string(appendFloat(nil, f, 64)) }

// appendFloat writes the shortest text that reads back as f, without an
// exponent where that stays readable.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if abs := math.Abs(f); f != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'g', -1, bits)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, bits)
}

// appendDecimal writes an unscaled decimal exactly, with scale digits after
// the point.
func appendDecimal(dst []byte, v decimal128.Num, scale int32) []byte {
	n := v.BigInt()
	if n.Sign() < 0 {
		dst = append(dst, '-')
		n.Neg(n)
	}
	digits := n.String()
	if scale <= 0 {
		dst = append(dst, digits...)
		if n.Sign() != 0 {
			dst = append(dst, strings.Repeat("0", int(-scale))...)
		}
		return dst
	}
	if pad := int(scale) + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	point := len(digits) - int(scale)
	dst = append(dst, digits[:point]...)
	dst = append(dst, '.')
	return append(dst, digits[point:]...)
}
