package pseudonym

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/base32rows"
)

// Format is how the bits of a token are written. The zero Format is Base32.
type Format string

const (
	// Base32 is a utf8 column of 26 characters of the alphabet A-Z, 2-7
	// without padding (RFC 4648).
	Base32 Format = "base32"
	// Hex is a utf8 column of 32 characters 0-9, a-f.
	Hex Format = "hex"
	// Binary is a column of fixed_size_binary[16], the smallest and fastest.
	Binary Format = "binary"
	// UUID is a utf8 column of UUIDs of version 8 in their text form of 36
	// characters (RFC 9562). Six bits of each token give way to version and
	// variant.
	UUID Format = "uuid"
	// Int63 is a column of int64 numbers from 0 to 2^63-1, for systems that
	// want a number as a key. With 63 bits the chance of a collision reaches
	// 1e-9 at 135,000 distinct values already.
	Int63 Format = "int63"
)

// tokenBytes is the length of a token.
const tokenBytes = 16

type token = [tokenBytes]byte

// encoding writes tokens.
type encoding struct {
	width int
	bits  int // of the token that are kept
	typ   arrow.DataType
	// all writes tokens one after the other, each as width bytes.
	all func(dst []byte, tokens []token)
}

// put writes one token to the first width bytes of dst.
func (e encoding) put(dst []byte, t *token) {
	one := [1]token{*t}
	e.all(dst[:e.width], one[:])
}

func (f Format) check() []error {
	if _, err := f.encoding(); err != nil {
		return []error{err}
	}
	return nil
}

func (f Format) encoding() (encoding, error) {
	switch f {
	case "", Base32:
		return encoding{26, 128, arrow.BinaryTypes.String, base32rows.Tokens}, nil
	case Hex:
		return encoding{2 * tokenBytes, 128, arrow.BinaryTypes.String, putHex}, nil
	case Binary:
		typ := &arrow.FixedSizeBinaryType{ByteWidth: tokenBytes}
		return encoding{tokenBytes, 128, typ, putBinary}, nil
	case UUID:
		return encoding{36, 122, arrow.BinaryTypes.String, putUUID}, nil
	case Int63:
		return encoding{8, 63, arrow.PrimitiveTypes.Int64, putInt63}, nil
	}
	return encoding{}, fmt.Errorf("format %q is not known, want base32, hex, binary, uuid or int63",
		string(f))
}

// nibbles returns thirty-two bits as eight hexadecimal digits, the first in the
// highest byte, without a table: the bits are spread to four a byte, and then
// '0' is added to each, or 'a' - 10 where the value is 10 or more.
func nibbles(x uint32) uint64 {
	const ones = 0x0101010101010101
	n := uint64(x)
	n = (n<<16 | n) & 0x0000ffff_0000ffff
	n = (n<<8 | n) & 0x00ff00ff_00ff00ff
	n = (n<<4 | n) & 0x0f0f0f0f_0f0f0f0f
	letter := (n + (16-10)*ones) >> 4 & ones
	return n + '0'*ones + ('a'-10-'0')*letter
}

// putHex writes four bytes at a time.
func putHex(dst []byte, tokens []token) {
	for i := range tokens {
		t, out := &tokens[i], (*[2 * tokenBytes]byte)(dst[2*tokenBytes*i:])
		for k := 0; k < tokenBytes; k += 4 {
			binary.BigEndian.PutUint64(out[2*k:], nibbles(binary.BigEndian.Uint32(t[k:])))
		}
	}
}

func putBinary(dst []byte, tokens []token) {
	for i := range tokens {
		*(*token)(dst[tokenBytes*i:]) = tokens[i]
	}
}

// putInt63 writes the first 63 bits in the byte order of Arrow's buffers, which
// is that of the machine.
func putInt63(dst []byte, tokens []token) {
	for i := range tokens {
		binary.NativeEndian.PutUint64(dst[8*i:], binary.BigEndian.Uint64(tokens[i][:8])>>1)
	}
}

func putUUID(dst []byte, tokens []token) {
	for i, u := range tokens {
		u[6] = u[6]&0x0f | 0x80 // version 8
		u[8] = u[8]&0x3f | 0x80 // variant of RFC 9562
		var digits [2 * tokenBytes]byte
		putHex(digits[:], []token{u})
		out, from := (*[36]byte)(dst[36*i:]), 0
		for _, part := range [...]struct{ at, size int }{{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}} {
			copy(out[part.at:], digits[from:from+part.size])
			from += part.size
		}
		out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	}
}
