package pseudonym

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
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

// encoding writes tokens: put fills width bytes of dst.
type encoding struct {
	width int
	bits  int // of the token that are kept
	typ   arrow.DataType
	put   func(dst []byte, t *token)
	// base32 tells that put is putBase32, which a hot loop calls directly.
	base32 bool
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
		return encoding{26, 128, arrow.BinaryTypes.String, putBase32, true}, nil
	case Hex:
		return encoding{2 * tokenBytes, 128, arrow.BinaryTypes.String, putHex, false}, nil
	case Binary:
		return encoding{tokenBytes, 128, &arrow.FixedSizeBinaryType{ByteWidth: tokenBytes}, putBinary, false}, nil
	case UUID:
		return encoding{36, 122, arrow.BinaryTypes.String, putUUID, false}, nil
	case Int63:
		return encoding{8, 63, arrow.PrimitiveTypes.Int64, putInt63, false}, nil
	}
	return encoding{}, fmt.Errorf("format %q is not known, want base32, hex, binary, uuid or int63",
		string(f))
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// expand40 returns forty bits as eight characters, the first in the highest
// byte, without a table: the bits are spread to five a byte, and then 'A' is
// added to each, or 24 where the value is 26 or more and a digit follows.
func expand40(x uint64) uint64 {
	const ones = 0x0101010101010101
	x = x>>20&0xfffff<<32 | x&0xfffff
	x = x&0x000ffc00_000ffc00<<6 | x&0x000003ff_000003ff
	x = x&0x03e003e0_03e003e0<<3 | x&0x001f001f_001f001f
	digit := (x + (128-26)*ones) >> 7 & ones
	return x + 'A'*ones - ('A'-24)*digit
}

// putBase32 cuts the token into three groups of forty bits and a last one of
// eight, which two zero bits complete.
func putBase32(dst []byte, t *token) {
	out := (*[26]byte)(dst)
	hi, lo := binary.BigEndian.Uint64(t[:8]), binary.BigEndian.Uint64(t[8:])
	binary.BigEndian.PutUint64(out[0:], expand40(hi>>24))
	binary.BigEndian.PutUint64(out[8:], expand40(hi<<16|lo>>48))
	binary.BigEndian.PutUint64(out[16:], expand40(lo>>8))
	out[24], out[25] = alphabet[lo>>3&31], alphabet[lo&7<<2]
}

func putHex(dst []byte, t *token) { hex.Encode(dst, t[:]) }

func putBinary(dst []byte, t *token) { *(*token)(dst) = *t }

// putInt63 writes the first 63 bits in the byte order of Arrow's buffers, which
// is that of the machine.
func putInt63(dst []byte, t *token) {
	binary.NativeEndian.PutUint64(dst, binary.BigEndian.Uint64(t[:8])>>1)
}

func putUUID(dst []byte, t *token) {
	u := *t
	u[6] = u[6]&0x0f | 0x80 // version 8
	u[8] = u[8]&0x3f | 0x80 // variant of RFC 9562
	out := (*[36]byte)(dst)
	hex.Encode(out[:8], u[:4])
	hex.Encode(out[9:13], u[4:6])
	hex.Encode(out[14:18], u[6:8])
	hex.Encode(out[19:23], u[8:10])
	hex.Encode(out[24:], u[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
}
