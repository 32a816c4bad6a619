package pseudonym

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
)

// Method is how a column is pseudonymized: [HMAC]. The set is closed.
type Method interface{ method() }

// HMAC replaces a value by the first 128 bits of its HMAC-SHA256 under the
// sub-key of the column's field. It cannot be reversed without trying values
// under the key. With 128 bits the chance of any collision stays below 1e-9 up
// to 8e14 distinct values; as a UUID, which keeps 122 of them, up to 1e14.
type HMAC struct {
	// Format is how the bits are written. Columns of one field that differ in
	// Format hold the same bits.
	Format Format `yaml:"format,omitempty"`
}

func (HMAC) method() {}

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
)

// opHMAC names the derivation of token keys.
const opHMAC = "hmac-sha256"

// tokenBytes is the length of a token.
const tokenBytes = 16

type token = [tokenBytes]byte

// encoding writes tokens: put fills width bytes of dst.
type encoding struct {
	width int
	typ   arrow.DataType
	put   func(dst []byte, t *token)
}

func (f Format) encoding() (encoding, error) {
	switch f {
	case "", Base32:
		return encoding{26, arrow.BinaryTypes.String, putBase32}, nil
	case Hex:
		return encoding{2 * tokenBytes, arrow.BinaryTypes.String, putHex}, nil
	case Binary:
		return encoding{tokenBytes, &arrow.FixedSizeBinaryType{ByteWidth: tokenBytes}, putBinary}, nil
	case UUID:
		return encoding{36, arrow.BinaryTypes.String, putUUID}, nil
	}
	return encoding{}, fmt.Errorf("format %q is not known, want base32, hex, binary or uuid",
		string(f))
}

// methodEncoding returns the encoding that a method asks for.
func methodEncoding(m Method) (encoding, error) {
	switch m := m.(type) {
	case HMAC:
		return m.Format.encoding()
	case *HMAC: // as a policy file holds it
		if m != nil {
			return m.Format.encoding()
		}
	}
	return encoding{}, errors.New("no method")
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// base32Pairs holds the two characters of each group of ten bits.
var base32Pairs = func() (pairs [1 << 10][2]byte) {
	for i := range pairs {
		pairs[i] = [2]byte{alphabet[i>>5], alphabet[i&31]}
	}
	return pairs
}()

// putBase32 cuts the token into twelve groups of ten bits and a last one of
// eight, which two zero bits complete.
func putBase32(dst []byte, t *token) {
	out := (*[26]byte)(dst)
	hi, lo := binary.BigEndian.Uint64(t[:8]), binary.BigEndian.Uint64(t[8:])
	for i := range 13 {
		*(*[2]byte)(out[2*i:]) = base32Pairs[hi>>54]
		hi, lo = hi<<10|lo>>54, lo<<10
	}
}

func putHex(dst []byte, t *token) { hex.Encode(dst, t[:]) }

func putBinary(dst []byte, t *token) { *(*token)(dst) = *t }

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
