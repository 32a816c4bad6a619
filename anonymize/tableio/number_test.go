package tableio

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// TestHalf goes through every half-precision number there is: its text reads
// back as it, and so does the number itself.
func TestHalf(t *testing.T) {
	var got [2]byte
	for i := range 1 << 16 {
		bits := uint16(i)
		v := halfValue(bits)
		if math.IsNaN(v) {
			bits = halfNaN
		}
		if b, ok := halfBits(v); !ok || b != bits {
			t.Fatalf("%#04x is %g, whose bits are %#04x", i, v, b)
		}
		text := appendHalf(nil, uint16(i))
		if !parseHalf(got[:], text) || binary.LittleEndian.Uint16(got[:]) != bits {
			t.Fatalf("%#04x is %s, which is read as %x", i, text, got)
		}
	}
}

// TestHalfByHand has values of IEEE 754-2019, binary16, and ties between two
// neighbours, of which the even one is taken.
func TestHalfByHand(t *testing.T) {
	for _, c := range []struct {
		text string
		bits uint16
		back string
	}{
		{"1", 0x3c00, "1"}, {"-2", 0xc000, "-2"}, {"65504", 0x7bff, "65500"},
		{"65519.99", 0x7bff, "65500"}, {"0.1", 0x2e66, "0.1"}, {"0.333", 0x3554, "0.333"},
		{"6.103515625e-05", 0x0400, "6.104e-05"}, {"5.960464477539063e-08", 0x0001, "6e-08"},
		{"2.98023223876953125e-08", 0x0000, "0"}, {"2049", 0x6800, "2048"},
		{"2051", 0x6802, "2052"}, {"-0", 0x8000, "-0"}, {"Inf", 0x7c00, "Inf"}, {"NaN", halfNaN, "NaN"},
	} {
		var got [2]byte
		if ok := parseHalf(got[:], []byte(c.text)); !ok || binary.LittleEndian.Uint16(got[:]) != c.bits {
			t.Errorf("%s is %x, want %04x", c.text, got, c.bits)
		}
		if back := string(appendHalf(nil, c.bits)); back != c.back {
			t.Errorf("%04x is %s, want %s", c.bits, back, c.back)
		}
	}
	for _, text := range []string{"65520", "-1e9", "", "x", "1e999"} {
		if parseHalf(make([]byte, 2), []byte(text)) {
			t.Errorf("%q is taken for a number of half precision", text)
		}
	}
}

// integer makes a number of up to digits digits.
func integer(r *rand.Rand, digits int) *big.Int {
	text := make([]byte, 1+r.IntN(digits))
	for i := range text {
		text[i] = byte('0' + r.IntN(10))
	}
	v, _ := new(big.Int).SetString(string(text), 10)
	if r.IntN(2) == 0 {
		v.Neg(v)
	}
	return v
}

// littleEndian is v in two's complement, by arithmetic of math/big.
func littleEndian(v *big.Int, width int) []byte {
	if v.Sign() < 0 {
		v = new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), uint(width*8)))
	}
	out := make([]byte, width)
	for i, b := range v.FillBytes(make([]byte, width)) {
		out[width-1-i] = b
	}
	return out
}

// TestDecimalText writes and reads numbers of every precision.
func TestDecimalText(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		precision := 1 + r.Int32N(maxDigits256)
		dt := &arrow.Decimal256Type{Precision: precision, Scale: r.Int32N(precision + 1)}
		v := integer(r, int(precision))
		b := array.NewDecimal256Builder(mem, dt)
		b.Append(decimal256.FromBigInt(v))
		a := b.NewArray()
		b.Release()
		render, err := decimalRenderer(a, dt.Scale)
		if err != nil {
			t.Fatal(err)
		}
		text := render([]byte("-,"), 0)[2:]
		a.Release()
		// The value is the text without its point.
		digits := strings.Replace(string(text), ".", "", 1)
		if back, ok := new(big.Int).SetString(digits, 10); !ok || back.Cmp(v) != 0 {
			t.Fatalf("%s of %s is %s", v, dt, text)
		}
		if _, fraction, _ := strings.Cut(string(text), "."); len(fraction) != int(dt.Scale) {
			t.Fatalf("%s of %s is %s", v, dt, text)
		}
		got := make([]byte, 32)
		if !decimalParser(dt)(got, text) || !bytes.Equal(got, littleEndian(v, 32)) {
			t.Fatalf("%s of %s is read as %x", text, dt, got)
		}
	}
}

// TestDecimalBytes compares the layouts of Parquet with those of Arrow.
func TestDecimalBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		digits := 1 + r.IntN(maxDigits256)
		v := integer(r, digits)
		stored := make([]byte, bigEndianBytes(int32(digits)))
		if err := toBigEndian(stored, littleEndian(v, 32)); err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		got := make([]byte, 32)
		if err := fromBigEndian(got, stored); err != nil || !bytes.Equal(got, littleEndian(v, 32)) {
			t.Fatalf("%s is %x: %v", v, got, err)
		}
		for _, bits := range []int{32, 64} {
			n, err := toInt64(littleEndian(v, 32), bits)
			limit := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
			fits := v.Cmp(limit) < 0 && v.Cmp(new(big.Int).Neg(limit)) >= 0
			if (err == nil) != fits || fits && n != v.Int64() {
				t.Fatalf("%s in %d bits is %d: %v", v, bits, n, err)
			}
		}
	}
	if err := toBigEndian(make([]byte, 4), littleEndian(big.NewInt(1<<31), 16)); err == nil {
		t.Error("2^31 fits 4 bytes")
	}
	if err := fromBigEndian(make([]byte, 16), append([]byte{1}, make([]byte, 16)...)); err == nil {
		t.Error("2^128 fits 16 bytes")
	}
}
