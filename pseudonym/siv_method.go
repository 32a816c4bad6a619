package pseudonym

import (
	"bytes"
	"crypto/aes"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/lethe-go/lethe/internal/base32rows"
	"github.com/lethe-go/lethe/pseudonym/internal/reverse"
)

// SIV encrypts a value by AES-SIV (RFC 5297, with a key of 512 bits), so that
// whoever holds the key can read it again through package
// [github.com/lethe-go/lethe/pseudonym/reid], and nobody else. Equal values
// have equal tokens; different values never. A token that was altered, or made
// in another field, does not open.
//
// A token is Tink's ciphertext: the byte 1, the id of the key in four bytes,
// the synthetic vector and the encrypted text. Any Tink opens it with the
// sub-key of 64 bytes and the associated data, which both come from the
// derivation context that the package comment describes, with the operation
// "aes-siv" and no parameters: the associated data are the context itself.
//
// Keep reversible tokens and those of HMAC or CMAC under keyrings of their own,
// so that who may join may not decrypt.
type SIV struct {
	// Format is how a token is written: Base32, which the zero Format means,
	// Hex, or Binary, a column of binary. Tokens are as long as their values
	// need, so the column is not of fixed width.
	Format Format `yaml:"format,omitempty"`
	// Bucket hides the length of a value: before encryption it is followed by
	// the byte 0x80 and by as many zero bytes as a multiple of Bucket needs. A
	// value that has such a length already stays as it is, unless it is empty or
	// ends in one of these two bytes. Zero means 16; 1 hides nothing, adds
	// nothing and is the way to encrypt every value as it is.
	Bucket int `yaml:"bucket,omitempty"`
}

const (
	opSIV         = "aes-siv"
	sivKeyBytes   = 64
	defaultBucket = 16
	maxBucket     = 1 << 16
	prefixBytes   = 5 // Tink's: the byte 1 and the id of the key
)

func (s SIV) check() []error {
	var errs []error
	if _, err := s.Format.sealed(); err != nil {
		errs = append(errs, err)
	}
	if s.Bucket < 0 || s.Bucket > maxBucket {
		errs = append(errs, fmt.Errorf("bucket is %d, want 1 to %d, or 0 for %d",
			s.Bucket, maxBucket, defaultBucket))
	}
	return errs
}

// sealed writes tokens of any length in a format.
type sealed struct {
	typ  arrow.DataType
	size func(n int) int
	// all writes n tokens one after the other: of size bytes each, they begin
	// stride bytes apart in src.
	all  func(dst, src []byte, n, stride, size int)
	read func(dst, text []byte) ([]byte, error)
}

// put writes one token.
func (s sealed) put(dst, token []byte) { s.all(dst, token, 1, 0, len(token)) }

func (f Format) sealed() (sealed, error) {
	switch f {
	case "", Base32:
		return sealed{arrow.BinaryTypes.String, base32rows.EncodedLen, base32rows.Encode,
			readBase32}, nil
	case Hex:
		return sealed{arrow.BinaryTypes.String, hex.EncodedLen,
			func(dst, src []byte, n, stride, size int) {
				for i := range n {
					hex.Encode(dst[2*size*i:], src[stride*i:][:size])
				}
			}, readHex}, nil
	case Binary:
		return sealed{arrow.BinaryTypes.Binary, func(n int) int { return n },
			func(dst, src []byte, n, stride, size int) {
				for i := range n {
					copy(dst[size*i:], src[stride*i:][:size])
				}
			},
			func(dst, text []byte) ([]byte, error) { return append(dst, text...), nil }}, nil
	}
	if _, err := f.encoding(); err != nil {
		return sealed{}, err
	}
	return sealed{}, fmt.Errorf("format %q has no room for an encrypted value, "+
		"want base32, hex or binary", string(f))
}

func (s SIV) bucket() int {
	if s.Bucket == 0 {
		return defaultBucket
	}
	return s.Bucket
}

func (s SIV) compile(kr *Keyring, c Column) (kernel, error) {
	fresh, enc, err := s.sealer(kr, c)
	if err != nil {
		return nil, err
	}
	return newTextKernel(enc.typ, 0, func() maker { return fresh() }), nil
}

// sealer returns what makes the state of one goroutine.
func (s SIV) sealer(kr *Keyring, c Column) (func() *sivMaker, sealed, error) {
	enc, err := s.Format.sealed()
	if err != nil {
		return nil, enc, err
	}
	key, err := kr.subkey(opSIV, c.Field, "", sivKeyBytes)
	if err != nil {
		return nil, enc, err
	}
	first, err := newSIV(key, c.Field.info(opSIV, ""))
	if err != nil {
		return nil, enc, err
	}
	prefix := binary.BigEndian.AppendUint32([]byte{1}, kr.ID())
	return func() *sivMaker {
		own := *first
		own.final = nil
		return &sivMaker{siv: &own, enc: enc, bucket: s.bucket(), token: bytes.Clone(prefix)}
	}, enc, nil
}

// sivMaker writes AES-SIV tokens.
type sivMaker struct {
	*siv
	enc    sealed
	bucket int
	plain  []byte
	token  []byte // begins with the prefix
	short  *shortTexts
}

// make encrypts runs of short texts together and long ones by themselves.
func (m *sivMaker) make(out *outputs, c chunk) (int, error) {
	if m.short == nil {
		m.short = newShortTexts(m.token[:prefixBytes])
	}
	for len(c.rows) > 0 {
		n := m.short.fill(c, m.bucket)
		if n == 0 {
			m.long(out, c.text(0), c.rows[0])
			n = 1
		} else {
			m.sealShort(m.short)
			m.short.write(out, m.enc, c.rows[:n])
		}
		c = c.part(n, len(c.rows))
	}
	return 0, nil
}

func (m *sivMaker) long(out *outputs, text []byte, row int) {
	m.plain = pad(m.plain[:0], text, m.bucket)
	total := prefixBytes + aes.BlockSize + len(m.plain)
	for len(m.token) < total {
		m.token = append(m.token, 0)
	}
	m.seal(m.token[prefixBytes:total], m.plain)
	m.enc.put(out.room(row, m.enc.size(total)), m.token[:total])
}

// paddedSize returns the length of a text with its padding.
func paddedSize(text []byte, bucket int) int {
	n := len(text)
	over := n & (defaultBucket - 1)
	if bucket != defaultBucket { // which spares most columns a division
		over = n % bucket
	}
	if bucket == 1 || n > 0 && over == 0 && text[n-1] != 0 && text[n-1] != 0x80 {
		return n
	}
	return n - over + bucket
}

// pad appends text and its padding.
func pad(dst, text []byte, bucket int) []byte {
	dst = append(dst, text...)
	if more := paddedSize(text, bucket) - len(text); more > 0 {
		dst = append(dst, 0x80)
		dst = append(dst, make([]byte, more-1)...)
	}
	return dst
}

// unpad returns the text of a padded one, and whether pad could have made it.
func unpad(padded []byte, bucket int) ([]byte, bool) {
	text := padded
	if n := len(padded); bucket > 1 && n > 0 && (padded[n-1] == 0 || padded[n-1] == 0x80) {
		text = bytes.TrimRight(padded, "\x00")
		if n = len(text); n == 0 || text[n-1] != 0x80 {
			return nil, false
		}
		text = text[:n-1]
	}
	return text, paddedSize(text, bucket) == len(padded)
}

var errToken = errors.New("not a token of this format")

// opener returns what reverses the tokens. It belongs to one goroutine.
func (s SIV) opener(kr *Keyring, c Column) (reverse.Opener, error) {
	fresh, _, err := s.sealer(kr, c)
	if err != nil {
		return nil, err
	}
	return fresh(), nil
}

// Open appends the value of a token to dst.
func (m *sivMaker) Open(dst, text []byte) ([]byte, error) {
	raw, err := m.enc.read(m.plain[:0], text)
	if err != nil || len(raw) < prefixBytes {
		return dst, errToken
	}
	m.plain = raw
	if !bytes.Equal(raw[:prefixBytes], m.token[:prefixBytes]) {
		return dst, errors.New("the token was made under another key of the keyring; pin that key")
	}
	start := len(dst)
	if dst, err = m.open(dst, raw[prefixBytes:]); err != nil {
		return dst, err
	}
	value, ok := unpad(dst[start:], m.bucket)
	if !ok {
		clear(dst[start:])
		return dst[:start], errors.New("the token was made with another bucket")
	}
	return dst[:start+len(value)], nil
}

// readBase32 appends the bytes of a text that package base32rows could have
// written: no other text means the same bytes.
func readBase32(dst, text []byte) ([]byte, error) {
	start := len(dst)
	dst, err := base32.StdEncoding.WithPadding(base32.NoPadding).AppendDecode(dst, text)
	if err != nil {
		return nil, errToken
	}
	if !bytes.Equal(base32rows.Append(nil, dst[start:]), text) {
		return nil, errToken
	}
	return dst, nil
}

func readHex(dst, text []byte) ([]byte, error) {
	if bytes.ContainsAny(text, "ABCDEF") {
		return nil, errToken
	}
	dst, err := hex.AppendDecode(dst, text)
	if err != nil {
		return nil, errToken
	}
	return dst, nil
}
